/** What a load run is told. Defaults live here and nowhere else; so does the rule where load may go. */
import { isIP } from 'node:net';
import { z } from 'zod';
import { baseUrl } from '../core/base-url.ts';
import { checked, readKey, readText, whole } from '../core/config.ts';
import { duration } from '../core/duration.ts';
import { UsageError } from '../core/errors.ts';
import { freshSeed } from '../core/random.ts';
import { driverNames } from './drivers/index.ts';

const wait = (standard: string) => duration.default(() => duration.parse(standard));

export const loadSchema = z.strictObject({
  url: baseUrl,
  model: z.string().min(1),
  /** Requests under way at any time. */
  concurrency: whole(1, 10_000).default(10),
  /** How long new requests are started, the warm-up not included. */
  duration: wait('10s'),
  /** Requests started in this time before the run are made and not measured. */
  warmup: wait('0'),
  /** How long requests under way may still take after the last one was started. */
  grace: wait('30s'),
  /** For a whole call. */
  timeout: wait('120s'),
  stream: z.boolean().default(true),
  max_tokens: whole(1, 131_072).default(128),
  prompt: z.string().min(1).default('Write one paragraph about the sea.'),
  /** Send every request with the very same prompt, so that the endpoint's prefix cache can serve it. */
  same_prompt: z.boolean().default(false),
  seed: whole(0, 0xffff_ffff).optional(),
  /** Left out: undici for streams and for https, autocannon for unary calls. */
  driver: z.enum(driverNames, { error: `knows only ${driverNames.join(', ')}` }).optional(),
  /** Never send more than this, the warm-up included. */
  max_requests: whole(1, 1_000_000_000).optional(),
  yes_load_this_endpoint: z.boolean().default(false),
  ca: z.string().optional(),
  api_key_file: z.string().optional(),
  json: z.boolean().default(false),
  prom: z.string().optional(),
  metrics_port: whole(0, 65_535).optional(),
});

export type LoadConfig = z.infer<typeof loadSchema>;

/** A run that may be made: secrets and files read, everything chosen. */
export interface LoadPlan {
  readonly baseUrl: string;
  readonly key: string;
  readonly ca: string | undefined;
  readonly model: string;
  readonly driver: (typeof driverNames)[number];
  readonly seed: number;
  readonly concurrency: number;
  readonly durationMs: number;
  readonly warmupMs: number;
  readonly graceMs: number;
  readonly timeoutMs: number;
  readonly stream: boolean;
  readonly maxTokens: number;
  readonly prompt: string;
  readonly samePrompt: boolean;
  readonly maxRequests: number;
}

/** @throws {UsageError} with every mistake at once, without a key, or when load must not go there */
export function readLoadConfig(
  flags: unknown,
  env: Readonly<Record<string, string | undefined>>,
): { config: LoadConfig; plan: LoadPlan } {
  const config = checked(loadSchema, flags, 'options');
  refuseStrangers(config);
  const plan = {
    baseUrl: config.url,
    key: readKey(env, config.api_key_file),
    ca: config.ca === undefined ? undefined : readText(config.ca),
    model: config.model,
    driver: driverOf(config),
    seed: config.seed ?? freshSeed(),
    concurrency: config.concurrency,
    durationMs: config.duration,
    warmupMs: config.warmup,
    graceMs: config.grace,
    timeoutMs: config.timeout,
    stream: config.stream,
    maxTokens: config.max_tokens,
    prompt: config.prompt,
    samePrompt: config.same_prompt,
    maxRequests: config.max_requests ?? Number.POSITIVE_INFINITY,
  };
  return { config, plan };
}

/** A load test of a paid API is a bill: anything but this machine needs a yes and a limit. */
function refuseStrangers(config: LoadConfig): void {
  const host = new URL(config.url).hostname;
  if (isLoopback(host) || (config.yes_load_this_endpoint && config.max_requests !== undefined)) return;
  throw new UsageError(
    'not_loopback',
    `${host} is not this machine, and its owner may charge for every token; to load it anyway pass both --yes-load-this-endpoint and --max-requests N`,
  );
}

/** @param host as `URL.hostname` writes it: numbers of any spelling made canonical, IPv6 in brackets */
export const isLoopback = (host: string) =>
  host === 'localhost' || host === '[::1]' || (isIP(host) === 4 && host.startsWith('127.'));

function driverOf(config: LoadConfig) {
  const secure = new URL(config.url).protocol === 'https:';
  const { driver = config.stream || secure ? 'undici' : 'autocannon' } = config;
  if (driver === 'autocannon' && config.stream)
    throw new UsageError('bad_driver', 'autocannon cannot measure streams; use --driver undici or --no-stream');
  if (driver === 'autocannon' && secure)
    throw new UsageError('bad_driver', 'autocannon does not verify certificates; use --driver undici for https');
  return driver;
}
