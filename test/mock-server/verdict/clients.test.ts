/** Real clients over a real socket, in virtual time: those that do it wrong are found, those that do it right are not. */
import http from 'node:http';
import OpenAI from 'openai';
import { expect, test } from 'vitest';
import { retryOf } from '../../../src/core/outcome.ts';
import { mintToken } from '../../../src/core/wire/auth.ts';
import {
  createMock,
  inVirtualTime,
  type JournalEntry,
  jsonReport,
  type MockOptions,
  type TestMock,
} from '../../../src/mock-server/index.ts';
import { scenarios } from '../../../src/mock-server/scenarios/index.ts';
import type { Finding } from '../../../src/mock-server/verdict/finding.ts';

const budgetMs = 60_000;

/** For machines that are busy with other tests. */
const patient = { timeout: budgetMs };

type Mock = Pick<TestMock, 'baseUrl' | 'apiKey'>;
type Message = Readonly<Record<string, unknown>>;

const user = (content: string): Message => ({ role: 'user', content });
const assistant = (content: unknown): Message => ({ role: 'assistant', content });
const asked = (messages: string | readonly Message[]) => (typeof messages === 'string' ? [user(messages)] : messages);

const sleep = (ms: number) => new Promise(resolve => setTimeout(resolve, ms));

/** One request by fetch, whatever comes of it. */
const post = (mock: Mock, messages: string | readonly Message[] = 'hi', more: object = {}): Promise<Response> =>
  fetch(`${mock.baseUrl}/chat/completions`, {
    method: 'POST',
    headers: { authorization: mock.apiKey },
    body: JSON.stringify({ model: 'glm-4.6', messages: asked(messages), ...more }),
  });

const textOf = (response: Response) => response.text().catch(() => '');

/** Tries again after each of the pauses, whatever the error was. */
async function stubborn(
  mock: Mock,
  pauses: readonly number[],
  content = 'hi',
  more: () => object = () => ({}),
): Promise<void> {
  for (const pause of [...pauses, 0]) {
    const response = await post(mock, content, more()).catch(() => undefined);
    await response?.text().catch(() => '');
    if (response?.ok) return;
    await sleep(pause);
  }
}

const [slow, slower] = [500, 1000];

/** Asks with a fresh JWT for every attempt, or with one for all. */
async function byToken(mock: TestMock, attempts: number, renewed: boolean): Promise<void> {
  const [id = '', secret = ''] = mock.apiKey.split('.');
  const mint = () => mintToken({ id, secret }, { nowMs: Date.now() });
  let token = await mint();
  for (let i = 0; i < attempts; i++) {
    const response = await post({ baseUrl: mock.baseUrl, apiKey: token });
    await textOf(response);
    if (response.ok) return;
    await sleep(slow);
    if (renewed) token = await mint();
  }
}

const openai = (mock: Mock, options: object = {}) =>
  new OpenAI({ baseURL: mock.baseUrl, apiKey: mock.apiKey, logLevel: 'off', ...options });

const chat = (client: OpenAI, messages: string | readonly Message[] = 'hi') =>
  client.chat.completions.create({ model: 'glm-4.6', messages: asked(messages) as never });

/** What of a stream came before it ended, however it ended. */
async function streamed(client: OpenAI, content = 'hi'): Promise<{ text: string; finish: string | null | undefined }> {
  const said = { text: '', finish: undefined as string | null | undefined };
  const stream = await client.chat.completions.create({
    model: 'glm-4.6',
    messages: [{ role: 'user', content }],
    stream: true,
  });
  for await (const { choices } of stream) {
    said.text += choices[0]?.delta.content ?? '';
    said.finish = choices[0]?.finish_reason ?? said.finish;
  }
  return said;
}

const several = (count: number, one: (i: number) => Promise<unknown>) =>
  Promise.allSettled(Array.from({ length: count }, (_, i) => one(i)));

/** One request over a connection of its own. */
const alone = ({ baseUrl, apiKey }: Mock, content: string): Promise<unknown> =>
  new Promise((resolve, reject) => {
    const options = { method: 'POST', agent: false, headers: { authorization: apiKey } };
    const request = http.request(`${baseUrl}/chat/completions`, options, response =>
      response.resume().on('end', resolve),
    );
    request.on('error', reject).end(JSON.stringify({ model: 'glm-4.6', messages: [user(content)] }));
  });

const pay = {
  tools: [{ type: 'function', function: { name: 'pay', parameters: { type: 'object', properties: {} } } }],
};

/** The conversation after the tool has run. */
async function paid(mock: TestMock, result: string): Promise<Message[]> {
  const { choices } = (await (await post(mock, 'pay, please', pay)).json()) as {
    choices: { message: { tool_calls: { id: string }[] } }[];
  };
  const [call] = choices[0]?.message.tool_calls ?? [];
  return [
    user('pay, please'),
    { ...assistant(''), tool_calls: [call] },
    { role: 'tool', tool_call_id: call?.id, content: result },
  ];
}

async function payTwice(
  mock: TestMock,
  second: (first: readonly Message[]) => Promise<readonly Message[]>,
): Promise<void> {
  mock.on('pay', { tool_calls: [{ name: 'pay', arguments: {} }] });
  mock.on({ tool_result: { name: 'pay' } }, 'Paid.');
  const first = await paid(mock, 'paid 0');
  mock.faults('overloaded,first=1');
  await textOf(await post(mock, first, pay));
  await sleep(300);
  mock.faults();
  await textOf(await post(mock, await second(first), pay));
}

async function judged(options: MockOptions, client: (mock: TestMock) => Promise<unknown>): Promise<readonly Finding[]> {
  return inVirtualTime(async () => {
    const mock = await createMock(options);
    await client(mock).catch(() => {}); // what a client throws is its own affair
    const { entries } = mock.history();
    await mock.close({ graceMs: 0 });
    return jsonReport(entries as JournalEntry[], { nowMs: Date.now() }).findings;
  });
}

const short = (findings: readonly Finding[]) => findings.map(({ severity, code }) => `${severity} ${code}`);

const overloaded: MockOptions = { faults: ['overloaded'] };

test.each<[string, MockOptions, (mock: TestMock) => Promise<unknown>, string[]]>([
  ['an expired token is renewed once', { faults: ['token-expired,first=1'] }, mock => byToken(mock, 2, true), []],
  [
    'an expired token is sent again',
    { faults: ['token-expired,first=1'] },
    mock => byToken(mock, 2, false),
    ['fail retried_non_retryable'],
  ],
  ['1113 is sent again', { faults: ['1113'] }, mock => stubborn(mock, [slow, slower]), ['fail retried_non_retryable']],
  [
    '1113 is sent again with another time in its body',
    { faults: ['1113'] },
    mock =>
      stubborn(mock, [slow, slower], 'hi', () => ({
        user_id: `user-${Date.now()}`,
        request_id: `request-${Date.now()}`,
      })),
    ['fail retried_non_retryable'],
  ],
  ['1305 is given up', { faults: ['1305,first=1'] }, post, ['fail gave_up']],
  [
    '1305 is given up, and another model is asked something else',
    { faults: ['1305,first=1'] },
    async mock => [await post(mock), await post(mock, 'unrelated', { model: 'glm-4.5' })],
    ['fail gave_up'],
  ],
  ['there is no pause', { faults: ['1302,first=2'] }, mock => stubborn(mock, [0, 0]), ['fail no_backoff']],
  ['pauses do not grow', overloaded, mock => stubborn(mock, [slower, slower, slower]), ['fail no_backoff']],
  [
    'pauses are alike, one call after the other',
    overloaded,
    async mock => {
      for (const i of [1, 2, 3, 4]) await stubborn(mock, [slow, slower], `q${i}`);
    },
    ['fail no_jitter'],
  ],
  [
    'pauses are alike, side by side',
    overloaded,
    mock => several(6, i => stubborn(mock, [slow, slower], `q${i}`)),
    ['fail no_jitter'],
  ],
  [
    'a call is tried twelve times',
    overloaded,
    mock =>
      stubborn(
        mock,
        Array.from({ length: 11 }, (_, i) => 300 * 1.5 ** i),
      ),
    ['fail retry_storm'],
  ],
  [
    'a hang is waited for',
    { faults: ['hang'] },
    mock => Promise.race([post(mock), sleep(61_000)]),
    ['fail no_timeout'],
  ],
  [
    'half an answer goes back as the assistant’s words',
    { faults: ['truncated,after=12,first=1'], thinkingTokens: 0 },
    async mock => {
      const { text } = await streamed(openai(mock));
      await chat(openai(mock), [user('hi'), assistant(text), user('go on')]);
    },
    ['fail accepted_truncated'],
  ],
  [
    'an answer with a lost frame does',
    { faults: ['cut-mid-frame,after=12,first=1'] },
    async mock => {
      const text = await textOf(await post(mock, 'hi', { stream: true }));
      const pieces = [...text.matchAll(/"content":("[^"]*")/g)].map(([, json = '""']) => JSON.parse(json));
      await post(mock, [user('hi'), assistant(pieces.join('')), user('go on')]);
    },
    ['fail accepted_truncated'],
  ],
  ...['network-error-finish', 'sensitive-finish'].map(
    (fault): [string, MockOptions, (mock: TestMock) => Promise<unknown>, string[]] => [
      `an answer of ${fault} goes back`,
      { faults: [`${fault},first=1`] },
      async mock => {
        const { choices } = await chat(openai(mock));
        await chat(openai(mock), [user('hi'), assistant(choices[0]?.message.content), user('go on')]);
      },
      ['fail accepted_bad_finish'],
    ],
  ),
  [
    'a bad end is kept each time, by who never repeats',
    { faults: ['network-error-finish'] },
    async mock => {
      for (let i = 0; i < 2; i++) await Promise.all([chat(openai(mock)), sleep(400)]);
    },
    ['unproven accepted_bad_finish'],
  ],
  [
    'a tool runs again for the same call',
    {},
    mock =>
      payTwice(
        mock,
        async ([question, call, result]) => [question, call, { ...result, content: 'paid 1' }] as Message[],
      ),
    ['fail gave_up', 'fail tool_side_effects_doubled'],
  ],
  [
    'a turn begins anew after its tool has run',
    {},
    mock => payTwice(mock, () => paid(mock, 'paid 1')),
    ['fail gave_up', 'warn tool_side_effects_doubled'],
  ],
])('found out: %s', patient, async (_, options, client, expected) => {
  expect(short(await judged(options, client))).toEqual(expected);
});

test('found out: each call has a connection of its own, two of them side by side', patient, async () => {
  const mock = await createMock(); // in real time: whether a connection was opened before another was free is a matter of order
  for (let i = 0; i < 10; i++) await alone(mock, `q${i}`);
  await Promise.all([alone(mock, 'a'), alone(mock, 'b')]);
  expect(short(jsonReport(mock.requests()).findings)).toEqual(['fail connection_per_call']);
  await mock.close();
});

/** Nothing at all, or what is for the client to prove. */
test.each<[string, MockOptions, (mock: TestMock) => Promise<unknown>, string[]]>([
  [
    'ten calls at once over a limit of two, patient',
    { limits: { concurrency: 2 }, timing: 'ttft=30ms' },
    mock => several(10, i => chat(openai(mock, { maxRetries: 5 }), `q${i}`)),
    [],
  ],
  [
    'forty calls at once over a limit of three',
    { limits: { concurrency: 3 }, timing: 'ttft=40ms' },
    mock => several(40, i => chat(openai(mock), `q${i}`)),
    [],
  ],
  [
    'twenty calls at once with four prompts',
    { limits: { concurrency: 3 }, timing: 'ttft=40ms' },
    mock => several(20, i => chat(openai(mock), `q${i % 4}`)),
    [],
  ],
  [
    'one client for twelve calls at once, twice',
    { timing: 'ttft=5ms' },
    async mock => {
      const client = openai(mock);
      for (let i = 0; i < 2; i++) await several(12, n => chat(client, `q${n}`));
    },
    [],
  ],
  [
    'eight calls at once into an overload',
    { faults: ['overloaded,first=8'] },
    mock => several(8, i => chat(openai(mock), `q${i}`)),
    [],
  ],
  [
    'twenty calls at once into an outage',
    overloaded,
    mock => several(20, i => chat(openai(mock, { maxRetries: 5 }), `q${i}`)),
    [],
  ],
  [
    'a server that says how long to wait',
    { limits: { requestsPerMinute: 1, retryAfter: true } },
    mock => several(6, i => chat(openai(mock), `q${i}`)),
    [],
  ],
  [
    'two tests with one prompt that is refused for good',
    { faults: ['1211'] },
    async mock => {
      for (let i = 0; i < 2; i++) await Promise.all([chat(openai(mock)).catch(() => {}), sleep(300)]);
    },
    [],
  ],
  [
    'three tests with one prompt that give up properly',
    overloaded,
    async mock => {
      for (let i = 0; i < 3; i++) await chat(openai(mock)).catch(() => {});
    },
    [],
  ],
  [
    'the same without a number in the header',
    overloaded,
    async mock => {
      for (const jitter of [0, 90, 40]) await stubborn(mock, [400 + jitter, 800 + 2 * jitter]);
    },
    [],
  ],
  ['a hang, with a time-out', { faults: ['hang,first=1'] }, mock => chat(openai(mock, { timeout: 3000 })), []],
  [
    'connections that break',
    { faults: ['reset,first=1', 'close-before-answer,nth=2'] },
    mock => chat(openai(mock)),
    [],
  ],
  [
    'sequential calls of one client',
    {},
    async mock => {
      const client = openai(mock);
      for (let i = 0; i < 12; i++) await chat(client, `q${i}`);
    },
    [],
  ],
  [
    'another model is asked the same',
    { faults: ['1305,model=glm-4.6'] },
    async mock => [await post(mock), await post(mock, 'hi', { model: 'glm-4.5' })],
    [],
  ],
  [
    'half an answer is dropped, and the call repeated',
    { faults: ['truncated,first=1'] },
    async mock => {
      const client = openai(mock);
      while ((await streamed(client)).finish === undefined) await sleep(slow);
      await chat(client, [user('hi'), assistant((await chat(client)).choices[0]?.message.content), user('go on')]);
    },
    [],
  ],
  [
    'the program repeats what the client does not',
    { faults: ['overloaded,first=2'] },
    async mock => {
      const client = openai(mock, { maxRetries: 0 });
      for (const pause of [400, 900, 0]) await Promise.all([chat(client).catch(() => {}), sleep(pause)]);
    },
    [],
  ],
  [
    'half an answer is noticed and reported',
    { faults: ['truncated'] },
    async mock => {
      if ((await streamed(openai(mock))).finish === undefined) throw new Error('cut off');
    },
    ['unproven accepted_truncated'],
  ],
  [
    'an error in a stream is thrown',
    { faults: ['error-in-stream'] },
    mock => streamed(openai(mock)),
    ['unproven accepted_truncated'],
  ],
  [
    'a filtered answer is refused, and something longer is asked',
    { faults: ['sensitive-finish,first=1'] },
    async mock => {
      await chat(openai(mock), 'bad');
      await chat(openai(mock), 'a totally different and much longer prompt about the weather in Beijing tomorrow');
    },
    ['unproven accepted_bad_finish'],
  ],
  ['the request is repeated that failed after a tool had run', {}, mock => payTwice(mock, async first => first), []],
])('sound: %s', patient, async (_, options, client, expected) => {
  expect(short(await judged(options, client))).toEqual(expected);
});

test.each([true, false])(
  'openai under every fault (stream: %s): nothing is held against it but what it repeats for good',
  patient,
  async stream => {
    const found = await inVirtualTime(async () => {
      const mock = await createMock({ timing: 'ttft=1ms,itl=1ms' });
      const all = scenarios.map(scenario => ({ scenario, key: mock.key(scenario.name) }));
      for (const { scenario, key } of all) key.faults(`${scenario.name},rate=1`);
      const ask = (key: (typeof all)[number]['key']) => {
        const client = openai(key, { timeout: 30_000 });
        const call = stream
          ? streamed(client, 'Hermes asks the Claude Agent SDK')
          : chat(client, 'Hermes asks the Claude Agent SDK');
        return Promise.race([call, sleep(50_000)]);
      };
      await Promise.allSettled(all.map(({ key }) => ask(key)));
      const verdicts = all.map(({ scenario, key }) => ({
        scenario,
        findings: jsonReport(key.requests(), { nowMs: Date.now() }).findings,
      }));
      await mock.close({ graceMs: 0 });
      return verdicts;
    });
    const proven = found.flatMap(({ scenario: { id, outcome }, findings }) =>
      findings.filter(({ severity }) => severity !== 'unproven').map(({ code }) => ({ id, outcome, code })),
    );
    expect(
      proven.filter(({ code, outcome }) => code !== 'retried_non_retryable' || retryOf(outcome) === 'backoff'),
    ).toEqual([]);
    expect(proven.length).toBeGreaterThan(5);
  },
);
