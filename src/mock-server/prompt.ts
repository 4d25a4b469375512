/** What a request asks, read once: its texts, language, turns and token counts. */
import { digest } from '../core/random.ts';
import type { ChatRequest, Message } from '../core/wire/chat.ts';
import type { Language } from '../core/wire/errors.ts';
import type { Model } from '../core/wire/models.ts';
import { fixedTokens, messageTokens, saidBy, textOf } from '../core/wire/prompt-tokens.ts';

/** A leading part of the prompt that a cache can recognise: its digest and its length in tokens. */
export interface Prefix {
  readonly key: number;
  readonly tokens: number;
}

export interface Prompt {
  /** Language of the last user text; undefined when it has no letters. */
  readonly language: Language | undefined;
  /** Text of the last user message. */
  readonly lastUser: string;
  /** Texts of the user's earlier messages, oldest first. */
  readonly earlier: readonly string[];
  /** Everything a system message said. */
  readonly system: string;
  /** What the tools answered since the last user message, oldest first. */
  readonly toolResults: readonly { readonly name: string; readonly content: string }[];
  readonly tokens: number;
  /** One per message, ever longer; tools are part of each. */
  readonly prefixes: readonly Prefix[];
}

/**
 * Reads a validated request. Linear in its size.
 * @param keepThinking whether thinking that is sent back counts when the request does not say (`clear_thinking`)
 */
export function readPrompt(request: ChatRequest, model: Model, keepThinking = false): Prompt {
  const { messages, thinking } = request;
  const clear = thinking?.clear_thinking ?? !keepThinking;
  const texts = messages.map(textOf);
  const users = texts.filter((_, i) => messages[i]?.role === 'user');
  const lastUser = users.at(-1) ?? '';
  const prefixes = prefixesOf(messages, fixedTokens(request, model), clear);
  return {
    language: languageOf(lastUser),
    lastUser,
    earlier: users.slice(0, -1),
    system: texts.filter((_, i) => messages[i]?.role === 'system').join('\n'),
    toolResults: toolResults(messages, texts),
    tokens: prefixes.at(-1)?.tokens ?? 0,
    prefixes,
  };
}

function prefixesOf(messages: readonly Message[], fixed: number, clear: boolean): Prefix[] {
  let tokens = fixed;
  let key = digest(String(fixed));
  return messages.map((message, i) => {
    key = digest(saidBy(message, clear), digest(message.role, key));
    tokens += messageTokens(message, i, clear);
    return { key, tokens };
  });
}

function toolResults(messages: readonly Message[], texts: readonly string[]): Prompt['toolResults'] {
  if (messages.at(-1)?.role !== 'tool') return [];
  const start = messages.findLastIndex(({ role }) => role === 'user');
  const names = new Map(
    messages.flatMap(message => message.tool_calls ?? []).map(call => [call.id, call.function?.name ?? '']),
  );
  return messages.flatMap(({ role, tool_call_id: id }, i) =>
    role === 'tool' && i > start ? [{ name: names.get(id ?? '') ?? '', content: texts[i] ?? '' }] : [],
  );
}

const sampleLength = 2000;

/** Chinese when at least a sixth of the letters are CJK; undefined without any letters. */
function languageOf(text: string): Language | undefined {
  let cjk = 0;
  let latin = 0;
  for (let i = 0; i < text.length && i < sampleLength; i++) {
    const c = text.charCodeAt(i) | 0x20;
    if (c >= 0x3400 && c <= 0x9fff) cjk++;
    else if (c >= 97 && c <= 122) latin++;
  }
  if (cjk + latin === 0) return undefined;
  return cjk * 5 >= latin ? 'zh' : 'en';
}
