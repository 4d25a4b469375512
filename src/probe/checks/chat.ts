import { askQuestion, type Check, oneCall } from './check.ts';

/** `chat`: one unary call. */
export const chat: Check = { look: (check, door) => askQuestion(check, door, { stream: false }), cost: oneCall };
