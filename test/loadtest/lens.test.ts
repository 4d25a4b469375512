import { expect, test } from 'vitest';
import { createLens, type DialectName, dialectNames } from '../../src/loadtest/lens.ts';
import type { RawRecord } from '../../src/loadtest/result.ts';

/** Role at 5 ms, thinking from 20 ms, content from 200 ms to 290 ms, ten tokens, two of which shared a read. */
const record: RawRecord = {
  n: 0,
  class: 'ok',
  attempts: 1,
  intended_ms: 900,
  sent_ms: 1000,
  head_ms: 1003,
  first_event_ms: 1005,
  first_reasoning_ms: 1020,
  first_content_ms: 1200,
  first_tool_ms: null,
  first_token_ms: 1020,
  last_token_ms: 1290,
  end_ms: 1300,
  max_gap_ms: 180,
  gaps_ms: [180, 30, 30, 30],
  chunks: 8,
  coalesced: 2,
  status: 200,
  code: null,
  finish_reason: 'stop',
  prompt_tokens: 5,
  completion_tokens: 10,
  cached_tokens: 0,
  reasoning_tokens: 3,
  connection: 'reused',
  connect_ms: null,
  id: 'x',
  log_id: null,
};

const read = (name: DialectName, ...records: RawRecord[]) => {
  const lens = createLens(name);
  for (const one of records) lens.add(one);
  return lens.read();
};

test.each<[DialectName, string, number]>([
  ['vllm', 'ttft_ms', 5],
  ['vllm', 'tpot_ms', (290 - 5) / 9],
  ['vllm', 'e2el_ms', 290],
  ['sglang', 'ttft_ms', 200],
  ['sglang', 'tpot_ms', (300 - 200) / 9],
  ['sglang', 'e2e_latency_ms', 300],
  ['aiperf', 'time_to_first_token_ms', 20],
  ['aiperf', 'inter_token_latency_ms', (290 - 20) / 9],
  ['guidellm', 'time_to_first_token_ms', 20],
  ['guidellm', 'time_to_first_output_token_ms', 200],
  ['evalscope', 'ttft_ms', 5],
  ['evalscope', 'latency_ms', 300],
  ['evalscope', 'tpot_ms', (300 - 5) / 9],
])('%s says %s of the same request is %d', (name, figure, ms) => {
  expect(read(name, record).figures[figure]?.mean).toBeCloseTo(ms, 6);
});

test('messages that shared a read are nothing apart; the role in front counts to vllm, and only tokens to aiperf', () => {
  expect(read('vllm', record).figures.itl_ms).toMatchObject({ count: 7, min: 0 });
  expect(read('aiperf', record).figures.inter_chunk_latency_ms).toMatchObject({ count: 6, min: 0, max: 180 });
});

test('a cut stream is a success to some', () => {
  const cut: RawRecord = { ...record, class: 'truncated', finish_reason: null, completion_tokens: null };
  expect(dialectNames.map(name => [name, read(name, cut).successes])).toEqual([
    ['vllm', 1],
    ['sglang', 1],
    ['aiperf', 0],
    ['guidellm', 0],
    ['evalscope', 1],
  ]);
});

test.each(['reset', 'timeout_total', 'stalled', 'censored'] as const)(
  'a stream that ended as %s is a success to nobody',
  name => {
    const broken: RawRecord = { ...record, class: name, finish_reason: null, completion_tokens: null };
    expect(dialectNames.map(tool => read(tool, broken).successes)).toEqual([0, 0, 0, 0, 0]);
  },
);

test('an answer of thinking alone has no first token to sglang', () => {
  const thinking: RawRecord = { ...record, class: 'reasoning_only', first_content_ms: null };
  expect(read('sglang', thinking)).toMatchObject({ requests: 1, successes: 0 });
});

test('warm-up requests are nobody’s', () => {
  for (const name of dialectNames) expect(read(name, { ...record, class: 'warmup' }).requests).toBe(0);
});
