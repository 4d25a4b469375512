/** Distributions: a histogram over a logarithmic axis, and the share that was at most so slow. */
import { valueAt } from '../../../core/histogram.ts';
import { type Measure, measures } from '../../measures.ts';
import { count, share, time } from '../../numbers.ts';
import type { LoadResult } from '../../result.ts';
import { together } from '../../slices.ts';
import { boxes, chart, type Key, nothingToDraw, place, shape } from './chart.ts';
import { tickTime } from './latency.ts';
import { type Markup, markup } from './markup.ts';
import { linear, log, type Scale } from './scale.ts';

interface Bar {
  readonly ms: number;
  readonly n: number;
}

function barsOf({ intervals }: LoadResult, measure: Measure): Bar[] {
  const buckets = [...together(intervals).buckets(measure)];
  return buckets.map(([bucket, n]) => ({ ms: Math.max(0.001, valueAt(bucket)), n })).sort((a, b) => a.ms - b.ms);
}

const scaleOf = (bars: readonly Bar[]) => log(bars[0]?.ms ?? 1, bars.at(-1)?.ms ?? 1, tickTime);

const percents = (top: number) => linear(top, value => `${+(value * 100).toPrecision(3)}%`);

/** Gaps between reads that brought tokens, and what share of the events had no gap to measure. */
export function gapDistribution(result: LoadResult): Markup {
  const bars = barsOf(result, 'itl_ms');
  if (bars.length === 0)
    return nothingToDraw('ITL: gaps between tokens', 'No stream with more than one token, so there are no gaps.');
  const { coalesced_ratio: together } = result.stream;
  return markup`<div class="pair">${histogram(bars)}${staircase('ITL: share of events that came within', [{ look: 'line blue', text: 'events', bars, base: together }], together)}</div>`;
}

const stripes = 60;

function histogram(bars: readonly Bar[]): Markup {
  const x = scaleOf(bars);
  const total = bars.reduce((sum, { n }) => sum + n, 0);
  const counts = Array.from({ length: stripes }, () => 0);
  for (const { ms, n } of bars) {
    const at = Math.min(stripes - 1, Math.floor(x(ms) * stripes));
    counts[at] = (counts[at] ?? 0) + n;
  }
  const y = percents(Math.max(...counts) / total);
  const solid = counts.map((n, i) => ({
    x: i / stripes,
    y: 0,
    width: 0.9 / stripes,
    height: n === 0 ? 0 : Math.max(0.004, y(n / total)),
  }));
  return chart({
    title: 'ITL: how long the gaps were',
    says: `Distribution of ${count(total)} gaps between tokens`,
    x,
    xName: 'gap between two reads with tokens, logarithmic',
    y,
    height: 220,
    shapes: [
      boxes(
        'fill blue',
        solid.filter(({ height }) => height > 0),
      ),
    ],
    hover: {
      at: counts.map((_, i) => (i + 0.5) / stripes),
      titles: counts.map((_, i) => `around ${time(valueOn(x, bars, (i + 0.5) / stripes))}`),
      series: [{ name: 'gaps', values: counts.map(n => `${count(n)} (${share(n / total)})`) }],
    },
  });
}

/** The value at a place of a logarithmic axis, from two values whose places are known. */
function valueOn(x: Scale, bars: readonly Bar[], at: number): number {
  const low = bars[0]?.ms ?? 1;
  const high = Math.max(bars.at(-1)?.ms ?? 1, low * 2);
  const [from, to] = [x(low), x(high)];
  return low * (high / low) ** ((at - from) / (to - from));
}

interface Stairs extends Key {
  readonly bars: readonly Bar[];
  /** Share that lies below every value. */
  readonly base: number;
}

function staircase(title: string, all: readonly Stairs[], base = 0): Markup {
  const x = scaleOf(all.flatMap(({ bars }) => bars).sort((a, b) => a.ms - b.ms));
  const y = percents(1);
  const floor = base > 0 ? [boxes('fill quiet', [{ x: 0, y: 0, width: 1, height: base }])] : [];
  return chart({
    title,
    says: `${title} a time, as a share`,
    legend: [
      ...all.map(({ look, text }) => ({ look, text })),
      ...(base > 0 ? [{ look: 'fill quiet', text: `${share(base)} came with the one before` }] : []),
    ],
    x,
    xName: 'time, logarithmic',
    y,
    height: 220,
    shapes: [...floor, ...all.map(stairs => shape(stairs.look, stairsOf(stairs, x)))],
    hover: levelsAt(all, x),
  });
}

/** Steps of at least a thousandth: finer ones are not seen. */
function stairsOf({ bars, base }: Stairs, x: Scale): string {
  const total = bars.reduce((sum, { n }) => sum + n, 0);
  let seen = 0;
  let drawn = -1;
  let path = `M0 ${place(1 - base)}`;
  for (const { ms, n } of bars) {
    seen += n;
    const height = base + (1 - base) * (seen / total);
    if (height - drawn < 0.001 && seen < total) continue;
    path += `H${place(x(ms))}V${place(1 - height)}`;
    drawn = height;
  }
  return `${path}H1000`;
}

const shown = 80;

function levelsAt(all: readonly Stairs[], x: Scale) {
  const bars = all.flatMap(stairs => stairs.bars).sort((a, b) => a.ms - b.ms);
  const at = Array.from({ length: shown }, (_, i) => (i + 0.5) / shown);
  const times = at.map(one => valueOn(x, bars, one));
  const below = ({ bars, base }: Stairs, ms: number) => {
    const total = bars.reduce((sum, { n }) => sum + n, 0);
    return base + (1 - base) * (bars.reduce((sum, bar) => sum + (bar.ms <= ms ? bar.n : 0), 0) / total);
  };
  return {
    at,
    titles: times.map(ms => `within ${time(ms)}`),
    series: all.map(stairs => ({ name: stairs.text, values: times.map(ms => share(below(stairs, ms))) })),
  };
}

/** The same requests as their users saw them and as the server took them. */
export function twoLenses(result: LoadResult): Markup {
  const streamed = (result.metrics.ttft_content_ms?.count ?? 0) > 0;
  const [user, server]: [Measure, Measure] = streamed
    ? ['ttft_content_ms', 'ttft_content_from_send_ms']
    : ['e2e_ms', 'e2e_from_send_ms'];
  const [waited, took] = [barsOf(result, user), barsOf(result, server)];
  const title = `${measures[user].title}: share of answers that came within`;
  if (waited.length === 0 || took.length === 0)
    return nothingToDraw(title, 'No good answer, so there is nothing to draw.');
  return staircase(title, [
    { look: 'line thin orange', text: 'from schedule, what users wait', bars: waited, base: 0 },
    { look: 'line thin blue dash', text: 'from send, what the server took', bars: took, base: 0 },
  ]);
}
