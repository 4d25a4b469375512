/** Limits at the door: who is over one is refused, who is let in counts as under way until the answer is over. */
import type { Refusal } from '../render/error.ts';
import { codeError } from '../scenarios/codes.ts';
import type { Call } from './endpoint.ts';

export function turnedAway(model: string, call: Call): Refusal | undefined {
  const { keyId, wallMs, random, state } = call;
  const visitor = { keyId, wallMs, random, model };
  const turned = state.limiter.enter(visitor);
  if (turned === undefined) {
    call.leave = () => state.limiter.leave(visitor);
    return undefined;
  }
  const refusal = codeError(turned.code, call, turned.resetMs, turned.windowMs || undefined);
  return turned.retryAfter === undefined
    ? refusal
    : { ...refusal, headers: ['retry-after', String(turned.retryAfter)] };
}
