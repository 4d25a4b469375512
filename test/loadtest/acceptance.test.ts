/**
 * The acceptance tests of a load generator that tells the truth, numbered as in the list they come from. What is proved
 * elsewhere: 1 and 15 need a quiet machine (`bench/load.ts`), 7 in `test/e2e/load-agents.test.ts`, 9 in `arrivals.test.ts`.
 */
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { createStreamReader } from '../../src/core/call/reader.ts';
import { type CallRecord, newDraft } from '../../src/core/call/record.ts';
import { createManualClock, systemClock } from '../../src/core/clock.ts';
import type { Reason } from '../../src/core/outcome.ts';
import { createRandom, gaussian } from '../../src/core/random.ts';
import { assemble } from '../../src/loadtest/assemble.ts';
import { createMerger } from '../../src/loadtest/cluster/merger.ts';
import { compareResults } from '../../src/loadtest/compare.ts';
import type { Driver } from '../../src/loadtest/drivers/driver.ts';
import { drivers } from '../../src/loadtest/drivers/index.ts';
import type { Interval } from '../../src/loadtest/interval.ts';
import { createLens, type DialectName } from '../../src/loadtest/lens.ts';
import { load } from '../../src/loadtest/load.ts';
import { createPacer } from '../../src/loadtest/pacer.ts';
import type { LoadPlan } from '../../src/loadtest/plan.ts';
import { rawRecord } from '../../src/loadtest/raw-record.ts';
import { screen } from '../../src/loadtest/report/screen.ts';
import { runLoad } from '../../src/loadtest/runner.ts';
import { parseThreshold } from '../../src/loadtest/thresholds.ts';
import { totalOf } from '../../src/loadtest/total.ts';
import { createMock, type TestMock } from '../../src/mock-server/index.ts';
import { scenarios } from '../../src/mock-server/scenarios/index.ts';
import type { Scenario } from '../../src/mock-server/scenarios/scenario.ts';
import * as fake from '../support/fake-glm.ts';
import { closed, open, planOf } from './plan.ts';
import { intervalAt, lognormal, loop, queue, sparseOf } from './stats/simulation.ts';
import { stored } from './stats/stored.ts';

let mock: TestMock;
beforeAll(async () => {
  mock = await createMock();
});
afterAll(() => mock.close({ graceMs: 0 }));

/** A plan against the mock, by the driver that streams are measured with. */
const against = (more: Partial<LoadPlan> = {}) =>
  planOf({ baseUrl: mock.baseUrl, key: mock.apiKey, keys: [mock.apiKey], driver: 'socket', ...more });

const circumstances = { toolVersion: '1', runId: 'run-1', startedAt: 0, scheduleHash: '', environment: {} };
const resultOf = (plan: LoadPlan, intervals: readonly Interval[]) =>
  assemble(plan, { intervals, offeredMs: intervals.length * 1000, before: null, after: null }, circumstances);

/** Ten connections to a server that answers in 50 ms and once, at 5 s, does nothing for 2 s. */
function stallingServer(clock: ReturnType<typeof createManualClock>): Driver {
  const free = new Array<number>(10).fill(0);
  const stall = { fromMs: 5000, toMs: 7000 };
  return {
    send: () =>
      new Promise(resolve => {
        const connection = free.indexOf(Math.min(...free));
        const sentMs = Math.max(clock.now(), free[connection] ?? 0);
        const works = sentMs + 50 <= stall.fromMs || sentMs >= stall.toMs;
        const endMs = works ? sentMs + 50 : Math.max(sentMs, stall.toMs) + 50;
        free[connection] = endMs;
        const moments = { sentMs, endMs, firstTokenMs: endMs, lastTokenMs: endMs, outcome: { kind: 'ok' as const } };
        clock.at(endMs, () => resolve({ ...newDraft(sentMs, sentMs), ...moments } as CallRecord));
      }),
    close: async () => {},
  };
}

test('2. a server that stalls once is in the p99 from the schedule, not in that from the send, and both are shown', async () => {
  const clock = createManualClock();
  const plan = planOf({ ...open(100, 20_000), warmupMs: 0 });
  const intervals: Interval[] = [];
  let over = false;
  const run = runLoad(plan, {
    driver: stallingServer(clock),
    clock,
    stop: new AbortController().signal,
    startMs: 0,
    pacer: createPacer({ clock, spinMs: 0 }),
    onInterval: interval => intervals.push(interval),
  }).finally(() => {
    over = true;
  });
  while (!over) {
    for (let turn = 0; turn < 8; turn++) await Promise.resolve();
    clock.advance(5);
  }
  await run;
  const result = resultOf(plan, intervals);
  expect(result.ledger).toEqual({ planned: 2000, ok: 2000 });
  expect(result.metrics.e2e_ms?.p99).toBeGreaterThan(1500);
  expect(result.metrics.e2e_from_send_ms?.p99).toBeLessThan(60);
  expect(screen(result)).toMatch(/from schedule +from send/);
  expect(result.findings.map(({ kind }) => kind)).toContain('hidden_wait');
});

/** 14 servers that together answer 142 a second. */
const service = (offeredPerSecond: number, seconds: number, seed: number) =>
  queue({
    offeredPerSecond,
    servers: 14,
    serviceMs: lognormal(14_000 / 142, 0.5),
    seconds,
    random: createRandom(seed),
  });
const isCalledSaturated = (rate: number, intervals: readonly Interval[]) =>
  resultOf(planOf(open(rate, intervals.length * 1000)), intervals).findings.some(({ kind }) => kind === 'saturated');

test('3. 250 a second against 142 is saturated within 20 s', () => {
  for (let seed = 0; seed < 5; seed++) expect(isCalledSaturated(250, service(250, 20, seed))).toBe(true);
});

test.each([10, 20, 60])('3. of 20 runs of %d s at nine tenths of it none is called saturated', seconds => {
  const called = Array.from({ length: 20 }, (_, seed) => isCalledSaturated(128, service(128, seconds, seed)));
  expect(called).toEqual(called.map(() => false));
});

const deadlineOf: Readonly<Partial<Record<Reason, Partial<LoadPlan>>>> = {
  timeout_first_byte: { timeoutMs: 2000 },
  timeout_first_token: { timeoutMs: 2000 },
  timeout_total: { timeoutMs: 2000 },
  stalled: { idleMs: 1000 },
};
const prompt = 'Hermes asks the Claude Agent SDK about tea, 茶 and 😀';

async function ledgerUnder({ name, rate }: Scenario, ending: Reason, more: Partial<LoadPlan>) {
  const fault = rate === undefined ? name : `${name},rate=1`;
  const baseUrl = `${mock.url}/~${encodeURIComponent(fault)}/api/paas/v4`;
  const workload = { prompt, thinking: true, max_tokens: 4096, stream: more.stream ?? true };
  const limits = { timeoutMs: 60_000, idleMs: 60_000, ...deadlineOf[ending] };
  const plan = against({ baseUrl, ...closed(1, 60_000), maxRequests: 2, ...limits, ...more });
  const { ledger } = await load({ ...plan, workload: { ...plan.workload, ...workload } as LoadPlan['workload'] });
  return ledger;
}

const expected = (ending: Reason) => (ending === 'ok' ? { planned: 2, ok: 2 } : { planned: 2, ok: 0, [ending]: 2 });

test.concurrent.each(scenarios.map(scenario => [scenario.name, scenario] as const))(
  '4. every stream under %s is in the class that the catalogue names',
  async (_, scenario) => {
    expect(await ledgerUnder(scenario, scenario.outcome, {})).toEqual(expected(scenario.outcome));
  },
);

test.concurrent.each(scenarios.map(scenario => [scenario.name, scenario] as const))(
  '4. every unary answer under %s is in the class that the catalogue names',
  async (_, scenario) => {
    const ending = scenario.unary ?? scenario.outcome;
    expect(await ledgerUnder(scenario, ending, { stream: false })).toEqual(expected(ending));
  },
);

test('5. Retry-After is kept, the wait is the user’s, and attempts are counted apart', async () => {
  const cameMs: number[] = [];
  const server = await fake.createFakeGlm((response, request) => {
    if (cameMs.push(performance.now()) > 1) return fake.good(response, request);
    response.setHeader('retry-after', '1');
    return fake.apiError(429, '1302')(response, request);
  });
  const policy = { onLimit: 'backoff', mostRetries: 3, baseMs: 1, capMs: 10 } as const;
  const { ledger, metrics, limits } = await load(
    against({ baseUrl: server.url, ...closed(1, 60_000), maxRequests: 2, policy }),
  );
  await server.close();
  expect(ledger).toEqual({ planned: 2, ok: 2 });
  expect(limits).toEqual({ retries: 1, codes: { '1302': 1 } });
  expect((cameMs[1] ?? 0) - (cameMs[0] ?? 0)).toBeGreaterThanOrEqual(1000);
  expect(metrics.e2e_ms).toMatchObject({ count: 2 });
  expect(metrics.e2e_ms?.max).toBeGreaterThanOrEqual(1000);
  expect(metrics.attempt_ms).toMatchObject({ count: 3 });
  expect(metrics.attempt_ms?.max).toBeLessThan(metrics.e2e_ms?.max ?? 0);
});

test('6. a budget of 1 yuan is not overshot by fifty requests at once, by the account of the server', async () => {
  mock.reset();
  const price = { input: 1000, output: 4000 };
  const plan = against({
    ...closed(50, 60_000),
    budget: { maxTokens: Number.POSITIVE_INFINITY, maxCost: 1, price },
    currency: 'CNY',
  });
  const { ledger, tokens } = await load(plan);
  const spent = mock
    .requests()
    .reduce((sum, one) => sum + (one.promptTokens * price.input + one.completionTokens * price.output) / 1e6, 0);
  expect(spent).toBeLessThanOrEqual(1);
  expect(spent).toBeGreaterThan(0.8);
  expect(tokens.cost?.amount).toBeCloseTo(spent, 9);
  expect(ledger.unsent).toBeGreaterThan(0);
});

test.each<[string, string, Partial<LoadPlan>]>([
  ['answers come after the deadline', 'late-head,for=1h', { stream: false, timeoutMs: 100 }],
  ['streams stall', 'stall,after=1', { stream: true, idleMs: 100 }],
])('6. the budget holds when %s, by the account of the server, and what it booked is told', async (_, fault, more) => {
  mock.reset();
  const budget = { maxTokens: 1000, maxCost: Number.POSITIVE_INFINITY, price: undefined };
  const baseUrl = `${mock.url}/~${encodeURIComponent(fault)}/api/paas/v4`;
  const plan = against({ ...closed(5, 60_000), baseUrl, budget, ...more });
  const workload = { ...plan.workload, max_tokens: 100, stream: plan.stream } as LoadPlan['workload'];
  const result = await load({ ...plan, workload });
  const spent = mock.requests().reduce((sum, one) => sum + one.promptTokens + one.completionTokens, 0);
  const { input = 0, output = 0 } = result.tokens.booked ?? {};
  expect(spent).toBeLessThanOrEqual(input + output);
  expect(input + output).toBeLessThanOrEqual(1000);
  expect([result.tokens.input + result.tokens.output, result.load.halted]).toEqual([0, 'budget']);
  expect(screen(result)).toMatch(/0 in .* booked up to \d{3} tokens/);
});

test('7. the p99 of four merged agents is that of all their numbers, to 0.2 %', () => {
  const random = createRandom(20_261_128);
  const latencies = Array.from({ length: 40_000 }, () => 300 * Math.exp(0.8 * gaussian(random)));
  const agents = [0, 1, 2, 3].map(agent => latencies.filter((_, i) => i % 4 === agent));
  const merger = createMerger(4);
  const all = [...agents.entries()].flatMap(([agent, values]) => {
    const seconds = Math.ceil(values.length / 500);
    for (let second = 0; second < seconds; second++) {
      const part = values.slice(second * 500, second * 500 + 500);
      const counts = { planned: part.length, ended: { ok: part.length } };
      merger.add(agent, intervalAt(second, { ...counts, histograms: { e2e_ms: sparseOf(part) } }));
    }
    merger.finish(agent, {
      before: null,
      after: null,
      end: { startMs: 0, lateMs: 0, offeredMs: 0, halted: undefined },
    });
    return values;
  });
  const merged = totalOf(merger.read().intervals).histograms.e2e_ms;
  const exact = all.toSorted((a, b) => a - b)[Math.ceil(all.length * 0.99) - 1] ?? 0;
  expect(merged?.count).toBe(all.length);
  expect(Math.abs((merged?.quantile(0.99) ?? 0) / exact - 1)).toBeLessThan(0.002);
});

test('8. of 50 pairs of runs of the same server at most 5 % are called a regression', () => {
  const once = (seed: number) =>
    stored(loop({ users: 16, servers: 14, serviceMs: lognormal(100, 0.5), seconds: 60, random: createRandom(seed) }));
  const verdicts = Array.from(
    { length: 50 },
    (_, pair) => compareResults(once(2 * pair), once(2 * pair + 1), { seed: pair, replicates: 400 }).verdict,
  );
  expect(verdicts.filter(verdict => verdict === 'regression').length).toBeLessThanOrEqual(2);
});

/** One event of a recorded stream and when it came. */
interface Message {
  readonly atMs: number;
  readonly text: string;
}

interface Chunk {
  readonly choices?: readonly { readonly delta?: { readonly content?: string } }[];
  readonly usage?: { readonly completion_tokens: number };
}

interface Figures {
  readonly ttft: number;
  readonly itl: readonly number[];
  readonly latency: number;
  readonly tpot: number | undefined;
}

/** What the tools' own parsers make of a stream, written down from what their sources do. */
const peers = {
  /** Every message that has choices is a token. */
  vllm: messages => parsedBy(messages, chunk => (chunk.choices?.length ?? 0) > 0),
  /** Only content that is not empty is a token; the clock stops when the stream ends. */
  sglang: messages => {
    const all = parsedBy(messages, chunk => (chunk.choices?.[0]?.delta?.content ?? '') !== '');
    return all.itl.length === 0 && all.ttft === 0 ? all : untilEnd(all, messages);
  },
  evalscope: messages =>
    untilEnd(
      parsedBy(messages, chunk => (chunk.choices?.length ?? 0) > 0),
      messages,
    ),
} satisfies Partial<Record<DialectName, (messages: readonly Message[]) => Figures>>;

function untilEnd(figures: Figures, messages: readonly Message[]): Figures {
  const latency = messages.at(-1)?.atMs ?? 0;
  return { ...figures, latency, tpot: perToken(latency - figures.ttft, messages) };
}

function parsedBy(messages: readonly Message[], isToken: (chunk: Chunk) => boolean): Figures {
  const at = messages.filter(({ text }) => text !== '[DONE]' && isToken(JSON.parse(text))).map(({ atMs }) => atMs);
  const [first = 0] = at;
  const latency = at.at(-1) ?? 0;
  const itl = at.slice(1).map((ms, i) => ms - (at[i] ?? 0));
  return { ttft: first, itl, latency, tpot: perToken(latency - first, messages) };
}

function perToken(ms: number, messages: readonly Message[]): number | undefined {
  const usage = messages
    .flatMap(({ text }) => (text === '[DONE]' ? [] : ((JSON.parse(text) as Chunk).usage ?? [])))
    .at(-1);
  return usage === undefined || usage.completion_tokens < 2 ? undefined : ms / (usage.completion_tokens - 1);
}

const folder = join(import.meta.dirname, '../fixtures/streams');
/** A message every 20 ms, the first after 200; the last one and `[DONE]` come together. */
function recorded(name: string): Message[] {
  const texts = readFileSync(join(folder, name), 'utf8').match(/(?<=^data: ).+$/gm) ?? [];
  return texts.map((text, i) => ({ atMs: 200 + 20 * (text === '[DONE]' ? i - 1 : i), text }));
}

function recordOf(messages: readonly Message[]) {
  const draft = { ...newDraft(0, 0), sentMs: 0, headMs: 150, status: 200 };
  const gapsMs: number[] = [];
  const reader = createStreamReader(draft, { onGap: ms => gapsMs.push(ms) });
  for (const { atMs, text } of messages) reader.feed(Buffer.from(`data: ${text}\n\n`), atMs);
  const outcome = reader.end();
  const record = { ...draft, endMs: messages.at(-1)?.atMs ?? 0, outcome } as CallRecord;
  return rawRecord({ n: 0, ledgerClass: outcome.kind, attempts: 1, intendedMs: 0, record, gapsMs }, 0);
}

const names = {
  vllm: { ttft: 'ttft_ms', itl: 'itl_ms', latency: 'e2el_ms', tpot: 'tpot_ms' },
  sglang: { ttft: 'ttft_ms', itl: 'itl_ms', latency: 'e2e_latency_ms', tpot: 'tpot_ms' },
  evalscope: { ttft: 'ttft_ms', itl: 'itl_ms', latency: 'latency_ms', tpot: 'tpot_ms' },
} as const;

test.each(
  readdirSync(folder)
    .filter(name => !/final-chunks|cut/.test(name)) // no whole streams: the tools' parsers would raise
    .flatMap(name => (['vllm', 'sglang', 'evalscope'] as const).map(tool => [tool, name] as const)),
)('10. %s of %s says what its own parser says', (tool, name) => {
  const messages = recorded(name);
  const lens = createLens(tool);
  lens.add(recordOf(messages));
  const { figures, successes } = lens.read();
  const own = peers[tool](messages);
  if (successes === 0) return expect(own.ttft).toBe(0); // no token at all by this tool's book
  expect(figures[names[tool].ttft]?.mean).toBeCloseTo(own.ttft, 6);
  expect(figures[names[tool].latency]?.mean).toBeCloseTo(own.latency, 6);
  expect(figures[names[tool].itl]?.count).toBe(own.itl.length);
  expect((figures[names[tool].itl]?.mean ?? 0) * own.itl.length).toBeCloseTo(
    own.itl.reduce((a, b) => a + b, 0),
    6,
  );
  if (own.tpot === undefined) return expect(figures[names[tool].tpot]?.count).toBe(0);
  return expect(figures[names[tool].tpot]?.mean).toBeCloseTo(own.tpot, 6);
});

test('11. a client that is blocked 20 ms of every 100 is INVALID, and no gate is passed', async () => {
  mock.reset();
  const blocked: (typeof drivers)['socket'] = (plan, clock) => {
    const timer = setInterval(() => {
      for (const end = performance.now() + 20; performance.now() < end; );
    }, 100);
    const driver = drivers.socket(plan, clock);
    const close = () => {
      clearInterval(timer);
      return driver.close();
    };
    return { ...driver, close };
  };
  const thresholds = [parseThreshold('error_rate<99%')];
  const { validity, doubts, ...judged } = await load(
    against({ ...closed(20, 60_000), maxRequests: 400, calibrate: true, thresholds }),
    { createDriver: blocked },
  );
  expect(validity).toBe('INVALID');
  expect(judged.thresholds).toMatchObject([{ ok: true }]); // kept, and still no pass
  expect(judged.verdict).toBe('not_measurable');
  expect(doubts.join('\n')).toMatch(
    /against known times this machine stamped (first tokens|gaps) \d+\.\d ms off at p9\d/,
  );
});

test.each(['socket', 'undici'] as const)('12. %s: a Chinese answer survives a split at every byte', async name => {
  const said = '北京今天晴，气温二十三度。😀';
  const bytes = Buffer.from([fake.thought('想一想'), ...[...said].map(fake.word), fake.last(), fake.done].join(''));
  const server = await fake.createFakeGlm(response => {
    response.writeHead(200, { 'content-type': 'text/event-stream' });
    const next = (at: number) => {
      if (at === bytes.length) response.end();
      else response.write(bytes.subarray(at, at + 1), () => setImmediate(next, at + 1));
    };
    next(0);
  });
  const driver = drivers[name](against({ baseUrl: server.url }), systemClock);
  const record = await driver.send('{"stream":true}', { signal: new AbortController().signal });
  await driver.close();
  await server.close();
  expect(record).toMatchObject({ outcome: { kind: 'ok' }, visibleChars: said.length, done: true });
});

test('a gate on an endpoint that answers nothing well has failed, though nothing was measured', async () => {
  const nobody = against({ baseUrl: 'http://127.0.0.1:1/api/paas/v4', ...closed(1, 60_000), maxRequests: 2 });
  const result = await load({ ...nobody, thresholds: [parseThreshold('ttft_content:p95<1s')] });
  expect(result).toMatchObject({ verdict: 'fail', thresholds: [{ ok: false, actual: null }] });
  expect(screen(result)).toMatch(/^FAIL +SUSPECT +none of 2 requests was answered well/);
});

test('13. what is still under way when the grace is over is counted as censored, and nothing is missing', async () => {
  mock.reset();
  mock.faults('hang,rate=0.4');
  const { ledger, load: certificate } = await load(against({ ...open(200, 500), graceMs: 300, timeoutMs: 60_000 }));
  mock.faults();
  expect(ledger.censored).toBeGreaterThan(10);
  expect(ledger.ok).toBeGreaterThan(10);
  expect(ledger.ok + (ledger.censored ?? 0)).toBe(ledger.planned);
  expect(certificate.sent).toBe(ledger.planned);
  expect(mock.requests()).toHaveLength(ledger.planned);
});

test.each(['socket', 'undici'] as const)(
  '14. %s: a certificate nobody vouches for is refused, with its authority it is accepted',
  async driver => {
    const secure = await createMock({ tls: true });
    const plan = planOf({
      baseUrl: secure.baseUrl,
      key: secure.apiKey,
      keys: [secure.apiKey],
      driver,
      ...closed(1, 60_000),
      maxRequests: 2,
    });
    const refused = await load(plan);
    const accepted = await load({ ...plan, ca: secure.certificate });
    await secure.close({ graceMs: 0 });
    expect(refused.ledger).toEqual({ planned: 2, ok: 0, tls: 2 });
    expect(accepted.ledger).toEqual({ planned: 2, ok: 2 });
  },
);
