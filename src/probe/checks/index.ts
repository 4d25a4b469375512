/** Every check by its public name. A new one is a file here and a row in this table. */
import type { CheckKind } from '../config.ts';
import { authRejected } from './auth-rejected.ts';
import { cachedPair } from './cached-pair.ts';
import { chat } from './chat.ts';
import { chatAsync } from './chat-async.ts';
import { chatStream } from './chat-stream.ts';
import type { Check } from './check.ts';
import { concurrency } from './concurrency.ts';
import { jsonMode } from './json-mode.ts';
import { jwt } from './jwt.ts';
import { models } from './models.ts';
import { reuse } from './reuse.ts';
import { toolCall } from './tool-call.ts';

/** Every kind of check by its name; `checkKinds` lists the names. */
export const checks: Readonly<Record<CheckKind, Check>> = {
  chat,
  chat_stream: chatStream,
  chat_async: chatAsync,
  tool_call: toolCall,
  json_mode: jsonMode,
  auth_rejected: authRejected,
  jwt,
  models,
  cached_pair: cachedPair,
  reuse,
  concurrency,
};
