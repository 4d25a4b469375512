/** Latency over time: the median, where most are, and the slowest, with what else happened below. */
import { type Measure, measures } from '../../measures.ts';
import { count, moment, time } from '../../numbers.ts';
import type { LoadResult } from '../../result.ts';
import type { Slice } from '../../slices.ts';
import { band, chart, type Hover, type Key, line, nothingToDraw } from './chart.ts';
import { lanesUnder } from './lanes.ts';
import { type Markup, markup } from './markup.ts';
import { linear, log, type Scale, timeline } from './scale.ts';

/** First token and gaps of a stream, or the whole of a unary answer. */
export function latencyOverTime(result: LoadResult, slices: readonly Slice[]): Markup {
  const streamed = (result.metrics.ttft_content_ms?.count ?? 0) > 0;
  const names: Measure[] = streamed ? ['ttft_content_ms', 'itl_ms', 'e2e_ms'] : ['e2e_ms'];
  return markup`${names.map((name, i) => over(name, result, slices, i === 0))}`;
}

/** A duration on an axis: `20 ms`, `1.5 s`. */
export const tickTime = (ms: number) =>
  ms < 1000
    ? `${+ms.toPrecision(3)} ms`
    : ms < 120_000
      ? `${+(ms / 1000).toPrecision(3)} s`
      : `${+(ms / 60_000).toPrecision(3)} min`;

/** Logarithmic when the values differ by more than twelvefold. */
export function latencyScale(values: readonly number[]): Scale {
  const [min, max] = [Math.min(...values), Math.max(...values)];
  return min > 0 && max > 12 * min ? log(min, max, tickTime) : linear(max, tickTime);
}

function over(name: Measure, result: LoadResult, slices: readonly Slice[], withLanes: boolean): Markup {
  const title = `${measures[name].title} over time`;
  const some = slices.filter(slice => slice.figure(name).count > 0);
  const [first, last] = [some[0], some.at(-1)];
  if (first === undefined || last === undefined)
    return nothingToDraw(title, 'No good answer, so there is no latency to draw.');
  const endMs = slices.at(-1)?.toMs ?? 1;
  const y = latencyScale(some.flatMap(slice => [slice.figure(name).p50, slice.figure(name).p99]));
  return chart({
    title,
    says: `${title}: medians from ${time(first.figure(name).p50)} at the start to ${time(last.figure(name).p50)} at the end`,
    legend,
    x: timeline(0, endMs / 1000),
    y,
    shapes: shapesOf(name, slices, y, endMs),
    hover: hoverOf(name, some, endMs),
    height: withLanes ? 240 : 150,
    ...(withLanes ? { xName, below: lanesUnder(slices, endMs, result), note: noteOf(slices, y) } : {}),
  });
}

export const xName = 'minutes and seconds since the run began';

const legend: readonly Key[] = [
  { look: 'line blue', text: 'p50' },
  { look: 'fill sky', text: 'p50 to p90' },
  { look: 'line thin orange', text: 'p99' },
];

const levels = ['p50', 'p90', 'p99'] as const;

const middle = ({ fromMs, toMs }: Slice, endMs: number) => (fromMs + toMs) / 2 / endMs;

function shapesOf(name: Measure, slices: readonly Slice[], y: Scale, endMs: number): Markup[] {
  const points = (level: (typeof levels)[number]) =>
    slices.map(slice => {
      const figure = slice.figure(name);
      return { x: middle(slice, endMs), y: figure.count === 0 ? null : y(figure[level]) };
    });
  const [p50, p90, p99] = [points('p50'), points('p90'), points('p99')];
  const between = p90.map((point, i) => ({ ...point, y2: p50[i]?.y ?? null }));
  return [band('fill sky', between), line('line thin orange', p99), line('line blue', p50)];
}

const hoverOf = (name: Measure, some: readonly Slice[], endMs: number): Hover => ({
  at: some.map(slice => middle(slice, endMs)),
  titles: some.map(slice => `${span(slice)}, n = ${count(slice.figure(name).count)}`),
  series: levels.map(level => ({ name: level, values: some.map(slice => time(slice.figure(name)[level])) })),
});

/** `0:12–0:13` */
export const span = ({ fromMs, toMs }: Slice) => `${moment(fromMs / 1000)}–${moment(toMs / 1000)}`;

function noteOf(slices: readonly Slice[], y: Scale): string {
  const first = slices[0];
  const length = first === undefined ? '' : `Each point is ${tickTime(first.toMs - first.fromMs)}. `;
  const scale = y.kind === 'log' ? 'The axis is logarithmic. ' : '';
  return `${length}${scale}Latencies are filed when a request ends. Where few ended, p99 is the slowest of them. Lanes: grey is the warm-up, green the steady part; GC from 5 ms on, loop from half busy on.`;
}
