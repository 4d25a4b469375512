/** What is said, as flags and files write it: flat keys, of which those that were given choose the kind of workload. */
import { z } from 'zod';
import { checked } from '../core/config.ts';
import { UsageError } from '../core/errors.ts';
import { type WorkloadSpec, workloadSchema } from './workload/spec.ts';

const text = z.coerce.string().optional();
const flag = z.boolean().optional();

/** Checked by the schema of the kind that they choose; here they only have their place. */
export const sayingKeys = {
  stream: z.boolean().default(true),
  prompt: text,
  /** JSON Lines: a prompt, messages or a whole request a line. */
  prompts: text,
  /** Take the lines in an order of the seed. */
  shuffle: flag,
  input_tokens: text,
  output_tokens: text,
  max_tokens: text,
  language: text,
  /** Conversations of so many user messages. */
  turns: text,
  tools: flag,
  thinking: flag,
  temperature: text,
  cache: text,
  prefix_tokens: text,
  request_id: flag,
  user_id: flag,
} as const;

export type Saying = z.infer<z.ZodObject<typeof sayingKeys>>;

/**
 * @param width conversations that go on at a time
 * @throws {UsageError} `bad_config` with every mistake, or `bad_workload` when keys exclude each other
 */
export function workloadOf({ prompts: file, shuffle, ...given }: Saying, width: number): WorkloadSpec {
  const kind = kindOf({ file, turns: given.turns, drawn: given.input_tokens ?? given.output_tokens ?? given.language });
  const order = shuffle === undefined ? undefined : 'shuffled';
  const whole = { ...given, kind, file, order, ...(kind === 'conversations' && { width }) };
  refuseStrangers(whole, kind);
  return checked(workloadSchema, without(whole), 'options');
}

function kindOf({ file, turns, drawn }: { file?: unknown; turns?: unknown; drawn?: unknown }): WorkloadSpec['kind'] {
  if (turns !== undefined) return 'conversations';
  if (file !== undefined) return 'jsonl';
  return drawn !== undefined ? 'synthetic' : 'text';
}

/** What each kind does not know, though another does. */
const foreign: Readonly<Record<WorkloadSpec['kind'], readonly string[]>> = {
  text: ['order'],
  synthetic: ['prompt', 'max_tokens', 'order'],
  jsonl: ['prompt', 'input_tokens', 'output_tokens', 'language'],
  conversations: ['prompt', 'max_tokens'],
};

const says: Readonly<Record<WorkloadSpec['kind'], string>> = {
  text: 'a --prompt',
  synthetic: 'made-up prompts (--input-tokens, --output-tokens, --language)',
  jsonl: '--prompts FILE',
  conversations: '--turns',
};

function refuseStrangers(given: Readonly<Record<string, unknown>>, kind: WorkloadSpec['kind']): void {
  const names = foreign[kind].filter(key => given[key] !== undefined);
  if (names.length === 0) return;
  const flags = names.map(name => (name === 'order' ? '--shuffle' : `--${name.replaceAll('_', '-')}`));
  throw new UsageError('bad_workload', `${flags.join(' and ')} cannot go with ${says[kind]}; leave one of them out`);
}

const without = (value: Readonly<Record<string, unknown>>) =>
  Object.fromEntries(Object.entries(value).filter(([, inner]) => inner !== undefined));
