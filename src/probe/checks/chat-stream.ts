import { askQuestion, type Check, oneCall } from './check.ts';

/** `chat_stream`: one streamed call; sees first tokens and gaps. */
export const chatStream: Check = { look: (check, door) => askQuestion(check, door, { stream: true }), cost: oneCall };
