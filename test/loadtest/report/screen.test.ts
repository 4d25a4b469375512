import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { widthOf } from '../../../src/core/width.ts';
import { findingsOf } from '../../../src/loadtest/findings/findings.ts';
import { screen, sizeFor } from '../../../src/loadtest/report/screen.ts';
import type { LoadResult, ThresholdResult } from '../../../src/loadtest/result.ts';
import { emptyRun, failedRun, healthyRun, longRun, rateLimitedRun, saturatedRun, unaryRun } from '../results.ts';

const judged = (result: LoadResult): LoadResult => ({ ...result, findings: findingsOf(result) });
const runs = Object.entries({ emptyRun, failedRun, healthyRun, longRun, rateLimitedRun, saturatedRun, unaryRun }).map(
  ([name, make]) => [name, judged(make().result)] as const,
);
const healthy = judged(healthyRun().result);
const linesOf = (result: LoadResult, width = 100) => screen(result, { width }).split('\n').slice(0, -1);
const lineOf = (result: LoadResult, label: string, width = 100) =>
  linesOf(result, width).find(line => line.startsWith(label));

test.each(runs)('%s fits 24 lines at any width from 80 on, and never says NaN', (_, result) => {
  for (const width of [80, 97, 98, 100, 140, 300]) {
    const lines = linesOf(result, width);
    expect(lines.length).toBeLessThanOrEqual(24);
    expect(Math.max(...lines.map(widthOf))).toBeLessThanOrEqual(width);
    expect(lines.join('\n')).not.toMatch(/NaN|undefined|Infinity|(?!\n)\p{Cc}/u);
  }
});

test.each([
  ['a small terminal', { columns: 80, rows: 24, isTTY: true }, { width: 80, rows: 22 }],
  ['a tall one', { columns: 250, rows: 60, isTTY: true }, { width: 100, rows: 58 }],
  ['one that is hardly there', { columns: 80, rows: 5, isTTY: true }, { width: 80, rows: 20 }],
  ['one that does not say', { isTTY: true }, { width: 100, rows: 22 }],
  ['a file', {}, { width: 100, rows: Number.POSITIVE_INFINITY }],
])('%s is filled, with room for the prompt', (_, stream, size) => {
  expect(sizeFor(stream)).toEqual(size);
});

test.each(runs)('%s begins with its verdict where a prompt takes two lines of 24', (_, result) => {
  const doubts = ['This machine was busy, and its own error is not known. '.repeat(6)];
  const doubted: LoadResult = { ...result, validity: 'INVALID', doubts };
  for (const width of [80, 100]) {
    const lines = screen(doubted, { width, rows: 22 }).split('\n').slice(0, -1);
    expect(lines.length).toBeLessThanOrEqual(22);
    expect(lines[0]).toMatch(/^[A-Z ]+ {2}INVALID {2}/);
  }
});

test('a healthy run reads as in the golden file', () => {
  expect(screen(healthy)).toBe(readFileSync(new URL('healthy.golden.txt', import.meta.url), 'utf8'));
});

test('colour adds nothing but colour', () => {
  const colored = screen(healthy, { color: true });
  expect(colored).toContain('\x1b[32mPASS\x1b[0m');
  // biome-ignore lint/suspicious/noControlCharactersInRegex: the colours are what it removes
  expect(colored.replace(/\x1b\[\d+m/g, '')).toBe(screen(healthy));
});

test.each([
  [{ verdict: 'fail', validity: 'VALID' }, 'FAIL  VALID'],
  [
    { verdict: 'not_measurable', validity: 'INVALID', doubts: ['the event loop was busy 93% of the time'] },
    'NOT MEASURABLE  INVALID  the event loop was busy',
  ],
  [
    { verdict: 'pass', validity: 'SUSPECT', doubts: ['garbage collection paused it for 60 ms'] },
    'PASS  SUSPECT  all 3 thresholds hold; garbage collection',
  ],
] as const)('%o begins with %s', (more, start) => {
  expect(linesOf({ ...healthy, ...more })[0]).toMatch(new RegExp(`^${start}`));
});

test('both lenses stand side by side', () => {
  const { result } = saturatedRun();
  const [schedule, send] = [result.metrics.e2e_ms?.p99, result.metrics.e2e_from_send_ms?.p99];
  expect(lineOf(result, 'E2E')).toMatch(/13\.3 s ±\d+%\s.*8\.58 s/);
  expect(schedule! - send!).toBeGreaterThan(4000);
});

test('a percentile from too few samples says how many it needs, in both lenses', () => {
  expect(lineOf(unaryRun().result, 'E2E')).toMatch(/needs 662 .* needs 662 +209$/);
});

test('the certificate names what was planned, sent, late, shed, censored and delivered', () => {
  const { result } = saturatedRun();
  const shed: LoadResult = { ...result, ledger: { ...result.ledger, shed: 12 } };
  expect(lineOf(shed, 'load')).toBe(
    'load     open · planned 916 · sent 916 · late 535 · shed 12 · censored 184 · delivered 99.1%',
  );
  expect(lineOf(healthy, 'load')).not.toContain('delivered');
});

test('what waits to try again is not called in flight alone', () => {
  const retried: LoadResult = { ...healthy, limits: { retries: 8, codes: { '1302': 8 } } };
  expect(lineOf(retried, 'speed')).toContain(' in flight or waiting to try again (max ');
  expect(lineOf(healthy, 'speed')).not.toContain('waiting');
  const asked = (onLimit: string): LoadResult => ({
    ...retried,
    config: { policy: { onLimit } },
    limits: { ...retried.limits, retries: 0 },
    ledger: { planned: 9, ok: 8, rate_limited: 1 },
  });
  expect(lineOf(asked('backoff'), 'speed')).toContain('waiting to try again');
  expect(lineOf(asked('record'), 'speed')).not.toContain('waiting to try again');
});

test('a longest answer that is far from the p99 stands below the table', () => {
  const { e2e_ms: figure, itl_ms: other } = healthy.metrics;
  const calm = { ...other!, max: other!.p99 };
  const far: LoadResult = {
    ...healthy,
    metrics: { itl_ms: calm, e2e_ms: { ...figure!, p99: 1000, max: 4100, needs: {} } },
  };
  expect(lineOf(far, 'longest')).toBe('longest  E2E 4.10 s (p99 1.00 s)');
  expect(lineOf({ ...far, metrics: { itl_ms: calm } }, 'longest')).toBeUndefined();
});

test('streams whose tokens mostly came in one read are told', () => {
  const { max_gap_ms, tpot_ms, itl_ms, ...rest } = healthy.metrics;
  const all = rest.ttft_any_ms!.count;
  const of = (streamed: number): LoadResult => ({
    ...healthy,
    metrics: streamed === 0 ? rest : { ...rest, max_gap_ms: { ...max_gap_ms!, count: streamed } },
  });
  expect(lineOf(of(0), 'streams')).toBe(`streams  100% of ${all} answers came in one read: no gaps and no TPOT`);
  expect(lineOf(of(1), 'streams')).toMatch(/^streams {2}99.87% of/);
  expect(lineOf(of(all / 2 + 1), 'streams')).toBeUndefined();
  expect(lineOf(healthy, 'streams')).toBeUndefined();
  expect(lineOf(judged(unaryRun().result), 'streams')).toBeUndefined();
});

test('failures carry their fault domain and their codes', () => {
  expect(lineOf(rateLimitedRun().result, 'failures')).toBe(
    'failures 687 rate_limited (account) · 2 overloaded (provider) · codes 1302 ×687, 1305 ×2',
  );
});

test('without calibration or prices it says that these are not known', () => {
  const bare: LoadResult = {
    ...healthy,
    calibration: { before: null, after: null },
    tokens: { ...healthy.tokens, cost: null },
  };
  expect(lineOf(bare, 'client')).toContain('not calibrated');
  expect(lineOf(bare, 'tokens')).toContain('cost not known');
});

test('the worse of both calibrations is the error bar', () => {
  expect(lineOf(healthy, 'client')).toContain('adds TTFT +0.05 (p99 +1.1), gap +0.02 (+1.3), send +0.01 (+0.6) ms');
});

const threshold = (n: number, ok: boolean): ThresholdResult => ({
  text: `ttft_content:p95<${n}ms`,
  ok,
  actual: n,
  why: `${n} ms`,
});

test('missed thresholds come first, and those without a line are counted', () => {
  const many = Array.from({ length: 40 }, (_, n) => threshold(n, n !== 39));
  const lines = linesOf({ ...healthy, thresholds: many });
  expect(lines.find(line => line.startsWith('gates'))).toMatch(/^gates {4}✗ ttft_content:p95<39ms \(39 ms\) {3}✓/);
  expect(lines.join('\n')).toMatch(/ and \d+ more\n/);
  expect(lines.length).toBe(24);
  expect(lines.at(-1)).toMatch(/^next/);
});

test('hostile and wide texts neither move the cursor nor break the width', () => {
  const evil = 'glm\x1b[2J\n智谱'.repeat(40);
  const result: LoadResult = {
    ...healthy,
    config: { model: evil },
    verdict: 'fail',
    doubts: [evil],
    validity: 'INVALID',
    thresholds: [{ text: evil, ok: false, actual: null, why: evil }],
    findings: [
      { kind: 'does', text: evil },
      { kind: 'next', text: evil },
    ],
    limits: { retries: 1, codes: { [evil]: 3 } },
  };
  const lines = linesOf(result);
  expect(lines.length).toBeLessThanOrEqual(24);
  expect(Math.max(...lines.map(widthOf))).toBeLessThanOrEqual(100);
  expect(lines.join('')).not.toContain('\x1b');
});

test('rate times latency is held against what was in flight, where that can be done', () => {
  const little = {
    in_flight: 20,
    requests_per_second: 12.5,
    latency_ms: 1598,
    disagreement: 0.0012,
    whole_run: 0.0003,
  };
  const { result } = healthyRun({ little });
  expect(screen(result)).toContain('20 in flight (max 20, rate × latency ±0.12%)');
  expect(screen(healthyRun().result)).not.toContain('rate × latency');
});

test('at 80 columns no two words touch, and what is said is said to its end', () => {
  const { result } = unaryRun();
  const text = screen(
    { ...result, metrics: { ...result.metrics, ttft_any_ms: result.metrics.e2e_ms! } },
    { width: 80 },
  );
  expect(text).toMatch(/^closed loop understates +from schedule +from send$/m);
  expect(text.match(/ needs \d+/g)?.length).toBeGreaterThan(2);
  expect(text).not.toMatch(/[^ ]needs |needs \d+[^ \d\n]|…/);
  for (const line of text.split('\n')) expect(line.length).toBeLessThanOrEqual(80);
});

test('a start-up among the figures is told, with the warm-up that leaves it out', () => {
  const { throughput } = healthy;
  const text = screen({ ...healthy, steady: null, throughput: { ...throughput, window: 'whole', start_up_s: 8.9 } });
  expect(text.replace(/\n +/g, ' ')).toContain('start-up included: take --warmup 9s or more');
  expect(screen(healthy)).not.toContain('start-up');
});

test('a doubt of several lines is read to its end, and whose run it is stands below', () => {
  const doubts = [
    'this machine’s own error is not known, because it was not calibrated; its event loop was up to 293 ms late',
  ];
  const { metrics } = healthy;
  const short = {
    ...healthy,
    validity: 'SUSPECT',
    doubts,
    findings: [],
    steady: null,
    metrics: { e2e_ms: metrics.e2e_ms! },
  } as const;
  for (const width of [80, 100]) {
    const top = linesOf(short, width)
      .slice(0, 4)
      .map(line => line.trim())
      .join(' ');
    expect(top).toContain(`all 3 thresholds hold; ${doubts[0]}`);
    expect(top).toContain('run 5c1e9f02 · seed 7');
  }
});

test('what limited the run is said to its end before a longest answer and the start-up have a line', () => {
  const text = `The account’s limit was reached: 58 of 65 requests refused. ${'It is the account’s own. '.repeat(3)}Enough.`;
  const { metrics } = longRun().result;
  const long = { ...metrics.itl_ms!, max: 100 * metrics.itl_ms!.p99 };
  const stopped: LoadResult = {
    ...judged(longRun().result),
    doubts: ['its own error is not known, because it was not calibrated '.repeat(3)],
    validity: 'SUSPECT',
    metrics: { ...metrics, itl_ms: long },
    findings: [
      { kind: 'ended_early', text: 'The run was stopped after 1 s, before its time.' },
      { kind: 'does', text: `With 6 under way ${'the endpoint gave tokens '.repeat(5)}.` },
      { kind: 'limited_by_account', text },
      { kind: 'next', text: 'Keep at most 2 under way.' },
    ],
  };
  const shown = linesOf(stopped);
  expect(shown.length).toBeLessThanOrEqual(24);
  expect(shown.join(' ')).toContain('Enough.');
});

const endless = (result: LoadResult) => screen(result, { rows: Number.POSITIVE_INFINITY });

test.each(runs)('%s without a height is said to its end, in lines that still fit', (_, result) => {
  const text = endless(result);
  const flat = text.replace(/\s+/g, ' ');
  expect(text).not.toMatch(/…/);
  for (const said of [...result.findings.map(finding => finding.text), ...result.doubts.slice(1)])
    expect(flat).toContain(said.replace(/\s+/g, ' '));
  expect(Math.max(...text.split('\n').map(widthOf))).toBeLessThanOrEqual(100);
});

test('without a height every gate has its reason and takes no line from anything else', () => {
  const why = 'needs 299 requests, there are 5: 0 of 5 may be 0 % to 45.07 %, which is said at some length here';
  const thresholds = Array.from({ length: 30 }, (_, i) => ({ text: `itl:p95<${i}ms`, ok: false, actual: null, why }));
  const text = endless({ ...healthy, thresholds }).replace(/\s+/g, ' ');
  for (const gate of thresholds) expect(text).toContain(`${gate.text} (${why})`);
  for (const finding of healthy.findings) expect(text).toContain(finding.text);
  expect(screen({ ...healthy, thresholds }).split('\n')).toHaveLength(25);
});

test('a sentence that finds no room for its end says that there is more', () => {
  const text = 'Waiting before the send counts too. '.repeat(5);
  const findings = [
    { kind: 'does', text: 'With 6 under way the endpoint gave answers. '.repeat(3) },
    { kind: 'limited_by_nothing', text: 'Nothing seen here limited the run.' },
    { kind: 'hidden_wait', text },
  ] as const;
  const shown = linesOf({ ...healthy, findings: [...findings] });
  expect(shown.filter(line => line.startsWith('Waiting')).join(' ')).toMatch(/…$/);
});
