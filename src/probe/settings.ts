/** What the settings of a check mean, also where nobody says anything. */
import type { DeadlineName } from '../core/call/record.ts';
import { modelOf, type ThinkingRule } from '../core/wire/models.ts';
import type { CheckKind, ContentConfig, ExpectConfig, Settings, SliName } from './config.ts';

export type Schedule =
  /** `jitter`: largest delay of a start as a share of the interval. */
  | { readonly kind: 'interval'; readonly everyMs: number; readonly jitter: number }
  | { readonly kind: 'cron'; readonly pattern: string; readonly timezone: string };

/** What a run has to hold; times in ms, undefined where nothing is expected. */
export interface Expectations {
  readonly finishReason: readonly string[] | undefined;
  readonly content: ContentConfig | undefined;
  readonly usage: 'required' | 'optional' | undefined;
  readonly model: string | undefined;
  readonly maxGapMs: number | undefined;
  readonly ttftMs: number | undefined;
  readonly ttfotMs: number | undefined;
  readonly totalMs: number | undefined;
  readonly tokensPerSecond: number | undefined;
  readonly certificateMs: number | undefined;
}

export interface Slo {
  readonly sli: SliName;
  /** In (0, 1). */
  readonly objective: number;
  /** For `ttfot` and `stall`. */
  readonly thresholdMs: number | undefined;
}

/** What is said when nobody says anything. Times in ms. */
export const standard = {
  intervalMs: 300_000,
  jitter: 0.1,
  confirm: { runs: 2, delayMs: 5000 },
  certificateMs: 14 * 86_400_000,
  mostCalls: 8,
} as const;

/** A body that comes whole has its first byte when the model is done, so only streams can be held to an early one. */
const standardDeadlines = {
  stream: { connect: 5000, first_byte: 15_000, first_token: 30_000, idle: 15_000, total: 60_000 },
  unary: { connect: 5000, first_byte: 60_000, first_token: 60_000, idle: 60_000, total: 60_000 },
} as const satisfies Record<string, Readonly<Record<DeadlineName, number>>>;

/** Kinds whose calls are streams. */
export const streams: ReadonlySet<CheckKind> = new Set(['chat_stream', 'cached_pair', 'reuse']);

export function deadlinesOf(kind: CheckKind, { deadlines = {} }: Settings): Readonly<Record<DeadlineName, number>> {
  const usual = standardDeadlines[streams.has(kind) ? 'stream' : 'unary'];
  const total = deadlines.total ?? usual.total;
  const within = (name: DeadlineName) => deadlines[name] ?? Math.min(usual[name], total);
  return {
    connect: within('connect'),
    first_byte: within('first_byte'),
    first_token: within('first_token'),
    idle: within('idle'),
    total,
  };
}

export const scheduleOf = ({ interval, cron, timezone = 'UTC', jitter }: Settings): Schedule =>
  cron !== undefined
    ? { kind: 'cron', pattern: cron, timezone }
    : { kind: 'interval', everyMs: interval ?? standard.intervalMs, jitter: jitter ?? standard.jitter };

/** A model that is not in the table is treated by its family's name. */
export const thinkingOf = (model: string): ThinkingRule =>
  modelOf(model)?.thinking ?? (/^glm-5\.3/i.test(model) ? 'always' : 'optional');

/** The least `max_tokens` that leaves room for a visible answer: a model that thinks spends it on thinking first. */
export function tokenFloor(model: string, thinking: 'off' | 'on'): number {
  const rule = thinkingOf(model);
  const thinks = rule === 'always' || rule === 'inline' || (thinking === 'on' && rule !== 'none');
  return thinks ? 1024 : 32;
}

/** Twice the floor. */
export const standardTokens = (model: string, thinking: 'off' | 'on') => 2 * tokenFloor(model, thinking);

/** What a run must be, and what it should be. */
export const expectationsFor = (kind: CheckKind, { prompt, expect, warn }: Settings) => ({
  expect: expectationsOf(kind, { ...usualExpect(prompt), ...expect }),
  warn: expectationsOf(kind, { ...usualWarn, ...warn }),
});

/** An answer to a prompt of one's own can only be expected to be visible. */
const usualExpect = (prompt: string | undefined): ExpectConfig => ({
  content: prompt === undefined ? 'task' : 'any',
  usage: 'required',
});

const usualWarn: ExpectConfig = { model: 'same', certificate: standard.certificateMs };

function expectationsOf(kind: CheckKind, expect: ExpectConfig): Expectations {
  return {
    finishReason: expect.finish_reason,
    content: expect.content,
    usage: expect.usage,
    model: expect.model,
    maxGapMs: streams.has(kind) ? expect.max_gap : undefined,
    ttftMs: streams.has(kind) ? expect.ttft : undefined,
    ttfotMs: streams.has(kind) ? expect.ttfot : undefined,
    totalMs: expect.total,
    tokensPerSecond: streams.has(kind) ? expect.tokens_per_second : undefined,
    certificateMs: expect.certificate,
  };
}

export function slosOf({ slo = {} }: Settings): Slo[] {
  const { availability, correctness, ttfot, stall } = slo;
  const plain = (sli: SliName, objective: number | undefined): Slo[] =>
    objective === undefined ? [] : [{ sli, objective, thresholdMs: undefined }];
  const timed = (sli: SliName, wanted: { objective: number; threshold: number } | undefined): Slo[] =>
    wanted === undefined ? [] : [{ sli, objective: wanted.objective, thresholdMs: wanted.threshold }];
  return [
    ...plain('availability', availability),
    ...plain('correctness', correctness),
    ...timed('ttfot', ttfot),
    ...timed('stall', stall),
  ];
}
