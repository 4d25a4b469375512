import { expect, test } from 'vitest';
import { widthOf } from '../../../src/core/width.ts';
import type { LoadResult } from '../../../src/loadtest/result.ts';
import { frame } from '../../../src/loadtest/ui/frame.ts';
import { createProgress, type PlanFacts } from '../../../src/loadtest/ui/progress.ts';
import { sparkline } from '../../../src/loadtest/ui/sparkline.ts';
import { healthyRun, rateLimitedRun, unaryRun } from '../results.ts';

const plan: PlanFacts = {
  model: 'glm-4.6',
  kind: 'closed',
  stream: true,
  level: 20,
  durationMs: 63_000,
  warmupMs: 3000,
  calibrates: true,
  maxRequests: null,
  maxTokens: null,
  maxCost: null,
};
const healthy = healthyRun().result;

function progressOf({ intervals }: LoadResult, more: Partial<PlanFacts> = {}) {
  const progress = createProgress({ ...plan, ...more });
  progress.add(intervals.slice(0, 20));
  progress.add(intervals.slice(20, 45));
  return progress.at(0);
}

const size = { columns: 100, rows: 30 };
const row = (lines: readonly string[], name: string) => lines.find(line => line.startsWith(name));

test('the picture has progress, counts, figures now and whole, and this machine', () => {
  const lines = frame(progressOf(healthy), size);
  expect(lines[0]).toMatch(/^glm-testkit load · glm-4\.6 · closed loop, up to 20 under way +0:45 of 1:03$/);
  expect(lines[1]).toMatch(/^█+░+ {2} {0,2}71% {2}measuring$/);
  expect(row(lines, 'requests')).toContain('571 planned · 571 sent · 500 ok · 1 failed · 50 to warm up');
  expect(row(lines, 'failures')).toContain('1 truncated (provider)');
  expect(row(lines, 'TTFT content p99')).toMatch(/689 ms +728 ms {2} {4}[▁▂▃▄▅▆▇█]{41}$/);
  expect(row(lines, 'this machine')).toContain('busy · lag');
});

test('what "whole" says is what one histogram of all intervals says', () => {
  const all = createProgress(plan);
  for (const interval of healthy.intervals) all.add([interval]);
  const { whole } = all.at(0);
  expect(whole.itl_ms).toMatchObject({ count: healthy.metrics.itl_ms?.count, p99: healthy.metrics.itl_ms?.p99 });
});

test.each([
  [500, 'warming up', / {2}1%| {2}0%/],
  [30_000, 'measuring', / 47%/],
  [70_000, 'waiting for the last', /100%/],
])('after %i ms it is %s', (elapsedMs, phase, share) => {
  const [, bar] = frame(createProgress(plan).at(elapsedMs), size);
  expect(bar).toMatch(new RegExp(`${phase}$`));
  expect(bar).toMatch(share);
});

test.each([
  [59_000, '0:59 of 1:04'],
  [64_600, '1:04 of 1:04'],
  [68_000, '1:04 +0:04'],
])('after %i ms the clock is at %s', (elapsedMs, clock) => {
  const [title] = frame(createProgress({ ...plan, durationMs: 64_000 }).at(elapsedMs), size);
  expect(title?.endsWith(` ${clock}`)).toBe(true);
});

test('a run that ends by requests or by money shows what is left', () => {
  const progress = progressOf(healthy, {
    maxRequests: 1000,
    maxTokens: 1_000_000,
    maxCost: { amount: 1, currency: 'CNY', perInputToken: 1e-6, perOutputToken: 2e-6 },
  });
  const lines = frame(progress, size);
  expect(row(lines, 'budget left')).toMatch(
    /754,006 tokens \(75\.4%\) · 0\.72 CNY \(71\.8%\) · 429 requests \(42\.9%\)/,
  );
  expect(lines[1]).toMatch(/71%/);
  expect(frame(progressOf(healthy, { maxRequests: 572 }), size)[1]).toMatch(/99%/);
});

test('a budget that is overdrawn is empty, not negative', () => {
  expect(row(frame(progressOf(healthy, { maxTokens: 5 }), size), 'budget left')).toContain('0 tokens (0%)');
});

test('refusals are shown by code', () => {
  expect(row(frame(progressOf(rateLimitedRun().result), size), 'codes')).toMatch(/1302 ×\d+/);
});

test('a unary run has no rows for first tokens', () => {
  const lines = frame(progressOf(unaryRun().result, { stream: false }), size);
  expect(row(lines, 'TTFT')).toBeUndefined();
  expect(row(lines, 'E2E p50')).toMatch(/ms/);
});

test('before anything ended there are dashes, no NaN', () => {
  const text = frame(createProgress(plan).at(0), size).join('\n');
  expect(text).toMatch(/ITL p50 +– +–/);
  expect(text).not.toMatch(/NaN|undefined|Infinity/);
});

test('it never exceeds the window, however small, wide or coloured', () => {
  const progress = progressOf(rateLimitedRun().result, { model: '智谱\x1b[2J'.repeat(30) });
  for (const columns of [1, 20, 40, 79, 80, 200])
    for (const rows of [0, 1, 5, 18, 24, 60])
      for (const color of [false, true]) {
        const lines = frame(progress, { columns, rows, color });
        expect(lines.length).toBeLessThanOrEqual(rows);
        for (const line of lines) expect(widthOf(line)).toBeLessThanOrEqual(columns);
        expect(lines.join('')).not.toContain('\x1b[2J');
      }
});

test('a window of 80 by 24 shows how to stop, to the last word', () => {
  const progress = createProgress(plan);
  progress.add(healthy.intervals);
  const lines = frame(progress.at(0), { columns: 80, rows: 24 });
  expect(lines.at(-1)).toMatch(/^Ctrl-C starts no more requests, .* ends at once$/);
});

test('a window of 60 columns counts all requests, and still says how to stop', () => {
  const progress = createProgress(plan);
  progress.add(rateLimitedRun().result.intervals);
  const lines = frame(progress.at(0), { columns: 60, rows: 30 });
  expect(lines[3]).toMatch(/^requests +1,005 planned · 1,005 sent · 316 ok$/);
  expect(lines[4]).toMatch(/^ +689 failed$/);
  expect(lines.at(-1)).toBe('Ctrl-C: no more requests, then a report; twice: end');
  expect(frame(progress.at(0), { columns: 40, rows: 30 }).at(-1)).toBe('Ctrl-C: report; twice: end');
});

test('hours of intervals keep only what is drawn', () => {
  const progress = createProgress(plan);
  for (let i = 0; i < 20; i++) progress.add(healthy.intervals);
  expect(progress.at(0).recent).toHaveLength(240);
  expect(progress.at(0).sent).toBe(20 * 800);
});

test('of a second that is over a few numbers are kept, not its latencies', () => {
  const progress = createProgress(plan);
  progress.add(healthy.intervals);
  const { recent } = progress.at(0);
  expect(structuredClone(recent)).toEqual(recent); // a function would hold the interval that it was made from
  expect(JSON.stringify(recent).length / recent.length).toBeLessThan(600);
});

test.each([
  [[], 10, ''],
  [[0, 0], 10, '▁▁'],
  [[1, 2, 4, 8], 10, '▁▂▄█'],
  [[1, null, 8], 10, '▁ █'],
  [[1, Number.NaN, -3, 8], 10, '▁  █'],
  [[9, 1, 2], 2, '▄█'],
  [[1], 0, ''],
])('%j in %i columns draws %s', (values, columns, drawn) => {
  expect(sparkline(values, columns)).toBe(drawn);
});
