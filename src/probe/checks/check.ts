/** What a check is, and what all checks of a chat endpoint share. */

import type { CallRecord } from '../../core/call/record.ts';
import { type Caller, chatCall, createCaller } from '../../core/call.ts';
import type { Clock } from '../../core/clock.ts';
import { modelOf, type ThinkingRule } from '../../core/wire/models.ts';
import type { Target } from '../config.ts';

export interface CheckContext {
  readonly clock: Clock;
  /** Aborting it ends the check as `cancelled`. */
  readonly stop: AbortSignal;
}

/** One look at a target: never rejects, whatever happens is the record's outcome. */
export type Check = (target: Target, context: CheckContext) => Promise<CallRecord>;

/** One chat call on a fresh connection, so that name, network and certificate are looked at every time. */
export async function chatOnce(target: Target, { clock, stop }: CheckContext, stream: boolean): Promise<CallRecord> {
  const caller = callerFor(target, clock);
  try {
    return await caller.call(chatCall({ ...chatBody(target), stream }), { signal: stop });
  } finally {
    caller.close();
  }
}

const longestConnectMs = 10_000;

/** Equal deadlines fire most specific first, so a silent server is `timeout_first_byte` and not `timeout_total`. */
function callerFor({ baseUrl, key, ca, timeoutMs, maxGapMs }: Target, clock: Clock): Caller {
  const deadlines = {
    connect: Math.min(longestConnectMs, timeoutMs),
    first_byte: timeoutMs,
    first_token: timeoutMs,
    idle: maxGapMs,
    total: timeoutMs,
  };
  return createCaller({ baseUrl, key, ca, connection: 'fresh', deadlines, clock });
}

/** The body without `stream`. Thinking is switched off where the model allows it: a canary should cost little. */
export function chatBody({ model, prompt, maxTokens }: Pick<Target, 'model' | 'prompt' | 'maxTokens'>) {
  const { max_tokens, ...thinking } = thinkingFields[thinkingOf(model)];
  return { model, messages: [{ role: 'user', content: prompt }], max_tokens: maxTokens ?? max_tokens, ...thinking };
}

/** A model that is not in the table is treated by its family's name. */
const thinkingOf = (id: string): ThinkingRule =>
  modelOf(id)?.thinking ?? (/^glm-5\.3/i.test(id) ? 'always' : 'optional');

const off = { max_tokens: 64, thinking: { type: 'disabled' } };
const thinkingFields = {
  always: { max_tokens: 2048, reasoning_effort: 'low' },
  inline: { max_tokens: 2048 },
  none: { max_tokens: 64 },
  effort: off,
  optional: off,
} as const satisfies Record<ThinkingRule, object>;
