import { expect, test } from 'vitest';
import { createRandom, type Random } from '../../src/core/random.ts';
import { type CompareOptions, compareResults } from '../../src/loadtest/compare.ts';
import type { ComparisonRow } from '../../src/loadtest/comparison-row.ts';
import type { Interval } from '../../src/loadtest/interval.ts';
import type { LoadResult } from '../../src/loadtest/result.ts';
import { intervalAt, loop, sparseOf, wandering } from './stats/simulation.ts';
import { stored } from './stats/stored.ts';

const calm = { seconds: 60, perSecond: 20, medianMs: 100, sigma: 0.3, wander: 0.02, memory: 0.5 };

/** TTFT that wanders from second to second; in intervals of three seconds, to be faster. */
function run(random: Random, { factor = 1, ...more }: Partial<typeof calm> & { factor?: number } = {}): Interval[] {
  const seconds = wandering({ ...calm, ...more, random });
  return Array.from({ length: Math.ceil(seconds.length / 3) }, (_, i) => {
    const values = seconds.slice(3 * i, 3 * i + 3).flat();
    return intervalAt(3 * i, {
      toMs: 3000 * i + 3000,
      planned: values.length,
      outputTokens: 100 * values.length,
      ended: { ok: values.length },
      histograms: { ttft_content_ms: sparseOf(values.map(ms => ms * factor)) },
    });
  });
}

const compare = (a: readonly Interval[], b: readonly Interval[], options: Partial<CompareOptions> = {}) =>
  compareResults(stored(a), stored(b), { seed: 1, replicates: 200, ...options });
const rowOf = (rows: readonly ComparisonRow[], name: string, level: string | null) =>
  rows.find(row => row.name === name && row.level === level);
const seeded = createRandom('compare');
const baseline = run(seeded.fork('a'));
const again = run(seeded.fork('b'));

/** Three seconds of memory in a minute. */
const remembering = { wander: 0.1, memory: 0.7 };

test('400 pairs of the same, with latencies that remember, are called a regression in at most 5 %', () => {
  let regressions = 0;
  for (let pair = 0; pair < 400; pair++) {
    const random = seeded.fork(`pair ${pair}`);
    const [a, b] = [run(random.fork('a'), remembering), run(random.fork('b'), remembering)];
    if (compare(a, b, { seed: pair, replicates: 100 }).verdict === 'regression') regressions++;
  }
  expect(regressions / 400).toBeLessThanOrEqual(0.05);
  expect(regressions).toBeGreaterThan(0); // a judge who never says it proves nothing
}, 60_000);

test('15 % more is found at p50 and p95, and 15 % less as well', () => {
  const found = { slower: 0, faster: 0 };
  for (let pair = 0; pair < 20; pair++) {
    const random = seeded.fork(`true ${pair}`);
    const more = { perSecond: 60, seconds: 120 };
    const [a, b] = [run(random.fork('a'), more), run(random.fork('b'), { ...more, factor: 1.15 })];
    const verdicts = (rows: readonly ComparisonRow[]) =>
      ['p50', 'p95'].map(level => rowOf(rows, 'ttft_content_ms', level)?.verdict).join(' ');
    if (verdicts(compare(a, b).rows) === 'regression regression') found.slower++;
    if (verdicts(compare(b, a).rows) === 'improvement improvement') found.faster++;
  }
  expect(found.slower).toBeGreaterThanOrEqual(18);
  expect(found.faster).toBeGreaterThanOrEqual(18);
});

test('a run compared with itself is the same to the last digit', () => {
  const { verdict, rows, warnings } = compare(baseline, baseline);
  expect(verdict).toBe('same');
  expect(rows.map(({ difference }) => difference)).toEqual(rows.map(() => 0));
  expect(warnings).toEqual([]);
});

test('a row says both values, the difference, its bounds and its noise', () => {
  const row = rowOf(compare(baseline, run(seeded.fork('x'), { factor: 1.3 })).rows, 'ttft_content_ms', 'p50');
  if (row?.ci == null || row.noise === null) throw new Error('no bounds');
  expect(row.unit).toBe('ms');
  expect(row.b - row.a).toBe(row.difference);
  expect(Math.abs((row.relative ?? 0) - 0.3)).toBeLessThan(0.1);
  expect(row.ci[1] - row.ci[0]).toBeCloseTo(2 * row.noise, 9);
  expect(row.why).toMatch(/^worse by more than noise \(\d+ %, noise floor [\d.]+ %\)$/);
});

test('the same seed draws the same comparison', () => {
  expect(compare(baseline, again, { seed: 7 })).toEqual(compare(baseline, again, { seed: 7 }));
});

test('too few samples are inconclusive and say how many it takes', () => {
  const few = (name: string) => run(seeded.fork(name), { perSecond: 4, seconds: 30 });
  const { rows } = compare(few('few a'), few('few b'));
  const row = rowOf(rows, 'ttft_content_ms', 'p99');
  expect(row).toMatchObject({ verdict: 'inconclusive', ci: null, noise: null });
  expect(row?.why).toMatch(/^needs 662 samples, has \d+$/);
});

test('too few seconds are inconclusive whatever they hold', () => {
  const { verdict, why, rows } = compare(baseline.slice(0, 4), run(seeded.fork('y'), { factor: 9 }));
  expect(verdict).toBe('inconclusive');
  expect(why).toBe('every figure needs 5 seconds of load in each run; a has 4, b has 20; run longer');
  expect(new Set(rows.map(({ why }) => why))).toEqual(
    new Set(['needs 5 seconds of load in each run; a has 4, b has 20']),
  );
});

const failing = (intervals: readonly Interval[], truncated: number) =>
  intervals.map(interval => ({ ...interval, ended: { ...interval.ended, truncated } }));

test('requests that fail are a regression, even when the others are as fast as ever', () => {
  const { verdict, why, rows } = compare(baseline, failing(baseline, 5));
  expect(verdict).toBe('regression');
  expect(why).toMatch(/^error_rate: worse by more than noise \([\d.]+ percentage points/);
  expect(rowOf(rows, 'error_rate', null)).toMatchObject({ a: 0, relative: null, verdict: 'regression' });
});

test('a single failure in a thousand requests is none', () => {
  const one = [...failing(baseline.slice(0, 1), 1), ...baseline.slice(1)];
  expect(rowOf(compare(baseline, one).rows, 'error_rate', null)?.verdict).toBe('same');
});

const few = (requests: number) =>
  Array.from({ length: 10 }, (_, i) =>
    intervalAt(i, {
      planned: requests,
      ended: { ok: requests },
      histograms: { e2e_ms: sparseOf(new Array(requests).fill(100)) },
    }),
  );

test.each([
  [22, 0.0166, 'same'],
  [10, 0.0362, 'inconclusive'],
])('no failure in ten times %d requests leaves room for a share of %d', (requests, share, verdict) => {
  const found = compare(few(requests), few(requests));
  const row = rowOf(found.rows, 'error_rate', null);
  expect(row).toMatchObject({ difference: 0, verdict });
  expect(row?.ci?.map(bound => Math.round(bound * 1e4) / 1e4)).toEqual([-share, share]);
  expect(row?.noise).toBeCloseTo(share, 4);
  expect(found.verdict).toBe('same');
});

test('what has changed most is said first, however sure the rest, and failures before that', () => {
  const of = (first: number, gap: number) =>
    few(22).map(interval => ({
      ...interval,
      histograms: {
        ttft_content_ms: sparseOf(Array.from({ length: 22 }, (_, i) => first + i)),
        itl_ms: sparseOf(new Array(22).fill(gap)),
      },
    }));
  const levels = ['p50'] as const;
  expect(compare(of(200, 20), of(260, 22), { levels }).why).toMatch(/^ttft_content_ms p50: worse .* and 1 more$/);
  expect(compare(of(200, 20), failing(of(260, 22), 5), { levels }).why).toMatch(/^error_rate: worse .* and \d more$/);
});

test('half of the throughput is a regression', () => {
  const half = baseline.map(interval => ({ ...interval, answered: interval.answered / 2 }));
  expect(rowOf(compare(baseline, half).rows, 'requests_per_second', null)?.verdict).toBe('regression');
});

test('arrivals that come and go do not hide that latencies are the same', () => {
  const gusty = (intervals: readonly Interval[]) =>
    intervals.map((interval, i) => ({ ...interval, ended: { ok: (i % 7) * 20 + 1 }, answered: (i % 7) * 20 + 1 }));
  const { verdict, rows, why } = compare(gusty(baseline), gusty(again));
  expect(rowOf(rows, 'requests_per_second', null)?.verdict).toBe('inconclusive');
  expect([verdict, why]).toEqual([
    'same',
    expect.stringMatching(/^nothing differs by more than noise; too little is known of/),
  ]);
});

test('half a tenth of a millisecond is this tool’s own error, not a regression', () => {
  const of = (ms: number) =>
    baseline.map(interval => ({ ...interval, histograms: { itl_ms: sparseOf(new Array(60).fill(ms)) } }));
  const { rows } = compare(of(0.2), of(0.25));
  expect(rowOf(rows, 'itl_ms', 'p50')).toMatchObject({ verdict: 'same', relative: expect.closeTo(0.25, 2) });
});

test('measures and levels can be chosen, and one that was not measured is named', () => {
  const { rows, warnings } = compare(baseline, again, {
    measures: ['ttft_content_ms', 'tpot_ms'],
    levels: ['mean', 'p90'],
  });
  expect(rows.map(({ name, level }) => `${name} ${level}`)).toEqual([
    'ttft_content_ms mean',
    'ttft_content_ms p90',
    'requests_per_second null',
    'output_tokens_per_second null',
    'error_rate null',
  ]);
  expect(warnings).toEqual(['tpot_ms was not measured in both runs']);
});

test('steady parts are compared where both runs have one, else the whole of both', () => {
  const slow = [...run(seeded.fork('start'), { seconds: 15, factor: 4 }), ...baseline].map((interval, i) => ({
    ...interval,
    fromMs: 3000 * i,
    toMs: 3000 * i + 3000,
  }));
  const result = (intervals: readonly Interval[], from_s: number | undefined): LoadResult => {
    const steady = { from_s: from_s ?? 0, to_s: 3 * intervals.length, metrics: {} };
    return stored(intervals, { steady: from_s === undefined ? null : steady });
  };
  const options = { seed: 1, replicates: 100 };
  const steady = compareResults(result(again, 0), result(slow, 15), options);
  expect(steady).toMatchObject({ window: 'steady', b: { seconds: 60 } });
  expect(steady.verdict).toBe('same');
  const whole = compareResults(result(again, 0), result(slow, undefined), options);
  expect(whole).toMatchObject({ window: 'whole', verdict: 'inconclusive', b: { seconds: 75 } });
  expect(whole.warnings).toContain('only one run has a steady part, so the whole of both is compared');
});

test('the warm-up is left out, and so is the time after the last offer', () => {
  const at = (second: number, more: Partial<Interval>) => intervalAt(second, more);
  const warm = [0, 1].map(second => at(second, { planned: 9, ended: { warmup: 9 } }));
  const body = Array.from({ length: 20 }, (_, i) =>
    at(i + 2, { planned: 5, ended: { ok: 5 }, histograms: { e2e_ms: sparseOf([100, 101, 99, 100, 100]) } }),
  );
  const drain = [at(22, { ended: { ok: 5 }, histograms: { e2e_ms: sparseOf([100, 100]) } }), at(23, {})];
  const { rows, a } = compare([...warm, ...body, ...drain], body);
  expect(a.seconds).toBe(20);
  expect(rowOf(rows, 'requests_per_second', null)).toMatchObject({ a: 5, b: 5 });
});

test.each<[string, Partial<LoadResult>, RegExp]>([
  ['model', { config: { ...stored([]).config, model: 'glm-4.7' } }, /^--model differs: glm-4\.6 in a, glm-4\.7 in b$/],
  [
    'arrivals',
    { config: { model: 'glm-4.6', arrivals: { kind: 'trace', requests: 9 } } },
    /^load differs: .* under way.* in a, a trace of 9 requests in b$/,
  ],
  ['a setting that is gone', { config: {} }, /^--model differs: glm-4\.6 in a, nothing in b$/],
  ['seeds', { seed: 2 }, /^seeds differ, 1 and 2/],
  ['schedules', { schedule_hash: 'ffff' }, /^the schedules differ, although/],
  ['machines', { environment: { node: 'v24.0.0', cores: 8 } }, /^environment cores differs: 2 in a, 8 in b$/],
  ['tools', { tool_version: '2.0.0' }, /^measured by glm-testkit 1\.0\.0 and 2\.0\.0$/],
  ['doubts', { validity: 'SUSPECT', doubts: ['ELU 0.6', 'lag'] }, /^b is SUSPECT: ELU 0\.6; lag$/],
  ['a long setting', { config: { ...stored([]).config, x: '长'.repeat(99) } }, /nothing in a, 长{59}… in b$/],
])('what the runs had not in common is warned of: %s', (_name, more, warning) => {
  const { warnings } = compareResults(stored(baseline), stored(again, more), { seed: 1, replicates: 20 });
  expect(warnings).toContainEqual(expect.stringMatching(warning));
});

test('thresholds and places of files are no conditions', () => {
  const config = { ...stored([]).config, thresholds: ['e2e:p95<1s'], out: 'there', metricsPort: 9 };
  const { warnings } = compareResults(stored(baseline), stored(again, { config }), { seed: 1, replicates: 20 });
  expect(warnings).toEqual([]);
});

test('a closed loop and a rate are not the same load, however equal their figures', () => {
  const one = stored(run(seeded.fork('a')));
  const other = {
    ...one,
    load: { ...one.load, kind: one.load.kind === 'closed' ? 'poisson' : 'closed' },
  } as LoadResult;
  for (const [a, b] of [
    [one, other],
    [other, one],
  ] as const) {
    const { verdict, why, rows } = compareResults(a, b, { seed: 1 });
    expect([verdict, why]).toEqual(['inconclusive', expect.stringContaining('only one of them is a closed loop')]);
    expect(rows.every(row => row.verdict === 'inconclusive')).toBe(true);
  }
  expect(compareResults(other, other, { seed: 1 }).verdict).toBe('same');
});

test('an INVALID run cannot be judged, however clear the difference', () => {
  const worse = stored(run(seeded.fork('z'), { factor: 3 }), { validity: 'INVALID', doubts: ['ELU 0.95'] });
  const { verdict, why, rows, warnings } = compareResults(stored(baseline), worse, { seed: 1, replicates: 20 });
  expect([verdict, why]).toEqual(['inconclusive', 'b is INVALID']);
  expect(new Set(rows.map(row => row.verdict))).toEqual(new Set(['inconclusive']));
  expect(warnings[0]).toBe('b is INVALID: ELU 0.95');
});

test.each([
  ['nothing', []],
  ['only warm-up', [intervalAt(0, { planned: 5, ended: { warmup: 5 } })]],
])('%s compares to nothing', (_name, intervals) => {
  const { verdict, rows, why } = compare(intervals, baseline);
  expect({ verdict, rows }).toEqual({ verdict: 'inconclusive', rows: [] });
  expect(why).toMatch(/at least one run has no measured second/);
});

test('a comparison survives JSON', () => {
  const found = compare(baseline, again);
  expect(JSON.parse(JSON.stringify(found))).toEqual(found);
});

const lockStep = (answerMs: number) =>
  loop({ users: 20, servers: 20, serviceMs: () => answerMs, seconds: 30, random: createRandom(1) });

test('users in lock-step do not hide that a constant endpoint gives 10 % less, nor that it gives the same', () => {
  const row = (b: readonly Interval[]) => rowOf(compare(lockStep(1400), b).rows, 'requests_per_second', null);
  expect(row(lockStep(1540))?.verdict).toBe('regression');
  expect(row(lockStep(1400))).toMatchObject({ verdict: 'same', difference: 0 });
  expect(row(lockStep(1410))?.verdict).toBe('same');
  expect(row(lockStep(1410))!.noise! / row(lockStep(1410))!.a).toBeLessThan(0.05);
});
