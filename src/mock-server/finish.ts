/** From a draft to an answer: stop words, the token budget, ids and usage. Thinking spends the budget first. */

import type { Random } from '../core/random.ts';
import type { ChatRequest, FinishReason, Usage } from '../core/wire/chat.ts';
import { completionId, decimalId, toolCallIds } from '../core/wire/ids.ts';
import type { Model } from '../core/wire/models.ts';
import { countTokens, pieces } from '../core/wire/tokens.ts';
import type { Answer } from './answer.ts';
import type { Dialect } from './dialect.ts';
import type { Prompt } from './prompt.ts';
import type { Draft } from './replies/draft.ts';

export interface FinishContext {
  readonly request: ChatRequest;
  readonly model: Model;
  readonly prompt: Prompt;
  readonly dialect: Dialect;
  /** Prompt tokens that came from the cache. */
  readonly cachedTokens: number;
  readonly wallMs: number;
  /** Forked for this request: ids differ from request to request. */
  readonly random: Random;
}

export function finish(draft: Draft, context: FinishContext): Answer {
  const { request, model, dialect, wallMs, random } = context;
  const id = dialect.id === 'decimal' ? decimalId(random) : completionId(wallMs, random);
  const cut = withinBudget(draft, context);
  const callIds = toolCallIds(dialect.toolId, cut.calls.length, id, random);
  return {
    id,
    requestId: request.request_id === undefined || request.request_id === null ? id : String(request.request_id),
    created: Math.floor(wallMs / 1000),
    model: request.model,
    reasoning: cut.reasoning,
    content: cut.content,
    toolCalls: cut.calls.map((call, i) => ({ id: callIds[i] ?? '', ...call })),
    finish: cut.finish,
    usage: usageOf(cut, context, model),
  };
}

interface Cut {
  readonly reasoning: readonly string[] | undefined;
  readonly content: readonly string[];
  readonly calls: Draft['calls'];
  readonly finish: FinishReason;
  readonly callTokens: number;
}

function withinBudget(draft: Draft, { request, model, prompt, dialect }: FinishContext): Cut {
  const room = model.context - prompt.tokens;
  const asked = request.max_tokens ?? maxCompletion(request) ?? model.defaultOutput;
  const short: FinishReason = room < asked ? 'model_context_window_exceeded' : 'length';
  const newline = dialect.lead === 'newline' || dialect.lead === 'newline-with-content';
  const thought = draft.reasoning === undefined ? undefined : [...(newline ? ['\n'] : []), ...pieces(draft.reasoning)];
  let left = Math.min(room, asked);

  const reasoning = thought?.slice(0, left);
  left -= reasoning?.length ?? 0;
  if (thought !== undefined && reasoning !== undefined && reasoning.length < thought.length)
    return nothingSaid(reasoning, short);

  const lead = newline && thought !== undefined ? ['\n'] : [];
  const { text, stopped } = beforeStop(draft.content, request.stop);
  const said = [...lead, ...pieces(text)];
  const content = said.slice(0, left);
  left -= content.length;
  if (content.length < said.length) return { reasoning, content, calls: [], finish: short, callTokens: 0 };
  if (draft.calls.length === 0 || stopped) return { reasoning, content, calls: [], finish: 'stop', callTokens: 0 };
  return withCalls(draft.calls, { reasoning, content, short, left });
}

const nothingSaid = (reasoning: readonly string[], short: FinishReason): Cut => ({
  reasoning,
  content: [],
  calls: [],
  finish: short,
  callTokens: 0,
});

/** A community field that the service is said to accept (§2.1). */
const maxCompletion = ({ max_completion_tokens: value }: ChatRequest) =>
  typeof value === 'number' && value >= 1 ? Math.floor(value) : undefined;

/** A call that does not fit ends with its arguments cut off, as a real generation would. */
function withCalls(
  calls: Draft['calls'],
  rest: { reasoning: Cut['reasoning']; content: Cut['content']; short: FinishReason; left: number },
): Cut {
  const { reasoning, content, short } = rest;
  const kept: { name: string; arguments: string }[] = [];
  let { left } = rest;
  let callTokens = 0;
  for (const call of calls) {
    const name = countTokens(call.name);
    const args = pieces(call.arguments);
    if (name > left) return { reasoning, content, calls: kept, finish: short, callTokens };
    const fits = args.slice(0, left - name);
    kept.push({ name: call.name, arguments: fits.join('') });
    left -= name + fits.length;
    callTokens += name + fits.length;
    if (fits.length < args.length) return { reasoning, content, calls: kept, finish: short, callTokens };
  }
  return { reasoning, content, calls: kept, finish: 'tool_calls', callTokens };
}

/** The text before the first stop word. */
function beforeStop(text: string, stop: ChatRequest['stop']): { text: string; stopped: boolean } {
  const words = (typeof stop === 'string' ? [stop] : (stop ?? [])).filter(word => word !== '');
  const ends = words.map(word => text.indexOf(word)).filter(at => at >= 0);
  return ends.length === 0 ? { text, stopped: false } : { text: text.slice(0, Math.min(...ends)), stopped: true };
}

function usageOf(cut: Cut, { prompt, dialect, cachedTokens }: FinishContext, model: Model): Usage {
  const reasoning = model.thinking === 'inline' ? 0 : (cut.reasoning?.length ?? 0);
  const completion = reasoning + cut.content.length + cut.callTokens;
  return {
    prompt_tokens: prompt.tokens,
    completion_tokens: completion,
    total_tokens: prompt.tokens + completion,
    ...(dialect.usage === 'none' ? {} : { prompt_tokens_details: { cached_tokens: cachedTokens } }),
    ...(dialect.usage === 'full' ? { completion_tokens_details: { reasoning_tokens: reasoning } } : {}),
  };
}
