import { stripVTControlCharacters } from 'node:util';
import { expect, test } from 'vitest';
import { createManualClock } from '../../../src/core/clock.ts';
import { createLive, type LiveOptions } from '../../../src/loadtest/ui/live.ts';
import { createProgress } from '../../../src/loadtest/ui/progress.ts';
import { rateLimitedRun, unaryRun } from '../results.ts';
import { intervalAt } from '../stats/simulation.ts';

const plan = {
  model: 'glm-4.6',
  kind: 'closed',
  stream: true,
  level: 16,
  durationMs: 45_000,
  warmupMs: 0,
  calibrates: false,
  maxRequests: null,
  maxTokens: null,
  maxCost: null,
} as const;
const { intervals } = rateLimitedRun().result;

function start(more: Partial<LiveOptions> = {}) {
  const clock = createManualClock();
  const written: string[] = [];
  let exit: (() => void) | undefined;
  const onExit = (restore: () => void) => {
    exit = restore;
    return () => {
      exit = undefined;
    };
  };
  const out = (text: string) => written.push(text);
  const size = () => ({ columns: 100, rows: 24 });
  const live = createLive({ plan, out, clock, isTty: true, size, onExit, ...more });
  return { live, clock, written, die: () => exit?.(), isHeard: () => exit !== undefined };
}

const opened = '\x1b[?1049h\x1b[?25l';
const restored = '\x1b[0m\x1b[?25h\x1b[?1049l';

test('it takes the other screen, hides the cursor, and gives both back once', () => {
  const { live, written, isHeard } = start();
  expect(written[0]).toBe(opened);
  live.update(intervals.slice(0, 3));
  live.close();
  live.close();
  expect(written.at(-1)).toBe(restored);
  expect(written.filter(text => text.includes(restored))).toHaveLength(1);
  expect(isHeard()).toBe(false);
});

test('a process that ends without closing gives the terminal back', () => {
  const { live, written, die, clock } = start();
  die();
  expect(written.at(-1)).toBe(restored);
  const before = written.length;
  live.update(intervals.slice(0, 1));
  clock.advance(5000);
  live.close();
  expect(written).toHaveLength(before);
});

test('the clock on the screen goes on while nothing ends', () => {
  const { written, clock } = start();
  clock.advance(12_400);
  expect(written.at(-1)).toContain('0:12 of 0:45');
});

const plainOf = (picture = '') => picture.split('\r\n').map(stripVTControlCharacters).join('\n');

test('the clock begins with the load, not with what this machine measures of itself before', () => {
  const { live, written, clock } = start({ plan: { ...plan, warmupMs: 2000, calibrates: true } });
  clock.advance(3000);
  expect(plainOf(written.at(-1))).toMatch(/0:00 of 0:45.*\n.* 0% {2}measuring this machine/);
  clock.advance(1100);
  live.update([intervalAt(0, { planned: 8, ended: { warmup: 4 } })]);
  expect(plainOf(written.at(-1))).toMatch(/0:01 of 0:45.*\n.* 2% {2}warming up/);
  clock.advance(1900);
  live.update([intervalAt(1, { planned: 4, ended: { ok: 4 } })]);
  expect(plainOf(written.at(-1))).toMatch(/0:02 of 0:45.*\n.* 6% {2}measuring$/m);
});

test('what this machine measures of itself in the end is no wait for the last', () => {
  const { live, written, clock } = start({ plan: { ...plan, durationMs: 2000, calibrates: true } });
  clock.advance(1000);
  live.update([intervalAt(0, { planned: 8, ended: { ok: 4 } })]);
  clock.advance(1000);
  live.update([intervalAt(1, { planned: 4, ended: { ok: 4 } })]);
  clock.advance(1000);
  expect(plainOf(written.at(-1))).toMatch(/0:02 \+0:01.*\n.*100% {2}waiting for the last/);
  live.update([intervalAt(2, { toMs: 3200, ended: { ok: 3, censored: 1 } })]);
  clock.advance(4000);
  expect(plainOf(written.at(-1))).toMatch(/0:02 \+0:01.*\n.*100% {2}measuring this machine/);
});

test('after closing nothing is drawn any more', () => {
  const { live, written, clock } = start();
  live.close();
  const before = written.length;
  clock.advance(60_000);
  expect(written).toHaveLength(before);
});

test('a picture starts at home, clears what it leaves, and fills a resized window', () => {
  let rows = 24;
  const { live, written } = start({ size: () => ({ columns: 60, rows }) });
  live.update(intervals.slice(0, 5));
  const picture = written.at(-1) ?? '';
  expect(picture.startsWith('\x1b[H')).toBe(true);
  expect(picture.split('\r\n').every(line => line.includes('\x1b[K'))).toBe(true);
  expect(picture.endsWith('\x1b[J')).toBe(true);
  rows = 4;
  live.update(intervals.slice(5, 6));
  expect(written.at(-1)?.split('\r\n')).toHaveLength(4);
});

test('where nobody sees a picture it writes a line per interval and no escape', () => {
  const { live, written, isHeard } = start({ isTty: false });
  live.update(intervals.slice(0, 2));
  live.update(intervals.slice(2, 3));
  live.close();
  expect(written).toHaveLength(3);
  expect(written[1]).toMatch(
    /^ 0:02 {2}[\d.]+ ok\/s · 8\.4\d in flight · \d+ tokens\/s · TTFT \d+ ms \(p99 \d+ ms\) · ITL [\d.]+ ms · 11 ok · 32 failed: rate_limited ×32 · 1302 ×32\n$/,
  );
  expect(written.join('')).not.toContain('\x1b');
  expect(isHeard()).toBe(false);
});

const second = intervals[3]!;
const after = (ms: number) => ({
  ...second,
  fromMs: second.toMs,
  toMs: second.toMs + ms,
  ended: { ok: 1 },
  answered: 1,
  outputTokens: 70,
});

test('what came in the last milliseconds is told with the second before it, at its rate', () => {
  const { live, written } = start({ isTty: false });
  live.update([second]);
  live.update([after(2)]);
  expect(written).toHaveLength(1);
  live.close();
  live.close();
  expect(written).toHaveLength(2);
  const ok = Number(/([\d.]+) ok\/s/.exec(written[1] ?? '')?.[1]);
  expect(ok).toBeCloseTo((second.ended.ok ?? 0) + 1, 0);
  expect(Number(/([\d,]+) tokens\/s/.exec(written[1] ?? '')?.[1]?.replace(',', ''))).toBeLessThan(
    second.outputTokens + 71,
  );
});

test('what came to nothing since the last line is not told', () => {
  const { live, written } = start({ isTty: false });
  live.update([second, { ...after(2), ended: {} }]);
  live.close();
  expect(written).toHaveLength(1);
});

test('a picture draws no spike for the last milliseconds', () => {
  const progress = createProgress(plan);
  progress.add([second, after(2)]);
  const [whole, last] = progress.at(0).recent;
  expect(last?.seconds).toBeGreaterThan(whole?.seconds ?? 0);
  expect(last?.ok).toBe((whole?.ok ?? 0) + 1);
});

test('a line of a unary run has the whole answer', () => {
  const { live, written } = start({ isTty: false });
  live.update(unaryRun().result.intervals.slice(0, 3));
  expect(written[2]).toMatch(/ · E2E [\d.]+ m?s \(p99 [\d.]+ m?s\) · \d+ ok · 0 failed\n$/);
});

test('tokens are told as they come, before and after their answers end', () => {
  const { live, written } = start({ isTty: false });
  live.update([intervalAt(0, { reads: 1000 }), intervalAt(1, { reads: 500 })]);
  live.update([intervalAt(2, { reads: 500, outputTokens: 4000, tokensRead: 4000, readsEnded: 2000 })]);
  live.update([intervalAt(3, { reads: 500 })]);
  const said = written.map(line => /[\d,.]+ tokens\/s/.exec(line)?.[0]);
  expect(said).toEqual(['1,000 tokens/s', '500 tokens/s', '1,000 tokens/s', '1,000 tokens/s']);
});
