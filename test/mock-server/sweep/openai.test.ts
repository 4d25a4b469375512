/** The `openai` package as it is mostly used, through the sweep. What it makes of each fault is pinned: a new version may do better. */
import OpenAI from 'openai';
import { expect, test } from 'vitest';
import { type SweepCall, sweep } from '../../../src/mock-server/sweep/index.ts';

const ask = { model: 'glm-4.6', messages: [{ role: 'user' as const, content: 'tea?' }] };
const openai = ({ baseUrl, apiKey }: SweepCall, maxRetries: number) =>
  new OpenAI({ baseURL: baseUrl, apiKey, maxRetries, timeout: 60_000, logLevel: 'off' });

async function streamed(call: SweepCall, maxRetries: number) {
  const chunks = await openai(call, maxRetries).chat.completions.create({ ...ask, stream: true });
  let content = '';
  for await (const { choices } of chunks) content += choices[0]?.delta.content ?? '';
  return content;
}

async function whole(call: SweepCall, maxRetries: number) {
  const { choices } = await openai(call, maxRetries).chat.completions.create(ask);
  return choices[0]?.message.content;
}

/** `timeout` ends with the headers, finish_reason is the caller's business, and a body without choices is nobody's. */
const streamedWrong = [
  'hang-after-headers',
  'truncated,after=0',
  'network-error-finish,after=0',
  'reasoning-only',
  'answer-in-reasoning',
  'sensitive-finish,after=0',
  'context-finish,after=0',
  'body-for-stream',
  'ok-with-error-body',
];
const wholeWrong = [
  'network-error-finish,after=0',
  'reasoning-only',
  'answer-in-reasoning',
  'sensitive-finish,after=0',
  'context-finish,after=0',
  'ok-with-error-body',
];

test.each([
  ['streamed', streamed, 0, streamedWrong],
  ['streamed with two retries', streamed, 2, streamedWrong],
  ['in one piece', whole, 0, wholeWrong],
] as const)('openai, %s, gets these faults wrong', { timeout: 60_000 }, async (_, client, maxRetries, wrong) => {
  const report = await sweep(call => client(call, maxRetries), { positions: [0, 3, 12, 30], limit: '4m' });
  expect(report.failures.map(({ fault }) => fault)).toEqual(wrong);
});
