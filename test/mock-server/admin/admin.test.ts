import { afterEach, expect, test } from 'vitest';
import { allRoutes, openApi } from '../../../src/mock-server/admin/openapi.ts';
import { createMock, type TestMock } from '../../../src/mock-server/index.ts';

const mocks: TestMock[] = [];
afterEach(() => Promise.all(mocks.splice(0).map(mock => mock.close({ graceMs: 0 }))));

async function start(options: Parameters<typeof createMock>[0] = {}) {
  const mock = await createMock(options);
  mocks.push(mock);
  const admin = async (method: string, path: string, body?: unknown, type = 'application/json') => {
    const answer = await fetch(`${mock.url}/__admin${path}`, {
      method,
      ...(body === undefined ? {} : { body: JSON.stringify(body), headers: { 'content-type': type } }),
    });
    const text = await answer.text();
    return { status: answer.status, text, json: () => JSON.parse(text) };
  };
  const chat = async (content = 'hi', key = mock.apiKey, fields: object = {}) => {
    const answer = await fetch(`${mock.baseUrl}/chat/completions`, {
      method: 'POST',
      headers: { authorization: `Bearer ${key}` },
      body: JSON.stringify({ model: 'glm-4.6', messages: [{ role: 'user', content }], ...fields }),
    });
    return { status: answer.status, text: await answer.text() };
  };
  return { mock, admin, chat };
}

test('faults are switched on and off while the mock runs', async () => {
  const { admin, chat } = await start();
  expect((await admin('PUT', '/faults', { faults: ['overloaded,first=1'] })).json()).toEqual({
    everybody: ['overloaded,first=1'],
    keys: {},
  });
  expect([(await chat()).status, (await chat()).status]).toEqual([429, 200]);
  await admin('PUT', '/faults', { faults: [] });
  expect((await admin('GET', '/state')).json().faults.everybody).toEqual([]);
});

test('a key is a room of its own: faults, fixtures and journal', async () => {
  const { admin, chat } = await start();
  const { key, id } = (await admin('POST', '/keys', { name: 'spec-17' })).json();
  expect((await admin('POST', '/keys', { name: 'spec-17' })).json().key).toBe(key);
  await admin('PUT', '/faults', { faults: ['1113'], key: id });
  expect([(await chat('hi', key)).status, (await chat()).status]).toEqual([429, 200]);
  await admin('PUT', '/faults', { faults: [], key: id });
  await admin('POST', '/fixtures', {
    key: id,
    fixtures: [{ match: { last_user: 'tea' }, reply: { content: 'mine' } }],
  });
  expect((await chat('tea', key)).text).toContain('"content":"mine"');
  expect((await chat('tea')).text).not.toContain('"content":"mine"');
  expect((await admin('GET', `/journal?key=${id}`)).json().requests).toHaveLength(2);
  await admin('POST', '/reset', { key: id });
  expect((await admin('GET', `/journal?key=${id}`)).json().requests).toEqual([]);
  expect((await admin('GET', '/journal')).json().requests).toHaveLength(2);
});

test('limits change and show', async () => {
  const { admin, chat } = await start();
  expect((await admin('PATCH', '/limits', { requests_per_minute: 1 })).json().requests_per_minute).toBe(1);
  expect([(await chat()).status, (await chat()).status]).toEqual([200, 429]);
  await admin('PATCH', '/limits', { requests_per_minute: null });
  expect((await chat()).status).toBe(200);
});

test.each([
  ['PUT', '/faults', { faults: ['stalll'] }, 400, 'no fault is called "stalll", perhaps "stall"'],
  ['PUT', '/faults', { fault: [] }, 400, 'unknown key fault'],
  ['PATCH', '/limits', { concurrency: 'two' }, 400, 'concurrency'],
  ['POST', '/fixtures', { fixtures: [{ reply: { contnt: 'x' } }] }, 400, 'contnt'],
  ['GET', '/journal?limit=-1', undefined, 400, 'limit: must be a whole number from 0, found "-1"'],
  ['GET', '/journal?after=x', undefined, 400, 'after: must be a whole number from 0, found "x"'],
  ['GET', '/report?format=xml', undefined, 400, 'format: must be one of json, text, found "xml"'],
  ['GET', '/coverage?format=', undefined, 400, 'format: must be one of json, text, junit, markdown, found ""'],
  ['GET', '/nowhere', undefined, 404, '/__admin/openapi.json'],
  ['DELETE', '/faults', undefined, 405, '/__admin/faults takes PUT'],
] as const)('%s %s with %j is answered with a sentence', async (method, path, body, status, says) => {
  const { admin } = await start();
  const answer = await admin(method, path, body);
  expect(answer.status).toBe(status);
  expect(answer.json().error.message).toContain(says);
});

test('a change needs JSON by name, which a page of another origin cannot send', async () => {
  const { admin, chat } = await start();
  const answer = await admin('PUT', '/faults', { faults: ['1305'] }, 'text/plain');
  expect(answer.status).toBe(400);
  expect((await chat()).status).toBe(200);
});

test('a wrong change changes nothing', async () => {
  const { admin } = await start({ faults: ['crlf'], limits: { concurrency: 3 } });
  await admin('PUT', '/faults', { faults: ['1305', 'nonsense'] });
  await admin('PATCH', '/limits', { concurrency: 1, balance: 'x' });
  const state = (await admin('GET', '/state')).json();
  expect(state.faults.everybody).toEqual(['crlf']);
  expect(state.limits.concurrency).toBe(3);
});

test('the report names what a client did badly', async () => {
  const { admin, chat } = await start({ faults: ['1113'] });
  await chat();
  await chat();
  expect((await admin('GET', '/report')).json()).toMatchObject({
    verdict: 'fragile',
    findings: [{ code: 'retried_non_retryable' }],
  });
  expect((await admin('GET', '/report?format=text')).text).toContain('FAIL retried_non_retryable #1 #2');
});

test('coverage comes in every form', async () => {
  const { admin, chat } = await start({ faults: ['truncated'] });
  await chat('hi', undefined, { stream: true, temperature: 0.5 });
  const found = (await admin('GET', '/coverage')).json();
  expect(JSON.stringify(found)).toContain('temperature');
  expect((await admin('GET', '/coverage?format=junit')).text).toMatch(/^<\?xml/);
  expect((await admin('GET', '/coverage?format=markdown')).text).toContain('|');
  expect((await admin('GET', '/coverage?format=text')).text).toContain('endpoints');
  const faults = found.sections.find(({ name }: { name: string }) => name === 'faults');
  expect(faults.seen).toEqual(['truncated']);
});

test('a paced stream leaves a timeline of due and sent times', async () => {
  const { admin, chat } = await start({ timing: 'ttft=200ms,itl=2ms', replyTokens: 5, thinkingTokens: 0 });
  await chat('hi', undefined, { stream: true });
  const { due, sent } = (await admin('GET', '/timeline?n=1')).json();
  expect(due.slice(0, 5)).toEqual([200, 202, 204, 206, 208]);
  expect(sent.every((at: number, i: number) => at >= due[i])).toBe(true);
  expect((await admin('GET', '/timeline?n=99')).status).toBe(404);
});

test('the OpenAPI file describes exactly the routes', async () => {
  const { admin } = await start();
  const file = (await admin('GET', '/openapi.json')).json();
  expect(file).toEqual(JSON.parse(JSON.stringify(openApi())));
  const described = Object.entries(file.paths).flatMap(([path, methods]) =>
    Object.keys(methods as object).map(method => `${method.toUpperCase()} ${path}`),
  );
  expect(described.toSorted()).toEqual(allRoutes.map(({ method, path }) => `${method} ${path}`).toSorted());
});

test('a canary secret is in no page, journal, state, metric or report', async () => {
  const canary = 'canary-id.canarySecret0042';
  const { mock, admin, chat } = await start({ keys: [canary], faults: ['crlf'] });
  await chat('hi', canary, { stream: true });
  await chat('canarySecret0042 in a prompt', canary);
  const pages = await Promise.all(
    ['/journal', '/state', '/report', '/coverage', '/openapi.json', '/ui', '/scenarios'].map(path =>
      admin('GET', path),
    ),
  );
  expect(`${pages.map(({ text }) => text).join('')}${await mock.metrics()}`).not.toContain('canarySecret0042');
});

test('the journal is narrowed by number and by count', async () => {
  const { admin, chat } = await start();
  for (let i = 0; i < 4; i++) await chat();
  const numbers = async (query: string) =>
    (await admin('GET', `/journal?${query}`)).json().requests.map(({ n }: { n: number }) => n);
  expect(await numbers('after=1')).toEqual([2, 3, 4]);
  expect(await numbers('limit=2')).toEqual([3, 4]);
  expect(await numbers('after=1&limit=0')).toEqual([]);
});

test.each([
  ['PUT', '/faults', { faults: ['1305'] }],
  ['POST', '/fixtures', { fixtures: [{ reply: { content: 'x' } }] }],
  ['POST', '/reset', {}],
] as const)(
  '%s %s takes a key by its id or as a whole, keeps the id alone, and refuses a stranger',
  async (method, path, body) => {
    const { admin } = await start({ keys: ['my-id.my-canary'] });
    for (const key of ['my-id', 'my-id.my-canary'])
      expect((await admin(method, path, { ...body, key })).status).toBe(200);
    expect((await admin('GET', '/state')).text).not.toContain('canary');
    for (const key of ['other', 'other.canary', 'a.b.canary']) {
      const answer = await admin(method, path, { ...body, key });
      expect(answer).toMatchObject({ status: 400, text: expect.stringContaining(`no API key has the id`) });
      expect(answer.text).not.toContain('canary');
    }
  },
);

test('a question about a key is answered for its id, whichever way it is named, and not for a stranger', async () => {
  const { admin, chat } = await start({ keys: ['my-id.my-secret'] });
  await chat();
  for (const key of ['my-id', 'my-id.my-secret'])
    expect((await admin('GET', `/journal?key=${key}`)).json().requests).toHaveLength(1);
  for (const path of ['/journal', '/report', '/coverage'])
    expect((await admin('GET', `${path}?key=other`)).json().error.code).toBe('unknown_key');
});

test('where any key is taken, any id may be named before it comes', async () => {
  const { admin, chat } = await start({ anyKey: true });
  expect((await admin('PUT', '/faults', { faults: ['1305'], key: 'new.secret' })).json().keys).toEqual({
    new: ['1305'],
  });
  expect((await chat('hi', 'new.secret')).status).toBe(429);
});
