/** What a config will spend, before it spends anything. */
import { Cron } from 'croner';
import { catalogue } from '../core/metrics.ts';
import { createRecent } from '../core/recent.ts';
import { latencies } from './bounds.ts';
import { checks } from './checks/index.ts';
import type { Currency, Price, ProbeConfig } from './config.ts';
import { contractParts } from './contract.ts';
import { credentialOf } from './endpoint.ts';
import type { Outline } from './outline.ts';
import { failures } from './series.ts';
import { deadlinesOf, type Schedule, scheduleOf, standard, standardTokens, tokenFloor } from './settings.ts';

export interface Spending {
  readonly tokens: number;
  /** Null without a price. */
  readonly cost: number | null;
}

export interface Estimate {
  readonly id: string;
  readonly credential: string;
  readonly runsPerDay: number;
  /** When all is well. */
  readonly expected: Spending;
  /** When every run fails, is confirmed, and writes until `max_tokens`. */
  readonly worst: Spending;
  readonly currency: Currency | null;
}

const dayMs = 86_400_000;

/** @param nowMs ms since 1970; the day that begins then is looked at */
export function estimateOf(
  { id, config: own, settings, model, target }: Outline,
  config: ProbeConfig,
  nowMs: number,
): Estimate {
  const { cost } = checks[own.kind];
  const terms = { mostCalls: own.most_calls ?? standard.mostCalls };
  const thinking = settings.thinking ?? 'off';
  const mostOut = settings.max_tokens ?? standardTokens(model, thinking);
  const input = cost.promptTokens + Math.ceil((settings.prompt?.length ?? 0) / charsPerToken);
  const thought = tokenFloor(model, thinking) > smallFloor ? usualThought : 0;
  const output =
    Math.min(mostOut, (settings.prompt === undefined ? cost.answerTokens : undefined) ?? mostOut) + thought;
  const daily = runsPerDay(scheduleOf(settings), nowMs);
  const answers = cost.answers(terms) * daily;
  const repeats = 1 + (settings.confirm?.runs ?? standard.confirm.runs);
  const price = config.prices[model];
  return {
    id,
    credential: credentialOf(config.targets[target] ?? { url: '', defaults: {} }, config) ?? '',
    runsPerDay: daily,
    expected: spending(answers, input, Math.min(output, mostOut), price),
    worst: spending(answers * repeats, input, mostOut, price),
    currency: price?.currency ?? null,
  };
}

/** The low end of what English text needs; Chinese needs more, glm-api.md §8.2. */
const charsPerToken = 2;
const smallFloor = 32;
/** Thinking tokens before a short answer: recorded ones lie between 43 and 231 (glm-api.md §3.1, §4.2). */
const usualThought = 150;

function spending(answers: number, input: number, output: number, price: Price | undefined): Spending {
  const tokens = Math.round(answers * (input + output));
  const cost = price === undefined ? null : (answers * (input * price.input + output * price.output)) / 1_000_000;
  return { tokens, cost };
}

/** Enough starts to know a pattern by, and enough days for one that rests at weekends. */
const mostStarts = 1000;
const longestLookMs = 28 * dayMs;

/** How often a schedule starts a run, on average. @throws when its pattern is wrong */
export function runsPerDay(schedule: Schedule, fromMs: number): number {
  if (schedule.kind === 'interval') return dayMs / schedule.everyMs;
  const starts = startsOf(schedule, fromMs);
  if (starts.length < mostStarts) return (starts.length * dayMs) / longestLookMs;
  // A pattern may rest for most of a day, or of a week: only whole ones are counted.
  const days = Math.floor(((starts.at(-1) ?? 0) - fromMs) / dayMs);
  const wholeDays = days >= 7 ? days - (days % 7) : days;
  if (wholeDays > 0) return starts.filter(at => at < fromMs + wholeDays * dayMs).length / wholeDays;
  return ((starts.length - 1) * dayMs) / ((starts.at(-1) ?? 0) - (starts[0] ?? 0));
}

/** The shortest time between two starts. */
export function shortestGapMs(schedule: Schedule, fromMs: number): number {
  if (schedule.kind === 'interval') return schedule.everyMs;
  const starts = startsOf(schedule, fromMs);
  return Math.min(...starts.slice(1).map((at, i) => at - (starts[i] ?? 0)));
}

/** A start takes 45 µs to find, and many checks share a pattern. */
const known = createRecent<readonly number[]>(16);

function startsOf({ pattern, timezone }: Extract<Schedule, { kind: 'cron' }>, fromMs: number): readonly number[] {
  const key = `${pattern} ${timezone} ${fromMs}`;
  const starts = known.get(key) ?? findStarts(pattern, timezone, fromMs);
  known.set(key, starts);
  return starts;
}

function findStarts(pattern: string, timezone: string, fromMs: number): number[] {
  const cron = new Cron(pattern, { timezone, paused: true });
  const starts: number[] = [];
  let at = cron.nextRun(new Date(fromMs - 1));
  while (at !== null && at.getTime() < fromMs + longestLookMs && starts.length < mostStarts) {
    starts.push(at.getTime());
    at = cron.nextRun(at);
  }
  return starts;
}

/** How long one run may take at most. */
export function longestRunMs({ config: own, settings }: Outline): number {
  const { total } = deadlinesOf(own.kind, settings);
  // A task has one deadline for all its calls, and streams that are held open run side by side.
  if (own.kind === 'chat_async' || own.kind === 'concurrency') return total;
  return total * checks[own.kind].cost.calls({ mostCalls: standard.mostCalls });
}

/** Values that a label of our metrics can have for one check. */
const cardinality: Readonly<Record<string, number>> = {
  outcome: 3,
  fault_domain: 1, // counted with the reasons
  reason: failures.length,
  part: contractParts.length,
  phase: 3,
  sli: 4,
  verdict: 3,
  state: 5,
};

/** Metrics of which a label has other values than in the rest. */
const combinationsOf: Readonly<Record<string, number>> = {
  glm_probe_runs_skipped_total: 5,
  glm_probe_measurement_discarded_total: 2,
  glm_probe_consecutive_failures: 4,
  glm_probe_slo_threshold_seconds: 2,
};

const hasThresholds: ReadonlySet<string> = new Set([
  'glm_probe_time_to_first_output_token_seconds',
  'glm_probe_max_chunk_gap_seconds',
]);

/**
 * Time series that one check brings to the exporter.
 * @param extraBuckets thresholds that become buckets of their own
 * @param ownBuckets how many of a config's own stand in place of the built-in ones
 */
export function seriesPerCheck(extraBuckets: number, ownBuckets?: number): number {
  return Object.entries(catalogue)
    .filter(([name, { labels }]) => name.startsWith('glm_probe_') && (labels as readonly string[]).includes('check'))
    .map(([name, metric]) => {
      const { labels, type }: { labels: readonly string[]; type: string } = metric;
      const builtIn = 'buckets' in metric ? (metric.buckets as readonly number[]).length : 0;
      const buckets = latencies.some(latency => latency === name) ? (ownBuckets ?? builtIn) : builtIn;
      const extra = hasThresholds.has(name) ? extraBuckets : 0;
      const combinations =
        combinationsOf[name] ?? labels.reduce((product, label) => product * (cardinality[label] ?? 1), 1);
      return combinations * (type === 'histogram' ? buckets + extra + 3 : 1);
    })
    .reduce((sum, series) => sum + series, 0);
}
