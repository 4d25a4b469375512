/** The truth table: every scenario of the mock, seen by the probe, is what the catalogue promises; and so is its cassette. */
import { afterAll, beforeAll, expect, test } from 'vitest';
import type { DeadlineName } from '../../src/core/call/record.ts';
import { domainOf, type Reason } from '../../src/core/outcome.ts';
import { createMock, type Mock } from '../../src/mock-server/index.ts';
import { scenarios } from '../../src/mock-server/scenarios/index.ts';
import type { Scenario } from '../../src/mock-server/scenarios/scenario.ts';
import { explain } from '../../src/probe/explain.ts';
import { runCheck } from '../../src/probe/probe.ts';
import { countsAgainstSli } from '../../src/probe/run.ts';
import { checkFor, doorFor, scratch } from '../support/probe.ts';

let mock: Mock;
const folder = scratch();
beforeAll(async () => {
  mock = await createMock();
});
afterAll(async () => {
  await mock.close({ graceMs: 0 });
  folder.remove();
});

const deadlineOf: Readonly<Partial<Record<Reason, DeadlineName>>> = {
  timeout_first_byte: 'first_byte',
  timeout_first_token: 'first_token',
  timeout_total: 'total',
  stalled: 'idle',
};

/** Of a prompt of one's own only visibility is expected; the markers set two of the faults off. */
const prompt = 'Hermes asks the Claude Agent SDK about tea, 茶 and 😀';

/** Rates are shares; here every request is struck. */
const always = ({ name, rate }: Scenario) => (rate === undefined ? name : `${name},rate=1`);

/** Only the deadline that is to fire is short, so that a slow machine cannot fire another one. */
async function look(scenario: Scenario, kind: 'chat' | 'chat_stream', expected: Reason) {
  const name = deadlineOf[expected];
  const url = `${mock.url}/~${encodeURIComponent(always(scenario))}/api/paas/v4`;
  const check = await checkFor(url, { kind, prompt }, { key: mock.apiKey });
  const patient = { connect: 60_000, first_byte: 60_000, first_token: 60_000, idle: 60_000, total: 60_000 };
  const deadlines = { ...patient, ...(name && { [name]: 400 }) };
  const cassettes = { dir: folder.path, keep: 1000, maxBytes: 1 << 20, all: true };
  return runCheck({ ...check, deadlines }, doorFor({ cassettes }));
}

const rows = scenarios.flatMap(scenario => [
  { scenario, kind: 'chat_stream' as const, expected: scenario.outcome },
  { scenario, kind: 'chat' as const, expected: scenario.unary ?? scenario.outcome },
]);

test.concurrent.each(rows.map(row => ({ ...row, name: row.scenario.name })))(
  '$kind under $name is $expected, now and from its cassette',
  async ({ scenario, kind, expected }) => {
    const run = await look(scenario, kind, expected);
    const promised = {
      reason: expected === 'ok' ? null : expected,
      fault_domain: domainOf(expected),
      deadline: deadlineOf[expected] ?? null,
    };
    expect(run).toMatchObject({ ...promised, state: expected === 'ok' ? 'good' : 'bad', check: kind });
    expect(countsAgainstSli(run)).toBe(promised.fault_domain === 'provider' || promised.fault_domain === 'network');
    const { verdict } = explain(run.cassette as string);
    expect(verdict).toMatchObject(promised);
  },
);

test.each([
  ['1113', 'account', 'balance_exhausted'],
  ['1301', 'client', 'content_filtered'],
  ['1305', 'provider', 'overloaded'],
])(
  'an error inside a stream with code %s is the fault of the %s, now and from its cassette',
  async (code, domain, cause) => {
    const url = `${mock.url}/~error-in-stream,code=${code}/api/paas/v4`;
    const check = await checkFor(url, 'chat_stream', { key: mock.apiKey });
    const run = await runCheck(check, doorFor({ cassettes: { dir: folder.path, keep: 1000, maxBytes: 1 << 20 } }));
    const promised = { reason: 'error_in_stream', fault_domain: domain, cause };
    expect(run).toMatchObject(promised);
    expect(countsAgainstSli(run)).toBe(domain === 'provider');
    expect(explain(run.cassette as string).verdict).toMatchObject(promised);
  },
);

test.each([
  ['json-ignored', 'json_mode', 'the answer is not a JSON object'],
  ['tool-arguments-broken', 'tool_call', 'the arguments of the tool call are not a JSON object'],
  ['tool-template-leak', 'tool_call', 'another tool was called'],
  ['json-ignored', 'chat_stream', 'the answer does not hold the right number'],
  ['network-error-finish', 'chat_async', undefined],
] as const)('%s, complete on the wire, does not fool %s', async (fault, kind, detail) => {
  const check = await checkFor(`${mock.url}/~${fault}/api/paas/v4`, kind, { key: mock.apiKey });
  const run = await runCheck(check, doorFor());
  if (detail === undefined) expect(run).toMatchObject({ state: 'bad', reason: 'network_error' });
  else expect(run).toMatchObject({ state: 'bad', reason: 'wrong_answer', fault_domain: 'provider', detail });
});

test('an answer that is filed as thinking is told from thinking that led nowhere', async () => {
  const look = async (fault: string) => {
    const check = await checkFor(`${mock.url}/~${fault}/api/paas/v4`, 'chat_stream', { key: mock.apiKey });
    return runCheck(check, doorFor({ cassettes: { dir: folder.path, keep: 1000, maxBytes: 1 << 20 } }));
  };
  const run = await look('answer-in-reasoning');
  expect(run).toMatchObject({ state: 'bad', reason: 'answer_in_reasoning', fault_domain: 'provider' });
  expect(explain(run.cassette as string).verdict.reason).toBe('answer_in_reasoning');
  expect(await look('reasoning-only,value=length')).toMatchObject({ state: 'bad', reason: 'reasoning_only' });
});

test.each([
  ['no-done', 'no_done', 'no [DONE]'],
  ['other-model', 'model', 'glm-5.3 answered in place of glm-4.6'],
] as const)('%s is good and degraded', async (fault, kind, detail) => {
  const check = await checkFor(`${mock.url}/~${fault}/api/paas/v4`, 'chat_stream', { key: mock.apiKey });
  expect(await runCheck(check, doorFor())).toMatchObject({ state: 'good', reason: null, warnings: [{ kind, detail }] });
});
