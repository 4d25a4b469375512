import { beforeAll, expect, test } from 'vitest';
import { createManualClock } from '../../src/core/clock.ts';
import { openHistory, type RunLine, type StatusChange } from '../../src/probe/history.ts';
import { createJournal } from '../../src/probe/journal.ts';
import { createProbeMetrics } from '../../src/probe/metrics.ts';
import { alertOf } from '../../src/probe/notify/alert.ts';
import {
  type Bar,
  type CheckOverview,
  incidentsOf,
  knownText,
  type Overview,
  overviewOf,
  percentText,
  windowOf,
} from '../../src/probe/overview.ts';
import { pageOf, summaryOf } from '../../src/probe/page.ts';
import { skippedRun } from '../../src/probe/probe.ts';
import { statusReport } from '../../src/probe/report/status.ts';
import { runPage, runReport, runsPage, runText } from '../../src/probe/runs-page.ts';
import { plainWords } from '../../src/probe/verdict.ts';
import { checkFor } from '../support/probe.ts';
import { entryOf, runAt } from '../support/probe-runs.ts';
import { tell } from '../support/probe-story.ts';

const noon = Date.UTC(2026, 10, 28, 12);
const hour = 3_600_000;
let overview: Overview;

beforeAll(async () => {
  const history = await openHistory(':memory:');
  overview = await overviewOf(await tell(history, noon, 2 * hour), noon);
  history.close();
}, 60_000);

test('every check has its three windows, and what nobody saw is unknown in them', () => {
  const [first, second, third] = overview.checks;
  expect(overview.checks.map(({ state }) => state)).toEqual(['up', 'down', 'unknown']);
  expect(first!.windows.quarter.bars.map(({ state }) => state).filter(state => state === 'partly')).toHaveLength(1);
  expect(first!.windows.quarter.bars.filter(({ state }) => state === 'unknown')).not.toHaveLength(0);
  expect(second!.windows.quarter.bars.slice(0, 14).every(({ state }) => state === 'unknown')).toBe(true);
  expect(third!.windows.day).toMatchObject({ availability: null, known: 0 });
  expect(second!.latency).toHaveLength(48);
});

const change = (
  id: string,
  atMs: number,
  state: StatusChange['state'],
  domain: StatusChange['domain'] = null,
): StatusChange => ({
  id,
  atMs,
  state,
  domain,
  reason: domain === null ? null : 'tcp',
  detail: null,
  runId: null,
});

test('incidents are told newest first, with their fault, and end where something else begins', () => {
  expect(overview.incidents[0]).toMatchObject({
    kind: 'down',
    reason: 'stalled',
    fault_domain: 'provider',
    until_ms: null,
  });
  expect(overview.incidents.map(({ kind, reason }) => `${kind} ${reason}`)).toEqual(
    expect.arrayContaining(['blocked balance_exhausted', 'down overloaded']),
  );
  const changes = [
    change('a', 1, 'down', 'network'),
    change('b', 2, 'unknown'),
    change('a', 3, 'up'),
    change('b', 4, 'unknown', 'account'),
  ];
  expect(incidentsOf(changes).map(({ id, kind, from_ms, until_ms }) => [id, kind, from_ms, until_ms])).toEqual([
    ['b', 'blocked', 4, null],
    ['a', 'down', 1, 3],
  ]);
});

test('an outage is one incident until the service is well, whoever could not tell meanwhile', () => {
  const changes = [
    change('a', 1, 'down', 'network'),
    change('a', 2, 'unknown'),
    change('a', 3, 'down', 'network'),
    change('a', 4, 'unknown', 'account'),
    change('a', 5, 'maintenance'),
    change('a', 6, 'down', 'provider'),
    change('a', 7, 'degraded'),
    change('a', 8, 'down', 'network'),
  ];
  expect(incidentsOf(changes).map(({ kind, from_ms, until_ms }) => [kind, from_ms, until_ms])).toEqual([
    ['down', 8, null],
    ['blocked', 4, 5],
    ['down', 1, 7],
  ]);
  const many = Array.from({ length: 120 }, (_, at) => change('a', at, at % 2 === 0 ? 'down' : 'up', 'network'));
  expect(incidentsOf(many).map(({ from_ms }) => from_ms)).toEqual(Array.from({ length: 50 }, (_, n) => 118 - 2 * n));
});

test.each([
  ['1113', 'balance_exhausted', 'account'],
  ['1234', 'server_error', 'provider'],
  ['4711', null, 'provider'],
] as const)(
  'code %s inside a stream is told in the words of its run, wherever that is',
  async (code, cause, fault_domain) => {
    const run = runAt(noon, { reason: 'error_in_stream', cause, fault_domain, code, detail: `code ${code}` });
    const check = await checkFor('http://api.test/api/paas/v4', 'chat_stream');
    const entry = entryOf(run, entryOf(runAt(noon - 1)).status);
    const history = await openHistory(':memory:');
    history.record(entry);
    const plan = { checks: [{ ...check, id: run.id }], vantage: 'here' };
    const source = { plan, history, statusOf: () => entry.status, nextOf: () => undefined, troubles: () => [] };
    const { checks, incidents } = await overviewOf(source, noon + 1);
    history.close();
    const said: string[] = [];
    createJournal(createProbeMetrics([check], createManualClock()), text => said.push(text)).turned(
      check,
      entry.status,
    );
    const words = plainWords(run);
    expect(checks[0]?.words).toBe(words);
    expect(incidents.map(incident => incident.words)).toEqual([words]);
    expect(alertOf(undefined, entry.status, check)?.words).toBe(words);
    expect(said[0]).toContain(words);
  },
);

const timed = { id: 'a', schedule: { kind: 'interval', everyMs: hour, jitter: 0 } } as const;
const frame = { nowMs: noon - 1, eachMs: hour, bars: 4 };
const tally = (hoursAgo: number, good: number, bad: number, degraded = 0) => ({
  atMs: noon - hoursAgo * hour - 1,
  good,
  bad,
  degraded,
});

test.each([
  ['nothing', [], ['unknown', 'unknown', 'unknown', 'unknown'], null, 0],
  ['all good', [0, 1, 2, 3].map(ago => tally(ago, 1, 0)), ['good', 'good', 'good', 'good'], 1, 1],
  ['a mixture', [tally(0, 1, 3), tally(1, 3, 1), tally(2, 2, 0, 1)], ['unknown', 'degraded', 'partly', 'bad'], 0.6, 1],
  ['one of four', [tally(3, 1, 0)], ['good', 'unknown', 'unknown', 'unknown'], 1, 0.25],
  ['outside', [tally(9, 1, 1), tally(-5, 1, 1)], ['unknown', 'unknown', 'unknown', 'unknown'], null, 0],
])('a window of %s', (_, tallies, states, availability, known) => {
  const window = windowOf(timed, tallies, frame);
  expect(window.bars.map(({ state }) => state)).toEqual(states);
  expect(window.availability).toBe(availability);
  expect(window.known).toBeCloseTo(known, 0);
});

test.each([
  [1, '100 %'],
  [0.999999, '99.99 %'],
  [0.5, '50.00 %'],
  [0, '0.00 %'],
  [null, '–'],
])('the share %d reads %s: rounded down, never up to 100', (ratio, text) => {
  expect(percentText(ratio)).toBe(text);
});

test.each([
  [1, ''],
  [0.5, ', 50 % known'],
  [0.0001, ', less than 1 % known'],
])('known for %d reads “%s”', (known, text) => {
  expect(knownText(known)).toBe(text);
});

test('the page says the state in words, shows no script, and loads nothing', () => {
  const page = pageOf(overview, { live: true });
  expect(page).toContain('1 of 3 checks up, 1 down, 1 unknown');
  expect(page).toMatch(/<span class="state down">.* down/);
  expect(page).toContain('stalled (provider): silence between tokens');
  expect(page).not.toMatch(/<script/i);
  expect(page).toContain('&lt;script&gt;');
  expect(page).not.toMatch(/(?:src|href)="(?:https?:)?\/\//);
  expect(page).toContain('http-equiv="refresh"');
});

test('as a file the page stands for itself: no refresh, no links into a server', () => {
  const page = pageOf(overview);
  expect(page).not.toContain('http-equiv="refresh"');
  expect(page.match(/href="(?!data:|#)[^"]*"/g)).toEqual(['href="status.json"']);
});

test('trouble of the prober is on the page', () => {
  expect(pageOf({ ...overview, troubles: ['disk <full>'] })).toContain('disk &lt;full&gt;');
});

test('a page of nothing is a page', () => {
  const page = pageOf({ ...overview, checks: [], incidents: [] });
  expect(page).toContain('no checks');
  expect(page).toContain('None was seen.');
  expect(summaryOf([])).toBe('no checks');
});

test('the terminal shows bars, reasons and what is known', () => {
  const text = statusReport(overview);
  expect(text).toMatch(/^1 of 3 checks up, 1 down, 1 unknown\n/);
  expect(text).toMatch(/home\/chat_stream\/glm-4\.5-air {2}DOWN for 2 h/);
  expect(text).toMatch(/ {2}90 d {2}[█▆▄▁·]{30} {2}/u);
  expect(text).toMatch(/ {2}24 h {2}[█▆▄▁·]{24} {2}/u);
  expect(text).toContain('█ good  ▆ degraded  ▄ partly  ▁ bad  · unknown');
});

test('the terminal shows what is ill first, in lines of 80 columns at most', () => {
  const text = statusReport(overview);
  expect([...text.matchAll(/ {2}(up|DOWN|unknown) for/g)].map(([, state]) => state)).toEqual(['DOWN', 'unknown', 'up']);
  const bars = text.split('\n').filter(line => /^ {2}\d\d [hd] /.test(line));
  expect(bars).toHaveLength(9);
  expect(bars.every(line => line.length <= 80)).toBe(true);
});

test('the end of a long status in the terminal names what is ill, and counts', () => {
  const [up, down, unknown] = overview.checks as [CheckOverview, CheckOverview, CheckOverview];
  const end = (checks: readonly CheckOverview[]) =>
    statusReport({ ...overview, checks })
      .split('\n')
      .slice(-6);
  expect(end([up, down, unknown]).at(-2)).toMatch(/^█ good/);
  expect(end([up, up, down, unknown])).toEqual([
    expect.stringMatching(/^█ good/),
    '',
    `DOWN      ${down.id}`,
    `unknown   ${unknown.id}`,
    '2 of 4 checks up, 1 down, 1 unknown',
    '',
  ]);
  expect(end(Array.from({ length: 12 }, () => down)).slice(-3)).toEqual([
    'and 2 more that are not up',
    '0 of 12 checks up, 12 down',
    '',
  ]);
});

test('bars that share a block are one with a failure if one of them has one', () => {
  const bar = { from_ms: 0, good: 0, bad: 0 };
  const three = (...states: Partial<Bar>[]) => states.map(state => ({ ...bar, state: 'unknown' as const, ...state }));
  const quarter = [
    ...three({}, {}, {}),
    ...three({ state: 'good', good: 9 }, {}, {}),
    ...three({ state: 'good', good: 9 }, { state: 'bad', bad: 3 }, {}),
    ...three({ state: 'partly', good: 2, bad: 1 }, { state: 'bad', bad: 3 }, {}),
    ...three({ state: 'good', good: 9 }, { state: 'degraded', good: 9 }, {}),
  ];
  const check = overview.checks[0]!;
  const windows = { ...check.windows, quarter: { ...check.windows.quarter, bars: quarter } };
  expect(statusReport({ ...overview, checks: [{ ...check, windows }] })).toContain('  90 d  ·█▄▁▆  ');
});

test('a list of runs escapes what it lists, and links only to what is kept', () => {
  const line: RunLine = {
    runId: 'r1',
    atMs: noon,
    state: 'bad',
    reason: 'stalled',
    domain: 'provider',
    skipped: null,
    degraded: false,
    latencyMs: null,
    repeat: true,
    whole: true,
  };
  const page = runsPage('<i>', [
    line,
    { ...line, runId: 'r2', whole: false, state: 'good', reason: null, domain: null, latencyMs: 320 },
  ]);
  expect(page).toContain('Runs of &lt;i&gt;');
  expect(page).toContain('bad, repetition');
  expect(page).toContain('href="/runs/r1"');
  expect(page).not.toContain('href="/runs/r2"');
  expect(page).toContain('320ms');
});

test('one run is shown with its log, its result and its metrics', () => {
  const report = runReport(runAt(noon, { reason: 'stalled', message: '</pre>' }), 'a 1\nb 0\n# HELP\n', undefined);
  const text = runText(report);
  expect(text).toContain('opening a connection');
  expect(text).toContain('"reason": "stalled"');
  expect(text).toMatch(/Metrics of this run alone\n─+\na 1\n/);
  expect(text).toContain('not in the file any more');
  const page = runPage(report);
  expect(page).toContain('<pre>a 1</pre>');
  expect(page).toContain('&lt;/pre&gt;');
  expect(page).toMatch(/name="viewport"[\s\S]*href="\/runs\?check=[\w%.-]+"/);
});

test('what is ill comes first, the headline leads there, and a latency says what it is of', () => {
  const [some] = overview.checks;
  const check = (target: string, name: string, state: CheckOverview['state']) => ({
    ...some!,
    target,
    check: name,
    state,
  });
  const checks = [
    check('a', 'well', 'up'),
    check('b', 'fine', 'up'),
    check('b', 'ill', 'down'),
    check('c', 'dim', 'unknown'),
  ];
  const page = pageOf({ ...overview, checks });
  const order = [...page.matchAll(/<h3>(\w+) ·/g)].map(([, name]) => name);
  expect(order).toEqual(['ill', 'fine', 'dim', 'well']);
  expect(page).toContain('<a href="#first-down">1 down</a>, <a href="#first-unknown">1 unknown</a>');
  expect(page.match(/id="first-\w+"/g)).toEqual(['id="first-down"', 'id="first-up"', 'id="first-unknown"']);
  expect(page).toMatch(/<span>(to first token|whole call)<\/span>/);
});

test('the log of a run that was not made says so', async () => {
  const check = await checkFor('http://api.test/api/paas/v4', 'chat_stream');
  expect(skippedRun(check, 'maintenance', noon, 'until 13:00').log).toEqual(['skipped: until 13:00']);
});

test('what nobody has looked at yet is not said to be so for 0 s', () => {
  const [first] = overview.checks;
  const told = (more: object) => {
    const checks = [{ ...first!, state: 'unknown' as const, words: 'no run yet', last_run_at_ms: null, ...more }];
    return [statusReport({ ...overview, checks }), pageOf({ ...overview, checks })].map(
      text => /(unknown|dim">) for \w+ \w+/.exec(text)?.[0],
    );
  };
  expect(told({ since_ms: noon })).toEqual([undefined, undefined]);
  expect(told({ since_ms: noon - 60_000 })).toEqual(['unknown for 1 min', 'dim"> for 1 min']);
});

test('a run that is unknown says why in the list', () => {
  const line = { runId: 'r', atMs: 0, reason: null, domain: null, skipped: null, degraded: false, latencyMs: null };
  const rest = { repeat: false, whole: true, detail: 'stalled, but <busy>' } as const;
  expect(runsPage('a', [{ ...line, ...rest, state: 'unknown' }])).toContain('<td>stalled, but &lt;busy&gt;</td>');
  expect(runsPage('a', [{ ...line, ...rest, state: 'good' }])).not.toContain('busy');
});
