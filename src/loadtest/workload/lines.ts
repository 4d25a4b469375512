/** Requests from a file of JSON lines: `"prompt"`, `{"prompt"}`, `{"messages"}`, or whole request bodies. */
import { z } from 'zod';
import { isObject } from '../../core/json-object.ts';
import { int, type Random } from '../../core/random.ts';
import { chatRequest, message } from '../../core/wire/chat.ts';
import { list } from '../../core/wire/list.ts';
import { messageTokens, textOf } from '../../core/wire/prompt-tokens.ts';
import { linesOf, type Read, readItems } from '../json-lines.ts';
import { type Opening, opened, openingTokens } from './opening.ts';
import type { Asked, Fields, Said, Source } from './question.ts';
import type { SpecOf } from './spec.ts';

export interface Line {
  readonly messages: readonly Said[];
  readonly maxTokens: number | undefined;
  readonly fields: Fields;
  /** Whether it names another model than the run's, or another way to be answered. */
  readonly overruled: boolean;
}

interface LinesOptions {
  readonly lines: readonly Line[];
  readonly asked: Asked;
  readonly opening: (number: number) => Opening;
  readonly random: Random;
}

/** The lines in their order, over and over; each time with an opening of its own. */
export function createLines(
  { order, max_tokens }: SpecOf<'jsonl'>,
  { lines, asked, opening, random }: LinesOptions,
): Source {
  const entries = lines.map(line => ({ ...line, tokens: asked.fixedTokens(line.fields) + tokensOf(line) }));
  const inOrder = ordered(entries, order, random);
  return number => {
    const { messages, maxTokens = max_tokens, fields, tokens } = inOrder(number);
    const front = opening(number);
    return {
      messages: opened(messages, front),
      promptTokens: tokens + openingTokens(messages, front),
      maxTokens,
      asker: number,
      fields,
    };
  };
}

const tokensOf = ({ messages, fields }: Line) =>
  messages.reduce((sum, said, i) => sum + messageTokens(said, i, clears(fields)), 0);

/** Whether thinking that is sent back is dropped: unless the request says otherwise; glm-api.md §2.4. */
export const clears = ({ thinking }: Fields): boolean => thinking?.clear_thinking ?? true;

/** @returns the element for any number; shuffled: every one once before any comes again */
export function ordered<T>(
  values: readonly T[],
  order: 'sequential' | 'shuffled',
  random: Random,
): (number: number) => T {
  const row = order === 'shuffled' ? shuffled(values, random) : values;
  return number => row[number % row.length]!;
}

function shuffled<T>(values: readonly T[], random: Random): readonly T[] {
  const row = [...values];
  for (let i = row.length - 1; i > 0; i--) {
    const other = int(random, i + 1);
    [row[i], row[other]] = [row[other]!, row[i]!];
  }
  return row;
}

export interface ReadLinesOptions {
  /** The file's name, for messages. */
  readonly source: string;
  readonly maxOutput: number;
  /** Whether a line may end with an answer; one that is asked as it stands may not. */
  readonly answered: boolean;
  /** What the run asks for, whatever a line says. */
  readonly run: { readonly model: string; readonly stream: boolean };
}

/** @throws {UsageError} `bad_jsonl` with every bad line */
export const readLines = (text: string, { source, ...rules }: ReadLinesOptions): readonly Line[] =>
  readItems(linesOf(text), { source, code: 'bad_jsonl', read: value => readLine(value, rules) });

type Rules = Omit<ReadLinesOptions, 'source'>;

function readLine(given: unknown, rules: Rules): Read<Line> {
  const value = typeof given === 'string' ? { prompt: given } : given;
  if (!isObject(value)) return { mistake: 'is not a JSON object' };
  if (isTooDeep(value)) return { mistake: 'is nested too deeply' };
  const result = lineSchema.safeParse(value);
  if (!result.success) return { mistake: result.error.issues.map(worded).join('; ') };
  const { model, messages, prompt, max_tokens, stream, request_id: _, ...rest } = result.data;
  if ((messages === undefined) === (prompt === undefined)) return { mistake: 'needs prompt or messages, and not both' };
  const said = messages ?? [{ role: 'user', content: prompt }];
  const mistake = mistakeIn(said, max_tokens ?? 0, rules);
  if (mistake !== undefined) return { mistake };
  // A whole body is known by its model. Other lines may be of a data set, whose columns are no business of the API.
  const fields = model ? rest : knownOf(rest);
  const { run } = rules;
  const overruled = (model ?? run.model) !== run.model || (typeof stream === 'boolean' && stream !== run.stream);
  return { value: { messages: said, maxTokens: max_tokens ?? undefined, fields, overruled } };
}

const roles = ['system', 'user', 'assistant', 'tool'] as const;
const atLeastOne = 'must be a whole number from 1';

const lineSchema = chatRequest
  .partial()
  .extend({
    model: z.string().nullish(),
    prompt: z.string('must be a text').regex(/\S/, 'must not be empty').optional(),
    messages: list(
      message.extend({ role: z.enum(roles, { error: `must be one of ${roles.join(', ')}` }) }).catchall(z.unknown()),
    ).optional(),
    max_tokens: z.int(atLeastOne).min(1, atLeastOne).nullish(),
    thinking: z.looseObject({ type: z.string().nullish(), clear_thinking: z.boolean().nullish() }).nullish(),
    stream: z.unknown().optional(),
    request_id: z.unknown().optional(),
  })
  .catchall(z.unknown());

/** JSON of any depth can be read, but not written: the stack ends at some thousand levels. */
function isTooDeep(value: unknown): boolean {
  try {
    JSON.stringify(value);
    return false;
  } catch (error) {
    if (error instanceof RangeError) return true;
    throw error;
  }
}

/** `messages[1].role: must be one of …` */
const worded = ({ path, message: sentence }: z.core.$ZodIssue) =>
  `${path.map((part, i) => (typeof part === 'number' ? `[${part}]` : `${i === 0 ? '' : '.'}${String(part)}`)).join('')}: ${sentence}`;

/** What the API would refuse; glm-api.md §2.2, §2.5. */
function mistakeIn(messages: readonly Said[], maxTokens: number, { maxOutput, answered }: Rules): string | undefined {
  const last = messages.findLast(({ role }) => role === 'user');
  if (last === undefined) return 'has no user message';
  if (typeof last.content === 'string' ? textOf(last).trim() === '' : !last.content?.length)
    return 'has a last user message without content';
  if (!answered && messages.at(-1)?.role === 'assistant')
    return 'ends with an assistant message; leave it out, or choose the workload conversations';
  return maxTokens > maxOutput ? `max_tokens ${maxTokens} is above the ${maxOutput} of the model` : undefined;
}

const knownOf = (fields: Fields): Fields =>
  Object.fromEntries(Object.entries(fields).filter(([key]) => Object.hasOwn(chatRequest.shape, key)));
