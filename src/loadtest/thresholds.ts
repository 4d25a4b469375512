/** Gates as k6 writes them: `ttft_content:p95<800ms`, `error_rate<1%`, `goodput>95%`, `requests_per_second>10`. Pure. */
import { formatDuration, parseDuration } from '../core/duration.ts';
import { UsageError } from '../core/errors.ts';
import { type Measure, measureNames } from './measures.ts';
import type { Figure, LoadResult, ThresholdResult } from './result.ts';
import { measureOf, short } from './slo.ts';

const aggregates = ['min', 'mean', 'max', 'p50', 'p90', 'p95', 'p99'] as const;
const rates = ['error_rate', 'goodput', 'requests_per_second', 'output_tokens_per_second', 'limited_rate'] as const;

type Aggregate = (typeof aggregates)[number];
type Rate = (typeof rates)[number];
type Operator = '<' | '<=' | '>' | '>=';

export interface Threshold {
  readonly text: string;
  readonly subject:
    | { readonly kind: 'figure'; readonly measure: Measure; readonly aggregate: Aggregate }
    | { readonly kind: 'rate'; readonly rate: Rate };
  readonly operator: Operator;
  /** Milliseconds of a figure; a share from 0 to 1, or a number per second, of a rate. */
  readonly bound: number;
}

/** @throws {UsageError} `bad_threshold` */
export function parseThreshold(text: string): Threshold {
  const threshold = readThreshold(text);
  const never = decidedOf(threshold);
  if (never !== undefined)
    throw new UsageError('bad_threshold', `"${threshold.text}" can never ${never}; ${rangeOf(threshold)}`);
  return threshold;
}

/** Whether a gate says something before anything was measured: no value there is can pass it, or fail it. */
function decidedOf({ subject, operator, bound }: Threshold): 'pass' | 'fail' | undefined {
  const ends = subject.kind === 'rate' && shares.includes(subject.rate) ? [0, 1] : [0, Number.MAX_VALUE];
  const outcomes = ends.map(end => compare[operator](end, bound));
  if (outcomes.every(ok => !ok)) return 'pass';
  return outcomes.every(ok => ok) ? 'fail' : undefined;
}

const rangeOf = ({ subject }: Threshold) =>
  subject.kind === 'rate' && shares.includes(subject.rate) ? 'it is a share from 0% to 100%' : 'it is never below 0';

function readThreshold(text: string): Threshold {
  const [, name = '', aggregate, operator = '', value = ''] =
    /^\s*(\w+)(?::(\w+))?\s*(<=|>=|<|>)\s*(\S+)\s*$/.exec(text) ?? [];
  const measure = measureOf(name);
  const form = { text: text.trim(), operator: operator as Operator };
  if (measure !== undefined && isOneOf(aggregates, aggregate))
    return { ...form, subject: { kind: 'figure', measure, aggregate }, bound: timeOf(value, text) };
  if (isOneOf(rates, name) && aggregate === undefined)
    return { ...form, subject: { kind: 'rate', rate: name }, bound: shareOf(value, name, text) };
  throw bad(text);
}

const isOneOf = <T extends string>(list: readonly T[], value: string | undefined): value is T =>
  (list as readonly (string | undefined)[]).includes(value);

const bad = (text: string) =>
  new UsageError(
    'bad_threshold',
    `"${text.slice(0, 60)}" is no threshold; write MEASURE:AGGREGATE<TIME such as ttft_content:p95<800ms (measures: ${measureNames.map(short).join(', ')}; aggregates: ${aggregates.join(', ')}), or a rate such as error_rate<1%, goodput>95% (rates: ${rates.join(', ')})`,
  );

function timeOf(value: string, text: string): number {
  try {
    return parseDuration(value);
  } catch {
    // Said better with the whole threshold in view.
    throw bad(text);
  }
}

/** The rates that are shares may be written in percent. */
const shares: readonly Rate[] = ['error_rate', 'goodput', 'limited_rate'];

function shareOf(value: string, rate: Rate, text: string): number {
  const percent = value.endsWith('%');
  const number = Number(percent ? value.slice(0, -1) : value.replace(/\/s$/, ''));
  if (value === '' || !Number.isFinite(number) || (percent && !shares.includes(rate))) throw bad(text);
  return percent ? number / 100 : number;
}

/** What a threshold came to. `ok` is false, and `measurable` too, when the run cannot answer the question. */
export interface Judged extends ThresholdResult {
  readonly measurable: boolean;
}

type Judgeable = Pick<LoadResult, 'metrics' | 'ledger' | 'throughput' | 'goodput'>;

export function judge({ text, subject, operator, bound }: Threshold, result: Judgeable): Judged {
  const answer = subject.kind === 'figure' ? figureIn(result, subject) : rateIn(result, subject.rate);
  if (typeof answer === 'string') return { text, ok: false, measurable: false, actual: null, why: answer };
  const ok = compare[operator](answer, bound);
  const show = subject.kind === 'figure' ? formatDuration : (value: number) => showRate(value, subject.rate);
  return {
    text,
    ok,
    measurable: true,
    actual: answer,
    why: `${show(answer)} ${ok ? 'is' : 'is not'} ${operator} ${show(bound)}`,
  };
}

const compare: Readonly<Record<Operator, (a: number, b: number) => boolean>> = {
  '<': (a, b) => a < b,
  '<=': (a, b) => a <= b,
  '>': (a, b) => a > b,
  '>=': (a, b) => a >= b,
};

function figureIn({ metrics }: Judgeable, { measure, aggregate }: { measure: Measure; aggregate: Aggregate }) {
  const figure: Figure | undefined = metrics[measure];
  if (figure === undefined || figure.count === 0) return `no ${short(measure)} was measured`;
  const needs =
    aggregate === 'min' || aggregate === 'mean' || aggregate === 'max' ? undefined : figure.needs[aggregate];
  if (needs !== undefined) return `${aggregate} needs ${needs} samples, there are ${figure.count}`;
  return figure[aggregate];
}

function rateIn({ ledger, throughput, goodput }: Judgeable, rate: Rate): number | string {
  if (rate === 'requests_per_second' || rate === 'output_tokens_per_second') return throughput[rate];
  if (rate === 'goodput') return goodput?.ratio ?? 'goodput needs an --slo';
  const counts = ledger as Readonly<Record<string, number>>;
  const uncounted = ['planned', 'ok', 'warmup', 'censored', 'unsent'];
  const failed = Object.entries(counts).reduce((sum, [name, count]) => sum + (uncounted.includes(name) ? 0 : count), 0);
  const all = ledger.ok + failed;
  if (all === 0) return 'no request came to its end';
  return (rate === 'error_rate' ? failed : (counts.rate_limited ?? 0) + (counts.quota_exhausted ?? 0)) / all;
}

const showRate = (value: number, rate: Rate) =>
  shares.includes(rate) ? `${+(value * 100).toFixed(2)} %` : `${+value.toFixed(2)}/s`;
