import { expect, test } from 'vitest';
import { createRandom, type Random } from '../../src/core/random.ts';
import { createLimitFinder, type LimitFinderOptions, type LimitReport } from '../../src/loadtest/limit-finder.ts';

interface Account {
  readonly ceiling: number;
  /** Chance that one too many is refused; less than 1 when requests hardly overlap. */
  readonly overlap?: number;
  /** Chance that a probe that should pass is refused once. */
  readonly noise?: number;
  readonly random?: Random;
}

const even = createRandom('even');

function answer({ ceiling, overlap = 1, noise = 0, random = even }: Account) {
  return (inFlight: number): LimitReport => {
    const excess = Array.from({ length: Math.max(0, inFlight - ceiling) }, () => random() < overlap);
    const refused = excess.filter(Boolean).length;
    const limited = refused === 0 && random() < noise ? 1 : refused;
    return { succeeded: inFlight - limited, limited, failed: 0 };
  };
}

function find(options: Partial<LimitFinderOptions>, reportOf: (inFlight: number) => LimitReport) {
  const finder = createLimitFinder({ low: 1, high: 200, ...options });
  const probes: number[] = [];
  for (;;) {
    const step = finder.next();
    if (step.kind === 'done') return { ...step.result, probes };
    if (probes.length > 100) throw new Error('it never ends');
    probes.push(step.inFlight);
    finder.report(step.inFlight, reportOf(step.inFlight));
  }
}

test('every ceiling from 1 to 199 is found exactly, with at most 13 probes', () => {
  for (let ceiling = 1; ceiling < 200; ceiling++) {
    const found = find({}, answer({ ceiling }));
    expect(found).toMatchObject({ kind: 'found', ceiling });
    expect(found.probes.length).toBeLessThanOrEqual(13);
  }
});

test('it doubles, takes the number of answered ones as a guess, and confirms both sides once', () => {
  expect(find({}, answer({ ceiling: 5 })).probes).toEqual([1, 2, 4, 8, 5, 6, 5, 6]);
  expect(find({ low: 20 }, answer({ ceiling: 30 })).probes).toEqual([20, 40, 30, 31, 30, 31]);
});

test.each([
  [{}, 200, { kind: 'at_least', ceiling: 200 }],
  [{}, 1e9, { kind: 'at_least', ceiling: 200 }],
  [{}, 0, { kind: 'below', ceiling: 0 }],
  [{ low: 10 }, 4, { kind: 'below', ceiling: 9 }],
  [{ low: 10 }, 10, { kind: 'found', ceiling: 10 }],
  [{ low: 7, high: 7 }, 7, { kind: 'at_least', ceiling: 7 }],
  [{ low: 7, high: 7 }, 6, { kind: 'below', ceiling: 6 }],
  [{ high: 100 }, 99, { kind: 'found', ceiling: 99 }],
])('within %j a ceiling of %i is %j', (options, ceiling, expected) => {
  expect(find(options, answer({ ceiling }))).toMatchObject(expected);
});

test.each([
  ['a stray refusal in twenty', { noise: 0.05 }, 0.95, 0.97],
  ['requests of which a third do not overlap', { overlap: 0.7 }, 0.75, 0.95],
])('%s: most ceilings are still exact, nearly all within one', (_name, account, exact, near) => {
  const random = createRandom('account');
  const distances = Array.from({ length: 300 }, (_, i) => {
    const ceiling = 1 + (i % 150);
    const found = find({}, answer({ ceiling, ...account, random }));
    return found.kind === 'found' ? Math.abs(found.ceiling - ceiling) : Number.POSITIVE_INFINITY;
  });
  expect(distances.filter(distance => distance === 0).length / 300).toBeGreaterThan(exact);
  expect(distances.filter(distance => distance <= 1).length / 300).toBeGreaterThan(near);
});

test('rounds that were answered do not outvote one in which most were refused', () => {
  let refused = false;
  const found = find({ high: 40 }, inFlight => {
    const limited = inFlight === 40 && !refused ? 32 : 0;
    refused ||= limited > 0;
    return { succeeded: inFlight - limited, limited, failed: 0 };
  });
  expect(found).toMatchObject({ kind: 'no_overlap', ceiling: 40, inFlight: 40, limited: 32 });
});

test('requests that fail for another reason say nothing, and three such probes end it', () => {
  const broken = find({}, inFlight => ({ succeeded: 0, limited: 0, failed: inFlight }));
  expect(broken).toEqual({
    kind: 'unclear',
    low: 0,
    high: 201,
    why: 'requests fail for other reasons',
    probes: [1, 1, 1],
  });
  let probe = 0;
  const shaky = find({}, inFlight => {
    if (probe++ % 2 === 0) return { succeeded: inFlight - 1, limited: 0, failed: 1 };
    return answer({ ceiling: 9 })(inFlight);
  });
  expect(shaky).toMatchObject({ kind: 'found', ceiling: 9 });
});

test('a refusal counts even where others failed', () => {
  const found = find({}, inFlight => ({
    succeeded: Math.min(inFlight, 6),
    limited: Math.max(0, inFlight - 6),
    failed: inFlight > 6 ? 1 : 0,
  }));
  expect(found).toMatchObject({ kind: 'found', ceiling: 6 });
});

test('an account that answers at random is unclear, and the search ends', () => {
  const random = createRandom('mad');
  const kinds = Array.from({ length: 50 }, () =>
    find({}, inFlight => {
      const limited = random() < 0.5 ? 1 : 0;
      return { succeeded: inFlight - limited, limited, failed: 0 };
    }),
  );
  for (const { probes } of kinds) expect(probes.length).toBeLessThanOrEqual(28);
  expect(kinds.some(({ kind }) => kind === 'unclear')).toBe(true);
});

test('what was asked stays the same until it is answered', () => {
  const finder = createLimitFinder({ low: 3, high: 9 });
  expect(finder.next()).toEqual(finder.next());
  expect(() => finder.report(4, { succeeded: 4, limited: 0, failed: 0 })).toThrow('4 at once were not asked for');
});

test.each([
  { low: 0, high: 5 },
  { low: 6, high: 5 },
  { low: 1.5, high: 5 },
  { low: 1, high: Number.POSITIVE_INFINITY },
])('%j has nothing to find', options => {
  expect(() => createLimitFinder(options)).toThrow('has no whole numbers');
});
