import { expect, test } from 'vitest';
import { newEntry } from '../../src/mock-server/entry.ts';
import { createMeter } from '../../src/mock-server/meter.ts';
import type { MockRequest, Played } from '../../src/mock-server/plan.ts';

const request: MockRequest = { method: 'POST', path: '/chat/completions', headers: {}, body: '{}', arrivedMs: 0 };
const played: Played = { ending: 'complete', headSent: true, beats: 1, bytes: 10, worstLatenessMs: 0 };

test('prompt tokens are those of answered requests', async () => {
  const { begin, end, metrics } = createMeter({ version: '1', profile: 'flash', era: 'now' });
  for (const status of [200, 429, 500, 0]) {
    begin(false);
    end({ ...newEntry(1, 0, request, new Map()), status, promptTokens: 7 }, 'chat', 'glm-4.6', played);
  }
  expect(await metrics.text()).toMatch(/^glm_mock_input_tokens_total 7$/m);
});
