/**
 * A reply for any request without a fixture: it depends only on the seed and on what was asked, so the same question
 * gets the same answer whatever else is going on.
 */
import type { Random } from '../../core/random.ts';
import type { ChatRequest } from '../../core/wire/chat.ts';
import type { Language } from '../../core/wire/errors.ts';
import type { Model } from '../../core/wire/models.ts';
import type { Prompt } from '../prompt.ts';
import type { Draft } from './draft.ts';
import { jsonAnswer } from './json.ts';
import { knownAnswer } from './skills.ts';
import { essay, plan } from './text.ts';
import { chooseCalls } from './tools.ts';

export interface ComposeOptions {
  /** Language when the user's text has no letters. */
  readonly fallback: Language;
  /** Length of a generated text in tokens; undefined: as long as it likes to be. */
  readonly replyTokens: number | undefined;
  /** Length of the thinking in tokens; undefined: as long as it likes to be. */
  readonly thinkingTokens: number | undefined;
}

/** @param random forked from the seed and the request's content */
export function compose(
  request: ChatRequest,
  model: Model,
  prompt: Prompt,
  random: Random,
  options: ComposeOptions,
): Draft {
  const language = prompt.language ?? options.fallback;
  const calls = prompt.toolResults.length > 0 ? [] : chooseCalls(request, prompt, random);
  const reasoning = thinks(request, model) ? plan(prompt, calls, language, random, options.thinkingTokens) : undefined;
  const content = calls.length > 0 ? '' : answerText(request, prompt, language, random, options);
  if (model.thinking !== 'inline' || reasoning === undefined) return { reasoning, content, calls };
  return { reasoning: undefined, content: `<think>${reasoning}</think>\n${content}`, calls };
}

/** Whether the model thinks before this reply; glm-api.md §2.4. */
export function thinks({ thinking, reasoning_effort: effort }: ChatRequest, model: Model): boolean {
  if (model.thinking === 'none') return false;
  if (model.thinking === 'always' || model.thinking === 'inline') return true;
  if (model.thinking === 'effort' && (effort === 'none' || effort === 'minimal')) return false;
  return thinking?.type !== 'disabled';
}

function answerText(
  request: ChatRequest,
  prompt: Prompt,
  language: Language,
  random: Random,
  options: ComposeOptions,
): string {
  if (request.response_format?.type === 'json_object') return jsonAnswer(prompt, language, random);
  if (options.replyTokens === undefined) {
    const known = knownAnswer(prompt, language);
    if (known !== undefined) return known;
  }
  return essay(prompt, language, random, options.replyTokens);
}
