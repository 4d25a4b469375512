import { askQuestion, type Check, oneCall } from './check.ts';

/** `tool_call`: one function, whose arguments only this run knows. */
export const toolCall: Check = {
  look: (check, door) => askQuestion({ ...check, prompt: undefined }, door, { stream: false, task: 'tool' }),
  cost: { ...oneCall, promptTokens: 200, answerTokens: 40 },
};
