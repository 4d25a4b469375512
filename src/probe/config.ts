/** The probe's file as one schema. Defaults live here and nowhere else; `plan.ts` resolves it, `validate.ts` doubts it. */
import { z } from 'zod';
import { baseUrl } from '../core/base-url.ts';
import { listenHost } from '../core/config.ts';
import { duration, parseDuration } from '../core/duration.ts';
import { type Reason, reasons } from '../core/outcome.ts';
import { conventionNames } from './otlp/conventions.ts';
import { secretSource, secretUrlSource } from './secret.ts';

/** The names of all kinds of checks, as `kind` in a file and `--check` take them. */
export const checkKinds = [
  'chat',
  'chat_stream',
  'chat_async',
  'tool_call',
  'json_mode',
  'auth_rejected',
  'jwt',
  'models',
  'cached_pair',
  'reuse',
  'concurrency',
] as const;

/** What a check does; each is a file in `checks/`. */
export type CheckKind = (typeof checkKinds)[number];

/** Every reason but `ok`. */
const faults = reasons.filter(reason => reason !== 'ok') as [Exclude<Reason, 'ok'>, ...Exclude<Reason, 'ok'>[]];

/** A duration within bounds, both written as durations. */
const between = (low: string, high: string) =>
  duration.refine(
    ms => ms >= parseDuration(low) && ms <= parseDuration(high),
    `must be at least ${low} and at most ${high}`,
  );

const longest = '366d';
/** How long something may take. */
export const deadline = between('1ms', '1d');
const limit = between('1ms', longest);

const wait = (standard: string, allowed = duration) => allowed.default(() => parseDuration(standard));

/** A share, written with its sign: `99.5%` is held as 0.995. */
const aPercentage = 'must be a percentage such as 99.5%';
const percent = z
  .string(aPercentage)
  .regex(/^\d+(?:\.\d+)?%$/, aPercentage)
  .transform(text => Number(text.slice(0, -1)) / 100)
  .refine(ratio => ratio <= 1, { error: 'must be at most 100%', abort: true });

const objective = percent.refine(ratio => ratio > 0 && ratio < 1, 'must lie between 0% and 100%');

const count = (low: number, high: number) => {
  const error = `must be a whole number from ${low} to ${high}`;
  return z.int(error).min(low, error).max(high, error);
};

const amount = (error: string) => z.number(error).min(0, error);

/** Names become metric labels. */
const nameRule = 'must be up to 64 of a-z, 0-9, underscore, dot, colon and hyphen';
const name = z.string().regex(/^[a-z0-9][a-z0-9_.:-]{0,63}$/, nameRule);
const named = <Value extends z.ZodType>(value: Value) =>
  z.record(name, value, { error: ({ code }) => (code === 'invalid_key' ? `its name ${nameRule}` : undefined) });

const zones = new Set([...Intl.supportedValuesOf('timeZone'), 'UTC']);
const timezone = z.string().refine(zone => zones.has(zone), 'is not an IANA time zone such as Asia/Shanghai');

const deadlines = z.strictObject({
  /** DNS, TCP and TLS together. */
  connect: deadline.optional(),
  first_byte: deadline.optional(),
  first_token: deadline.optional(),
  /** Silence between two tokens. */
  idle: deadline.optional(),
  total: deadline.optional(),
});

/** What a visible answer must be. */
export const contentSchema = z.union(
  [
    /** `task`: the right answer to the self-checking task; `any`: something visible. */
    z.enum(['task', 'any']),
    z.strictObject({ text: z.string().min(1) }),
    z.strictObject({ regex: z.string().min(1) }),
    /** A JSON object with these keys. */
    z.strictObject({ json: z.array(z.string()) }),
  ],
  'must be task, any, { text: WORDS }, { regex: PATTERN } or { json: [KEYS] }',
);

/** Expectations of a good run. Those of `warn` make it degraded, those of `expect` make it bad. */
const expectations = z.strictObject({
  finish_reason: z.array(z.string()).min(1).optional(),
  content: contentSchema.optional(),
  usage: z.enum(['required', 'optional']).optional(),
  /** `same` as asked for, `any`, or the name that has to be echoed. */
  model: z.string().min(1).optional(),
  max_gap: limit.optional(),
  ttft: limit.optional(),
  /** First visible token. */
  ttfot: limit.optional(),
  total: limit.optional(),
  /** At least so many, over the time between the first and the last token. */
  tokens_per_second: amount('must be a number of at least 0').optional(),
  /** Shortest lifetime that the server's certificate may still have. */
  certificate: limit.optional(),
});

const latencyObjective = z.strictObject({ objective, threshold: limit });

const slo = z.strictObject({
  availability: objective.optional(),
  correctness: objective.optional(),
  /** Share of runs whose first visible token came within the threshold. */
  ttfot: latencyObjective.optional(),
  /** Share of runs whose longest silence stayed within the threshold. */
  stall: latencyObjective.optional(),
});

export const sliNames = ['availability', 'correctness', 'ttfot', 'stall'] as const;
export type SliName = (typeof sliNames)[number];

/** It becomes a label and a line of the terminal. */
const modelName = z.string().regex(/^\P{C}+$/u, 'must be a name without control characters');

/** What `defaults`, a target and a check may all say; the nearest one wins, key by key. */
const settings = {
  model: z.union([modelName, z.array(modelName).min(1)], 'must be a name or a list of names').optional(),
  /** From start to start. Either this or `cron`. */
  interval: between('100ms', longest).optional(),
  /** Five or six fields, in `timezone`. */
  cron: z.string().min(1).optional(),
  timezone: timezone.optional(),
  /** Largest random delay of a start, as a share of the interval. */
  jitter: percent.optional(),
  deadlines: deadlines.optional(),
  max_tokens: count(1, 131_072).optional(),
  thinking: z.enum(['off', 'on']).optional(),
  /** A question whose answer this program knows, new in every run. */
  task: z.enum(['arithmetic', 'echo']).optional(),
  /** A question of your own in place of the task; a nonce is put in front of it. */
  prompt: z.string().min(1).optional(),
  expect: expectations.optional(),
  warn: expectations.optional(),
  confirm: z
    .strictObject({
      /** Quick repetitions after a first failure; the page waits for them, the failure counts at once. */
      runs: count(0, 5).optional(),
      delay: duration.optional(),
    })
    .optional(),
  slo: slo.optional(),
  severity: z.enum(['page', 'ticket', 'info']).optional(),
  /** Free word for dashboards, such as `canary`. */
  tier: name.optional(),
  /** Its share of the credential's budget against the other checks. */
  budget_weight: amount('must be a number of at least 0').optional(),
};

const defaults = z.strictObject(settings);

const check = z.strictObject({
  kind: z.enum(checkKinds, { error: `must be one of ${checkKinds.join(', ')}` }),
  /** Needed when one kind is used twice for a target and a model. Default: the kind. */
  name: name.optional(),
  /** Default: all. */
  targets: z.array(z.string()).min(1).optional(),
  /** `concurrency` only: it never has more calls under way. */
  most_calls: count(2, 64).optional(),
  enabled: z.boolean().default(true),
  ...settings,
});

const target = z.strictObject({
  url: baseUrl,
  /** Default: by the host and path of `url`. */
  kind: z.enum(['cn', 'intl', 'coding', 'gateway']).optional(),
  /** Default: the only one there is. */
  credential: z.string().optional(),
  /** `none`, or where a proxy's URL is; it may hold a password. Default: HTTPS_PROXY, HTTP_PROXY and NO_PROXY. */
  proxy: z
    .union(
      [z.literal('none'), z.strictObject({ url: baseUrl }), secretUrlSource],
      'must be none, { url: http://HOST:PORT } or, where it holds a password, { env: NAME }, { file: PATH } or { command: [PROGRAM, ARGUMENT] }',
    )
    .optional(),
  /** PEM file of a certificate authority to trust besides the built-in ones. */
  ca: z.string().optional(),
  defaults: defaults.prefault({}),
});

const currency = z.enum(['CNY', 'USD']);

const budget = z.strictObject({
  tokens_per_day: count(1, 1_000_000_000).optional(),
  cost_per_day: amount('must be an amount of money').optional(),
  currency: currency.default('CNY'),
  /** Days begin at midnight here. */
  timezone: timezone.default('Asia/Shanghai'),
});

const credential = z.strictObject({
  key: secretSource,
  /** `key`: sent as it is; `jwt`: every call gets a token signed with it. */
  mode: z.enum(['key', 'jwt']).default('key'),
  /** A prober must not cause a 1302 itself. */
  calls_at_once: count(1, 64).default(1),
  budget: budget.prefault({}),
});

const price = z.strictObject({
  /** Per million tokens. */
  input: amount('must be a price per million tokens'),
  output: amount('must be a price per million tokens'),
  /** Default: the price of other input. */
  cached_input: amount('must be a price per million tokens').optional(),
  currency: currency.default('CNY'),
});

const weekdays = ['mon', 'tue', 'wed', 'thu', 'fri', 'sat', 'sun'] as const;

const covers = { targets: z.array(z.string()).min(1).optional(), checks: z.array(z.string()).min(1).optional() };

const maintenance = z.union([
  z.strictObject({
    ...covers,
    timezone: timezone.default('UTC'),
    /** Default: every day. */
    weekdays: z.array(z.enum(weekdays)).min(1).optional(),
    start: z.string().regex(/^(?:[01]\d|2[0-3]):[0-5]\d$/, 'must be a time of day such as "02:00"'),
    duration: between('1m', '7d'),
  }),
  z.strictObject({
    ...covers,
    from: z.iso.datetime({ offset: true, error: 'must be a moment such as 2026-12-01T02:00:00+08:00' }),
    until: z.iso.datetime({ offset: true, error: 'must be a moment such as 2026-12-01T04:00:00+08:00' }),
  }),
]);

const notification = z.strictObject({
  name: name.optional(),
  kind: z.enum(['webhook', 'slack', 'feishu', 'dingtalk', 'wecom']),
  /** A webhook's URL is a secret: whoever has it can post. */
  url: secretSource,
  /** Signs the message, where the service offers it. */
  secret: secretSource.optional(),
  targets: z.array(z.string()).min(1).optional(),
  /** Only checks of at least this severity. */
  severity: z.enum(['page', 'ticket', 'info']).default('ticket'),
  /** Again while it lasts; 0: never. */
  remind: wait('4h'),
  timeout: wait('10s', deadline),
  /** JSON text with `{{field}}` places, for `webhook`. */
  template: z.string().min(1).optional(),
});

const exporter = z.strictObject({
  host: listenHost.default('127.0.0.1'),
  port: count(0, 65_535).default(9464),
  bearer: secretSource.optional(),
  basic: z.strictObject({ username: z.string().min(1), password: secretSource }).optional(),
  tls: z.strictObject({ cert: z.string().min(1), key: z.string().min(1) }).optional(),
  /** Upper bounds of latency histograms in place of the built-in ones; every SLO threshold must be among them. */
  buckets: z.array(limit).min(1).optional(),
  /** More series than this are refused before the start. */
  max_series: count(1, 1_000_000).default(10_000),
});

const state = z.strictObject({
  /** From the folder of this file on. */
  path: z.string().min(1).default('glm-probe.db'),
  retention: between('1d', '3660d').default(() => parseDuration('90d')),
});

const cassettes = z.strictObject({
  /** Left out: failing runs leave none. */
  dir: z.string().min(1).optional(),
  /** Files beyond this number are deleted: of the check that has most, and there the densest. */
  keep: count(1, 100_000).default(200),
  /** Bytes of an answer; what comes after is left out. */
  max_bytes: count(1024, 64 * 1024 * 1024).default(1024 * 1024),
});

const reference = z.strictObject({
  /** While none of these answers anything at all, our own network is taken to be down. */
  urls: z.array(z.url({ protocol: /^https?$/, error: 'is not an http(s) URL' })).min(1),
  timeout: wait('3s', deadline),
});

const otlp = z.strictObject({
  /** Of the receiver of metrics, such as http://127.0.0.1:4318/v1/metrics. */
  url: z.url({ protocol: /^https?$/, error: 'is not an http(s) URL' }),
  /** Sent along; their values are secrets. */
  headers: z.record(z.string(), secretSource).default({}),
  interval: wait('60s', between('1s', '1d')),
  timeout: wait('10s', deadline),
  /** Version of OpenTelemetry's GenAI names; each is stamped with it. */
  convention: z.enum(conventionNames).default('1.41.1'),
  /** `gen_ai.provider.name`. */
  provider: name.default('z_ai'),
});

/** A probe file: unknown keys are refused, durations are written `30s` and become ms, and defaults are filled in. */
export const probeSchema = z.strictObject({
  /** Where this prober stands; a label. */
  vantage: name.default('local'),
  credentials: named(credential),
  targets: named(target),
  defaults: defaults.prefault({}),
  checks: z.array(check).min(1),
  maintenance: z.array(maintenance).default([]),
  reference: reference.optional(),
  /** By model. */
  prices: z.record(z.string(), price).default({}),
  /** What a business code means, where the built-in table is wrong. */
  codes: z.record(z.string(), z.enum(faults)).default({}),
  notifications: z.array(notification).default([]),
  exporter: exporter.prefault({}),
  otlp: otlp.optional(),
  state: state.prefault({}),
  cassettes: cassettes.prefault({}),
  /** Runs at the same time, over all credentials. */
  runs_at_once: count(1, 64).default(4),
});

/** A probe file as it was read: durations in ms, defaults filled in, secrets only named. */
export type ProbeConfig = z.infer<typeof probeSchema>;
/** As it is written: what `init` and the flags of `check` produce. */
export type ProbeFile = z.input<typeof probeSchema>;
export type Settings = z.infer<typeof defaults>;
export type CheckConfig = z.infer<typeof check>;
export type TargetConfig = z.infer<typeof target>;
export type MaintenanceConfig = z.infer<typeof maintenance>;
export type NotificationConfig = z.infer<typeof notification>;
export type ExporterConfig = z.infer<typeof exporter>;
export type OtlpConfig = z.infer<typeof otlp>;
export type BudgetConfig = z.infer<typeof budget>;
export type Price = z.infer<typeof price>;
export type ExpectConfig = z.infer<typeof expectations>;
export type ContentConfig = z.infer<typeof contentSchema>;
export type Currency = z.infer<typeof currency>;
