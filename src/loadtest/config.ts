/** What a load run is told. Defaults live here and nowhere else; so does the rule where load may go. */
import { isIP } from 'node:net';
import { z } from 'zod';
import { keyVariables, readKey } from '../core/api-key.ts';
import { baseUrl } from '../core/base-url.ts';
import { checked, readConfigFile, readText, whole } from '../core/config.ts';
import { duration } from '../core/duration.ts';
import { UsageError } from '../core/errors.ts';
import { createRandom, freshSeed } from '../core/random.ts';
import { asFlag } from '../core/spelling.ts';
import { type Arrivals, type Stage, totalMs } from './arrivals.ts';
import type { BudgetLimits } from './budget.ts';
import { redisUrl } from './cluster/redis-url.ts';
import { driverNames } from './drivers/index.ts';
import { dialectNames } from './lens.ts';
import { onLimitNames, type PolicyOptions } from './policy.ts';
import { type Saying, sayingKeys, workloadOf } from './says.ts';
import { parseSlo, type Slo } from './slo.ts';
import { parseStages } from './stages.ts';
import { parseThreshold, type Threshold } from './thresholds.ts';
import { parseTrace } from './trace.ts';
import type { WorkloadSpec } from './workload/spec.ts';
import { createWorkload, type Workload } from './workload.ts';

/** A time that must not be nothing. */
const patience = (standard: string) =>
  wait(standard).refine(ms => ms > 0, 'must be above 0: nothing is answered in no time');

const wait = (standard: string) => duration.default(() => duration.parse(standard));

/** Texts with a meaning of their own, parsed once; what they say about themselves is the message. */
const parsed = <T>(parse: (text: string) => T) =>
  z.string().transform((text, context) => {
    try {
      return parse(text);
    } catch (error) {
      if (!(error instanceof UsageError)) throw error;
      context.addIssue({ code: 'custom', message: error.message });
      return z.NEVER;
    }
  });

/** A file or folder to be written. */
const place = z.string().min(1, 'must not be empty').optional();

const positive = (what: string) => z.coerce.number(`must be ${what}`).positive(`must be ${what}`);

export const loadSchema = z.strictObject({
  url: baseUrl,
  model: z.string().min(1, 'must not be empty'),
  /** Requests under way at any time: a number, or stages such as `30s:10,2m:50`. */
  concurrency: z.coerce.string().default('10'),
  /** Requests per second instead, started whatever the answers do: a number, or stages. */
  rate: z.coerce.string().optional(),
  /** How requests of a rate follow each other. */
  arrival: z
    .enum(['constant', 'poisson', 'gamma'], { error: 'knows only constant, poisson, gamma' })
    .default('poisson'),
  /** Of the gamma law: 1 is Poisson, larger is more even, smaller is burstier. */
  shape: positive('a number above 0').default(1),
  /** Moments of recorded traffic. */
  trace: z.string().optional(),
  /** A trace is played this many times as fast. */
  speed: positive('a number above 0').default(1),
  /** A trace is thinned (below 1) or multiplied (above 1). */
  scale: positive('a number above 0').default(1),
  /** Most requests under way at a rate or of a trace; those beyond are shed and counted. */
  max_in_flight: whole(1, 100_000).default(10_000),
  /** How long new requests are started, the warm-up not included. */
  duration: duration.refine(ms => ms > 0, 'must be above 0').optional(),
  /** Requests started in this time before the run are made and not measured. */
  warmup: wait('0'),
  /** How long requests under way may still take after the last one was started. */
  grace: wait('30s'),
  /** For a whole call. */
  timeout: patience('120s'),
  /** Longest silence in a stream after its first token; a model may think longer before it. */
  idle: patience('60s'),
  ...sayingKeys,
  seed: whole(0, 0xffff_ffff).optional(),
  /** Left out: the one that measures best. */
  driver: z.enum(driverNames, { error: `knows only ${driverNames.join(', ')}` }).optional(),
  /** What is done about a refusal. */
  on_limit: z.enum(onLimitNames, { error: `knows only ${onLimitNames.join(', ')}` }).default('record'),
  /** With `backoff`: attempts beyond the first that one request may have. */
  retries: whole(0, 100).default(5),
  /** With `backoff`: longest first wait; it doubles each time, up to 60 s. */
  backoff: wait('1s'),
  /** Never send more than this, the warm-up included. */
  max_requests: whole(1, 1_000_000_000).optional(),
  /** Never spend more tokens than this, prompt and answer together. */
  max_tokens_total: whole(1, 1_000_000_000_000).optional(),
  /** Never spend more money than this; needs a price. */
  max_cost: positive('an amount above 0').optional(),
  /** Money per million input and output tokens, and the currency, such as `0.6/2.2 USD`. */
  price: parsed(parsePrice).optional(),
  yes_load_this_endpoint: z.boolean().default(false),
  /** What a request must keep to be good. */
  slo: parsed(parseSlo).optional(),
  /** Gates. */
  threshold: z.preprocess(one => (typeof one === 'string' ? [one] : one), z.array(parsed(parseThreshold)).default([])),
  /** Measure this machine's own error before and after. */
  calibrate: z.boolean().default(true),
  /** Processes that share the load on this machine. */
  workers: whole(1, 256).default(1),
  /** Agents on other machines that share the load, found through Redis. */
  agents: whole(1, 10_000).optional(),
  redis: redisUrl.optional(),
  /** Send JWTs signed with the key's secret instead of the key. */
  jwt: z.boolean().default(false),
  ca: z.string().optional(),
  /** One key per line. */
  api_key_file: z.string().optional(),
  json: z.boolean().default(false),
  ui: z.boolean().default(false),
  /** Folder for result.json, requests.ndjson and report.html. */
  out: place,
  junit: place,
  /** File for a summary in Markdown, added to what is there. */
  summary: place,
  /** Show the figures by another tool's definitions as well. */
  as: z.enum(dialectNames, { error: `knows only ${dialectNames.join(', ')}` }).optional(),
  prom: place,
  metrics_port: whole(0, 65_535).optional(),
  /** Address of a Prometheus Pushgateway that gets the metrics at the end. */
  push: z.url({ protocol: /^https?$/, error: 'is not an http(s) URL' }).optional(),
});

export type LoadConfig = z.infer<typeof loadSchema>;

/** A run that may be made: secrets and files read, everything chosen. */
export interface LoadPlan {
  readonly baseUrl: string;
  /** The first of `keys`. */
  readonly key: string;
  readonly keys: readonly string[];
  readonly jwt: boolean;
  readonly ca: string | undefined;
  readonly model: string;
  readonly driver: (typeof driverNames)[number];
  readonly seed: number;
  readonly arrivals: Arrivals;
  /** Most connections at once. */
  readonly concurrency: number;
  readonly warmupMs: number;
  readonly graceMs: number;
  readonly timeoutMs: number;
  readonly idleMs: number;
  readonly stream: boolean;
  readonly workload: WorkloadSpec;
  /** What stands in the file that the workload names. */
  readonly lines: string | undefined;
  readonly maxRequests: number;
  readonly policy: PolicyOptions;
  readonly budget: BudgetLimits;
  readonly currency: string;
  readonly slo: Slo;
  readonly thresholds: readonly Threshold[];
  readonly calibrate: boolean;
}

type Env = Readonly<Record<string, string | undefined>>;

/** @throws {UsageError} with every mistake at once, without a key, or when load must not go there */
export function readLoadConfig(flags: unknown, env: Env): { config: LoadConfig; plan: LoadPlan } {
  const config = checked(loadSchema, withFile(flags, env), 'options');
  refuseStrangers(config);
  refusePairs(config);
  refuseIdle(config, Object.keys(flags as object));
  return { config, plan: planOf(config, env) };
}

/** Flags over the file that `--config` names. */
function withFile(flags: unknown, env: Env): unknown {
  const { config: file, ...given } = flags as Record<string, unknown>;
  if (typeof file !== 'string') return given;
  const read = named('config', () => readConfigFile(file, env));
  if (typeof read === 'object' && read !== null && !Array.isArray(read)) return { ...read, ...given };
  throw new UsageError('bad_config', `--config: ${file}: must be a mapping of settings such as "concurrency: 20"`);
}

function planOf(config: LoadConfig, env: Env): LoadPlan {
  const keys = keysOf(config, env);
  const seed = config.seed ?? freshSeed();
  const arrivals = arrivalsOf(config, seed);
  const concurrency = arrivals.kind === 'closed' ? highest(arrivals.stages) : config.max_in_flight;
  const workload = workloadOf(saidIn(config), arrivals.kind === 'closed' ? concurrency : 10);
  return {
    baseUrl: config.url,
    key: keys[0] ?? '',
    keys,
    jwt: config.jwt,
    ca: config.ca === undefined ? undefined : textAt('ca', config.ca),
    model: config.model,
    driver: driverOf(config),
    seed,
    arrivals,
    concurrency,
    warmupMs: config.warmup,
    graceMs: config.grace,
    timeoutMs: config.timeout,
    idleMs: config.idle,
    stream: config.stream,
    workload,
    lines: 'file' in workload && workload.file !== undefined ? textAt('prompts', workload.file) : undefined,
    maxRequests: config.max_requests ?? Number.POSITIVE_INFINITY,
    policy: { onLimit: config.on_limit, mostRetries: config.retries, baseMs: config.backoff, capMs: 60_000 },
    budget: budgetOf(config),
    currency: config.price?.currency ?? '',
    slo: config.slo ?? [],
    thresholds: config.threshold,
    calibrate: config.calibrate,
  };
}

/** The text of a file that a key names. */
const textAt = (key: string, path: string) => named(key, () => readText(path));

/** What is said about a value says whose it is. */
function named<T>(key: string, read: () => T): T {
  try {
    return read();
  } catch (error) {
    if (!(error instanceof UsageError) || error.code === 'no_key') throw error;
    throw new UsageError(error.code, `${asFlag(key)}: ${error.message}`, { cause: error });
  }
}

/** The keys that say what is said. */
const saidIn = (config: LoadConfig): Saying =>
  Object.fromEntries(Object.keys(sayingKeys).map(key => [key, config[key as keyof Saying]])) as Saying;

function keysOf({ api_key_file: file }: LoadConfig, env: Env): string[] {
  const lines = named('api_key_file', () => readKey(env, file))
    .split(/\s+/)
    .filter(Boolean);
  if (lines.length > 0) return lines;
  throw new UsageError('no_key', `no API key: set ${keyVariables[0]} or pass --api-key-file FILE`);
}

const highest = (stages: readonly Stage[]) =>
  Math.max(1, ...stages.flatMap(({ from, to }) => [from, to]).map(Math.ceil));

function arrivalsOf(config: LoadConfig, seed: number): Arrivals {
  const { trace, rate, concurrency, duration: durationMs, speed, scale } = config;
  if (trace !== undefined && rate !== undefined)
    throw new UsageError('bad_arrivals', '--rate and --trace exclude each other: a trace brings its own moments');
  if (trace !== undefined) {
    const random = createRandom(seed).fork('trace');
    const played = { speed, scale, source: trace };
    return { kind: 'trace', offsetsMs: named('trace', () => parseTrace(readText(trace), random, played)) };
  }
  const text = rate ?? concurrency;
  if (durationMs !== undefined && text.includes(':'))
    throw new UsageError('bad_stages', '--duration goes with a bare number; stages bring their own times');
  const key = rate === undefined ? 'concurrency' : 'rate';
  const stages = named(key, () => parseStages(text, config.warmup + (durationMs ?? standardMs)));
  if (rate === undefined) return { kind: 'closed', stages: named(key, () => wholeLevels(stages)) };
  return { kind: 'open', law: config.arrival, shape: config.shape, stages };
}

const standardMs = 10_000;

function wholeLevels(stages: readonly Stage[]): readonly Stage[] {
  const broken = stages.flatMap(({ from, to }) => [from, to]).find(level => !Number.isInteger(level));
  if (broken === undefined) return stages;
  throw new UsageError('bad_stages', `counts requests under way, which are whole; found ${broken}`);
}

function budgetOf({ max_tokens_total: tokens, max_cost: cost, price }: LoadConfig): BudgetLimits {
  if (cost !== undefined && price === undefined)
    throw new UsageError(
      'no_price',
      '--max-cost needs --price INPUT/OUTPUT CURRENCY per million tokens, for example --price "0.6/2.2 USD"; prices change, so none is built in',
    );
  return { maxTokens: tokens ?? Number.POSITIVE_INFINITY, maxCost: cost ?? Number.POSITIVE_INFINITY, price };
}

function parsePrice(text: string) {
  const [, input = '', output = '', currency = ''] = /^\s*([\d.]+)\s*\/\s*([\d.]+)\s+(\S{1,8})\s*$/.exec(text) ?? [];
  const price = { input: Number(input), output: Number(output), currency };
  if (currency !== '' && Number.isFinite(price.input) && Number.isFinite(price.output)) return price;
  throw new UsageError(
    'bad_price',
    'is not a price; write input/output per million tokens and the currency: "0.6/2.2 USD"',
  );
}

/** A load test of a paid API is a bill: anything but this machine needs a yes and a limit of what may be spent. */
function refuseStrangers(config: LoadConfig): void {
  const host = new URL(config.url).hostname;
  const limited = config.max_tokens_total !== undefined || config.max_cost !== undefined;
  if (isLoopback(host) || (config.yes_load_this_endpoint && limited)) return;
  throw new UsageError(
    'not_loopback',
    `--url: ${host} is not this machine, and its owner may charge for every token; to load it anyway pass --yes-load-this-endpoint and a budget: --max-tokens-total N or --max-cost AMOUNT with --price`,
  );
}

/** Settings that mean nothing together are a mistake that would be noticed after the run, or never. */
function refusePairs({ agents, redis, workers, as, threshold, slo }: LoadConfig): void {
  const goodput = threshold.find(({ subject }) => subject.kind === 'rate' && subject.rate === 'goodput');
  const mistakes = [
    agents === undefined && redis !== undefined && '--redis is where agents are found; say how many with --agents N',
    agents !== undefined && redis === undefined && '--agents needs --redis URL, where the agents are found',
    agents !== undefined &&
      workers > 1 &&
      '--workers shares the load on this machine; with --agents leave it out, and pass it to glm-testkit load agent',
    agents !== undefined &&
      as !== undefined &&
      '--as needs every single request, and with --agents those stay where they were made',
    goodput !== undefined &&
      slo === undefined &&
      `--threshold "${goodput.text}" needs --slo, what a good request keeps`,
  ].filter(mistake => mistake !== false);
  if (mistakes.length > 0) throw new UsageError('bad_config', mistakes.join('\n'));
}

/** What a setting means something beside. */
const company: readonly {
  readonly keys: readonly (keyof LoadConfig)[];
  readonly beside: string;
  readonly there: (config: LoadConfig) => boolean;
}[] = [
  { keys: ['concurrency'], beside: 'no --rate and no --trace', there: isClosed },
  { keys: ['arrival'], beside: '--rate', there: ({ rate }) => rate !== undefined },
  { keys: ['shape'], beside: '--rate and --arrival gamma', there: ({ arrival }) => arrival === 'gamma' },
  { keys: ['speed', 'scale'], beside: '--trace', there: ({ trace }) => trace !== undefined },
  { keys: ['duration'], beside: 'no --trace, which brings its own times', there: ({ trace }) => trace === undefined },
  { keys: ['max_in_flight'], beside: '--rate or --trace', there: config => !isClosed(config) },
  { keys: ['retries', 'backoff'], beside: '--on-limit backoff', there: one => one.on_limit === 'backoff' },
  { keys: ['prefix_tokens'], beside: '--cache shared-prefix', there: ({ cache }) => cache === 'shared-prefix' },
  { keys: ['ca'], beside: 'an https URL', there: ({ url }) => url.startsWith('https:') },
];

function isClosed({ rate, trace }: LoadConfig): boolean {
  return rate === undefined && trace === undefined;
}

/** A flag that does nothing is a run that is not what was meant. A file may hold settings of several runs. */
function refuseIdle(config: LoadConfig, flags: readonly string[]): void {
  const mistakes = company
    .filter(({ there }) => !there(config))
    .flatMap(({ keys, beside }) =>
      keys.filter(key => flags.includes(key)).map(key => `${asFlag(key)} goes with ${beside}; leave it out`),
    );
  if (mistakes.length > 0) throw new UsageError('bad_config', mistakes.join('\n'));
}

/** @param host as `URL.hostname` writes it: numbers of any spelling made canonical, IPv6 in brackets */
export const isLoopback = (host: string) =>
  host === 'localhost' || host === '[::1]' || (isIP(host) === 4 && host.startsWith('127.'));

function driverOf(config: LoadConfig) {
  const secure = new URL(config.url).protocol === 'https:';
  const closed = isClosed(config);
  const { driver = config.stream || secure || !closed ? 'socket' : 'autocannon' } = config;
  if (driver === 'autocannon' && config.stream)
    throw new UsageError('bad_driver', 'autocannon cannot measure streams; leave --driver out or pass --no-stream');
  if (driver === 'autocannon' && secure)
    throw new UsageError('bad_driver', 'autocannon does not verify certificates; leave --driver out for https');
  if (driver === 'autocannon' && !closed)
    throw new UsageError(
      'bad_driver',
      'autocannon keeps a fixed number of connections; leave --driver out for --rate and --trace',
    );
  return driver;
}

/** What a plan says, request by request. Made once for a plan: a file of prompts may have a hundred thousand lines. */
export function workloadFor({ workload: spec, lines, seed, model }: LoadPlan): Workload {
  const known = made.get(spec);
  if (known?.seed === seed && known.model === model) return known.workload;
  const workload = named(lines === undefined ? 'prompt' : 'prompts', () =>
    createWorkload(spec, { seed, model, ...(lines !== undefined && { text: lines }) }),
  );
  made.set(spec, { seed, model, workload });
  return workload;
}

const made = new WeakMap<WorkloadSpec, { seed: number; model: string; workload: Workload }>();

/** How long requests are started, the warm-up included, ms. */
export const lengthMs = ({ arrivals }: Pick<LoadPlan, 'arrivals'>): number =>
  arrivals.kind === 'trace' ? Math.max(0, arrivals.offsetsMs.at(-1) ?? 0) : totalMs(arrivals.stages);
