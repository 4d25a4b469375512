/** How many tokens a request's prompt has by what was measured; glm-api.md §8.2. The mock bills by it, the load tester plans by it. */
import type { ChatRequest, Message, Tool } from './chat.ts';
import type { Model } from './models.ts';
import { countTokens } from './tokens.ts';

/** Tokens of one image; a guess, the service's count was not recorded. */
const imageTokens = 600;

/** Tokens that part two messages. */
export const betweenMessages = 3;

type Fixed = Pick<ChatRequest, 'thinking' | 'reasoning_effort' | 'tools' | 'response_format'>;

/** What the template, the tools and the switches add to a prompt. */
export function fixedTokens(
  { thinking, reasoning_effort, tools, response_format }: Fixed,
  model: Pick<Model, 'id' | 'template' | 'thinking'>,
): number {
  let tokens = model.template;
  if (thinking?.type === 'disabled' && model.id.startsWith('glm-4.5-')) tokens += 4;
  if (model.thinking === 'effort' && (reasoning_effort || thinking?.type)) tokens += 6;
  if (response_format?.type === 'json_object') tokens += 55;
  if (tools?.length) tokens += (model.thinking === 'none' ? 40 : 95) + toolTokens(tools);
  return tokens;
}

const toolTokens = (tools: readonly Tool[]) => tools.reduce((sum, tool) => sum + countTokens(JSON.stringify(tool)), 0);

/** Tokens of the message at `index`: everything it says, and what parts it from the one before. */
export const messageTokens = (message: Message, index: number, clear: boolean): number =>
  (index === 0 ? 0 : betweenMessages) + countTokens(saidBy(message, clear)) + imageTokens * imagesOf(message);

/**
 * Everything that a message says and that counts: its text, calls, and thinking that is sent back and kept.
 * @param clear whether earlier thinking is dropped
 */
export function saidBy(message: Message, clear: boolean): string {
  const { reasoning_content: thought, tool_calls: calls } = message;
  const kept = textOf(message) + (clear ? '' : (thought ?? ''));
  return calls ? kept + JSON.stringify(calls) : kept;
}

/** The text of a message, its parts joined. */
export function textOf({ content }: Message): string {
  if (typeof content === 'string') return content;
  return content?.map(part => part.text ?? '').join('') ?? '';
}

const imagesOf = ({ content }: Message) =>
  Array.isArray(content) ? content.filter(part => part.type !== 'text').length : 0;
