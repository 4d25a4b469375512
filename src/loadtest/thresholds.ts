/** Gates as k6 writes them: `ttft_content:p95<800ms`, `error_rate<1%`, `goodput>95%`, `requests_per_second>10`. Pure. */
import { formatDuration, parseDuration } from '../core/duration.ts';
import { UsageError } from '../core/errors.ts';
import { nearestName } from '../core/nearest-name.ts';
import { failuresOf } from './ledger.ts';
import { type Measure, measureNames } from './measures.ts';
import type { Figure, LoadResult, ThresholdResult } from './result.ts';
import { measureOf, short } from './slo.ts';
import { shareBounds } from './stats/binomial.ts';
import { fewestSeconds } from './stats/per-second.ts';

const aggregates = ['min', 'mean', 'max', 'p50', 'p90', 'p95', 'p99'] as const;
const rates = ['error_rate', 'goodput', 'requests_per_second', 'output_tokens_per_second', 'limited_rate'] as const;

type Aggregate = (typeof aggregates)[number];

const percentiles = ['p50', 'p90', 'p95', 'p99'] as const satisfies readonly Aggregate[];
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
  refuseWrongWay(threshold);
  return threshold;
}

/** Whether a gate says something before anything was measured: no value there is can pass it, or fail it. */
function decidedOf({ subject, operator, bound }: Threshold): 'pass' | 'fail' | undefined {
  const ends = subject.kind === 'rate' && isShare(subject.rate) ? [0, 1] : [0, Number.MAX_VALUE];
  const outcomes = ends.map(end => compare[operator](end, bound));
  if (outcomes.every(ok => !ok)) return 'pass';
  return outcomes.every(ok => ok) ? 'fail' : undefined;
}

const rangeOf = ({ subject }: Threshold) =>
  subject.kind === 'rate' && isShare(subject.rate) ? 'it is a share from 0% to 100%' : 'it is never below 0';

/** A gate that is passed by whatever is worse holds nothing: it was meant the other way round. @throws {UsageError} */
function refuseWrongWay({ text, subject, operator }: Threshold): void {
  const isHigh = subject.kind === 'rate' && higherIsBetter[subject.rate];
  if (isUpper(operator) !== isHigh) return;
  const turned = text.replace(/[<>]/, isHigh ? '>' : '<');
  const better = isHigh ? 'more is better here' : 'less is better here';
  throw new UsageError('bad_threshold', `"${text}" is passed by what is worse, for ${better}; write ${turned}`);
}

const higherIsBetter = {
  error_rate: false,
  limited_rate: false,
  goodput: true,
  requests_per_second: true,
  output_tokens_per_second: true,
} as const satisfies Record<Rate, boolean>;

function readThreshold(text: string): Threshold {
  refuseSeveral(text);
  const [, name = '', aggregate, operator = '', value = ''] =
    /^\s*(\w+)(?::(\w+))?\s*(<=|>=|<|>)\s*(\S+)\s*$/.exec(text) ?? [];
  const measure = measureOf(name);
  const form = { text: text.trim(), operator: operator as Operator };
  if (measure !== undefined && isOneOf(aggregates, aggregate))
    return { ...form, subject: { kind: 'figure', measure, aggregate }, bound: timeOf(value, text) };
  if (isOneOf(rates, name) && aggregate === undefined)
    return { ...form, subject: { kind: 'rate', rate: name }, bound: shareOf(value, name, text.trim()) };
  const likely = likelyOf(name, aggregate);
  throw likely === undefined ? bad(text) : guessed(text, text.trim().replace(/^\w+(:\w+)?/, likely));
}

function refuseSeveral(text: string): void {
  if (!/[<>].*([;,&]|\band\b).*[<>]/.test(text)) return;
  throw new UsageError('bad_threshold', `"${text.slice(0, 60)}" is more than one threshold; give each a --threshold`);
}

/** What a name was most likely to be, with the aggregate it then takes. */
function likelyOf(name: string, aggregate = 'p95'): string | undefined {
  const known = measureOf(name) ?? (isOneOf(rates, name) ? name : undefined);
  const near = known ?? meant.get(name) ?? nearestName(name, [...rates, ...measureNames.map(short)]);
  if (near === undefined || isOneOf(rates, near)) return near;
  return isOneOf(aggregates, aggregate) ? `${short(near as Measure)}:${aggregate}` : undefined;
}

/** What people write who come from other tools. */
const meant: ReadonlyMap<string, Measure | Rate> = new Map([
  ['rps', 'requests_per_second'],
  ['qps', 'requests_per_second'],
  ['tps', 'output_tokens_per_second'],
  ['errors', 'error_rate'],
  ['ttft', 'ttft_content_ms'],
  ['latency', 'e2e_ms'],
]);

const isOneOf = <T extends string>(list: readonly T[], value: string | undefined): value is T =>
  (list as readonly (string | undefined)[]).includes(value);

const guessed = (text: string, right: string) =>
  new UsageError('bad_threshold', `"${text.slice(0, 60)}" is no threshold; did you mean ${right.slice(0, 60)}?`);

const bad = (text: string) =>
  new UsageError(
    'bad_threshold',
    `"${text.slice(0, 60)}" is no threshold; write MEASURE:AGGREGATE<TIME such as ttft_content:p95<800ms (measures: ${measureNames.map(short).join(', ')}; aggregates: ${aggregates.join(', ')}), or a rate such as error_rate<1%, goodput>95% (rates: ${rates.join(', ')})`,
  );

function timeOf(value: string, text: string): number {
  if (/^\d+(\.\d+)?$/.test(value))
    throw new UsageError(
      'bad_threshold',
      `"${text.slice(0, 60)}" does not say which unit ${value} has; write ${text.trim()}ms, or with s for seconds`,
    );
  try {
    return parseDuration(value);
  } catch {
    // Said better with the whole threshold in view.
    throw bad(text);
  }
}

/** The rates that are shares may be written in percent. */
const shares = ['error_rate', 'goodput', 'limited_rate'] as const satisfies readonly Rate[];

type Share = (typeof shares)[number];

const isShare = (rate: Rate): rate is Share => (shares as readonly Rate[]).includes(rate);

function shareOf(value: string, rate: Rate, text: string): number {
  const percent = value.endsWith('%');
  const number = Number(value.replace(isShare(rate) ? /%$/ : /\/s$/, ''));
  if (value === '' || !Number.isFinite(number)) throw bad(text);
  if (!percent && isShare(rate) && number >= 1) throw unclear(text, value, number);
  return percent ? number / 100 : number;
}

/** A bare 1 of a share is meant as 1 % by some and as all by others: a gate that nothing fails is no gate. */
const unclear = (text: string, value: string, number: number) =>
  new UsageError(
    'bad_threshold',
    `"${text.slice(0, 60)}" does not say whether ${value} is ${rounded(number)}% or ${rounded(number * 100)}%; write it with its sign, such as ${text.slice(0, -value.length)}${rounded(number)}%, or as a share below 1`,
  );

const rounded = (number: number) => +number.toPrecision(6);

/** What a threshold came to. `ok` is false, and `measurable` too, when the run cannot answer the question. */
export interface Judged extends ThresholdResult {
  readonly measurable: boolean;
}

type Judgeable = Pick<LoadResult, 'metrics' | 'ledger' | 'throughput' | 'goodput'>;

export function judge(threshold: Threshold, result: Judgeable): Judged {
  const { text, subject, operator, bound } = threshold;
  if (subject.kind === 'rate') return judgeRate(threshold, subject.rate, result);
  const answer = figureIn(result, subject);
  if (typeof answer === 'string')
    return missedBelow(threshold, result.metrics[subject.measure], subject.aggregate) ?? unknown(text, answer);
  const ok = compare[operator](answer, bound);
  const [found, limit] = [answer, bound].map(formatDuration);
  return { text, ok, measurable: true, actual: answer, why: `${found} ${ok ? 'is' : 'is not'} ${operator} ${limit}` };
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

/** A percentile of too few samples has missed its limit for sure where a lower one, of which there are enough, has. */
function missedBelow(
  { text, operator, bound }: Threshold,
  figure: Figure | undefined,
  aggregate: Aggregate,
): Judged | undefined {
  if (figure === undefined || figure.count === 0) return undefined;
  const lower = percentiles.slice(0, (percentiles as readonly Aggregate[]).indexOf(aggregate));
  const level = lower.find(one => figure.needs[one] === undefined && (figure.ci[one]?.[0] ?? 0) > bound);
  if (level === undefined) return undefined;
  const [found, limit] = [figure[level], bound].map(formatDuration);
  const why = `even ${level} is ${found}, which is not ${operator} ${limit}`;
  return { text, ok: false, measurable: true, actual: figure[aggregate], why };
}

function judgeRate(threshold: Threshold, rate: Rate, result: Judgeable): Judged {
  if (isShare(rate)) return judgeShare(threshold, sharedIn(result, rate));
  const { text, operator, bound } = threshold;
  const { [rate]: actual, ci, needs_s: needs, duration_s: seconds } = result.throughput;
  const bounds = ci[rate];
  if (bounds === undefined)
    return unknown(text, `needs ${needs ?? fewestSeconds} measured seconds, there are ${rounded(+seconds.toFixed(1))}`);
  const [low, high] = bounds;
  const ok = compare[operator](actual, bound);
  const range = `bounds ${showRate(low)} to ${showRate(high)}`;
  // A bare figure may lie off by more than it clears its limit.
  if (compare[operator](low, bound) !== compare[operator](high, bound))
    return unknown(text, `${showRate(actual)} is too close to ${showRate(bound)} to tell (${range}); run longer`);
  const why = `${showRate(actual)} ${ok ? 'is' : 'is not'} ${operator} ${showRate(bound)} (${range})`;
  return { text, ok, measurable: true, actual, why };
}

const unknown = (text: string, why: string): Judged => ({ text, ok: false, measurable: false, actual: null, why });

// --- shares

interface Counted {
  /** Requests that count for the share, from 0 to `all`. */
  readonly some: number;
  readonly all: number;
}

function sharedIn({ ledger, goodput }: Judgeable, share: Share): Counted | string {
  const failures = failuresOf(ledger);
  const failed = failures.reduce((sum, { count }) => sum + count, 0);
  const all = ledger.ok + failed;
  if (share === 'goodput' && goodput === null) return 'goodput needs an --slo';
  if (all === 0) return 'no request came to its end';
  if (share === 'goodput') return { some: Math.round((goodput?.ratio ?? 0) * all), all };
  if (share === 'error_rate') return { some: failed, all };
  return { some: (ledger.rate_limited ?? 0) + (ledger.quota_exhausted ?? 0), all };
}

/** Each bound of a share is kept with this confidence: 0 of n then allow some 3/n, the rule of three. */
const confidence = 0.95;

/**
 * As of a percentile, it is what was found that is compared, where there are enough requests. Where there are fewer, only
 * a share that lies wholly on the wrong side of its limit can be judged.
 */
function judgeShare({ text, operator, bound }: Threshold, counted: Counted | string): Judged {
  if (typeof counted === 'string') return unknown(text, counted);
  const { some, all } = counted;
  const actual = some / all;
  const ok = compare[operator](actual, bound);
  const [low, high] = shareBounds(some, all, confidence);
  const needs = requestsFor(operator, bound);
  const missed = !ok && (isUpper(operator) ? low > bound : high < bound);
  if (all < needs && !missed) return unknown(text, tooFew({ some, all }, { low, high, needs }));
  const bounds = `${some} of ${all}, bounds ${showShare(low)} to ${showShare(high)}`;
  const verb = ok ? 'is' : 'is not';
  return {
    text,
    ok,
    measurable: true,
    actual,
    why: `${showShare(actual)} ${verb} ${operator} ${showShare(bound)} (${bounds})`,
  };
}

const isUpper = (operator: Operator) => operator === '<' || operator === '<=';

/**
 * The fewest requests of which a share can be shown to keep its limit, when all of them do: 299 for less than 1 %, 59 for
 * more than 95 %. A limit of none, or of all, can never be shown; it is taken for what it says of these requests.
 */
function requestsFor(operator: Operator, bound: number): number {
  const chance = isUpper(operator) ? 1 - bound : bound;
  if (chance >= 1) return 0;
  return chance <= 0 ? 1 : Math.ceil(Math.log(1 - confidence) / Math.log(chance));
}

const tooFew = ({ some, all }: Counted, { low, high, needs }: { low: number; high: number; needs: number }) =>
  `needs ${needs} requests, there are ${all}: ${some} of ${all} may be ${showShare(low)} to ${showShare(high)}`;

const showShare = (value: number) => `${+(value * 100).toFixed(2)} %`;

const showRate = (value: number) => `${+value.toFixed(2)}/s`;
