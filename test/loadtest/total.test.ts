import { expect, test } from 'vitest';
import { newDraft } from '../../src/core/call/record.ts';
import type { Interval } from '../../src/loadtest/interval.ts';
import type { Measure } from '../../src/loadtest/measures.ts';
import { createTally, type Tally } from '../../src/loadtest/tally.ts';
import { mergeIntervals, type Total, totalOf } from '../../src/loadtest/total.ts';

const usage = { prompt_tokens: 5, completion_tokens: 10, total_tokens: 15 };

/** A good request that began at `at` and took so long. */
function answer(tally: Tally, at: number, ms: number): void {
  const record = {
    ...newDraft(at, at),
    sentMs: at,
    firstTokenMs: at + ms / 2,
    firstVisibleMs: at + ms / 2,
    lastTokenMs: at + ms,
    endMs: at + ms,
    usage,
    outcome: { kind: 'ok' as const },
  };
  tally.plan(1);
  tally.attempt(record, false);
  tally.gap(ms / 2);
  tally.read();
  tally.end({ ledgerClass: 'ok', record, intendedMs: at, firstSentMs: at, good: ms < 500, reads: 1 });
}

const counted = (times: readonly (readonly [number, number])[], cuts: readonly number[]): Interval[] => {
  const tally = createTally(0);
  const intervals: Interval[] = [];
  const left = [...times];
  for (const cut of cuts) {
    while (left[0] !== undefined && left[0][0] + left[0][1] <= cut)
      answer(tally, ...(left.shift() as [number, number]));
    intervals.push(tally.cut(cut, 0, []));
  }
  return intervals;
};

const times = Array.from({ length: 300 }, (_, i) => [i * 10, 100 + ((i * 37) % 700)] as const).sort(
  (a, b) => a[0] + a[1] - b[0] - b[1],
);
/** All but the sum, which floating point rounds by the order of adding. */
const exact = ({ histograms }: Total, measure: Measure) => {
  const [, min, max, ...counts] = histograms[measure]?.sparse() ?? [];
  return { min, max, counts };
};

const seconds = [1000, 2000, 3000, 4000];

test('seconds added up are exactly what one count would have been', () => {
  const whole = totalOf(counted(times, [4000]));
  const parts = totalOf(counted(times, seconds));
  expect({ ...parts, histograms: null }).toEqual({ ...whole, histograms: null });
  for (const name of ['ttft_any_ms', 'itl_ms', 'e2e_ms', 'tpot_ms'] as const)
    expect(exact(parts, name)).toEqual(exact(whole, name));
  expect(whole.ended).toEqual({ ok: 300 });
});

test('two processes merged are exactly what one would have counted', () => {
  const even = counted(
    times.filter((_, i) => i % 2 === 0),
    seconds,
  );
  const odd = counted(
    times.filter((_, i) => i % 2 === 1),
    seconds,
  );
  const merged = totalOf(seconds.map((_, i) => mergeIntervals([even[i] as Interval, odd[i] as Interval])));
  const one = totalOf(counted(times, seconds));
  expect(exact(merged, 'e2e_ms')).toEqual(exact(one, 'e2e_ms'));
  expect(merged).toMatchObject({
    planned: one.planned,
    good: one.good,
    stalls: one.stalls,
    outputTokens: one.outputTokens,
  });
});

test('a merged interval survives JSON', () => {
  const [first] = counted(times, seconds);
  const back = JSON.parse(JSON.stringify(first)) as Interval;
  expect(totalOf([back]).histograms.e2e_ms?.summary()).toEqual(
    totalOf([first as Interval]).histograms.e2e_ms?.summary(),
  );
});

test('requests under way are averaged over time, across cuts', () => {
  const tally = createTally(0);
  tally.flight(1, 0);
  tally.flight(1, 500);
  const first = tally.cut(1000, 0, []);
  tally.flight(-1, 1500);
  const second = tally.cut(2000, 0, []);
  expect([first.inFlightArea, first.inFlightMax]).toEqual([1500, 2]);
  expect([second.inFlightArea, second.inFlightMax]).toEqual([1500, 2]);
});

test('failures are counted with their codes and tokens, and stay out of the latencies', () => {
  const tally = createTally(0);
  const record = { ...newDraft(0, 0), sentMs: 1, endMs: 5, code: '1302', outcome: { kind: 'rate_limited' as const } };
  tally.attempt(record, true);
  tally.end({
    ledgerClass: 'rate_limited',
    record: { ...record, usage },
    intendedMs: 0,
    firstSentMs: 1,
    good: false,
    reads: 0,
  });
  const interval = tally.cut(1000, 0, []);
  expect(interval).toMatchObject({ ended: { rate_limited: 1 }, codes: { '1302': 1 }, retries: 1, outputTokens: 10 });
  expect(Object.keys(interval.histograms)).toEqual(['attempt_ms']);
});
