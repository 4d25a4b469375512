import { expect, test } from 'vitest';
import { newDraft } from '../../src/core/call/record.ts';
import { measuresOf } from '../../src/loadtest/measures.ts';

const answer = (lastTokenMs: number | undefined, completion: number) => ({
  ...newDraft(0, 0),
  sentMs: 1,
  firstTokenMs: lastTokenMs === undefined ? undefined : 100,
  lastTokenMs,
  maxGapMs: 0,
  usage: { prompt_tokens: 5, completion_tokens: completion, total_tokens: 5 + completion },
});

test.each([
  ['two reads', 200, 11, 10],
  ['one read, such as of a tool call', 100, 11, undefined],
  ['one token', 200, 1, undefined],
  ['no token', undefined, 0, undefined],
])('a TPOT of %s, the last at %s ms, with %d tokens is %s ms', (_, lastMs, completion, tpot) => {
  expect(measuresOf(answer(lastMs, completion), 0, 1).tpot_ms).toBe(tpot);
});

test('what a user sees first may be a call of a tool', () => {
  const called = { ...answer(950, 20), firstVisibleMs: 950, firstToolMs: 950 };
  expect(measuresOf(called, 50, 51)).toMatchObject({
    ttft_content_ms: 900,
    ttft_tool_ms: 900,
    ttft_content_from_send_ms: 949,
  });
});
