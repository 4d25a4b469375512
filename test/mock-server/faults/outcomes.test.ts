/** Every scenario over a socket, seen by the one measured call. */
import { afterAll, beforeAll, expect, test } from 'vitest';
import { chatCall, createCaller, type Deadlines } from '../../../src/core/call.ts';
import type { Reason } from '../../../src/core/outcome.ts';
import { createMock, type Mock } from '../../../src/mock-server/index.ts';
import { scenarios } from '../../../src/mock-server/scenarios/index.ts';
import type { Scenario } from '../../../src/mock-server/scenarios/scenario.ts';

let mock: Mock;
beforeAll(async () => {
  mock = await createMock();
});
afterAll(() => mock.close({ graceMs: 0 }));

const body = {
  model: 'glm-4.6',
  messages: [{ role: 'user', content: 'Hermes asks the Claude Agent SDK about tea, 茶 and 😀' }],
  tools: [{ type: 'function', function: { name: 'f', parameters: { type: 'object', properties: {} } } }],
  tool_choice: 'none',
};

const deadlineOf: Readonly<Partial<Record<Reason, keyof Deadlines>>> = {
  timeout_first_byte: 'first_byte',
  timeout_first_token: 'first_token',
  timeout_total: 'total',
  stalled: 'idle',
};

/** Only the deadline that is to fire is short, so that a slow machine cannot fire another one. */
const deadlinesFor = (expected: Reason): Deadlines => {
  const name = deadlineOf[expected];
  return { total: 60_000, ...(name && { [name]: 400 }) };
};

async function outcomeOf(fault: string, stream: boolean, expected: Reason): Promise<string> {
  const caller = createCaller({
    baseUrl: `${mock.url}/~${encodeURIComponent(fault)}/api/paas/v4`,
    key: mock.apiKey,
    connection: 'fresh',
    deadlines: deadlinesFor(expected),
  });
  const record = await caller.call(chatCall({ ...body, stream }));
  caller.close();
  return `${record.outcome.kind}`;
}

/** Rates are shares; here every request is struck. */
const always = ({ name, rate }: Scenario) => (rate === undefined ? name : `${name},rate=1`);

test.concurrent.each(scenarios.map(scenario => [scenario.name, scenario] as const))(
  'a streamed call under %s ends as the catalogue says',
  async (_, scenario) => {
    expect(await outcomeOf(always(scenario), true, scenario.outcome)).toBe(scenario.outcome);
  },
);

test.concurrent.each(scenarios.map(scenario => [scenario.name, scenario] as const))(
  'a call without a stream under %s ends as the catalogue says',
  async (_, scenario) => {
    const expected = scenario.unary ?? scenario.outcome;
    expect(await outcomeOf(always(scenario), false, expected)).toBe(expected);
  },
);
