/**
 * What two clients make of every fault, retries off: a table in docs/faults.md. A line that changes is news about a client,
 * not a mistake of the mock; look at it, then run with UPDATE_CLIENTS=1 and `npm run faults`.
 */
import { readFileSync, writeFileSync } from 'node:fs';
import { streamText } from 'ai';
import OpenAI from 'openai';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { createZhipu } from 'zhipu-ai-provider';
import { createMock, type Mock } from '../../../src/mock-server/index.ts';
import { scenarios } from '../../../src/mock-server/scenarios/index.ts';
import type { Scenario } from '../../../src/mock-server/scenarios/scenario.ts';

const file = new URL('faults.json', import.meta.url);
const prompt = 'Hermes asks the Claude Agent SDK about tea, 茶 and 😀';
/** Their silence has no end; a deadline of the client has to find that out. */
const silent = new Set(['stall', 'late-head', 'hang', 'hang-after-headers']);
const deadlineMs = 400;

let mock: Mock;
beforeAll(async () => {
  globalThis.AI_SDK_LOG_WARNINGS = false;
  mock = await createMock({ replyTokens: 12, thinkingTokens: 4, timing: 'ttft=20ms,itl=2ms' });
});
afterAll(() => mock.close({ graceMs: 0 }));

const baseUrlFor = ({ name }: Scenario | { name: '' }) =>
  name === '' ? mock.baseUrl : `${mock.url}/~${name},rate=1/api/paas/v4`;

interface Said {
  readonly text: string;
  readonly finish: string;
}

async function viaOpenAi(scenario: Scenario | { name: '' }): Promise<Said> {
  const client = new OpenAI({
    baseURL: baseUrlFor(scenario),
    apiKey: mock.apiKey,
    maxRetries: 0,
    ...(silent.has(scenario.name) && { timeout: deadlineMs }),
  });
  // The client's own timeout ends with the headers, so a careful caller adds a signal.
  const signal = silent.has(scenario.name) ? AbortSignal.timeout(2 * deadlineMs) : undefined;
  const request = { model: 'glm-4.6', messages: [{ role: 'user' as const, content: prompt }], stream: true as const };
  const stream = await client.chat.completions.create(request, { ...(signal && { signal }) });
  let text = '';
  let finish = 'none';
  for await (const chunk of stream) {
    text += chunk.choices[0]?.delta?.content ?? '';
    finish = chunk.choices[0]?.finish_reason ?? finish;
  }
  if (signal?.aborted) return { text, finish: 'aborted without an error' };
  return { text, finish };
}

async function viaAiSdk(scenario: Scenario | { name: '' }): Promise<Said> {
  const model = createZhipu({ baseURL: baseUrlFor(scenario), apiKey: mock.apiKey })('glm-4.6');
  let failure: unknown;
  const result = streamText({
    model,
    prompt,
    maxRetries: 0,
    ...(silent.has(scenario.name) && { abortSignal: AbortSignal.timeout(deadlineMs) }),
    onError: ({ error }) => {
      failure = error;
    },
    onAbort: () => {
      failure = new DOMException('aborted', 'AbortError');
    },
  });
  let text = '';
  for await (const piece of result.textStream) text += piece;
  if (failure !== undefined) throw failure;
  return { text, finish: await result.finishReason };
}

/** In a few words, without ids and times. */
async function tell(via: typeof viaOpenAi, scenario: Scenario, sound: Said): Promise<string> {
  try {
    const said = await via(scenario);
    const same = said.text === sound.text ? 'the sound answer' : said.text.trim() === '' ? 'no text' : 'another answer';
    return `${same}, finish ${said.finish}`;
  } catch (error) {
    const { name, status, statusCode } = error as { name: string; status?: number; statusCode?: number };
    const http = status ?? statusCode;
    return `throws ${name === 'Error' ? (error as Error).constructor.name : name}${http === undefined ? '' : ` ${http}`}`;
  }
}

test('both clients make of every fault what docs/faults.md says', { timeout: 120_000 }, async () => {
  const none = { name: '' } as const;
  const sound = { openai: await viaOpenAi(none), ai: await viaAiSdk(none) };
  const found: Record<string, { openai: string; ai: string }> = {};
  for (const scenario of scenarios) {
    const [openai, ai] = await Promise.all([
      tell(viaOpenAi, scenario, sound.openai),
      tell(viaAiSdk, scenario, sound.ai),
    ]);
    found[scenario.name] = { openai, ai };
  }
  if (process.env.UPDATE_CLIENTS) writeFileSync(file, `${JSON.stringify(found, undefined, 2)}\n`);
  expect(found).toEqual(JSON.parse(readFileSync(file, 'utf8')));
});
