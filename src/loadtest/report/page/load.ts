/** How much was under way and what came out: over time, and one against the other. */
import { count, rate, time } from '../../numbers.ts';
import type { LoadResult } from '../../result.ts';
import type { Slice } from '../../slices.ts';
import { band, type Chart, chart, line, nothingToDraw, place, shape } from './chart.ts';
import { latencyScale, span } from './latency.ts';
import { type Markup, markup } from './markup.ts';
import { linear, type Scale, timeline } from './scale.ts';

export function loadOverTime(slices: readonly Slice[]): Markup {
  const endMs = slices.at(-1)?.toMs ?? 0;
  if (endMs === 0) return nothingToDraw('In flight and throughput over time', 'Nothing was sent.');
  return markup`<div class="pair">${inFlight(slices, endMs)}${throughput(slices, endMs)}</div>`;
}

const middle = ({ fromMs, toMs }: Slice, endMs: number) => (fromMs + toMs) / 2 / endMs;

function inFlight(slices: readonly Slice[], endMs: number): Markup {
  const y = linear(Math.max(1, ...slices.map(({ inFlightMax }) => inFlightMax)), rate);
  const points = slices.map(slice => ({
    x: middle(slice, endMs),
    mean: y(slice.inFlightMean),
    max: y(slice.inFlightMax),
  }));
  return chart({
    title: 'Requests in flight',
    says: `Requests in flight, at most ${count(Math.max(...slices.map(({ inFlightMax }) => inFlightMax)))}`,
    legend: [
      { look: 'fill sky', text: 'mean' },
      { look: 'line thin blue', text: 'most' },
    ],
    x: timeline(0, endMs / 1000, 5),
    y,
    shapes: [
      band(
        'fill sky',
        points.map(({ x, mean }) => ({ x, y: mean, y2: 0 })),
      ),
      line(
        'line thin blue',
        points.map(({ x, max }) => ({ x, y: max })),
      ),
    ],
    hover: {
      at: points.map(({ x }) => x),
      titles: slices.map(span),
      series: [
        { name: 'mean', values: slices.map(slice => rate(slice.inFlightMean)) },
        { name: 'most', values: slices.map(slice => count(slice.inFlightMax)) },
      ],
    },
  });
}

const perSecond = (n: number, { seconds }: Slice) => (seconds > 0 ? n / seconds : 0);

function throughput(slices: readonly Slice[], endMs: number): Markup {
  const good = slices.map(slice => perSecond(slice.ok, slice));
  const bad = slices.map(slice => perSecond(slice.failed, slice));
  const offered = slices.map(slice => perSecond(slice.planned, slice));
  const y = linear(Math.max(0.1, ...good, ...bad, ...offered), rate);
  const points = (values: readonly number[]) =>
    slices.map((slice, i) => ({ x: middle(slice, endMs), y: y(values[i] ?? 0) }));
  return chart({
    title: 'Requests per second',
    says: `Good answers per second, at most ${rate(Math.max(...good))}`,
    legend: [
      { look: 'line quiet', text: 'offered' },
      { look: 'line teal', text: 'good' },
      { look: 'line thin bad', text: 'failed' },
    ],
    x: timeline(0, endMs / 1000, 5),
    y,
    shapes: [
      line('line quiet', points(offered)),
      line('line teal', points(good)),
      ...(bad.some(n => n > 0) ? [line('line thin bad', points(bad))] : []),
    ],
    hover: {
      at: slices.map(slice => middle(slice, endMs)),
      titles: slices.map(span),
      series: [
        { name: 'offered', values: offered.map(rate) },
        { name: 'good', values: good.map(rate) },
        { name: 'failed', values: bad.map(rate) },
        { name: 'tokens/s', values: slices.map(slice => rate(perSecond(slice.outputTokens, slice))) },
      ],
    },
  });
}

/** One dot per stretch of the run while load was offered. */
export function loadAgainstLatency(result: LoadResult, slices: readonly Slice[]): Markup {
  const last = slices.findLastIndex(({ planned }) => planned > 0);
  const some = slices.slice(0, last + 1).filter(({ ended }) => (ended.ok ?? 0) > 0);
  if (some.length === 0)
    return nothingToDraw('Throughput against requests in flight', 'No good answer, so there is nothing to compare.');
  const x = linear(1.05 * Math.max(1, ...some.map(({ inFlightMean }) => inFlightMean)), rate, 5);
  const xName = 'requests in flight, mean';
  const tokens = some.some(({ outputTokens }) => outputTokens > 0);
  const out = (slice: Slice) => perSecond(tokens ? slice.outputTokens : slice.ok, slice);
  const streamed = (result.metrics.ttft_content_ms?.count ?? 0) > 0;
  const measure = streamed ? 'ttft_content_ms' : 'e2e_ms';
  const median = (slice: Slice) => slice.figure(measure).p50;
  return markup`<div class="pair">${scatter({
    title: `${tokens ? 'Output tokens' : 'Good answers'} per second against requests in flight`,
    says: 'Throughput against requests in flight, one dot per stretch of the run',
    x,
    xName,
    y: linear(Math.max(...some.map(out)), rate),
    slices: some,
    of: out,
    tells: slice => `${rate(slice.inFlightMean)} in flight: ${rate(out(slice))} per second`,
  })}${scatter({
    title: `${streamed ? 'TTFT content' : 'E2E'}, median, against requests in flight`,
    says: 'Latency against requests in flight, one dot per stretch of the run',
    x,
    xName,
    y: latencyScale(some.map(median)),
    slices: some,
    of: median,
    tells: slice => `${rate(slice.inFlightMean)} in flight: ${time(median(slice))}`,
  })}</div>`;
}

interface Scatter extends Pick<Chart, 'title' | 'says' | 'x' | 'xName' | 'y'> {
  readonly slices: readonly Slice[];
  readonly of: (slice: Slice) => number;
  readonly tells: (slice: Slice) => string;
}

function scatter({ slices, of, tells, ...rest }: Scatter): Markup {
  const dots = slices.map(slice => dot(rest.x, rest.y, slice, of(slice), tells(slice)));
  return chart({ ...rest, shapes: dots, height: 210 });
}

const dot = (x: Scale, y: Scale, slice: Slice, value: number, says: string): Markup =>
  markup`<g>${shape('dot blue', `M${place(x(slice.inFlightMean))} ${place(1 - y(value))}h0`)}<title>${says}</title></g>`;
