/** Every check by its public name. A new one is a file here and a row in this table. */
import { chat } from './chat.ts';
import { chatStream } from './chat-stream.ts';
import type { Check } from './check.ts';

export const checks = { chat, chat_stream: chatStream } as const satisfies Record<string, Check>;

export type CheckName = keyof typeof checks;

export const checkNames = Object.keys(checks) as [CheckName, ...CheckName[]];
