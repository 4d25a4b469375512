import { expect, test } from 'vitest';
import type { Health, Interval } from '../../src/loadtest/interval.ts';
import type { CalibrationRun, ErrorFigure, Figure } from '../../src/loadtest/result.ts';
import { mergeIntervals } from '../../src/loadtest/total.ts';
import { type Evidence, judgeValidity } from '../../src/loadtest/validity.ts';

const health = (more: Partial<Health> = {}): Health => ({ elu: 0.2, lagMs: 1, gcMs: 3, gcMaxMs: 1, steal: 0, ...more });
const seconds = (...list: Health[]): Interval[] =>
  list.map((one, i) => ({ ...mergeIntervals([]), fromMs: i * 1000, toMs: (i + 1) * 1000, health: [one] }));
const calm = seconds(...Array.from({ length: 10 }, () => health()));
const figure = (p50: number, p99: number): Figure => ({
  count: 1000,
  min: 0,
  mean: p50,
  max: p99,
  p50,
  p90: p99,
  p95: p99,
  p99,
  ci: {},
  needs: {},
});
const flat = { p50: 0.1, p90: 0.2, p95: 0.3 };
const calibration = (ttftP99: number, gapP99 = 1): CalibrationRun => ({
  streams: 10,
  events_per_second: 500,
  ttft_ms: { ...flat, p99: ttftP99, count: 700, moments: 700 },
  gap_ms: { ...flat, p99: gapP99, count: 7000, moments: 700 },
  send_ms: { ...flat, p99: 1, count: 10, moments: 10 },
  health: health(),
});
const good: Evidence = {
  intervals: calm,
  metrics: { ttft_any_ms: figure(50, 80), itl_ms: figure(20, 25) },
  before: calibration(1),
  after: calibration(1),
  calibrated: true,
  shed: 0,
  planned: 1000,
  gone: 0,
};

test.each<[string, Partial<Evidence>, string, RegExp | undefined]>([
  ['a calm run', {}, 'VALID', undefined],
  [
    'a run without calibration by choice',
    { before: null, after: null, calibrated: false },
    'SUSPECT',
    /^this machine’s own error is not known, because it was not calibrated \(--no-calibrate\)$/,
  ],
  [
    'a run without calibration whose loop was late',
    { before: null, after: null, calibrated: false, intervals: seconds(health(), health({ lagMs: 293 })) },
    'SUSPECT',
    /not known, .*; its event loop was up to 293 ms late$/,
  ],
  ['a calibration that failed', { after: null }, 'SUSPECT', /not known/],
  ['a busy loop', { intervals: seconds(...calm.map(() => health({ elu: 0.65 }))) }, 'SUSPECT', /65 % busy/],
  ['a full loop', { intervals: seconds(...calm.map(() => health({ elu: 0.9 }))) }, 'INVALID', /90 % busy/],
  ['a thief', { intervals: seconds(...calm.map(() => health({ steal: 0.2 }))) }, 'SUSPECT', /20 %/],
  [
    'a wait in this machine',
    { little: { in_flight: 10, requests_per_second: 8, latency_ms: 1000, disagreement: 0.2 } },
    'SUSPECT',
    /in flight are 20 % off their rate times their latency/,
  ],
  ['a greedy thief', { intervals: seconds(...calm.map(() => health({ steal: 0.5 }))) }, 'INVALID', /50 %/],
  ['first tokens stamped late', { before: calibration(7) }, 'SUSPECT', /7\.0 ms/],
  ['first tokens stamped far too late', { after: calibration(19) }, 'INVALID', /19\.0 ms/],
  ['gaps that are not true', { after: calibration(1, 12) }, 'INVALID', /gaps 12\.0 ms/],
  [
    'an error that is small beside the figure',
    { after: calibration(19), metrics: { ttft_any_ms: figure(900, 2000) } },
    'VALID',
    undefined,
  ],
  ['an agent that went away', { gone: 1 }, 'INVALID', /one of those.*went away/],
  ['requests that were not sent', { shed: 5 }, 'SUSPECT', /5 requests/],
  ['many requests that were not sent', { shed: 50 }, 'INVALID', /5\.0 %/],
])('%s', (_name, change, validity, doubt) => {
  const judged = judgeValidity({ ...good, ...change } as Evidence);
  expect(judged.validity).toBe(validity);
  if (doubt === undefined) expect(judged.doubts).toEqual([]);
  else expect(judged.doubts.join('\n')).toMatch(doubt);
});

const errors = (count: number, more: Partial<ErrorFigure>) => {
  const error = { ...flat, p99: 1, ...more };
  return {
    ...calibration(1),
    ttft_ms: { ...error, count, moments: count },
    gap_ms: { ...flat, p99: 1, count: 7000, moments: 700 },
  };
};

test.each([
  [
    'one late stream of 24',
    24,
    { p90: 4, p95: 30, p99: 40 },
    'SUSPECT',
    /first tokens up to 40\.0 ms off, too seldom .*0\.1 ms at p50/,
  ],
  ['ten late streams of 96', 48, { p90: 30, p95: 30, p99: 40 }, 'INVALID', /30\.0 ms off at p90/],
  ['one late stream of 96', 48, { p90: 1, p95: 1, p99: 40 }, 'SUSPECT', /too seldom .*1\.0 ms at p90/],
  ['a twentieth of 240 a little late', 120, { p95: 6, p99: 40 }, 'SUSPECT', /6\.0 ms off at p95/],
  ['every other of 24 late', 12, { p50: 12, p90: 14, p95: 15, p99: 16 }, 'INVALID', /12\.0 ms off at p50/],
  ['a late one that matters little', 12, { p99: 9 }, 'VALID', /^$/],
])('%s is what so few can say', (_, count, more, validity, doubt) => {
  const judged = judgeValidity({ ...good, before: errors(count, {}), after: errors(count, more) });
  expect(judged.validity).toBe(validity);
  expect(judged.doubts.join('\n')).toMatch(doubt);
});

test('a pause of this machine that hits a gap of every stream is one pause', () => {
  const gap_ms = { ...flat, p99: 30, count: 7000, moments: 117 };
  const judged = judgeValidity({
    ...good,
    before: { ...calibration(1), gap_ms },
    after: { ...calibration(1), gap_ms },
  });
  expect(judged).toMatchObject({
    validity: 'SUSPECT',
    doubts: [expect.stringMatching(/gaps up to 30\.0 ms off, too seldom/)],
  });
});

test('one bad second in twenty is not the run', () => {
  const intervals = seconds(...Array.from({ length: 20 }, (_, i) => health({ elu: i === 7 ? 0.95 : 0.2 })));
  expect(judgeValidity({ ...good, intervals }).validity).toBe('VALID');
});

const paused = (lagMs: number, count: number) =>
  seconds(...Array.from({ length: count }, (_, i) => health({ lagMs: i === Math.floor(count / 2) ? lagMs : 1 })));

test.each([
  ['2 s of ten', paused(2000, 10), 'INVALID', /stood still for 20\.0 % of the run, up to 2\.00 s at a time/],
  ['2 s of ten minutes', paused(2000, 600), 'SUSPECT', /stood still for 0\.3 % of the run/],
  ['300 ms of ten seconds', paused(300, 10), 'SUSPECT', /stood still for 3\.0 % of the run, up to 0\.30 s/],
  ['300 ms of a minute', paused(300, 60), 'VALID', /^$/],
  ['90 ms every second', seconds(...calm.map(() => health({ lagMs: 90 }))), 'VALID', /^$/],
  ['200 ms every second', seconds(...calm.map(() => health({ lagMs: 200 }))), 'SUSPECT', /20\.0 %/],
  [
    '2 s of one worker of two',
    paused(2000, 10).map(one => ({ ...one, health: [health(), ...one.health] })),
    'INVALID',
    /2\.00 s/,
  ],
  ['no second at all', [], 'VALID', /^$/],
])('a process that stood still for %s', (_, intervals, validity, doubt) => {
  const judged = judgeValidity({ ...good, intervals });
  expect(judged.validity).toBe(validity);
  expect(judged.doubts.join('\n')).toMatch(doubt);
});

/** So many of ten seconds in which one timer of twenty was so late. */
const starved = (lagP95Ms: number, count: number) =>
  seconds(...calm.map((_, i) => health({ lagMs: 40, lagP95Ms: i < count ? lagP95Ms : 0.4 })));

test.each<[string, Interval[], Partial<Evidence>, string, RegExp]>([
  [
    '18 ms in half of the seconds',
    starved(18, 5),
    {},
    'SUSPECT',
    /^in 50 % of the run one stamp in twenty was more than 5 ms late, at worst 18\.0 ms: this process waited for a processor/,
  ],
  ['18 ms in a fifth of the seconds', starved(18, 2), {}, 'VALID', /^$/],
  ['4 ms all the time', starved(4, 10), {}, 'VALID', /^$/],
  ['18 ms beside 800 ms', starved(18, 10), { metrics: { ttft_any_ms: figure(800, 900) } }, 'VALID', /^$/],
  [
    '18 ms beside gaps of 25 ms',
    starved(18, 10),
    { metrics: { ttft_any_ms: figure(800, 900), itl_ms: figure(20, 25) } },
    'SUSPECT',
    /100 %/,
  ],
  ['18 ms beside nothing measured', starved(18, 10), { metrics: {} }, 'SUSPECT', /100 %/],
  [
    '18 ms at one worker of two',
    starved(18, 5).map(one => ({ ...one, health: [...one.health, health({ lagP95Ms: 0 })] })),
    {},
    'SUSPECT',
    /in 25 %/,
  ],
])('a process whose timers were late by %s', (_, intervals, more, validity, doubt) => {
  const judged = judgeValidity({ ...good, intervals, ...more });
  expect([judged.validity, judged.doubts.join('\n')]).toEqual([validity, expect.stringMatching(doubt)]);
});

test('the worst of several processes counts', () => {
  const intervals = calm.map(interval => ({ ...interval, health: [health(), health({ elu: 0.9 })] }));
  expect(judgeValidity({ ...good, intervals }).validity).toBe('INVALID');
});

test.each([
  ['a small share', { in_flight: 10, requests_per_second: 10, latency_ms: 1000, disagreement: 0.019 }],
  ['a small time', { in_flight: 1, requests_per_second: 100, latency_ms: 10, disagreement: 0.3 }],
])('%s that rate times latency leaves open is no doubt', (_, little) => {
  expect(judgeValidity({ ...good, little }).validity).toBe('VALID');
});

test('what was under way in an agent that went away is no doubt of this machine', () => {
  const little = { in_flight: 10, requests_per_second: 8, latency_ms: 1000, disagreement: 0.5 };
  expect(judgeValidity({ ...good, little, gone: 1 }).doubts).toEqual([expect.stringMatching(/went away/)]);
});
