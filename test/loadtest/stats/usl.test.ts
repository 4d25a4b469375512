import { expect, test } from 'vitest';
import { createRandom, gaussian } from '../../../src/core/random.ts';
import { fitUsl, throughputAt, type UslPoint } from '../../../src/loadtest/stats/usl.ts';

const law = { lambda: 20, alpha: 0.03, beta: 0.0005 };
const knee = Math.sqrt((1 - law.alpha) / law.beta); // 44
const levels = [1, 2, 4, 8, 16, 32, 48, 64];
const exact = levels.map(n => ({ n, x: throughputAt(law, n) }));
const lawOf = (points: readonly UslPoint[], replicates = 100) =>
  fitUsl(points, { random: createRandom('usl'), replicates });

function fitted(points: readonly UslPoint[], replicates?: number) {
  const found = lawOf(points, replicates);
  if (found.kind !== 'fitted') throw new Error(found.why);
  return found;
}

test('points on the law give its parameters, its knee and its peak', () => {
  const found = fitted(exact);
  expect(found.lambda).toBeCloseTo(20, 6);
  expect(found.alpha).toBeCloseTo(0.03, 8);
  expect(found.beta).toBeCloseTo(0.0005, 8);
  expect(found.knee).toBeCloseTo(knee, 4);
  expect(found.peak).toBeCloseTo(throughputAt(law, knee), 4);
  expect(found.extrapolated).toBe(false);
});

test('bounds hold the truth about as often as they say', () => {
  const random = createRandom('noise');
  let held = 0;
  for (let run = 0; run < 40; run++) {
    const { ci } = fitted(
      exact.map(({ n, x }) => ({ n, x: x * Math.exp(0.05 * gaussian(random)) })),
      60,
    );
    if (ci.knee !== null && ci.knee[0] <= knee && knee <= (ci.knee[1] ?? Number.POSITIVE_INFINITY)) held++;
  }
  expect(held / 40).toBeGreaterThan(0.88);
});

test('one wild point hardly moves the knee', () => {
  for (const wild of [1, 2, 3, 4, 5]) {
    const points = exact.map(({ n, x }, i) => ({ n, x: (i === wild ? 0.5 : 1) * x * (1 + 0.01 * (-1) ** i) }));
    expect(Math.abs(fitted(points).knee! / knee - 1)).toBeLessThan(0.15);
  }
});

test.each<[string, (n: number) => number, object]>([
  ['in proportion', n => 20 * n, { knee: null, peak: null, ci: { knee: null } }],
  ['queues, but never less', n => throughputAt({ lambda: 20, alpha: 0.1, beta: 0 }, n), { knee: null, peak: null }],
  ['a flat line', () => 20, { peak: expect.closeTo(20, 6), beta: 0 }],
  ['less from the second on', n => 20 / n, { knee: 1, peak: expect.closeTo(20, 6) }],
])('%s', (_name, of, expected) => {
  expect(lawOf(levels.map(n => ({ n, x: of(n) })))).toMatchObject({ kind: 'fitted', ...expected });
});

test('a knee beyond what was measured is called a guess', () => {
  expect(fitted(exact.slice(0, 6)).extrapolated).toBe(true);
});

test('few and noisy levels leave the knee wide open', () => {
  const points = exact.slice(0, 5).map(({ n, x }, i) => ({ n, x: x * (1 + 0.1 * (-1) ** i) }));
  const { ci } = fitted(points);
  expect(ci.knee === null || ci.knee[1] === null || ci.knee[1] > 3 * ci.knee[0]).toBe(true);
});

test('the same seed gives the same bounds', () => {
  const points = exact.map(({ n, x }, i) => ({ n, x: x * (1 + 0.03 * (-1) ** i) }));
  expect(lawOf(points)).toEqual(lawOf(points));
});

test.each<[string, UslPoint[], RegExp]>([
  ['nothing', [], /and 0 can be used/],
  ['three levels', exact.slice(0, 3), /takes 4 different levels, and 3 can be used/],
  ['one level many times', exact.map(() => ({ n: 8, x: 100 })), /and 1 can be used/],
  ['no throughput', levels.map(n => ({ n, x: 0 })), /and 0 can be used/],
  ['no numbers', levels.map(n => ({ n: n * Number.NaN, x: 1 })), /and 0 can be used/],
  ['endless and negative ones', levels.map((n, i) => ({ n, x: i % 2 ? -1 : Infinity })), /and 0 can be used/],
  ['levels next to each other', [20, 21, 22, 23, 24].map(n => ({ n, x: n })), /too close together/],
])('%s cannot be fitted, and it is said why', (_name, points, why) => {
  expect(lawOf(points)).toEqual({ kind: 'degenerate', why: expect.stringMatching(why) });
});
