import { type Check, chatOnce } from './check.ts';

/** `chat_stream`: one streamed call; the only one that sees first tokens and gaps. */
export const chatStream: Check = (target, context) => chatOnce(target, context, true);
