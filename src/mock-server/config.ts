/** Every setting of the mock with its default; a file and the flags fill the same schema. */
import { z } from 'zod';
import { listenHost, whole } from '../core/config.ts';
import { duration } from '../core/duration.ts';
import { textOf } from '../core/errors.ts';
import { parseKey } from '../core/wire/auth.ts';
import { parseFaults } from './faults/fault.ts';
import { limitsConfig } from './limits.ts';
import { timing } from './timing.ts';

const key = z
  .string()
  .refine(text => parseKey(text) !== undefined, 'a key must look like id.secret, with exactly one dot');

function oneSecretEach(keys: readonly string[], context: z.RefinementCtx): void {
  const secrets = new Map<string, Set<string>>();
  for (const { id, secret } of keys.flatMap(text => parseKey(text) ?? []))
    secrets.set(id, (secrets.get(id) ?? new Set()).add(secret));
  for (const [id, { size }] of secrets)
    if (size > 1)
      context.addIssue(`the id "${id}" comes with ${size} different secrets, and may have one: leave the others out`);
}

const model = z
  .string()
  .regex(
    /^(?:\*|[^*\s]+)$/,
    'must be one whole model code such as my-model, or * alone for any; there are no patterns',
  );

const fault = z.string().superRefine((text, context) => {
  try {
    parseFaults(text);
  } catch (error) {
    context.addIssue({ code: 'custom', message: textOf(error) });
  }
});

/** One of a few codes of digits; YAML reads them as numbers when they stand without quotes. */
const digits = <const T extends readonly [string, ...string[]]>(codes: T) =>
  z.preprocess(value => (typeof value === 'number' ? String(value) : value), z.enum(codes));

/** Facts of the wire that are guesses or changed over time; glm-api.md §14, §15. */
const wire = z.strictObject({
  /** JWT `exp`: milliseconds as documented, or also seconds as one official SDK sends. */
  jwtExpUnit: z.enum(['lenient', 'ms-only']).default('lenient'),
  /** Code of a JWT signed with the wrong secret. */
  jwtSignatureCode: digits(['1000', '1002', '1004']).prefault('1000'),
  /** Code of a temperature or top_p out of range. */
  rangeCode: digits(['1210', '1214']).prefault('1210'),
  /** Content type of streams: the charset was never recorded. */
  sseContentType: z
    .string()
    .regex(/^[\x21-\x7e][\x20-\x7e]*$/, 'must be a header value of printable ASCII')
    .default('text/event-stream;charset=UTF-8'),
  /** What continuation fragments of a streamed tool call repeat. */
  toolStreamRepeats: z.enum(['nothing', 'id_and_type', 'everything']).default('nothing'),
  /** Whether bodies carry `object`; by default as in the era. */
  object: z.enum(['era', 'always', 'never']).default('era'),
});

export const mockConfig = z.strictObject({
  host: listenHost.default('127.0.0.1'),
  port: whole(0, 65_535).default(4010),
  keys: z.array(key).superRefine(oneSecretEach).default([]),
  anyKey: z.boolean().default(false),
  /** `cn` answers as open.bigmodel.cn, `intl` as api.z.ai. */
  profile: z.enum(['cn', 'intl']).default('cn'),
  era: digits(['2024', '2025', '2026']).prefault('2026'),
  /** Everything random comes from it; printed at start. */
  seed: whole(0, 0xffff_ffff).default(1),
  timing: timing.prefault('instant'),
  strict: z.boolean().default(false),
  /** Faults for every key, such as `stall,after=5` or `overloaded,rate=0.2`; `glm-testkit mock scenarios` lists them. */
  faults: z.array(fault).default([]),
  /** Files and folders of fixtures. */
  fixtures: z.array(z.string()).default([]),
  /** When there are fixtures and none fits: a generated reply, or 418 with the nearest ones. */
  unmatched: z.enum(['fallback', 'error']).default('fallback'),
  /** What one key may do; nothing is limited by default. */
  limits: limitsConfig.prefault({}),
  /** Model codes that answer although the service does not know them; `*` for any. */
  models: z.array(model).default([]),
  /** Length of generated answers in tokens; without it they are as long as they like. */
  replyTokens: whole(1, 131_072).optional(),
  thinkingTokens: whole(0, 131_072).optional(),
  /** How long an asynchronous task stays PROCESSING, after its generation time. */
  taskTime: duration.prefault('1s'),
  /** How long until a prompt's prefix counts as cached. */
  cacheDelay: duration.prefault('0'),
  /** Larger request bodies are refused with 413. */
  maxBodyBytes: whole(1024, 1 << 30).default(32 * 1024 * 1024),
  journalSize: whole(1, 1_000_000).default(1000),
  workers: whole(1, 64).default(1),
  tls: z.boolean().default(false),
  tlsCert: z.string().optional(),
  tlsKey: z.string().optional(),
  wire: wire.prefault({}),
});

export type MockConfig = z.infer<typeof mockConfig>;
/** What a caller may pass: everything optional. */
export type MockOptions = z.input<typeof mockConfig>;
