/** What the journal says of an answer that nobody waited for. */
import { expect, test } from 'vitest';
import { createMock, matchers } from '../../src/mock-server/index.ts';
import { base, createTestEngine } from '../support/mock-engine.ts';

/** The plan of one call, played until the client hangs up after so many frames. */
async function hangUp(frames: number, durationMs: number, fields: object, fault?: string) {
  const { engine, clock, key } = createTestEngine({
    replyTokens: 10,
    thinkingTokens: 0,
    timing: 'ttft=100ms,itl=100ms',
  });
  const { plan, settle } = await engine.handle({
    method: 'POST',
    path: `${base}/chat/completions`,
    headers: { authorization: key, ...(fault && { 'x-glm-fault': fault }) },
    body: JSON.stringify({
      model: 'glm-4.6',
      messages: [{ role: 'user', content: 'trains' }],
      thinking: { type: 'disabled' },
      ...fields,
    }),
    arrivedMs: clock.now(),
  });
  const sent = [...plan.beats].slice(0, frames).map(beat => ('send' in beat ? Buffer.byteLength(beat.send) : 0));
  clock.advance(durationMs);
  const bytes = sent.reduce((a, b) => a + b, 0);
  settle({ ending: 'client_gone', headSent: true, beats: frames, bytes, worstLatenessMs: 0 });
  return engine.journal.entries()[0];
}

test.each([
  ['a stream at its beginning', 0, 10, { stream: true }, undefined, 10],
  ['a stream after four tokens', 4, 410, { stream: true }, undefined, 6],
  ['a stream at its end', 10, 1010, { stream: true }, undefined, 0],
  ['a stream that came in pieces', 8, 410, { stream: true }, 'split-utf8', 6],
  ['a stream that stalled', 3, 5000, { stream: true }, 'stall,after=3', 7],
  ['a body after four tenths of its time', 0, 400, {}, undefined, 6],
  ['a body when it was ready', 0, 1000, {}, undefined, 0],
] as const)(
  '%s: the tokens that a service goes on generating',
  async (_, frames, durationMs, fields, fault, tokens) => {
    const entry = await hangUp(frames, durationMs, fields, fault);
    expect(entry).toMatchObject({ ending: 'client_gone', completionTokens: 10, tokensAfterHangUp: tokens });
  },
);

test('an answer that was read leaves none', async () => {
  const { chat } = createTestEngine({ replyTokens: 10 });
  expect((await chat('trains')).entry.tokensAfterHangUp).toBe(0);
});

test('toHaveAborted holds right after an abort', async () => {
  const mock = await createMock({ timing: 'ttft=1ms,itl=20ms', replyTokens: 500, thinkingTokens: 0 });
  const controller = new AbortController();
  const response = await fetch(`${mock.baseUrl}/chat/completions`, {
    method: 'POST',
    headers: { authorization: mock.apiKey },
    body: JSON.stringify({ model: 'glm-4.6', stream: true, messages: [{ role: 'user', content: 'hi' }] }),
    signal: controller.signal,
  });
  await response.body?.getReader().read();
  controller.abort();
  expect((await matchers.toHaveAborted(mock)).pass).toBe(true);
  await mock.close({ graceMs: 0 });
});
