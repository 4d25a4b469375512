/** From values to places on an axis, 0 to 1, with round ticks. */
import { moment } from '../../numbers.ts';

export interface Scale {
  readonly kind: 'linear' | 'log';
  (value: number): number;
  readonly ticks: readonly Tick[];
}

export interface Tick {
  readonly at: number;
  readonly text: string;
}

type Format = (value: number) => string;

/** From 0 to a round number at or above `max`. */
export function linear(max: number, format: Format, wanted = 4): Scale {
  const step = roundStep((max > 0 ? max : 1) / wanted);
  const top = Math.max(1, Math.ceil((max > 0 ? max : 1) / step - 1e-9)) * step;
  const values = Array.from({ length: Math.round(top / step) + 1 }, (_, i) => i * step);
  return scaleOf('linear', value => value / top, values, format);
}

/** From just below `min` to just above `max`, both positive; three ticks or more, as round as that allows. */
export function log(min: number, max: number, format: Format): Scale {
  const low = Math.max(min, 1e-6);
  const high = Math.max(max, low * 2);
  const [from, to] = [Math.log10(low) - 0.04, Math.log10(high) + 0.04];
  const place = (value: number) => (Math.log10(Math.max(value, 1e-9)) - from) / (to - from);
  const decades = Array.from({ length: Math.ceil(to) - Math.floor(from) + 1 }, (_, i) => 10 ** (Math.floor(from) + i));
  const sets = heads.map(set =>
    apart(
      decades.flatMap(decade => set.map(head => +(head * decade).toPrecision(2))),
      place,
    ),
  );
  return scaleOf('log', place, sets.find(values => values.length >= 3) ?? sets.at(-1) ?? [], format);
}

/** Room for a label such as `500 ms` on a phone, as a share of the axis. */
const labelRoom = 0.155;

/** Those inside that have room for their labels. */
function apart(values: readonly number[], place: (value: number) => number): number[] {
  const kept: number[] = [];
  for (const value of values.filter(one => place(one) > 0 && place(one) < 0.96))
    if (kept.length === 0 || place(value) - place(kept.at(-1) ?? 0) >= labelRoom) kept.push(value);
  return kept;
}

const heads = [
  [1],
  [1, 3],
  [1, 2, 5],
  [1, 1.5, 2, 3, 4, 5, 7],
  [1, 1.2, 1.4, 1.6, 1.8, 2, 2.5, 3, 3.5, 4, 5, 6, 7, 8, 9],
];

/** Moments of a run in seconds, at most about `wanted` ticks, all at round moments. */
export function timeline(fromS: number, toS: number, wanted = 6): Scale {
  const length = toS > fromS ? toS - fromS : 1;
  const step = steps.find(one => length / one <= wanted) ?? Math.ceil(length / wanted / 3600) * 3600;
  const first = Math.ceil(fromS / step - 1e-9);
  const values = Array.from(
    { length: Math.floor((fromS + length) / step + 1e-9) - first + 1 },
    (_, i) => (first + i) * step,
  );
  const format = (s: number) => (step < 1 ? `${+s.toFixed(1)} s` : moment(s));
  return scaleOf('linear', value => (value - fromS) / length, values, format);
}

const steps = [0.1, 0.2, 0.5, 1, 2, 5, 10, 15, 30, 60, 120, 300, 600, 900, 1800, 3600, 7200, 10_800, 21_600];

function scaleOf(
  kind: Scale['kind'],
  place: (value: number) => number,
  values: readonly number[],
  format: Format,
): Scale {
  const inside = values
    .map(value => ({ at: place(value), text: format(value) }))
    .filter(({ at }) => at > -1e-9 && at < 1 + 1e-9);
  return Object.assign((value: number) => Math.min(1, Math.max(0, place(value))), { kind, ticks: inside });
}

function roundStep(rough: number): number {
  const decade = 10 ** Math.floor(Math.log10(rough));
  return ([1, 2, 2.5, 5, 10].find(head => head * decade >= rough * 0.999) ?? 10) * decade;
}
