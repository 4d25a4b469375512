/** Where all first tokens fell, not just percentiles: time to the right, latency upwards, darker where more were. */
import { valueAt } from '../../../core/histogram.ts';
import { type Measure, measures } from '../../measures.ts';
import { count, moment, time } from '../../numbers.ts';
import type { LoadResult } from '../../result.ts';
import { type Slice, slicesOf, together } from '../../slices.ts';
import { type Box, boxes, chart, nothingToDraw } from './chart.ts';
import { lanesUnder } from './lanes.ts';
import { tickTime, xName } from './latency.ts';
import type { Markup } from './markup.ts';
import { log, timeline } from './scale.ts';

const columns = 120;
const rowsWanted = 26;
/** Shades of the style sheet: `heat1` palest to `heat7`. */
const shades = 7;

export function heatMap(result: LoadResult): Markup {
  const measure: Measure = (result.metrics.ttft_content_ms?.count ?? 0) > 0 ? 'ttft_content_ms' : 'e2e_ms';
  const title = `${measures[measure].title}: every good answer`;
  const { count: n, min, max } = together(result.intervals).figure(measure);
  if (n === 0) return nothingToDraw(title, 'No good answer, so there is nothing to draw.');
  const slices = slicesOf(result.intervals, columns);
  const endMs = slices.at(-1)?.toMs ?? 1;
  const y = log(min, max, tickTime);
  const rows = slices.map(slice => rowsOf(slice.buckets(measure), y));
  const most = rows.reduce((max, row) => row.reduce((a, n) => Math.max(a, n), max), 0);
  return chart({
    title,
    says: `${title}, from ${time(min)} to ${time(max)} over ${moment(endMs / 1000)}`,
    legend: [
      { look: 'heat1', text: '1' },
      { look: 'heat4', text: count(Math.max(1, Math.round(most ** 0.5))) },
      { look: 'heat7', text: `${count(most)} answers` },
    ],
    x: timeline(0, endMs / 1000),
    y,
    xName,
    height: 260,
    shapes: shaded(rows, slices, endMs, most),
    below: lanesUnder(slices, endMs, result),
  });
}

function rowsOf(buckets: ReadonlyMap<number, number>, y: (ms: number) => number): number[] {
  const rows = Array.from({ length: rowsWanted }, () => 0);
  for (const [bucket, n] of buckets) {
    const row = Math.min(rowsWanted - 1, Math.floor(y(valueAt(bucket)) * rowsWanted));
    rows[row] = (rows[row] ?? 0) + n;
  }
  return rows;
}

/** One path per shade: thousands of cells cost a dozen bytes each. */
function shaded(rows: readonly (readonly number[])[], slices: readonly Slice[], endMs: number, most: number): Markup[] {
  const byShade: Box[][] = Array.from({ length: shades }, () => []);
  for (const [i, column] of rows.entries()) {
    const { fromMs, toMs } = slices[i]!;
    for (const [row, n] of column.entries()) {
      if (n === 0) continue;
      byShade[shadeOf(n, most)]?.push({
        x: fromMs / endMs,
        y: row / rowsWanted,
        width: (toMs - fromMs) / endMs,
        height: 1 / rowsWanted,
      });
    }
  }
  return byShade.map((cells, shade) => boxes(`heat${shade + 1}`, cells));
}

/** By the logarithm: single stragglers must be seen beside hundreds. */
const shadeOf = (n: number, most: number) =>
  most <= 1 ? shades - 1 : Math.min(shades - 1, Math.floor((Math.log(n) / Math.log(most)) * (shades - 1) + 0.5));
