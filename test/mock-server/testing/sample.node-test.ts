/** Run by node-test.test.ts, and under node:test it has to behave as the other runners do. */
import assert from 'node:assert';
import { describe, test } from 'node:test';
import { useGlmMock } from '../../../src/mock-server/testing/node-test.ts';
import { ask } from './runner.ts';

const mock = useGlmMock();

test('asks the mock', async t => {
  mock.on('weather', 'sunny');
  assert.equal(await ask(mock, 'weather'), 'sunny');
  await t.assert.toHaveReceivedChat(mock, { times: 1 });
  await assert.rejects(t.assert.toHaveReceivedChat(mock, { times: 2 }), /expected 2 chat requests, found 1/);
});

describe('a group', () => {
  test('begins with nothing', async t => {
    await t.assert.toHaveReceivedChat(mock, { times: 0 });
    assert.equal(process.env.OPENAI_BASE_URL, mock.baseUrl);
  });
});

test('fails for what nobody prepared', async () => {
  mock.on('weather', 'sunny');
  await ask(mock, 'wheather');
});

test('fails for a call to the vendor', async () => {
  await fetch('https://open.bigmodel.cn/').catch(() => undefined);
});
