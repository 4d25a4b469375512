import { askQuestion, type Check, oneCall } from './check.ts';

/** `json_mode`: `response_format: json_object` with two keys that were never seen before. */
export const jsonMode: Check = {
  look: (check, door) => askQuestion({ ...check, prompt: undefined }, door, { stream: false, task: 'json' }),
  cost: { ...oneCall, promptTokens: 110, answerTokens: 40 },
};
