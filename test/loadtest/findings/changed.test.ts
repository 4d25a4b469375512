import { expect, test } from 'vitest';
import { findingsOf } from '../../../src/loadtest/findings/findings.ts';
import type { Interval } from '../../../src/loadtest/interval.ts';
import type { LoadResult } from '../../../src/loadtest/result.ts';
import { makeRun, type Scene } from '../results.ts';

const kinds = (result: LoadResult) => findingsOf(result).map(({ kind }) => kind);
const said = (result: LoadResult, kind: string) => findingsOf(result).find(one => one.kind === kind)?.text;

const closed: Scene = { load: { kind: 'closed', levels: [8] }, durationMs: 24_000, ttftMs: 200, tokens: 25, itlMs: 20 };
const open: Scene = { ...closed, load: { kind: 'open', perSecond: 10 } };

/** The first seconds of one run, and what follows of another. */
const joined = (one: Scene, other: Scene, seconds: number): LoadResult => {
  const [{ result }, late] = [makeRun(one), makeRun(other).result.intervals];
  return { ...result, intervals: result.intervals.map((early, i) => (i < seconds ? early : (late[i] ?? early))) };
};

test.each<[string, Scene]>([
  ['seats', closed],
  ['a schedule', open],
])('of %s it is told since when answers began later', (_, scene) => {
  const run = joined(scene, { ...scene, ttftMs: 1200 }, 12);
  expect(said(run, 'changed')).toMatch(
    /^It changed under way: half had their first token within (19|20|21)\d ms, and from about 0:1[01] on within 1\.[12]\d? s, at the same load\.$/,
  );
  expect(kinds(run)).not.toContain('limited_by_nothing');
  expect(findingsOf(run).at(-1)?.text).toMatch(/^Find out what changed then/);
});

test('answers that begin sooner from a moment on are a change as well, and so are unary ones', () => {
  const slow = { ...closed, ttftMs: 1200 };
  expect(said(joined(slow, closed, 12), 'changed')).toMatch(/within 1\.[12]\d? s, and from .* within (19|20|21)\d ms/);
  const unary = { ...closed, stream: false };
  expect(said(joined(unary, { ...unary, ttftMs: 2200 }, 12), 'changed')).toMatch(/^It changed .* their answer within/);
});

test.each<[string, LoadResult]>([
  ['a little later', joined(closed, { ...closed, ttftMs: 270 }, 12)],
  ['later for a moment', joined(closed, { ...closed, ttftMs: 1200 }, 22)],
  ['later with more under way', makeRun({ ...closed, load: { kind: 'closed', levels: [2, 8, 32] }, slots: 6 }).result],
  ['later because they pile up', makeRun({ ...open, load: { kind: 'open', perSecond: 40 }, slots: 6 }).result],
])('no change: %s', (_, run) => {
  expect(kinds(run)).not.toContain('changed');
});

/** In these seconds everything that ends is refused. */
const down = (fromS: number, toS: number, ended: Interval['ended'] = { server_error: 90 }): LoadResult => {
  const { result } = makeRun(closed);
  const isDown = (i: number) => i >= fromS && i < toS;
  return {
    ...result,
    ledger: { ...result.ledger, planned: result.ledger.planned + 900, server_error: 900 },
    intervals: result.intervals.map((one, i) => (isDown(i) ? { ...one, answered: 0, ended, histograms: {} } : one)),
  };
};

test.each<[LoadResult, string]>([
  [down(10, 30), 'from 0:10 to 0:25 100% of what ended was a failure, and 0% of the rest'],
  [down(6, 12), 'from 0:06 to 0:12 100% of what ended was a failure, and 0% of the rest'],
])('an outage is told with its times', (run, words) => {
  expect(said(run, 'changed')).toBe(`It failed for a time: ${words}.`);
  expect(kinds(run).slice(0, 3)).toEqual(['does', 'changed', 'broken_answers']);
  expect(findingsOf(run).at(-1)?.text).toMatch(/^Give the vendor the ids/);
});

test.each<[string, LoadResult]>([
  ['for a second', down(10, 11)],
  ['all the time', down(0, 30)],
  ['now and then', makeRun({ ...closed, faults: { stalled: 3 } }).result],
  ['as the account’s limit lets it', down(10, 20, { rate_limited: 90 })],
])('failures %s are no outage', (_, run) => {
  expect(said(run, 'changed') ?? '').not.toContain('It failed');
});
