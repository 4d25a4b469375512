/** What is asked, request by request: decided by the seed and the request's number, whatever else happens. */
import { createHash } from 'node:crypto';
import { UsageError } from '../core/errors.ts';
import { createRandom } from '../core/random.ts';
import { type Model, modelOf } from '../core/wire/models.ts';
import { fixedTokens, messageTokens } from '../core/wire/prompt-tokens.ts';
import { createConversations } from './workload/conversations.ts';
import type { Length } from './workload/length.ts';
import { createLines, type Line, type ReadLinesOptions, readLines } from './workload/lines.ts';
import { createOpening, createSalt, type Opening } from './workload/opening.ts';
import { type Asked, type Fields, nothing, type Source } from './workload/question.ts';
import type { SpecOf, WorkloadSpec } from './workload/spec.ts';
import { createSynthetic } from './workload/synthetic.ts';
import { thinkingOf } from './workload/thinking.ts';
import { toolSet } from './workload/tool-set.ts';
import { createWriters } from './workload/writer.ts';

/** A request to send. */
export interface Ask {
  /** JSON, to be sent as it is. */
  readonly body: string;
  /** Estimated by core/wire/tokens.ts, template and tools included. */
  readonly promptTokens: number;
  readonly maxTokens: number;
  readonly stream: boolean;
}

/** Every request of a run by its number: the same seed and number give the same request, in any order. */
export interface Workload {
  /**
   * @param number of the request, from 0
   * @param attempt from 0; a later one differs in its `request_id` alone, when there is one
   */
  ask(number: number, attempt?: number): Ask;
  /** Lines of a file that name another model, or another `stream`, than the run's, which count. */
  readonly overruled: number;
}

export interface WorkloadOptions {
  readonly seed: number;
  readonly model: string;
  /** What stands in the file that the spec names. */
  readonly text?: string;
}

/**
 * @example createWorkload(workloadSchema.parse({ kind: 'synthetic', language: 'zh' }), { seed: 7, model: 'glm-4.6' }).ask(0)
 * @throws {UsageError} `bad_jsonl`, `bad_thinking`, or `bad_max_tokens` when the model answers with less
 */
export function createWorkload(spec: WorkloadSpec, { seed, model, text }: WorkloadOptions): Workload {
  const common = commonFields(spec, model);
  const asked = createAsked(model, common);
  refuseTooLong(spec, model, asked.maxOutput);
  const salt = createSalt(createRandom(seed).fork('salt'));
  const lines = linesIn(spec, text, { maxOutput: asked.maxOutput, run: { model, stream: spec.stream } });
  const source = sourceOf(spec, { seed, asked, salt, lines });
  const run = seed.toString(16).padStart(8, '0');

  const idsOf = (number: number, attempt: number, asker: number) => ({
    ...(spec.request_id ? { request_id: `load-${run}-${salt(number)}${attempt > 0 ? `-${attempt}` : ''}` } : {}),
    ...(spec.user_id ? { user_id: `user-${run}-${salt(asker)}` } : {}),
  });
  const ask: Workload['ask'] = (number, attempt = 0) => {
    const { messages, promptTokens, maxTokens, asker, fields } = source(number);
    const ids = idsOf(number, attempt, asker);
    const { stream } = spec;
    const body = JSON.stringify({ model, messages, max_tokens: maxTokens, stream, ...common, ...fields, ...ids });
    return { body, promptTokens, maxTokens, stream };
  };
  return { ask, overruled: lines?.filter(line => line.overruled).length ?? 0 };
}

function commonFields({ temperature, thinking, tools }: WorkloadSpec, model: string): Fields {
  return {
    ...(temperature === undefined ? nothing : { temperature }),
    ...thinkingOf(model, thinking),
    ...(tools ? { tools: [...toolSet] } : nothing),
  };
}

/** A model that nobody has heard of is taken for one with the API's widest cap and shortest template. */
function createAsked(id: string, common: Fields): Asked {
  const model: Pick<Model, 'id' | 'template' | 'thinking' | 'maxOutput'> = modelOf(id) ?? {
    id,
    template: 5,
    thinking: 'optional',
    maxOutput: 131_072,
  };
  return {
    maxOutput: model.maxOutput,
    fixedTokens: fields => fixedTokens({ ...common, ...fields }, model),
  };
}

/** Draws are cut to what the model can say; a number that somebody wrote is not changed behind their back. */
function refuseTooLong(spec: WorkloadSpec, model: string, maxOutput: number): void {
  const key = 'max_tokens' in spec ? 'max_tokens' : 'output_tokens';
  const most = 'max_tokens' in spec ? spec.max_tokens : mostOf(spec.output_tokens);
  if (most <= maxOutput) return;
  throw new UsageError('bad_max_tokens', `${key}: ${model} answers with at most ${maxOutput} tokens, found ${most}`);
}

function mostOf(length: Length): number {
  switch (length.kind) {
    case 'fixed':
      return length.tokens;
    case 'uniform':
      return length.high;
    case 'normal':
      return length.mean;
    case 'lognormal':
      return length.median;
  }
}

interface SourceOptions {
  readonly seed: number;
  readonly asked: Asked;
  readonly salt: (number: number) => string;
  readonly lines: readonly Line[] | undefined;
}

function sourceOf(spec: WorkloadSpec, { seed, asked, salt, lines }: SourceOptions): Source {
  const root = createRandom(seed);
  const random = root.fork(spec.kind);
  const writer = createWriters('language' in spec ? spec.language : 'en', root.fork('prose'));
  const prefix = (tokens: number) => {
    const chance = root.fork('prefix');
    return writer(chance).answer(tokens, chance);
  };
  const opening = createOpening(spec, { salt, prefix });
  switch (spec.kind) {
    case 'text':
      return createText(spec, { asked, opening });
    case 'synthetic':
      return createSynthetic(spec, { asked, opening, writer, random });
    case 'jsonl':
      return createLines(spec, { lines: lines ?? [], asked, opening, random });
    case 'conversations':
      return createConversations(spec, { lines, asked, opening, writer, random });
  }
}

function createText(
  { prompt, max_tokens }: SpecOf<'text'>,
  { asked, opening }: { readonly asked: Asked; readonly opening: (number: number) => Opening },
): Source {
  const tokens = asked.fixedTokens(nothing) + messageTokens({ role: 'user', content: prompt }, 0, true);
  return number => {
    const { first, firstTokens } = opening(number);
    return {
      messages: [{ role: 'user', content: first + prompt }],
      promptTokens: tokens + firstTokens,
      maxTokens: max_tokens,
      asker: number,
      fields: nothing,
    };
  };
}

/** @returns undefined where there is no file */
function linesIn(
  spec: WorkloadSpec,
  text: string | undefined,
  rules: Pick<ReadLinesOptions, 'maxOutput' | 'run'>,
): readonly Line[] | undefined {
  if (!('file' in spec) || spec.file === undefined) return undefined;
  if (text === undefined) throw new Error(`the text of ${spec.file} was not handed over`);
  const answered = spec.kind === 'conversations';
  const lines = readLines(text, { source: spec.file, answered, ...rules });
  if (answered && spec.turns > 1) refuseSingles(lines, spec.turns);
  return lines;
}

/** Of lines with one question each nothing would go on. */
function refuseSingles(lines: readonly Line[], turns: number): void {
  if (lines.some(({ messages }) => messages.filter(({ role }) => role === 'user').length > 1)) return;
  throw new UsageError(
    'bad_workload',
    `--turns ${turns} goes with conversations, and every line of --prompts has one user message; leave --turns out, or write lines with messages of several turns`,
  );
}

const digested = 1000;

/** SHA-256, in hex, of the first `count` bodies; of the first thousand when there are more. */
export function workloadDigest(workload: Workload, count: number): string {
  const hash = createHash('sha256');
  for (let number = 0; number < Math.min(count, digested); number++)
    hash.update(workload.ask(number).body).update('\n');
  return hash.digest('hex');
}
