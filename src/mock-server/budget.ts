/** What is left of a draft after stop words and the token budget. Thinking spends the budget first. */
import type { ChatRequest, FinishReason } from '../core/wire/chat.ts';
import type { Model } from '../core/wire/models.ts';
import { countTokens, pieces } from '../core/wire/tokens.ts';
import type { Dialect } from './dialect.ts';
import type { Prompt } from './prompt.ts';
import type { Draft } from './replies/draft.ts';

/** What a reply says, measured. */
export interface Said {
  readonly reasoning: Measured | undefined;
  readonly content: Measured;
  readonly calls: Draft['calls'];
  readonly finish: FinishReason;
  readonly callTokens: number;
}

export interface BudgetContext {
  readonly request: ChatRequest;
  readonly model: Model;
  readonly prompt: Prompt;
  readonly dialect: Dialect;
}

export function withinBudget(draft: Draft, { request, model, prompt, dialect }: BudgetContext): Said {
  const room = model.context - prompt.tokens;
  const asked = request.max_tokens ?? maxCompletion(request) ?? model.defaultOutput;
  const short: FinishReason = room < asked ? 'model_context_window_exceeded' : 'length';
  const newline = dialect.lead === 'newline' || dialect.lead === 'newline-with-content' ? '\n' : '';
  const measure = request.stream === true ? inPieces : inOne;

  const thought = draft.reasoning === undefined ? nothing : measure(newline, draft.reasoning, Math.min(room, asked));
  const reasoning = draft.reasoning === undefined ? undefined : thought;
  const left = Math.min(room, asked) - thought.tokens;
  if (thought.cut) return { reasoning, content: nothing, calls: [], finish: short, callTokens: 0 };

  const { text, stopped } = beforeStop(draft.content, request.stop);
  const content = measure(reasoning === undefined ? '' : newline, text, left);
  if (content.cut) return { reasoning, content, calls: [], finish: short, callTokens: 0 };
  if (draft.calls.length === 0 || stopped) return { reasoning, content, calls: [], finish: 'stop', callTokens: 0 };
  return withCalls(draft.calls, { reasoning, content, short, left: left - content.tokens });
}

/** A text that was measured: its pieces, how many tokens they are, and whether the budget cut it. */
interface Measured {
  readonly pieces: readonly string[];
  readonly tokens: number;
  readonly cut: boolean;
}

const nothing: Measured = { pieces: [], tokens: 0, cut: false };

/** A lone newline before the text, and the text in pieces, as a stream sends them. */
function inPieces(lead: string, text: string, most: number): Measured {
  const all = lead === '' ? pieces(text) : [lead, ...pieces(text)];
  return all.length <= most
    ? { pieces: all, tokens: all.length, cut: false }
    : { pieces: all.slice(0, most), tokens: most, cut: true };
}

/** The same in one piece, for a body: cutting is only worth it when the text does not fit. */
function inOne(lead: string, text: string, most: number): Measured {
  const tokens = lead.length + countTokens(text);
  return tokens <= most ? { pieces: [lead + text], tokens, cut: false } : inPieces(lead, text, most);
}

/** A community field that the service is said to accept (§2.1). */
const maxCompletion = ({ max_completion_tokens: value }: ChatRequest) =>
  typeof value === 'number' && value >= 1 ? Math.floor(value) : undefined;

/** A call that does not fit ends with its arguments cut off, as a real generation would. */
function withCalls(
  calls: Draft['calls'],
  rest: { reasoning: Said['reasoning']; content: Said['content']; short: FinishReason; left: number },
): Said {
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
