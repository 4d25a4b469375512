/** From what is said to an answer: ids, times and usage. */

import type { Random } from '../core/random.ts';
import type { ChatRequest, Usage } from '../core/wire/chat.ts';
import { completionId, decimalId, toolCallIds } from '../core/wire/ids.ts';
import type { Answer } from './answer.ts';
import type { Said } from './budget.ts';
import type { Dialect } from './dialect.ts';
import type { Prompt } from './prompt.ts';

export interface FinishContext {
  readonly request: ChatRequest;
  readonly prompt: Prompt;
  readonly dialect: Dialect;
  /** Prompt tokens that came from the cache. */
  readonly cachedTokens: number;
  readonly wallMs: number;
  /** Forked for this request: ids differ from request to request. */
  readonly random: Random;
}

export function finish(said: Said, context: FinishContext): Answer {
  const { request, dialect, wallMs, random } = context;
  const id = dialect.id === 'decimal' ? decimalId(random) : completionId(wallMs, random);
  const callIds = said.calls.length === 0 ? [] : toolCallIds(dialect.toolId, said.calls.length, id, random);
  return {
    id,
    requestId: String(request.request_id ?? '') || id,
    created: Math.floor(wallMs / 1000),
    model: request.model,
    reasoning: said.reasoning?.pieces,
    content: said.content.pieces,
    toolCalls: said.calls.map(({ name, arguments: args }, i) => ({ id: callIds[i] ?? '', name, arguments: args })),
    finish: said.finish,
    usage: usageOf(said, context),
  };
}

function usageOf(said: Said, { prompt, dialect, cachedTokens }: FinishContext): Usage {
  const reasoning = said.reasoning?.tokens ?? 0;
  const completion = reasoning + said.content.tokens + said.callTokens;
  return {
    prompt_tokens: prompt.tokens,
    completion_tokens: completion,
    total_tokens: prompt.tokens + completion,
    ...(dialect.usage === 'none' ? {} : { prompt_tokens_details: { cached_tokens: cachedTokens } }),
    ...(dialect.usage === 'full' ? { completion_tokens_details: { reasoning_tokens: reasoning } } : {}),
  };
}
