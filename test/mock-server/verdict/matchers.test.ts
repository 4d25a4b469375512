import { expect, test } from 'vitest';
import { matchers } from '../../../src/mock-server/verdict/matchers.ts';
import { journal, refused, type Step } from './entries.ts';

const { toHaveReceivedChat, toHaveAborted, toHaveRetried, toBeResilient } = matchers;

const mock = (...steps: Step[]) => ({ journal: async () => journal(...steps) });

const limited = refused('1302', 429);
const gone: Step = { ending: 'client_gone', beats: 5, durationMs: 180 };

test.each<[string, ReturnType<typeof toHaveReceivedChat>, boolean]>([
  ['a chat came', toHaveReceivedChat(mock({})), true],
  ['none came', toHaveReceivedChat(mock({ method: 'GET', path: '/api/paas/v4/models' })), false],
  ['exactly two', toHaveReceivedChat(mock({}, {}), { times: 2 }), true],
  ['not two', toHaveReceivedChat(mock({}), { times: 2 }), false],
  ['none at all', toHaveReceivedChat(mock(), { times: 0 }), true],
  ['of a model', toHaveReceivedChat(mock({}, { model: 'glm-5' }), { model: 'glm-5', times: 1 }), true],
  ['streamed', toHaveReceivedChat(mock({}), { stream: false }), false],
  ['by a key’s id', toHaveReceivedChat(mock({}), { key: 'key' }), true],
  ['by a whole key', toHaveReceivedChat(mock({}), { key: 'key.secret' }), true],
  ['by another key', toHaveReceivedChat(mock({}), { key: 'other.secret' }), false],
  ['aborted', toHaveAborted(mock({}, gone)), true],
  ['not aborted', toHaveAborted(mock({})), false],
  ['aborted late enough', toHaveAborted(mock(gone), { afterChunk: 5 }), true],
  ['aborted too early', toHaveAborted(mock(gone), { afterChunk: 6 }), false],
  ['aborted in time', toHaveAborted(mock(gone), { withinMs: 200 }), true],
  ['aborted too late', toHaveAborted(mock(gone), { withinMs: 100 }), false],
  ['aborted twice', toHaveAborted(mock(gone, gone), { times: 2 }), true],
  ['retried', toHaveRetried(mock(limited, {})), true],
  ['not retried', toHaveRetried(mock(limited)), false],
  ['retried twice', toHaveRetried(mock(limited, limited, {}), { times: 2 }), true],
  ['retried after a code', toHaveRetried(mock(limited, {}), { after: '1302' }), true],
  ['retried after an outcome', toHaveRetried(mock(limited, {}), { after: 'rate_limited' }), true],
  ['retried after another code', toHaveRetried(mock(limited, {}), { after: '1305' }), false],
  ['resilient', toBeResilient(mock(limited, {})), true],
  ['not resilient', toBeResilient(mock(limited)), false],
])('%s', async (_, result, pass) => {
  expect((await result).pass).toBe(pass);
  expect((await result).message()).not.toBe('');
});

test('a failure lists what was received, one line per request', async () => {
  const result = await toHaveReceivedChat(mock({ faults: ['stall'] }, limited, gone), { model: 'glm-5', times: 2 });
  expect(result.message()).toMatchInlineSnapshot(`
    "expected 2 chat requests with model glm-5, found 0 among
      #1 POST /api/paas/v4/chat/completions glm-4.6 stream key key 200 ok 100 ms [stall]
      #2 POST /api/paas/v4/chat/completions glm-4.6 key key 429 1302 rate_limited 10 ms
      #3 POST /api/paas/v4/chat/completions glm-4.6 stream key key 200 aborted after 5 chunks 180 ms"
  `);
});

test('a key’s id is shortened', async () => {
  const result = await toHaveAborted(mock({ keyId: '0123456789abcdef0123456789abcdef' }));
  expect(result.message()).toContain(' key 01234567… ');
});

test('a long list keeps its end', async () => {
  const result = await toHaveAborted(mock(...Array.from({ length: 60 }, () => ({}))), { afterChunk: 2 });
  expect(result.message().split('\n')).toHaveLength(52);
  expect(result.message()).toMatch(
    /^expected at least 1 aborted requests with afterChunk 2, found 0 among\n {2}… 10 before\n/,
  );
});

test('the other way round says so', async () => {
  expect((await toHaveReceivedChat(mock({}))).message()).toMatch(
    /^expected other than at least 1 chat requests, found 1/,
  );
});

test.each([undefined, null, 'mock', {}])('%o is no mock, even under .not', async value => {
  await expect(toHaveReceivedChat(value)).rejects.toMatchObject({ code: 'not_a_mock' });
});

expect.extend(matchers);

test('vitest takes them', async () => {
  const claims = expect(mock(limited, {})) as unknown as Record<keyof typeof matchers, (o?: unknown) => Promise<void>>;
  await claims.toHaveReceivedChat({ times: 2 });
  await claims.toHaveRetried({ after: '1302' });
  await claims.toBeResilient();
  await expect(claims.toHaveAborted()).rejects.toThrow('found 0 among');
});
