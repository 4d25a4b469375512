/** A scenario over a socket and in process: a client must not be able to tell which. */
import { setupServer } from 'msw/node';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { createManualClock } from '../../../src/core/clock.ts';
import { createMock, type Mock } from '../../../src/mock-server/index.ts';
import { glmHandlers } from '../../../src/mock-server/msw.ts';
import { scenarios } from '../../../src/mock-server/scenarios/index.ts';

const key = 'my-id.my-secret';
const host = 'https://open.bigmodel.cn';
const clock = createManualClock(Date.parse('2026-10-09T04:00:00Z'));
const msw = setupServer(...glmHandlers({ keys: [key], clock }));
let mock: Mock;

beforeAll(async () => {
  mock = await createMock({ keys: [key], clock: createManualClock(clock.wall()) });
  msw.listen({ onUnhandledFrame: 'bypass' });
});
afterAll(() => {
  msw.close();
  return mock.close({ graceMs: 0 });
});

/** Those that never end on their own; their waiting is the subject of outcomes.test.ts. */
const endless = new Set(['hang', 'hang-after-headers', 'late-head', 'stall']);

interface Seen {
  readonly status: number;
  readonly type: string | null;
  readonly text: string;
  readonly failed: boolean;
}

/** What fetch shows: ids and times differ by nature, so their digits are blotted out. */
async function look(origin: string, name: string, stream: boolean): Promise<Seen> {
  const seen = { status: 0, type: null as string | null, text: '', failed: false };
  try {
    const response = await fetch(`${origin}/api/paas/v4/chat/completions`, {
      method: 'POST',
      headers: { authorization: `Bearer ${key}`, 'x-glm-fault': `${name},rate=1`, connection: 'close' },
      body: JSON.stringify({ model: 'glm-4.6', stream, messages: [{ role: 'user', content: 'tea, 茶' }] }),
    });
    seen.status = response.status;
    seen.type = response.headers.get('content-type');
    const decoder = new TextDecoder();
    for await (const bytes of response.body ?? []) seen.text += decoder.decode(bytes, { stream: true });
  } catch {
    // How it failed is worded by each transport; that it failed is the point.
    seen.failed = true;
  }
  return { ...seen, text: seen.text.replace(/20\d{12}[0-9a-f]{16}/g, 'ID').replace(/[\d-]+ [\d:]+/g, 'TIME') };
}

/** Beats of a manual clock stand still, and a broken connection may lose what was on its way. */
const timed = new Set(['split-utf8', 'drip']);
const broken = new Set(['cut', 'reset-mid-stream']);

const cases = scenarios
  .filter(({ name }) => !endless.has(name) && !timed.has(name))
  .flatMap(({ name }) => [true, false].map(stream => [name, stream] as const));

test.each(cases)('%s (stream: %s) looks the same through both players', async (name, stream) => {
  const [socket, process] = [await look(mock.url, name, stream), await look(host, name, stream)];
  if (broken.has(name)) expect(process.failed).toBe(socket.failed);
  else expect(process).toEqual(socket);
});
