/** Recorded traffic as moments to repeat: when the requests of a log came. */
import { UsageError } from '../core/errors.ts';
import { isObject } from '../core/json-object.ts';
import type { Random } from '../core/random.ts';
import { refuseTooMany } from './arrivals.ts';
import { fromJson, type Item, linesOf, type Read, readItems, withoutMark } from './json-lines.ts';

export interface TraceOptions {
  /** How much faster than it was recorded; default 1. */
  readonly speed?: number;
  /** Requests per recorded one: below 1 some are left out, above 1 moved copies are laid over; default 1. */
  readonly scale?: number;
  /** How far a copy may be moved either way, in ms of the recording. Default: its mean gap, which keeps the load's shape. */
  readonly jitterMs?: number;
  /**
   * What a `timestamp` number counts. Default: where it can only be a time since 1970, seconds from 1e9, ms from 1e11, µs
   * from 1e14 and ns from 1e17; below that ms, as Mooncake's traces and the replays of vLLM and aiperf have it.
   */
  readonly unit?: 's' | 'ms';
  /** The file's name, for messages. */
  readonly source?: string;
}

/** A trace as it was understood. */
export interface Trace {
  /** Ascending, ms since the start. */
  readonly offsetsMs: readonly number[];
  /** Which key told the moments, and in which unit: `timestamp in ms`. */
  readonly readAs: string;
}

/**
 * Moments from lines of JSON, a JSON list or the mock's journal (`{"requests": […]}`).
 * A line says when by `intended_ms`, `offset_ms` or `offset_s` (since the start), by `at` (ms since 1970), or by `timestamp` (ISO 8601,
 * without a zone UTC, or a number); the last two count from the first of them.
 * @param random leaves out and moves; a line's luck depends on the seed and its rank alone
 * @throws {UsageError} `bad_trace` with every bad line, `too_many_requests` above 10 million
 */
export function readTrace(text: string, random: Random, options: TraceOptions = {}): Trace {
  const { speed = 1, scale = 1, source = 'trace', unit } = options;
  refuseFactors({ speed, scale });
  const moments = readItems(itemsOf(text), { source, code: 'bad_trace', read: value => momentOf(value, unit) });
  const offsets = offsetsOf(moments, source);
  refuseTooMany(offsets.length * scale);
  const { jitterMs = meanGap(offsets) } = options;
  const offsetsMs = scaled(offsets, { scale, jitterMs }, random).map(ms => ms / speed);
  const units = new Set(moments.map(moment => `${moment.key} in ${moment.unit}`));
  return { offsetsMs, readAs: [...units].join(' and ') };
}

function refuseFactors(factors: Readonly<Record<string, number>>): void {
  const wrong = Object.entries(factors).filter(([, value]) => !(value > 0 && value <= 1000));
  if (wrong.length === 0) return;
  const found = wrong.map(([name, value]) => `${name} ${value}`).join(' and ');
  throw new UsageError(
    'bad_trace',
    `${found}: must be above 0 and at most 1000; 1 repeats the trace as it was recorded`,
  );
}

/** A text that is one JSON value as a whole is a list, or holds one; anything else is lines. */
function itemsOf(text: string): Item[] {
  const value = fromJson(withoutMark(text));
  const list = isObject(value) ? value.requests : value;
  return Array.isArray(list) ? list.map((entry, i) => ({ place: `entry ${i + 1}`, value: entry })) : linesOf(text);
}

const keys = ['intended_ms', 'offset_ms', 'offset_s', 'at', 'timestamp'] as const;

interface Moment {
  readonly key: (typeof keys)[number];
  readonly ms: number;
  readonly unit: keyof typeof msIn | 'ISO 8601';
}

function momentOf(value: unknown, unit: TraceOptions['unit']): Read<Moment> {
  const key = isObject(value) ? keys.find(name => value[name] !== undefined && value[name] !== null) : undefined;
  if (key === undefined || !isObject(value)) return { mistake: `has none of ${keys.join(', ')}` };
  const read =
    key === 'timestamp' ? timestampOf(value[key], unit) : numberOf(value[key], key === 'offset_s' ? 's' : 'ms');
  if (read !== undefined && Number.isFinite(read.ms) && read.ms >= 0) return { value: { key, ...read } };
  return { mistake: `${key} is not ${wanted(key)}` };
}

const wanted = (key: Moment['key']) =>
  key === 'timestamp' ? 'a time in ISO 8601, s, ms, µs or ns' : `a number of ${key === 'offset_s' ? 's' : 'ms'} from 0`;

type When = Pick<Moment, 'ms' | 'unit'>;

const msIn = { s: 1000, ms: 1, µs: 1e-3, ns: 1e-6 } as const;

const numberOf = (value: unknown, unit: keyof typeof msIn): When | undefined =>
  typeof value === 'number' ? { ms: value * msIn[unit], unit } : undefined;

/** As seconds from 2001 to 5138, and so on: in the unit before nobody would count from 1970 so much, nor a trace be so long. */
function likelyUnit(number: number): keyof typeof msIn {
  if (number < 1e9) return 'ms';
  if (number < 1e11) return 's';
  if (number < 1e14) return 'ms';
  return number < 1e17 ? 'µs' : 'ns';
}

const iso = /^\d{4}-\d\d-\d\d[T ]\d\d:\d\d(:\d\d([.,]\d+)?)?(Z|[+-]\d\d:?\d\d)?$/i;

function timestampOf(value: unknown, unit: TraceOptions['unit']): When | undefined {
  if (typeof value === 'string' && iso.test(value)) return { ms: isoTime(value), unit: 'ISO 8601' };
  const number = typeof value === 'string' && value.trim() !== '' ? Number(value) : value;
  if (typeof number !== 'number') return undefined;
  return numberOf(number, unit ?? likelyUnit(number));
}

/** UTC without a zone: a local clock that is put forward would tear a hole into the trace. */
function isoTime(text: string): number {
  const [, zone] = /(Z|[+-]\d\d:?\d\d)$/i.exec(text) ?? [];
  return Date.parse(text.replace(' ', 'T').replace(',', '.') + (zone === undefined ? 'Z' : ''));
}

function offsetsOf(moments: readonly Moment[], source: string): readonly number[] {
  const found = new Set(moments.map(({ key }) => key));
  if (found.size > 1)
    throw new UsageError('bad_trace', `${source}: times one request by ${[...found].join(', another by ')}; keep one`);
  const sorted = moments.map(({ ms }) => ms).sort((a, b) => a - b);
  const start = found.has('at') || found.has('timestamp') ? (sorted[0] ?? 0) : 0;
  return sorted.map(ms => ms - start);
}

const meanGap = (offsets: readonly number[]) =>
  offsets.length < 2 ? 0 : ((offsets.at(-1) ?? 0) - (offsets[0] ?? 0)) / (offsets.length - 1);

/** Every request whole times, and once more by chance for the rest; the first time just when it was recorded. */
function scaled(
  offsets: readonly number[],
  { scale, jitterMs }: { scale: number; jitterMs: number },
  random: Random,
): readonly number[] {
  const last = offsets.at(-1) ?? 0;
  const moments = offsets.flatMap((ms, rank) => {
    const chance = random.fork(rank);
    const times = Math.floor(scale) + (chance() < scale % 1 ? 1 : 0);
    return Array.from({ length: times }, (_, copy) =>
      copy === 0 ? ms : mirrored(ms + (2 * chance() - 1) * jitterMs, last),
    );
  });
  return moments.sort((a, b) => a - b);
}

/** What is moved past an end of the trace comes back from there; clamping would pile it up. */
function mirrored(ms: number, last: number): number {
  const back = ms < 0 ? -ms : ms > last ? 2 * last - ms : ms;
  return Math.min(last, Math.max(0, back));
}
