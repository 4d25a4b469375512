/** What the keys of a workload are: defaults and limits live here and nowhere else. */
import { z } from 'zod';
import { whole } from '../../core/config.ts';
import { length } from './length.ts';

const tokens = (standard: number) => length.default(() => length.parse(standard));
const share = 'knows en, zh, or the share of Chinese texts from 0 to 1';

/** The API's cap for every model; a model's own may be lower. */
const maxTokens = whole(1, 131_072).default(128);

const common = {
  /**
   * What the endpoint's prefix cache can find again: nothing (a salt stands in front of every prompt), a common prefix
   * of `prefix_tokens` tokens in front of the salt, or everything.
   */
  cache: z
    .enum(['unique', 'shared-prefix', 'same'], { error: 'knows only unique, shared-prefix, same' })
    .default('unique'),
  prefix_tokens: whole(1, 1_000_000).default(1024),
  /** Offer a set of four functions with every request. */
  tools: z.boolean().default(false),
  /** Left out: off where the model allows it. */
  thinking: z.boolean().optional(),
  stream: z.boolean().default(true),
  temperature: z.coerce
    .number('must be a number from 0 to 1')
    .min(0, 'must be a number from 0 to 1')
    .max(1, 'must be a number from 0 to 1')
    .optional(),
  /** Send a `request_id` that no other request of any seed has. */
  request_id: z.boolean().default(false),
  /** Send a `user_id`, another one for every conversation. */
  user_id: z.boolean().default(false),
};

const synthetic = {
  /** Of the user's text, in tokens by core/wire/tokens.ts, salt and prefix included. */
  input_tokens: tokens(500),
  /** `max_tokens` of the request; the text asks for an answer that reaches it. */
  output_tokens: tokens(128),
  /** A number is the share of Chinese texts. */
  language: z
    .union([z.enum(['en', 'zh']), z.coerce.number().min(0, share).max(1, share)], { error: share })
    .default('en'),
};

const order = z.enum(['sequential', 'shuffled'], { error: 'knows only sequential, shuffled' }).default('sequential');

/** The same text every time. */
const text = z.strictObject({
  kind: z.literal('text'),
  prompt: z.string().regex(/\S/, 'must not be empty').default('Write one paragraph about the sea.'),
  max_tokens: maxTokens,
  ...common,
});

/** Texts of drawn lengths. */
const drawn = z.strictObject({ kind: z.literal('synthetic'), ...synthetic, ...common });

/** Lines of a file, over and over. */
const lines = z.strictObject({
  kind: z.literal('jsonl'),
  file: z.string().min(1),
  order,
  /** For lines that do not say. */
  max_tokens: maxTokens,
  ...common,
});

/** Conversations that go on, `width` of them at a time: invented ones, or those of a file. */
const conversations = z.strictObject({
  kind: z.literal('conversations'),
  file: z.string().min(1).optional(),
  order,
  /** User messages of a conversation. */
  turns: whole(1, 1000).default(4),
  width: whole(1, 100_000).default(10),
  ...synthetic,
  ...common,
});

/**
 * What is said to the endpoint, by `kind`: the same `text`, `synthetic` texts of drawn lengths, lines of a `jsonl` file, or
 * `conversations` that go on. Lengths are in tokens; unknown keys are refused.
 */
export const workloadSchema = z.discriminatedUnion('kind', [text, drawn, lines, conversations], {
  error: issue => (issue.code === 'invalid_union' ? 'knows only text, synthetic, jsonl, conversations' : undefined),
});

/** A workload after parsing, with its defaults filled in. */
export type WorkloadSpec = z.infer<typeof workloadSchema>;
export type SpecOf<Kind extends WorkloadSpec['kind']> = Extract<WorkloadSpec, { kind: Kind }>;
