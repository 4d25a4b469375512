/** What a load run can be told. Defaults live here and nowhere else. */
import { z } from 'zod';
import { baseUrl } from '../core/base-url.ts';
import { whole } from '../core/config.ts';
import { duration } from '../core/duration.ts';
import { UsageError } from '../core/errors.ts';
import type { Stage } from './arrivals.ts';
import { redisUrl } from './cluster/redis-url.ts';
import { driverNames } from './drivers/index.ts';
import { dialectNames } from './lens.ts';
import { onLimitNames } from './policy.ts';
import { parsePrice } from './price.ts';
import { parseSlo } from './slo.ts';
import { parseStages } from './stages.ts';
import { parseThreshold } from './thresholds.ts';
import { sayingKeys } from './workload-keys.ts';

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

/** Stages as text: what a bare level means is known when the duration is. */
const stages = (check: (stages: readonly Stage[]) => void) =>
  z.coerce.string().pipe(
    parsed(text => {
      check(parseStages(text, anyMs));
      return text;
    }),
  );

const anyMs = 1;

function wholeLevels(stages: readonly Stage[]): void {
  const broken = stages.flatMap(({ from, to }) => [from, to]).find(level => !Number.isInteger(level));
  if (broken !== undefined)
    throw new UsageError('bad_stages', `counts requests under way, which are whole; found ${broken}`);
}

/** A file or folder to be written. */
const place = z.string().min(1, 'must not be empty').optional();

const positive = (what: string) => z.coerce.number(`must be ${what}`).positive(`must be ${what}`);

/**
 * Keys of `load run`, of its flags and of its file, with their ranges and defaults: unknown keys are refused, durations are
 * written `30s` and become ms.
 */
export const loadSchema = z.strictObject({
  url: baseUrl,
  model: z.string().min(1, 'must not be empty'),
  /** Requests under way at any time: a number, or stages such as `30s:10,2m:50`. */
  concurrency: stages(wholeLevels).default('10'),
  /** Requests per second instead, started whatever the answers do: a number, or stages. */
  rate: stages(() => {}).optional(),
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

/** The settings of a run after parsing: defaults filled in, durations in ms, prices, SLO and thresholds read. */
export type LoadConfig = z.infer<typeof loadSchema>;

/** Whether requests follow answers, and not a clock. */
export const isClosed = ({ rate, trace }: LoadConfig) => rate === undefined && trace === undefined;
