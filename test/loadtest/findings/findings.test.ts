import { expect, test } from 'vitest';
import { findingsOf } from '../../../src/loadtest/findings/findings.ts';
import type { Health, Interval } from '../../../src/loadtest/interval.ts';
import { markdown } from '../../../src/loadtest/report/markdown.ts';
import { screen } from '../../../src/loadtest/report/screen.ts';
import { headlineOf } from '../../../src/loadtest/report/verdict.ts';
import type { LoadResult } from '../../../src/loadtest/result.ts';
import {
  emptyRun,
  failedRun,
  healthyRun,
  longRun,
  makeRun,
  rateLimitedRun,
  type Scene,
  saturatedRun,
  unaryRun,
} from '../results.ts';

const kinds = (result: LoadResult) => findingsOf(result).map(({ kind }) => kind);
const said = (result: LoadResult, kind: string) => findingsOf(result).find(one => one.kind === kind)?.text;
const next = (result: LoadResult) => said(result, 'next');

const ramp: Scene = {
  load: { kind: 'closed', levels: [2, 4, 8, 16, 32] },
  durationMs: 60_000,
  ttftMs: 150,
  tokens: 30,
  itlMs: 20,
};
const calm: Scene = { load: { kind: 'closed', levels: [10] }, durationMs: 30_000, ttftMs: 150, tokens: 30, itlMs: 20 };
const busy: Health = { elu: 0.93, lagMs: 180, gcMs: 900, gcMaxMs: 60, steal: 0.01 };

test('one level that is served well names no limit, and says that none was looked for', () => {
  const { result } = healthyRun();
  expect(kinds(result).slice(0, 2)).toEqual(['does', 'limited_by_nothing']);
  expect(said(result, 'does')).toBe(
    'With 20 under way the endpoint gave 12.5 good answers and 901 tokens per second; half of the users saw something within 533 ms, then 56.4 tokens per second.',
  );
  expect(said(result, 'limited_by_nothing')).toContain('Only one level, 20 under way, was tried');
});

test('a ramp that was too short to compare its levels is not called one level', () => {
  const { result } = makeRun({ ...calm, durationMs: 3000 });
  const stages = [2, 8, 2].map(level => ({ durationMs: 1000, from: level, to: level }));
  const short = { ...result, config: { ...result.config, arrivals: { kind: 'closed', stages } } };
  expect(said(short, 'limited_by_nothing')).toMatch(/^Nothing seen here limited the run\. Its levels were too short/);
  expect(next(short)).toMatch(/^Hold each level longer/);
});

test('a ramp that stays fast reached no limit', () => {
  const { result } = makeRun(ramp);
  expect(said(result, 'limited_by_nothing')).toMatch(/^No limit was reached: from 2 to 32 under way/);
});

test('the first token grows with the load while gaps stay: a queue at the server', () => {
  const { result } = makeRun({ ...ramp, slots: 8 });
  expect(kinds(result)).toContain('limited_by_queue');
  expect(kinds(result)).not.toContain('limited_by_compute');
  expect(next(result)).toMatch(/^Up to about (4|8) under way it stays fast/);
});

test('gaps grow with the load: computing at the server', () => {
  const { result } = makeRun({ ...ramp, slowdown: 0.05 });
  expect(kinds(result)).toContain('limited_by_compute');
  expect(kinds(result)).not.toContain('limited_by_queue');
  expect(said(result, 'limited_by_compute')).toMatch(/the time between tokens went from \d/);
});

test('unary answers cannot tell a queue from computing, and say so', () => {
  const { result } = makeRun({ ...ramp, stream: false, slots: 6 });
  expect(kinds(result)).toContain('limited_by_server');
  expect(next(result)).toContain('repeat with --stream');
});

test('requests that end after the load stopped do not look like a low level', () => {
  const { result } = makeRun({
    load: { kind: 'closed', levels: [32] },
    durationMs: 20_000,
    slots: 8,
    ttftMs: 150,
    tokens: 200,
    itlMs: 20,
  });
  expect(kinds(result)).toContain('limited_by_nothing');
});

test('a limit of the account that was met by backing off is a limit', () => {
  const { result } = makeRun(calm);
  const { e2e_ms: user, e2e_from_send_ms: server } = result.metrics;
  const metrics = { ...result.metrics, e2e_ms: { ...user!, mean: server!.mean * 1.25 } };
  const met = (n: number) => ({ ...result, metrics, limits: { retries: n, codes: { '1302': n } } });
  expect(kinds(met(8))).toContain('limited_by_account');
  expect(kinds(met(8))).not.toContain('limited_by_nothing');
  expect(said(met(8), 'limited_by_account')).toMatch(
    /^The account’s limit was met by waiting: 8 attempts were refused \(1302 ×8\) and made again later\. That cost requests [\d.]+ \w+ in all, 20% of their time\. About [\d.]+ were served at once\.$/,
  );
  expect(next(met(8))).toMatch(/^Lower the rate, or wait until its window is over: fewer under way may not help/);
  const { whole } = result;
  const more = { ...met(8), whole: { ...whole, in_flight_max: 24 } }; // those that waited are under way, too
  expect(next(more)).toMatch(/^Keep at most \d+ under way with this key/);
  expect(kinds(met(1))).toContain('limited_by_nothing');
});

test('1302 from 8 on is a plateau of the account at about 8', () => {
  const { result } = rateLimitedRun();
  expect(kinds(result)).toContain('limited_by_account');
  expect(said(result, 'limited_by_account')).toMatch(/1302 ×687\)\. About 8 were served at once\.$/);
  expect(next(result)).toMatch(/^Keep at most 8 under way/);
});

/** From its 20th second on every request of the run is refused. */
const usedUp = (scene: Scene, more: Partial<Interval> = {}): LoadResult => {
  const { result } = makeRun(scene);
  const refusing = { answered: 0, ended: { rate_limited: 50 }, codes: { '1302': 50 }, ...more };
  return {
    ...result,
    ledger: { ...result.ledger, planned: result.ledger.planned + 500, rate_limited: 500 },
    limits: { retries: 0, codes: { '1302': 500 } },
    intervals: result.intervals.map((one, i) => (i < 20 ? one : { ...one, ...refusing })),
  };
};

test.each([
  ['refusals while none is served', {}, /because they came too often \(1302 ×500\)/, /^Lower the rate, or have/],
  [
    'answers among the refusals',
    { answered: 1 },
    /because too many were under way, or they came/,
    /^Lower the rate, or wait/,
  ],
  [
    'a hanging answer',
    { ended: { stalled: 1, rate_limited: 9 } },
    /because too many were under way, or/,
    /^Lower the rate, or wait/,
  ],
] as const)('1302 is about how often where that is the only thing it can be: %s', (_, more, why, step) => {
  const run = usedUp(calm, more);
  expect(said(run, 'limited_by_account')).toMatch(why);
  expect(next(run)).toMatch(step);
});

test('a schedule leaves places free, so what was served at once is the least an account may have', () => {
  const { result } = makeRun({ load: { kind: 'open', perSecond: 15 }, durationMs: 20_000, limit: 8, tokens: 20 });
  expect(said(result, 'limited_by_account')).toMatch(/ At least [\d.]+ were served at once\.$/);
  expect(next(result)).toMatch(/^Offer less, .*--find-limit/);
});

test.each([
  [
    'closed',
    { kind: 'closed', stages: [{ durationMs: 4000, from: 2, to: 16 }] },
    /At least 8 were/,
    /^Offer less, .*--find-limit/,
  ],
  ['closed', { kind: 'closed', stages: [{ durationMs: 4000, from: 16, to: 16 }] }, /About 8 were/, /^Keep at most 8/],
] as const)('a ramp leaves places free as well: %s, %o', (_, arrivals, served, step) => {
  const { result } = rateLimitedRun();
  const run = { ...result, config: { ...result.config, arrivals } };
  expect(said(run, 'limited_by_account')).toMatch(served);
  expect(next(run)).toMatch(step);
});

test.each([
  [1, /^Keep at most 8 under way with this key,/],
  [2, /^Keep at most 8 under way with these 2 keys together,/],
])('what %d keys may have is not said of one', (keys, step) => {
  const { result } = rateLimitedRun();
  expect(next({ ...result, config: { ...result.config, keys } })).toMatch(step);
});

test.each<[string, LoadResult]>([
  ['none was served', { ...rateLimitedRun().result, ledger: { planned: 40, ok: 0, rate_limited: 40 } }],
  ['as many were served as ever were under way', usedUp(calm, { answered: 1 })],
])('where %s, a limit of requests under way is not made up', (_, run) => {
  expect(next(run)).toMatch(/^Lower the rate, or wait until .*--find-limit. tells which/);
});

test('1303 is about how often, not how many', () => {
  const { result } = rateLimitedRun();
  const limits = { retries: 0, codes: { '1303': 687 } };
  expect(said({ ...result, limits }, 'limited_by_account')).toContain('because they came too often (1303 ×687)');
  expect(next({ ...result, limits })).toMatch(/^Lower the rate/);
});

test.each([
  ['quota_exhausted', '1308', /window is reset/],
  ['balance_exhausted', '1113', /^Top up/],
  ['auth', '1000', /^Check the key/],
  ['fair_use', '1313', /^Settle that with the vendor/],
] as const)('%s (%s) closes the account, and the next step follows from it', (kind, code, step) => {
  const result: LoadResult = {
    ...emptyRun().result,
    ledger: { planned: 40, ok: 0, [kind]: 40 },
    limits: { retries: 0, codes: { [code]: 40 } },
  };
  expect(said(result, 'limited_by_account')).toContain(`40 of 40 requests (100%)`);
  expect(said(result, 'limited_by_account')).toContain(`(${code} ×40)`);
  expect(next(result)).toMatch(step);
});

test('a platform that sheds load is not the account’s limit', () => {
  const { result } = makeRun({ ...calm, faults: { overloaded: 6 } });
  expect(kinds(result)).toContain('limited_by_platform');
  expect(kinds(result)).not.toContain('limited_by_account');
  expect(said(result, 'limited_by_platform')).toContain('1305 ×');
});

test('a network that fails is named by its endings', () => {
  expect(said(failedRun().result, 'limited_by_network')).toBe(
    'Connections failed: 200 of 200 requests (100%) ended as tcp.',
  );
});

test.each([
  ['tls', /--ca\.$/],
  ['dns', /^Check the name in --url/],
  ['tcp', /^Check that the endpoint runs/],
  ['reset', /^Check the way to the endpoint/],
] as const)('the next step after %s follows from it', (kind, step) => {
  expect(next({ ...emptyRun().result, ledger: { planned: 41, ok: 0, [kind]: 40, timeout_connect: 1 } })).toMatch(step);
});

test('connections that are not kept cost a handshake each', () => {
  const { result } = makeRun({ ...calm, freshRatio: 1, connectMs: 90 });
  expect(said(result, 'limited_by_network')).toMatch(
    /^Connections were not kept: \d+ were opened for \d+ requests, 9\d/,
  );
  expect(kinds(makeRun({ ...calm, freshRatio: 1, connectMs: 2 }).result)).not.toContain('limited_by_network');
});

test.each([
  ['timeout_total', true],
  ['stalled', true],
  ['server_error', false],
] as const)('connections that end as %s are closed by this program: %s', (kind, own) => {
  const { result } = makeRun({ ...calm, freshRatio: 1, connectMs: 90 });
  const { planned } = result.ledger;
  const ledger = { planned, ok: 20, [kind]: planned - 20 };
  expect(kinds({ ...result, ledger }).includes('limited_by_network')).toBe(!own);
});

test('requests that found no place are the limit of this program, after whatever kept the places', () => {
  const shedding = (scene: Scene) => {
    const { result } = makeRun(scene);
    const ledger = { ...result.ledger, planned: result.ledger.planned + 57, shed: 57 };
    return { ...result, ledger, config: { ...result.config, concurrency: 20 } };
  };
  const fast = shedding({ ...calm, load: { kind: 'open', perSecond: 30 }, durationMs: 4000 });
  expect(kinds(fast)).toContain('limited_by_client');
  expect(kinds(fast)).not.toContain('limited_by_nothing');
  expect(said(fast, 'limited_by_client')).toMatch(
    /: 57 of \d+ requests \([\d.]+%\) were not sent, .* 20 under way at once/,
  );
  expect(next(fast)).toMatch(/^Raise --max-in-flight/);
  expect(next(shedding({ ...ramp, slots: 8 }))).toMatch(/^Up to about/);
});

test('as many connections as requests under way at once were kept', () => {
  const { result } = makeRun({ load: { kind: 'closed', levels: [30] }, durationMs: 2000, connectMs: 90, tokens: 60 });
  expect(result.connections.opened).toBeGreaterThan(result.load.sent / 4);
  const once = { ...result, load: { ...result.load, sent: 55 } }; // 30 of them were the first of their place
  expect(kinds(once)).not.toContain('limited_by_network');
});

test.each([
  ['a long run', {}, 8],
  ['a run of two answers one after another', { durationMs: 2000 }, 8],
])('of %s it is said how many were really served at once', (_, more, limit) => {
  const scene: Scene = {
    load: { kind: 'closed', levels: [16] },
    durationMs: 45_000,
    ttftMs: 260,
    itlMs: 15,
    tokens: 60,
  };
  const { result } = makeRun({ ...scene, limit, ...more });
  expect(Number(/About ([\d.]+) were/.exec(said(result, 'limited_by_account') ?? '')?.[1])).toBeCloseTo(limit, -0.3);
  expect(next(result)).toMatch(new RegExp(`^Keep at most ${limit} under way`));
});

test.each([
  ['two answers one after another', 2, 1900, 84.9],
  ['a little more than one answer', 2, 1900, 80],
])('%s do not make three places of two', (_, seconds, answerMs, tokensPerSecond) => {
  const { result } = rateLimitedRun();
  const figure = (mean: number) => ({ ...result.metrics.e2e_ms!, count: 4, min: mean, mean, max: mean });
  const run: LoadResult = {
    ...result,
    ledger: { planned: 504, ok: 4, rate_limited: 500 },
    intervals: result.intervals.map(interval => ({ ...interval, reads: 80 })),
    metrics: {
      ...result.metrics,
      e2e_from_send_ms: figure(answerMs),
      attempt_ms: { ...figure((4 * answerMs + 500) / 504), count: 504 },
      ttft_any_from_send_ms: figure(200),
      tpot_ms: figure(20),
    },
    whole: {
      ...result.whole,
      from_s: 0,
      duration_s: seconds,
      in_flight_max: 6,
      output_tokens_per_second: tokensPerSecond,
    },
  };
  expect(said(run, 'limited_by_account')).toContain('About 2 were served at once');
  expect(next(run)).toMatch(/^Keep at most 2 under way/);
});

test('seats that are refused add nothing to what was served at once', () => {
  const { result } = rateLimitedRun();
  const figure = (count: number, mean: number, min: number) => ({ ...result.metrics.e2e_ms!, count, mean, min });
  // Forty seats for four seconds at a limit of eight: tokens alone would make nine of them.
  const run: LoadResult = {
    ...result,
    ledger: { planned: 1314, ok: 56, rate_limited: 1258 },
    intervals: result.intervals.map(interval => ({ ...interval, reads: 80 })),
    metrics: {
      e2e_from_send_ms: figure(56, 586.5, 580.6),
      attempt_ms: figure(1314, 32, 0.3),
      ttft_any_from_send_ms: figure(56, 208.3, 200.5),
      tpot_ms: figure(56, 19.9, 18.3),
      connect_ms: figure(40, 11.7, 10.7),
    },
    whole: {
      ...result.whole,
      ...{ from_s: 0, duration_s: 4.14, in_flight_mean: 10.44, in_flight_max: 40, output_tokens_per_second: 270.8 },
    },
  };
  expect(said(run, 'limited_by_account')).toContain('About 8 were served at once');
});

test('where nothing was served, no place is made up', () => {
  const result: LoadResult = {
    ...emptyRun().result,
    ledger: { planned: 40, ok: 0, rate_limited: 40 },
    limits: { retries: 0, codes: { '1302': 40 } },
  };
  expect(said(result, 'limited_by_account')).toMatch(/\(1302 ×40\)\. None was served\.$/);
});

test('a latency that is longer than the run is told to be waits between attempts', () => {
  const { result } = rateLimitedRun();
  const { e2e_ms: user, e2e_from_send_ms: server } = result.metrics;
  const metrics = { ...result.metrics, e2e_ms: { ...user!, max: server!.max + 28_000 } };
  const run = (retries: number) => ({ ...result, metrics, limits: { ...result.limits, retries } });
  expect(said(run(9), 'limited_by_account')).toMatch(/Good answers waited up to 28\.0 s between attempts\.$/);
  expect(said(run(0), 'limited_by_account')).not.toContain('waited');
});

test('one good answer per second is one answer', () => {
  const { result } = healthyRun();
  const throughput = { ...result.throughput, requests_per_second: 1 };
  expect(said({ ...result, throughput }, 'does')).toContain('gave 1 good answer and');
});

test('who stopped a run is not told to lengthen its grace', () => {
  const { result } = emptyRun();
  const cut = (halted?: 'stopped'): LoadResult => ({
    ...result,
    ledger: { planned: 5, ok: 0, censored: 5 },
    load: { ...result.load, ...(halted ? { halted, halted_after_s: 1 } : {}) },
  });
  expect(next(cut('stopped'))).toBe('Let it run to its end, or wait for what is under way after Ctrl-C.');
  expect(next(cut())).toContain('--grace');
  const [interval] = healthyRun().result.intervals;
  const ended = (afterMs: number): LoadResult => ({
    ...cut(),
    config: { ...result.config, graceMs: 30_000 },
    whole: { ...result.whole, from_s: 0, duration_s: 1 },
    intervals: [{ ...interval!, fromMs: 1000, toMs: 1000 + afterMs }],
  });
  expect(next(ended(30_000))).toContain('--grace');
  expect(next(ended(29_900))).toContain('--grace'); // the window may have swallowed that much of it
  expect(next(ended(1200))).toBe(next(cut('stopped')));
});

test('a run that its first refusal ended does not say that nothing was served', () => {
  const { result } = rateLimitedRun();
  const { e2e_from_send_ms: e2e } = result.metrics;
  if (e2e === undefined) throw new Error('no latency in the example');
  const ended = {
    ...result,
    ledger: { planned: 5, ok: 2, rate_limited: 3 },
    metrics: {
      ...result.metrics,
      e2e_from_send_ms: { ...e2e, count: 2, mean: 700 },
      attempt_ms: { ...e2e, count: 5, mean: 281 },
    },
    whole: { ...result.whole, in_flight_max: 5, duration_s: 0.04 },
  };
  expect(said(ended, 'limited_by_account')).toContain('About 2 were served at once');
  expect(next(ended)).toMatch(/^Keep at most 2 under way/);
});

test.each([
  ['a busy event loop', busy, /its event loop was busy 93% of the time and up to 180 ms late/, /--workers/],
  ['a host that gives time to others', { ...busy, elu: 0.2, steal: 0.2 }, /its host gave 20%/, /machine of your own/],
] as const)('%s makes this machine the limit, before any other', (_, health, text, step) => {
  const { result } = makeRun({ ...ramp, slots: 8 }, { health });
  expect(said(result, 'limited_by_client')).toMatch(text);
  expect(next(result)).toMatch(step);
});

test.each([
  ['server_error', /^Give the vendor/, false],
  ['auth', /^Check the key/, false],
  ['timeout_first_byte', /--workers/, true],
] as const)('of a busy loop that got nothing but %s the next step is %s', (kind, step, limit) => {
  const { result } = makeRun(calm, { health: busy });
  const failed = { ...result, ledger: { planned: 9000, ok: 0, [kind]: 9000 } };
  expect(kinds(failed).includes('limited_by_client')).toBe(limit);
  expect(next(failed)).toMatch(step);
});

test('unknown steal is not a limit', () => {
  const { result } = makeRun(calm, { health: { ...busy, elu: 0.2, steal: undefined } });
  expect(kinds(result)).not.toContain('limited_by_client');
});

test('open load beyond what comes back is saturated, and the wait before the send is told', () => {
  const { result } = saturatedRun();
  expect(kinds(result)).toEqual(['does', 'saturated', 'limited_by_queue', 'cut_off', 'hidden_wait', 'next']);
  expect(next(result)).toMatch(/^Offer less than 1\d(\.\d)? per second/);
});

test.each([0.5, 0.7, 0.9])(
  'open load at %f of what the server can do is called neither saturated nor changed',
  part => {
    for (let seed = 1; seed <= 20; seed++) {
      // 12 places, 0.68 s each: 17 requests per second
      const { result } = makeRun({
        seed,
        load: { kind: 'open', perSecond: 17 * part },
        durationMs: 40_000,
        slots: 12,
        ttftMs: 100,
        itlMs: 20,
        tokens: 29,
      });
      const found = kinds(result).filter(kind => kind === 'saturated' || kind === 'changed');
      expect(found).toEqual([]);
    }
  },
);

const rising: Scene = {
  load: { kind: 'open', perSecond: 5, rise: { atMs: 4000, to: 60 } },
  durationMs: 8000,
  ttftMs: 200,
  itlMs: 20,
  tokens: 50,
};

test.each([
  ['takes them all as fast as before', {}, false],
  ['takes them for long as fast as before', { durationMs: 12_000 }, false],
  ['has places for a third of them', { slots: 20, durationMs: 10_000 }, true],
])('a steep rise at the end of a short run at a server that %s', (_, more, expected) => {
  for (let seed = 1; seed <= 20; seed++)
    expect(kinds(makeRun({ ...rising, ...more, seed }).result).includes('saturated')).toBe(expected);
});

test.each([
  ['a short run', 40, 8000],
  ['a run with few requests', 20, 12_000],
])('overload in %s is told to pile up', (_, perSecond, durationMs) => {
  for (let seed = 1; seed <= 20; seed++) {
    const scene = { ...rising, seed, load: { kind: 'open' as const, perSecond }, durationMs, slots: 2, tokens: 10 };
    expect(kinds(makeRun(scene).result)).toContain('saturated');
  }
});

test('broken answers are counted and explained; single ones do not decide what to do next', () => {
  const { result } = healthyRun();
  expect(said(result, 'broken_answers')).toBe(
    '1 request (0.13%) failed at the endpoint: 1 truncated. truncated means: the stream ended without a finish_reason.',
  );
  expect(next(result)).not.toContain('vendor');
  expect(next(makeRun({ ...calm, faults: { stalled: 10 } }).result)).toContain('ids of the failed requests');
});

test.each([80, 100])('failures that matter come before "nothing limited", also on a screen of %d columns', width => {
  const { result } = makeRun({ ...calm, faults: { stalled: 5 } });
  const findings = findingsOf(result);
  expect(findings.map(({ kind }) => kind).slice(0, 3)).toEqual(['does', 'broken_answers', 'limited_by_nothing']);
  const shown = screen({ ...result, findings }, { width }).replace(/\s+/g, ' ');
  expect(shown).toMatch(/\d+ requests \([\d.]+%\) failed at the endpoint: \d+ stalled/);
  expect(shown).toContain('Apart from failures nothing seen here limited the run');
});

test('a limit comes before failures beside it', () => {
  const { result } = makeRun({ ...calm, limit: 8, faults: { stalled: 10 } });
  expect(kinds(result).slice(0, 3)).toEqual(['does', 'limited_by_account', 'broken_answers']);
});

test('who did not ask for a file is not sent to one, but told how to have it', () => {
  const { result } = makeRun({ ...calm, faults: { stalled: 10 } });
  expect(next(result)).toContain('-o DIR keeps them in requests.ndjson');
  expect(next(makeRun({ ...calm, limit: 8, faults: { stalled: 10 } }).result)).toMatch(/^Keep at most/);
});

test.each<[string, Partial<LoadResult['ledger']>, Record<string, number>, string]>([
  ['limited_by_account', { rate_limited: 40 }, { '1302': 90 }, '40 of 50 requests (80%) refused because'],
  ['limited_by_account', { auth: 40 }, { '1000': 90 }, '40 of 50 requests (80%): the key or token was refused (1000).'],
  ['limited_by_platform', { overloaded: 40 }, { '1305': 90 }, '40 of 50 requests (80%) refused as overloaded (1305).'],
  ['limited_by_network', { reset: 40 }, {}, '40 of 50 requests (80%) ended as reset'],
  ['broken_answers', { stalled: 40 }, {}, '40 requests (80%) failed at the endpoint'],
])('%s counts of the same requests as the first line does: %o', (kind, bad, codes, words) => {
  const ledger = { planned: 200, ok: 10, warmup: 60, unsent: 70, censored: 20, ...bad };
  const { result } = makeRun(calm, { ledger, limits: { retries: 0, codes } });
  expect(said(result, kind)).toContain(words);
  expect(said(result, kind)).not.toContain('×');
  expect(headlineOf(result).reason).toContain('20% of 50 requests');
});

test('a share of one in a hundred is one of those that were measured', () => {
  const { result } = makeRun(calm, { ledger: { planned: 10_000, ok: 90, warmup: 9900, overloaded: 10 } });
  expect(kinds(result)).toContain('limited_by_platform');
});

test('answers that came after a deadline of this program did not fail at the endpoint', () => {
  const late = makeRun(calm, { ledger: { planned: 50, ok: 10, timeout_total: 39, timeout_first_token: 1 } }).result;
  expect(said(late, 'broken_answers')).toMatch(
    /^40 requests \(80%\) did not make a deadline of this program: 39 timeout/,
  );
  expect(next(late)).toMatch(/more time \(--timeout\)/);
});

test('of a few answers no half is told', () => {
  const { result } = makeRun(calm);
  const few = (name: 'ttft_content_ms' | 'e2e_ms', max: number) => ({
    [name]: { ...result.metrics[name]!, count: 6, min: 204, max, needs: { p50: 11 } },
  });
  expect(said({ ...result, metrics: few('ttft_content_ms', 310) }, 'does')).toMatch(
    /; users saw something after 204 ms to 310 ms\.$/,
  );
  expect(said({ ...result, metrics: few('e2e_ms', 204) }, 'does')).toMatch(/; an answer took 204 ms\.$/);
});

test.each([
  [2, 20, /^Check the 2 keys one by one: the endpoint takes one or some of them/],
  [2, 0, /^Check the 2 keys: the endpoint refuses them all\.$/],
  [1, 20, /^Check the key: the endpoint refuses it\.$/],
])('of %d keys, with %d good answers, the next step names what is to be checked', (keys, ok, step) => {
  const { result } = makeRun(calm, { ledger: { planned: 20 + ok, ok, auth: 20 } });
  expect(next({ ...result, config: { ...result.config, keys } })).toMatch(step);
});

test('a request that is wrong is to be mended first', () => {
  const { result } = makeRun(calm, { ledger: { planned: 50, ok: 10, prompt_too_long: 40 } });
  expect(said(result, 'wrong_requests')).toContain('40 requests ended as prompt_too_long');
  expect(next(result)).toMatch(/^Mend the request/);
});

test.each([
  [
    'an answer or a prompt that content review stopped',
    { ok: 40, content_filtered: 10 },
    /^Look at what was asked there and/,
  ],
  ['prompts that content review stops', { ok: 0, content_filtered: 50 }, /^Mend the request first/],
  ['a path that does not exist', { ok: 0, not_found: 50 }, /^Check --url: it ends where \/chat\/completions follows/],
  ['a model that does not exist', { ok: 0, model_unavailable: 50 }, /^Check --model/],
])('the next step after %s follows from it', (_, ledger, step) => {
  const { result } = makeRun(calm, { ledger: { planned: 50, ...ledger } });
  expect(next(result)).toMatch(step);
  expect(said(result, 'wrong_requests')?.includes('not in the endpoint')).toBe(ledger.ok === 0);
});

test('a schedule tells of those offered how many were answered, and that the start-up is in its figures', () => {
  const { result } = makeRun({ ...calm, load: { kind: 'open', perSecond: 30 }, durationMs: 5000 });
  expect(said(result, 'does')).toMatch(
    /^Of [\d.]+ requests offered per second the endpoint answered 100% well; it gave [\d.]+ good answers and \d+ tokens per second; half/,
  );
  const starting = { ...result, throughput: { ...result.throughput, start_up_s: 1.2 } };
  expect(said(starting, 'does')).toContain('tokens per second, start-up included; half');
  const cut = { ...result, ledger: { ...result.ledger, ok: result.ledger.ok / 2 } };
  expect(said(cut, 'does')).toContain('answered 50% well');
});

test.each<[string, Partial<LoadResult['load']>, RegExp, RegExp]>([
  ['the grace', {}, /^42 of 119 requests \(35\.3%\) were still under way after --grace 2\.00 s: neither/, /--grace/],
  [
    'Ctrl-C',
    { halted: 'stopped', halted_after_s: 3 },
    /when the run was stopped: neither good nor failed/,
    /^Raise the load/,
  ],
])('what %s cut off is told beside the share of the others', (_, halt, words, step) => {
  const { result } = makeRun(calm, { ledger: { planned: 119, ok: 77, censored: 42 } });
  const intervals = [...result.intervals, { ...result.intervals[0]!, fromMs: 30_000, toMs: 32_000, planned: 0 }];
  const run = { ...result, intervals, load: { ...result.load, ...halt }, config: { ...result.config, graceMs: 2000 } };
  expect(said(run, 'cut_off')).toMatch(words);
  expect(next(run)).toMatch(step);
});

test('one of hundreds that was cut off is not told', () => {
  expect(kinds(makeRun(calm, { ledger: { planned: 201, ok: 200, censored: 1 } }).result)).not.toContain('cut_off');
});

test('those who wait much longer than half of all are told', () => {
  const { result } = makeRun(calm);
  const content = { ...result.metrics.ttft_content_ms!, p50: 209, p90: 261, p95: 2210 };
  const tail = (more: Partial<typeof content>) => ({
    ...result,
    metrics: { ...result.metrics, ttft_content_ms: { ...content, ...more } },
  });
  expect(said(tail({}), 'slow_tail')).toBe(
    'One user in twenty waited 2.21 s or longer for the first content (p95), half at most 209 ms.',
  );
  expect(kinds(tail({ needs: { p95: 130 } }))).not.toContain('slow_tail');
  expect(said(tail({ needs: { p95: 130 }, p90: 900 }), 'slow_tail')).toMatch(
    /^One user in ten waited 900 ms or longer/,
  );
  expect(kinds(tail({ p95: 620 }))).not.toContain('slow_tail');
});

test('who met a failure is not told to have seen something', () => {
  const { result } = makeRun({ ...calm, faults: { server_error: 2 } });
  expect(said(result, 'does')).toContain('half of those answered saw something within');
  const few = { ...result.metrics.ttft_content_ms!, needs: { p50: 11 } };
  expect(said({ ...result, metrics: { ttft_content_ms: few } }, 'does')).toContain(
    '; those answered saw something after',
  );
});

test('a lost agent is a hole in the load', () => {
  expect(said(makeRun(calm, { ledger: { planned: 50, ok: 40, lost: 10 } }).result, 'lost_agents')).toMatch(
    /^10 requests were lost, made or not: the agent that had them went away/,
  );
});

test('events that come in heaps are told', () => {
  const { result } = makeRun({ ...calm, coalescedRatio: 0.6 });
  expect(said(result, 'bunched')).toMatch(/^\d\d(\.\d)?% of the events/);
  expect(kinds(healthyRun().result)).not.toContain('bunched');
});

test('too few samples for a p99 say how much longer to run', () => {
  expect(said(unaryRun().result, 'few_samples')).toBe(
    'A p99 needs 662 good requests, there were 209: run about 3.2 times as long to read it.',
  );
});

test('a unary run tells when half had their answer', () => {
  expect(said(unaryRun().result, 'does')).toContain('half of the users had their answer within 990 ms');
});

test.each([
  ['nothing asked', emptyRun().result, 'Nothing was asked, so nothing is known.'],
  [
    'nothing good',
    failedRun().result,
    'None of 200 requests was answered well; most ended as tcp: no connection (refused, unreachable).',
  ],
  [
    'nothing ended',
    { ...emptyRun().result, ledger: { planned: 7, ok: 0, censored: 7 } },
    'None of 7 requests was answered before the run ended.',
  ],
] as const)('%s is said as it is', (_, result, text) => {
  expect(said(result, 'does')).toBe(text);
});

test('every run ends with one next step, and the same run with the same words', () => {
  for (const { result } of [
    emptyRun(),
    failedRun(),
    healthyRun(),
    rateLimitedRun(),
    saturatedRun(),
    unaryRun(),
    longRun(),
  ]) {
    expect(kinds(result).filter(kind => kind === 'next')).toHaveLength(1);
    expect(kinds(result).at(-1)).toBe('next');
    expect(findingsOf(result)).toEqual(findingsOf(result));
    for (const { text } of findingsOf(result)) expect(text).not.toMatch(/NaN|undefined|Infinity|–/);
  }
});

/** A run of ten requests that ended in these classes. */
const endedAs = (ledger: Partial<LoadResult['ledger']>, load: Partial<LoadResult['load']> = {}) => {
  const { result } = makeRun(calm);
  return { ...result, ledger: { planned: 10, ok: 0, ...ledger }, load: { ...result.load, ...load } };
};

test.each<[string, LoadResult, RegExp, RegExp]>([
  ['nothing asked', endedAs({ planned: 0 }), /Nothing was asked/, /until it asks/],
  ['all in the warm-up', endedAs({ warmup: 10 }), /10 were made in the warm-up/, /beyond the warm-up/],
  ['all cut off', endedAs({ censored: 10 }), /None of 10 requests was answered before/, /--grace/],
  ['no budget', endedAs({ unsent: 10 }, { halted: 'budget' }), /None of 10 requests/, /Raise the budget/],
  ['refused', endedAs({ timeout_total: 4, unsent: 6 }), /None of 4 requests was answered well/, /./],
])('with %s it says what was in the way, not that the key is wrong', (_, result, does, next_) => {
  expect(said(result, 'does')).toMatch(does);
  expect(next(result)).toMatch(next_);
  expect(next(result)).not.toMatch(/the key/);
});

const spentOf = (budget: object, input: number, booked?: number): LoadResult => {
  const result = endedAs({ ok: 10 }, { halted: 'budget' });
  const cost = (tokens: number) => ({ amount: tokens / 1000, currency: 'CNY' });
  const tokens = { ...result.tokens, input, output: 0, cost: cost(input) };
  const more = booked === undefined ? {} : { booked: { input: booked, output: 0, cost: cost(booked) } };
  return { ...result, config: { ...result.config, budget }, tokens: { ...tokens, ...more } };
};

test.each<[string, LoadResult, RegExp | undefined]>([
  [
    'tokens',
    spentOf({ maxTokens: 10_000 }, 250_000),
    /Of a budget of 10,000 tokens 250,000 were spent: the server counts/,
  ],
  ['booked tokens', spentOf({ maxTokens: 10_000 }, 5, 10_001), /10,000 tokens 10,001 were spent/],
  ['money', spentOf({ maxCost: 1 }, 2500), /Of a budget of .*1.* 2\.5.* was spent/],
  ['all of it', spentOf({ maxTokens: 10_000, maxCost: 10 }, 10_000), undefined],
  ['no budget', spentOf({}, 10_000), undefined],
])('a budget that was overshot is told: %s', (_, result, words) => {
  if (words === undefined) expect(said(result, 'overspent')).toBeUndefined();
  else expect(said(result, 'overspent')).toMatch(words);
});

test('a budget that went for failures is not to be raised before they are looked into', () => {
  const outage = (tokens: object) => {
    const result = endedAs({ ok: 20, server_error: 900 }, { halted: 'budget' });
    return { ...result, tokens: { ...result.tokens, input: 2000, output: 718, ...tokens } };
  };
  const failed = outage({ booked: { input: 20_000, output: 79_858, cost: null } });
  expect(said(failed, 'ended_early')).toContain(
    'Of 99,858 tokens that were booked answers took 2,718; most went for what failed (server_error), of which nobody knows what it cost.',
  );
  expect(next(failed)).toBe('Look into the failures first: a larger budget would pay for more of them.');
  for (const tokens of [{ booked: { input: 2000, output: 800, cost: null } }, {}])
    expect(next(outage(tokens))).toMatch(/^Raise the budget/);
});

test.each<[Partial<LoadResult['load']>, string]>([
  [{ halted: 'stopped', halted_after_s: 3.2 }, 'The run was stopped after 3.20 s, before its time.'],
  [
    { halted: 'stopped', halted_after_s: 3.2, halted_parts: { ended: 1, of: 2 } },
    '1 of 2 parts of the run was stopped after 3.20 s, before its time; the rest went on.',
  ],
  [
    { halted: 'budget', halted_after_s: 61, halted_parts: { ended: 2, of: 4 } },
    'The budget ended 2 of 4 parts of the run after 61.0 s: what was left did not cover the worst case of one more request; the rest went on.',
  ],
  [
    { halted: 'rate_limited', halted_after_s: 3.24, halted_code: '1302', halted_parts: { ended: 1, of: 4 } },
    '--on-limit cut 1 of 4 parts of the run short after 3.24 s: 1302 (rate_limited), too many requests in flight or too often; the rest went on.',
  ],
  [
    { halted: 'budget', halted_after_s: 61 },
    'The budget ended the run after 61.0 s: what was left did not cover the worst case of one more request.',
  ],
  [
    { halted: 'rate_limited', halted_after_s: 3.24, halted_code: '1302' },
    '--on-limit cut the run short after 3.24 s: 1302 (rate_limited), too many requests in flight or too often.',
  ],
  [
    { halted: 'quota_exhausted', halted_after_s: 0.004, halted_code: '1308' },
    '--on-limit cut the run short after 4 ms: 1308 (quota_exhausted), a plan window is used up.',
  ],
  [
    { halted: 'auth', halted_after_s: 1 },
    '--on-limit cut the run short after 1.00 s: auth, the key or token was refused.',
  ],
])('a run that ended early says first what ended it and when: %o', (halt, text) => {
  const { result } = healthyRun();
  const ended = { ...result, load: { ...result.load, ...halt } };
  expect(findingsOf(ended)[0]).toEqual({ kind: 'ended_early', text });
  expect(screen({ ...ended, findings: findingsOf(ended) }, { width: 80 }).replace(/\s+/g, ' ')).toContain(
    text.slice(0, 60),
  );
  expect(said(result, 'ended_early')).toBeUndefined();
});

test('what was not made is not offered, and its share is no share of the answered', () => {
  const open: Scene = { ...calm, load: { kind: 'open', perSecond: 10 } };
  const { result } = makeRun(open);
  const { planned } = result.ledger;
  const cut = { ...result, ledger: { ...result.ledger, planned: planned + 900, unsent: 800, warmup: 100 } };
  expect(said(cut, 'does')).toBe(said(result, 'does'));
  expect(headlineOf(cut).reason).toBe(headlineOf(result).reason);
});

/** In the second of them requests waited for the budget. */
const waiting = (intervals: readonly Interval[]) =>
  intervals.map((one, i) => ({ ...one, budgetWaits: i === 1 ? 30 : 0 }));

const budgeted = (run: LoadResult, more: Partial<LoadResult> = {}): LoadResult => ({
  ...run,
  config: { ...run.config, concurrency: 40, budget: { maxTokens: 1e9 } },
  intervals: waiting(run.intervals),
  ...more,
});

test('a budget that keeps the load down is named as the limit', () => {
  const { result } = makeRun(calm);
  expect(kinds(budgeted(result))).toContain('limited_by_budget');
  expect(kinds(budgeted(result))).not.toContain('limited_by_nothing');
  expect(said(budgeted(result), 'limited_by_budget')).toMatch(/^At most 10 of 40 requests were under way/);
  expect(next(budgeted(result))).toMatch(/^Raise the budget/);
  const open = makeRun({ ...calm, load: { kind: 'open', perSecond: 10 } }).result;
  const short = { ledger: { ...open.ledger, planned: open.ledger.planned + 33, unsent: 33 } };
  expect(said(budgeted(open, short), 'limited_by_budget')).toMatch(
    /^33 requests were not made: at their time the budget/,
  );
});

test('what the budget left out of a rate before it ended the run is told, and not what was to come', () => {
  const { result } = makeRun({ ...calm, load: { kind: 'open', perSecond: 10 } });
  const unsent = (left: readonly number[]): Partial<LoadResult> => ({
    load: { ...result.load, halted: 'budget', halted_after_s: 2.5 },
    intervals: result.intervals.map((one, i) => ({ ...one, ended: { ...one.ended, unsent: left[i] ?? 0 } })),
    ledger: { ...result.ledger, unsent: 999 },
  });
  const run = budgeted(result, unsent([0, 7, 992]));
  expect(said(run, 'limited_by_budget')).toBe(
    'Before that, at least 7 requests were not made: at their time the budget had no room for them.',
  );
  expect(kinds(run)).not.toContain('limited_by_nothing');
  expect(said(budgeted(result, unsent([0, 1])), 'limited_by_budget')).toMatch(/at least 1 request was not made/);
  expect(kinds(budgeted(result, unsent([0, 0, 999])))).not.toContain('limited_by_budget');
});

test('a budget that lets all be under way only now and then is the limit as well', () => {
  const { result } = makeRun(calm);
  const few = {
    config: { concurrency: 10, budget: { maxTokens: 9 } },
    whole: { ...result.whole, in_flight_mean: 4.6 },
  };
  expect(said(budgeted(result, few), 'limited_by_budget')).toMatch(
    /^On average 5 of 10 requests were under way: the budget/,
  );
  const arrivals = { kind: 'closed', stages: [{ durationMs: 9000, from: 1, to: 10 }] };
  const climbing = budgeted(result, { ...few, config: { ...few.config, arrivals } });
  expect(kinds(climbing)).not.toContain('limited_by_budget');
});

const silent = (intervals: readonly Interval[]) => intervals.map(({ budgetWaits: _, ...one }) => one as Interval);

test.each<[string, Partial<LoadResult>]>([
  ['there is none', { config: { concurrency: 40, budget: {} } }],
  ['only a price is known', { config: { concurrency: 40, budget: { price: { input: 1, output: 1 } } } }],
  ['no request waited for it, as in a ramp that was cut', { intervals: makeRun(calm).result.intervals }],
  ['its intervals do not say, as those of an earlier version', { intervals: silent(makeRun(calm).result.intervals) }],
  ['all were under way', { config: { concurrency: 10, budget: { maxTokens: 9 } } }],
])('a budget is no limit when %s', (_, more) => {
  expect(kinds(budgeted(makeRun(calm).result, more))).not.toContain('limited_by_budget');
});

test('answers that all came after the last request was made are not called none per second', () => {
  const { result } = makeRun(calm);
  const late = { ...result, throughput: { ...result.throughput, requests_per_second: 0, output_tokens_per_second: 0 } };
  expect(said(late, 'does')).toMatch(
    /gave [\d,]+ good answers, all after the last request was made; half of the users/,
  );
});

test('a threshold that nothing was measured for is not called missed', () => {
  const unknown = { text: 'ttft_content:p99<1s', ok: false, actual: null, why: 'p99 needs 662 samples, there are 6' };
  const missed = { text: 'error_rate<1%', ok: false, actual: 0.4, why: '40 %' };
  const { result } = healthyRun();
  const reason = (more: Partial<LoadResult>) => headlineOf({ ...result, ...more }).reason;
  expect(reason({ verdict: 'not_measurable', thresholds: [unknown] })).toBe(
    '1 of 1 threshold cannot be judged: ttft_content:p99<1s',
  );
  expect(reason({ verdict: 'fail', thresholds: [unknown, missed] })).toBe('1 of 2 thresholds missed: error_rate<1%');
  const rows = markdown({ ...result, verdict: 'fail', thresholds: [unknown, missed] });
  expect(rows).toContain('| ? | `ttft_content:p99<1s` |');
  expect(rows).toContain('| ✗ | `error_rate<1%` |');
});

test('a code is told once, with how often it came', () => {
  const refused = endedAs({ balance_exhausted: 4, ok: 6 });
  const text = said({ ...refused, limits: { retries: 0, codes: { '1113': 4 } } }, 'limited_by_account');
  expect(text).toBe('The account refused 4 of 10 requests (40%): no money or no package (1113 ×4).');
  expect(said(refused, 'limited_by_account')).toMatch(/no money or no package \(1113\)\.$/);
});

test('a run that a refusal ended says so in its first line', () => {
  const { result } = healthyRun();
  const load = { ...result.load, halted: 'overloaded', halted_after_s: 2, halted_code: '1305' };
  const { reason } = headlineOf({ ...result, thresholds: [], verdict: 'fail', load });
  expect(reason).toBe('the run was cut short after 2.00 s by the first 1305 (overloaded)');
});

test.each([
  ['autocannon', /^Take --driver socket, which works less for a request, or spread the load over more cores/],
  ['socket', /^Spread the load over more cores/],
])('a busy client that used %s is told what would be lighter', (driver, advice) => {
  const { result } = makeRun({ ...calm, health: busy });
  expect(next({ ...result, config: { ...result.config, driver } })).toMatch(advice);
});
