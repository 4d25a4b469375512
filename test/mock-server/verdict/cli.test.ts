/** `mock report` and `mock coverage` against a running mock. */
import { afterEach, beforeEach, expect, test } from 'vitest';
import { createMock, type TestMock } from '../../../src/mock-server/index.ts';
import { coverageCommand, reportCommand } from '../../../src/mock-server/verdict/cli.ts';
import { run } from '../../support/io.ts';
import { until } from '../../support/until.ts';

let mock: TestMock;

beforeEach(async () => {
  mock = await createMock({ journalSize: 20 });
});
afterEach(() => mock.close({ graceMs: 0 }));

const ask = async (content: string, fields: object = {}, apiKey = mock.apiKey) => {
  const response = await fetch(`${mock.baseUrl}/chat/completions`, {
    method: 'POST',
    headers: { authorization: apiKey },
    body: JSON.stringify({ model: 'glm-4.6', messages: [{ role: 'user', content }], ...fields }),
  });
  return response.text();
};

const report = (...argv: string[]) => run(reportCommand, ['report', '--url', mock.url, ...argv]);
const coverage = (...argv: string[]) => run(coverageCommand, ['coverage', '--url', mock.url, ...argv]);

/** What the verdict comes to by severity: one request each. */
const troubles = {
  fail: ['1305', {}],
  warn: ['1305', { request_id: 'request-1' }],
  unproven: ['sensitive-finish', {}],
} as const;

test.each([
  ['fail', [1, 1, 1]],
  ['warn', [0, 1, 1]],
  ['unproven', [0, 0, 1]],
] as const)('a finding that is %s ends the report with 1 from its own severity on', async (severity, codes) => {
  const [fault, fields] = troubles[severity];
  mock.faults(fault);
  await ask('hi', fields);
  const ended = await Promise.all((['fail', 'warn', 'unproven'] as const).map(failOn => report('--fail-on', failOn)));
  expect(ended.map(({ code }) => code)).toEqual(codes);
  expect(ended[0]?.out).toContain(severity.toUpperCase());
  expect((await report()).code).toBe(codes[0]);
});

test('a mock that saw nothing cannot be judged, and that is no success', async () => {
  expect(await report()).toMatchObject({ code: 3, out: 'nothing to judge: 0 requests, 0 with a fault or an error\n' });
  expect((await report()).err).toContain('the mock saw no request');
});

test.each([
  ['report', report],
  ['coverage', coverage],
])('%s: a key that nobody used is refused, and a secret is not repeated', async (_, command) => {
  await ask('hi');
  const { code, err } = await command('--key', 'typo.topSecret0042');
  expect(code).toBe(2);
  expect(err).toContain('key: no API key has the id "typo"');
  expect(err).not.toContain('topSecret0042');
  expect((await command('--key', '')).code).toBe(2);
});

test('a key may be named by its id or whole', async () => {
  const key = mock.key('spec');
  mock.faults('1305');
  await ask('hi', {}, key.apiKey);
  for (const name of [key.id, key.apiKey]) {
    expect(await report('--key', name)).toMatchObject({ code: 1, out: expect.stringContaining('FAIL gave_up #1') });
    expect((await coverage('--key', name)).out).toContain('codes');
  }
});

test('what was done badly stays known after a thousand good calls', async () => {
  mock.faults('1113,first=3');
  for (let i = 0; i < 3; i++) await ask('bad');
  for (let i = 0; i < 60; i++) await ask(`q${i}`);
  expect(mock.requests()).toHaveLength(20);
  const { code, out } = await report();
  expect(code).toBe(1);
  expect(out).toMatch(/^FAIL retried_non_retryable #1 #2 #3 {2}1113 was sent again 2 times/);
  expect(out).toContain('63 requests, 3 with a fault or an error');
});

test('several credentials tried with one body are several calls, and a wrong one that is sent again is not', async () => {
  for (const apiKey of ['', 'sk-foo', 'my-id.wrong', 'nobody.secret', mock.apiKey]) await ask('hi', {}, apiKey);
  expect(await report()).toMatchObject({ code: 0, out: 'ok: 5 requests, 4 with a fault or an error\n' });
  await ask('hi', {}, 'my-id.wrong');
  await ask('hi', {}, 'Bearer sk-foo');
  const { code, out } = await report();
  expect(code).toBe(1);
  expect(out).toContain('FAIL retried_non_retryable #3 #6  1000 was sent again 1 time');
  expect(out).toContain('FAIL retried_non_retryable #2 #7  401 was sent again 1 time');
});

test('coverage outlives the journal and a reset, until it is told to forget', async () => {
  mock.faults('crlf');
  await ask('hi', { stream: true, temperature: 0.5 });
  await until('the fault', () =>
    mock
      .coverage()
      .sections.find(({ name }) => name === 'faults')
      ?.seen.includes('crlf'),
  );
  mock.reset();
  for (let i = 0; i < 30; i++) await ask(`q${i}`);
  const text = (await coverage()).out;
  expect(text).toMatch(/^parameters +\d+ % {2}4\//m);
  expect(text).toMatch(/^faults +0 % {2}1\//m);
  mock.reset({ coverage: true });
  expect((await coverage('--min-coverage', '1')).code).toBe(1);
  expect(mock.coverage().percent).toBe(0);
});

test.each(['200', '-1', 'most', ''])('a coverage of %j percent is refused in plain words', async percent => {
  const { code, err } = await coverage('--min-coverage', percent);
  expect({ code, err }).toEqual({
    code: 2,
    err: expect.stringContaining('--min-coverage: must be a number from 0 to 100, found '),
  });
});
