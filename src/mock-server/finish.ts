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
  return {
    id,
    requestId: String(request.request_id ?? '') || id,
    created: Math.floor(wallMs / 1000),
    model: request.model,
    reasoning: said.reasoning?.pieces,
    content: said.content.pieces,
    toolCalls: said.calls.length === 0 ? none : toolCallsOf(said, id, context),
    finish: said.finish,
    usage: usageFor(said, context),
  };
}

const none: Answer['toolCalls'] = [];

function toolCallsOf({ calls }: Said, id: string, { dialect, random }: FinishContext): Answer['toolCalls'] {
  const ids = toolCallIds(dialect.toolId, calls.length, id, random);
  return calls.map(({ name, arguments: args }, i) => ({ id: ids[i] ?? '', name, arguments: args }));
}

/** The last one again where nothing differs, because load tests ask one thing a million times. */
function usageFor(said: Said, context: FinishContext): Usage {
  const { prompt, cachedTokens, dialect } = context;
  const { usage: style } = dialect;
  if (last?.said !== said || last.prompt !== prompt || last.cachedTokens !== cachedTokens || last.style !== style)
    last = { said, prompt, cachedTokens, style, usage: usageOf(said, context) };
  return last.usage;
}

let last:
  | {
      readonly said: Said;
      readonly prompt: Prompt;
      readonly cachedTokens: number;
      readonly style: Dialect['usage'];
      readonly usage: Usage;
    }
  | undefined;

function usageOf(said: Said, { prompt, dialect, cachedTokens }: FinishContext): Usage {
  const reasoning = said.reasoning?.tokens ?? 0;
  const completion = reasoning + said.content.tokens + said.callTokens;
  const cached = { cached_tokens: cachedTokens };
  // Written out for each era: a spread costs as much as all the rest of the answer.
  if (dialect.usage === 'full')
    return {
      prompt_tokens: prompt.tokens,
      completion_tokens: completion,
      total_tokens: prompt.tokens + completion,
      prompt_tokens_details: cached,
      completion_tokens_details: { reasoning_tokens: reasoning },
    };
  const sums = {
    prompt_tokens: prompt.tokens,
    completion_tokens: completion,
    total_tokens: prompt.tokens + completion,
  };
  return dialect.usage === 'none' ? sums : { ...sums, prompt_tokens_details: cached };
}
