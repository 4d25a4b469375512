/** Narrow lanes under a chart: what happened at the same time. The stronger the mark, the more of it. */
import { count, share, time } from '../../numbers.ts';
import type { LoadResult } from '../../result.ts';
import type { Slice } from '../../slices.ts';
import { place } from './chart.ts';
import { type Markup, markup, trusted } from './markup.ts';

interface Lane {
  readonly name: string;
  readonly look: string;
  /** From 0, nothing, to 1. */
  readonly strength: (slice: Slice) => number;
  readonly says: (slice: Slice) => string;
}

const lanes: readonly Lane[] = [
  {
    name: '429',
    look: 'amber',
    strength: ({ codes, ok }) => part(refusals(codes), ok),
    says: ({ codes }) =>
      Object.entries(codes)
        .map(([code, n]) => `${code} ×${count(n)}`)
        .join(', '),
  },
  {
    name: 'failed',
    look: 'bad',
    strength: ({ failed, ok }) => part(failed, ok),
    says: ({ ended, failed }) =>
      `${count(failed)} of ${count(Object.values(ended).reduce((sum, n) => sum + n, 0))} ended badly`,
  },
  {
    name: 'GC',
    look: 'pink',
    strength: ({ gcMaxMs }) => (gcMaxMs < 5 ? 0 : gcMaxMs / 25),
    says: ({ gcMaxMs }) => `pause of ${time(gcMaxMs)}`,
  },
  {
    name: 'loop',
    look: 'pink',
    strength: ({ elu }) => (elu < 0.5 ? 0 : elu),
    says: ({ elu }) => `event loop ${share(elu)} busy`,
  },
];

const refusals = (codes: Slice['codes']) => Object.values(codes).reduce((sum, n) => sum + n, 0);
const part = (n: number, ok: number) => (n === 0 ? 0 : n / (n + ok));

/** Phases, refusals, failures, GC pauses from 5 ms on, and an event loop busier than half of the time. */
export function lanesUnder(slices: readonly Slice[], endMs: number, result: LoadResult): Markup {
  return markup`${phases(result, endMs)}${lanes.map(lane => drawn(lane, slices, endMs))}`;
}

function drawn(lane: Lane, slices: readonly Slice[], endMs: number): Markup {
  const marks = slices.map(slice => mark(lane, slice, endMs)).filter(one => one !== undefined);
  return markup`<span class="lane-name">${lane.name}</span><svg class="lane" viewBox="0 0 1000 10" preserveAspectRatio="none" aria-hidden="true">${marks}</svg>`;
}

function mark({ strength, says, look }: Lane, slice: Slice, endMs: number): Markup | undefined {
  const value = Math.min(1, strength(slice));
  if (value <= 0) return undefined;
  const width = Math.max(3, place((slice.toMs - slice.fromMs) / endMs));
  return markup`<rect class="${look}" x="${place(slice.fromMs / endMs)}" width="${width}" height="10" opacity="${+(0.35 + 0.65 * value).toFixed(2)}"><title>${says(slice)}</title></rect>`;
}

function phases({ steady, config }: LoadResult, endMs: number): Markup {
  const warmupMs = typeof config.warmupMs === 'number' ? config.warmupMs : 0;
  const parts = [
    ...(warmupMs > 0 ? [{ from: 0, to: warmupMs / endMs, look: 'quiet', says: 'warm-up' }] : []),
    ...(steady === null
      ? []
      : [{ from: (steady.from_s * 1000) / endMs, to: (steady.to_s * 1000) / endMs, look: 'good', says: 'steady' }]),
  ];
  if (parts.length === 0) return trusted('');
  const rects = parts.map(
    ({ from, to, look, says }) =>
      markup`<rect class="${look}" x="${place(from)}" width="${place(Math.max(0, to - from))}" height="10" opacity=".55"><title>${says}</title></rect>`,
  );
  return markup`<span class="lane-name">phase</span><svg class="lane" viewBox="0 0 1000 10" preserveAspectRatio="none" aria-hidden="true">${rects}</svg>`;
}
