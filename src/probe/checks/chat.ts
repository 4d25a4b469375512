import { type Check, chatOnce } from './check.ts';

/** `chat`: one unary call. */
export const chat: Check = (target, context) => chatOnce(target, context, false);
