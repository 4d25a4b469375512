import { expect, test } from 'vitest';
import { createRandom, type Random } from '../../src/core/random.ts';
import {
  type CapacityResult,
  createSearch,
  type LevelReport,
  type Search,
  type SearchOptions,
} from '../../src/loadtest/capacity.ts';
import { throughputAt } from '../../src/loadtest/stats/usl.ts';

const law = { lambda: 20, alpha: 0.03, beta: 0.0005 };

interface Endpoint {
  readonly random: Random;
  /** The level at which exactly 95 % are good. */
  readonly capacity: number;
  /** How fast it gets worse around there. */
  readonly steepness?: number;
}

/** Reports what an endpoint of that capacity would have. */
const reportFrom =
  ({ random, capacity, steepness = 10 }: Endpoint) =>
  (level: number, requests: number): LevelReport => {
    const chance = 1 / (1 + Math.exp((level / capacity - 1) * steepness - Math.log(19)));
    let good = 0;
    for (let i = 0; i < requests; i++) if (random() < chance) good++;
    return { requests, good, throughput: throughputAt(law, level), inFlight: level / 2 };
  };

interface Outcome extends CapacityResult {
  readonly steps: number;
  readonly requests: number;
}

function drive(search: Search, reportOf: (level: number, requests: number) => LevelReport): Outcome {
  for (let steps = 0, requests = 0; ; steps++) {
    const step = search.next();
    if (step.kind === 'done') return { ...step.result, steps, requests };
    if (steps > 500) throw new Error('it never ends');
    requests += step.requests;
    search.report(step.level, reportOf(step.level, step.requests));
  }
}

const standard: SearchOptions = { kind: 'concurrency', low: 1, high: 512, seed: 1 };
const search = (more: Partial<SearchOptions> = {}) => createSearch({ ...standard, ...more });
const all = (share: number) => (_level: number, requests: number) => ({
  requests,
  good: Math.floor(share * requests),
  throughput: 1,
});

test.each<[SearchOptions['kind'], number]>([
  ['concurrency', 5],
  ['concurrency', 20],
  ['rate', 5],
  ['rate', 20],
])('the interval of a %s search holds the capacity at a steepness of %i', (kind, steepness) => {
  const random = createRandom(`${kind} ${steepness}`);
  const found = { held: 0, above: 0 };
  for (let run = 0; run < 40; run++) {
    const capacity = 3 + 200 * random();
    const { interval } = drive(search({ kind }), reportFrom({ random: random.fork(run), capacity, steepness }));
    if (interval[0] <= capacity && capacity <= (interval[1] ?? Number.POSITIVE_INFINITY)) found.held++;
    if (interval[0] > capacity) found.above++;
  }
  expect(found.held).toBeGreaterThanOrEqual(37);
  expect(found.above).toBeLessThanOrEqual(2); // promising too much is worse than too little
});

test('a sharp edge is found to the request', () => {
  const edge = drive(search({ precision: 0.01 }), (level, requests) => ({
    requests,
    good: level <= 41 ? requests : 0,
    throughput: 9,
  }));
  expect(edge).toMatchObject({ kind: 'found', level: 41, interval: [41, 42] });
  expect(edge.tried.map(({ level }) => level)).toEqual([1, 2, 4, 8, 16, 32, 40, 41, 42, 44, 48, 64]);
});

test.each([
  [0.5, 0.05],
  [0.5, 0.2],
  [0.01, 0.05],
])('a rate from %d is found as closely as asked for: %d', (low, precision) => {
  const sharp = search({ kind: 'rate', low, high: 1000, precision });
  const { interval } = drive(sharp, (level, requests) => ({
    requests,
    good: level <= 14.2 ? requests : 0,
    throughput: 9,
  }));
  expect(interval[0]).toBeLessThanOrEqual(14.2);
  expect(interval[1]).toBeGreaterThan(14.2);
  expect(interval[1]! / interval[0] - 1).toBeLessThanOrEqual(precision);
});

test.each([
  ['everything is good', 1, { kind: 'at_least', level: 512, interval: [512, null] }],
  ['nothing is good', 0, { kind: 'none', level: null, interval: [0, 1] }],
  ['the share is just the objective', 0.95, { kind: 'unclear', level: null, interval: [0, null] }],
])('%s', (_name, share, expected) => {
  expect(drive(search(), all(share))).toMatchObject(expected);
});

test('a level between good and bad is left unclear, inside the interval', () => {
  const { tried, interval, level } = drive(search(), (at, requests) => {
    const share = at <= 20 ? 1 : at <= 24 ? 0.95 : 0.5;
    return { requests, good: Math.round(share * requests), throughput: 1 };
  });
  expect([level, interval]).toEqual([20, [20, 32]]);
  expect(tried.filter(({ verdict }) => verdict === 'unclear').map(at => at.level)).toEqual([21, 22, 24]);
});

test('first so many requests as can pass, and after a few bad ones as many again', () => {
  const one = search({ attainment: 0.99 });
  const first = one.next();
  if (first.kind !== 'level') throw new Error(first.kind);
  expect(0.99 ** first.requests).toBeLessThanOrEqual(0.025); // half of the 5 % may be spent on the first look
  expect(0.99 ** (first.requests - 1)).toBeGreaterThan(0.025);
  one.report(1, { requests: first.requests, good: first.requests - 3, throughput: 1 });
  expect(one.next()).toEqual({ kind: 'level', level: 1, requests: first.requests });
});

test('hopeless levels are given up at once', () => {
  const one = search();
  one.report(1, { requests: 10, good: 10, throughput: 1 });
  one.report(1, { requests: 100, good: 100, throughput: 1 });
  one.report(2, { requests: 6, good: 0, throughput: 1 });
  expect(one.next()).toMatchObject({ kind: 'done', result: { level: 1, interval: [1, 2] } });
});

test('levels that bring no request at all do not go on forever', () => {
  const { kind, tried, steps } = drive(search(), () => ({ requests: 0, good: 0, throughput: 0 }));
  expect(kind).toBe('unclear');
  expect(tried).toMatchObject([{ level: 1, verdict: 'unclear', bounds: [0, 1] }]);
  expect(steps).toBeLessThanOrEqual(20);
});

test('several stays at a level add up, throughput in proportion', () => {
  const one = search();
  one.report(1, { requests: 20, good: 20, throughput: 10, inFlight: 1 });
  one.report(1, { requests: 80, good: 79, throughput: 20, inFlight: 2 });
  one.report(1, { requests: 300, good: 300, throughput: 20, inFlight: 2 });
  const { tried } = drive(one, all(0));
  expect(tried[0]).toMatchObject({
    level: 1,
    requests: 400,
    good: 399,
    throughput: 19.5,
    inFlight: 1.95,
    verdict: 'pass',
  });
  const [low, high] = tried[0]!.bounds;
  expect(low).toBeGreaterThan(0.985);
  expect(high).toBeGreaterThan(399 / 400);
});

test('the knee comes with a search of concurrencies, and of rates by what was in flight', () => {
  const random = createRandom('knee');
  const levels = drive(search(), reportFrom({ random, capacity: 60 }));
  expect(levels.usl).toMatchObject({ kind: 'fitted', knee: expect.closeTo(44.05, 0) });
  const rates = drive(search({ kind: 'rate' }), reportFrom({ random, capacity: 60 }));
  expect(rates.usl.kind).toBe('fitted');
  const blind = drive(search({ kind: 'rate' }), (level, requests) => {
    const { inFlight: _, ...rest } = reportFrom({ random, capacity: 60 })(level, requests);
    return rest;
  });
  expect(blind.usl).toMatchObject({ kind: 'degenerate' });
});

test('what was asked stays the same until it is answered', () => {
  const one = search();
  expect(one.next()).toEqual(one.next());
  expect(() => one.report(3, { requests: 1, good: 1, throughput: 1 })).toThrow('level 3 was not asked for');
});

test.each([
  [{ requests: 5, good: 6, throughput: 1 }],
  [{ requests: 5, good: -1, throughput: 1 }],
  [{ requests: Number.NaN, good: 0, throughput: 1 }],
  [{ requests: Number.POSITIVE_INFINITY, good: 1, throughput: 1 }],
  [{ requests: 5, good: 5, throughput: -1 }],
  [{ requests: 5, good: 5, throughput: Number.NaN }],
])('%j is no report', report => {
  expect(() => search().report(1, report)).toThrow('is no report');
});

test.each<[Partial<SearchOptions>, RegExp]>([
  [{ low: 0 }, /no levels/],
  [{ low: 9, high: 8 }, /no levels/],
  [{ high: Number.NaN }, /no levels/],
  [{ attainment: 1 }, /between 0 and 1/],
  [{ confidence: 0 }, /between 0 and 1/],
])('%j cannot be searched', (more, message) => {
  expect(() => search(more)).toThrow(message);
});
