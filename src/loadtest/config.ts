/** From flags, a file and the environment to a plan: reads what they name, and refuses what must not or cannot be run. */
import { keyVariables, readKey } from '../core/api-key.ts';
import { checked, readConfigFile, readText } from '../core/config.ts';
import { UsageError } from '../core/errors.ts';
import { isObject } from '../core/json-object.ts';
import { readAuthority } from '../core/pem.ts';
import { createRandom, freshSeed } from '../core/random.ts';
import { type Arrivals, peakOf, refuseOpen } from './arrivals.ts';
import type { BudgetLimits } from './budget.ts';
import { refuseIdle, refusePairs } from './contradictions.ts';
import { refuseStrangers } from './destination.ts';
import { allOf } from './mistakes.ts';
import { named } from './named.ts';
import type { LoadPlan } from './plan.ts';
import { isClosed, type LoadConfig, loadSchema } from './settings.ts';
import { parseStages } from './stages.ts';
import { readTrace } from './trace.ts';
import { type Saying, sayingKeys, workloadOf } from './workload-keys.ts';

type Env = Readonly<Record<string, string | undefined>>;

/**
 * Reads what was asked for, with its files and keys, into a run that may be made.
 * @param flags keys of `loadSchema`; `config` names a file with more of them
 * @throws {UsageError} with every mistake at once, without a key, or when load must not go there
 */
export function readLoadConfig(flags: unknown, env: Env): { config: LoadConfig; plan: LoadPlan } {
  const given = withFile(flags, env);
  const config = formOf(given, env);
  return { config, plan: planOf(config, Object.keys(flags as object), env) };
}

/** What a setting names is looked at, whatever is wrong with others; what they mean together is known when all have their form. */
function formOf(given: unknown, env: Env): LoadConfig {
  try {
    return checked(loadSchema, given, 'options');
  } catch (error) {
    if (!isObject(given)) throw error;
    const text = (key: string) => (typeof given[key] === 'string' ? given[key] : undefined);
    const look = (key: string, read: (path: string) => unknown) => () => {
      const path = text(key);
      if (path !== undefined) read(path);
    };
    allOf({
      form: () => {
        throw error;
      },
      trace: look('trace', path => textAt('trace', path)),
      prompts: look('prompts', path => textAt('prompts', path)),
      ca: look('ca', authorityAt),
      keys: () => keysOf({ api_key_file: text('api_key_file') }, env),
    });
    throw error;
  }
}

/** Flags over the file that `--config` names. */
function withFile(flags: unknown, env: Env): unknown {
  const { config: file, ...given } = flags as Record<string, unknown>;
  if (typeof file !== 'string') return given;
  const read = named('config', () => readConfigFile(file, env));
  if (isObject(read)) return { ...read, ...given };
  throw new UsageError('bad_config', `--config: ${file}: must be a mapping of settings such as "concurrency: 20"`);
}

function planOf(config: LoadConfig, flags: readonly string[], env: Env): LoadPlan {
  const seed = config.seed ?? freshSeed();
  const { keys, arrivals, driver, budget, ca, lines } = allOf({
    strangers: () => refuseStrangers(config),
    pairs: () => refusePairs(config),
    idle: () => refuseIdle(config, flags),
    arrivals: () => arrivalsOf(config, seed),
    driver: () => driverOf(config),
    budget: () => budgetOf(config),
    lines: () => linesOf(config),
    ca: () => (config.ca === undefined ? undefined : authorityAt(config.ca)),
    keys: () => keysOf(config, env),
  });
  const concurrency =
    arrivals.kind === 'closed' ? Math.max(1, Math.ceil(peakOf(arrivals.stages))) : config.max_in_flight;
  const workload = workloadOf(saidIn(config), arrivals.kind === 'closed' ? concurrency : 10);
  return {
    baseUrl: config.url,
    key: keys[0] ?? '',
    keys,
    jwt: config.jwt,
    ca,
    model: config.model,
    driver,
    seed,
    arrivals,
    concurrency,
    warmupMs: config.warmup,
    graceMs: config.grace,
    timeoutMs: config.timeout,
    idleMs: config.idle,
    stream: config.stream,
    workload,
    lines,
    maxRequests: config.max_requests ?? Number.POSITIVE_INFINITY,
    policy: { onLimit: config.on_limit, mostRetries: config.retries, baseMs: config.backoff, capMs: 60_000 },
    budget,
    currency: config.price?.currency ?? '',
    slo: config.slo ?? [],
    thresholds: config.threshold,
    calibrate: config.calibrate,
  };
}

/** What stands in the file of prompts, if there is one. How many conversations go on at a time does not matter here. */
function linesOf(config: LoadConfig): string | undefined {
  const workload = workloadOf(saidIn(config), 1);
  return 'file' in workload && workload.file !== undefined ? textAt('prompts', workload.file) : undefined;
}

const authorityAt = (path: string) => named('ca', () => readAuthority(path));

/** The text of a file that a key names. */
const textAt = (key: string, path: string) => named(key, () => readText(path));

/** The keys that say what is said. */
const saidIn = (config: LoadConfig): Saying =>
  Object.fromEntries(Object.keys(sayingKeys).map(key => [key, config[key as keyof Saying]])) as Saying;

function keysOf({ api_key_file: file }: Pick<LoadConfig, 'api_key_file'>, env: Env): string[] {
  const lines = readKey(env, file).split(/\s+/).filter(Boolean);
  if (lines.length > 0) return lines;
  throw new UsageError('no_key', `no API key: set ${keyVariables[0]} or pass --api-key-file FILE`);
}

function arrivalsOf(config: LoadConfig, seed: number): Arrivals {
  const { trace, rate, concurrency, duration: durationMs, speed, scale } = config;
  if (trace !== undefined && rate !== undefined)
    throw new UsageError('bad_arrivals', '--rate and --trace exclude each other: a trace brings its own moments');
  if (trace !== undefined) {
    const random = createRandom(seed).fork('trace');
    const played = { speed, scale, source: trace };
    return { kind: 'trace', ...named('trace', () => readTrace(readText(trace), random, played)) };
  }
  const text = rate ?? concurrency;
  if (durationMs !== undefined && text.includes(':'))
    throw new UsageError('bad_stages', '--duration goes with a bare number; stages bring their own times');
  const key = rate === undefined ? 'concurrency' : 'rate';
  const stages = named(key, () => parseStages(text, config.warmup + (durationMs ?? standardMs)));
  if (rate === undefined) return { kind: 'closed', stages };
  const open = { kind: 'open', law: config.arrival, shape: config.shape, stages } as const;
  refuseOpen(open);
  return open;
}

const standardMs = 10_000;

function budgetOf({ max_tokens_total: tokens, max_cost: cost, price }: LoadConfig): BudgetLimits {
  if (cost !== undefined && price === undefined)
    throw new UsageError(
      'no_price',
      '--max-cost needs --price INPUT/OUTPUT CURRENCY per million tokens, for example --price "0.6/2.2 USD"; prices change, so none is built in',
    );
  return { maxTokens: tokens ?? Number.POSITIVE_INFINITY, maxCost: cost ?? Number.POSITIVE_INFINITY, price };
}

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
