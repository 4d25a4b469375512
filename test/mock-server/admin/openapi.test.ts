/** Real answers of every route against the file that describes them. */
import { Ajv2020 } from 'ajv/dist/2020.js';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { allRoutes, openApi } from '../../../src/mock-server/admin/openapi.ts';
import { createMock, type TestMock } from '../../../src/mock-server/index.ts';

interface Operation {
  readonly security: readonly object[];
  readonly parameters: readonly { readonly name: string; readonly schema: { readonly type: string } }[];
  readonly requestBody?: { readonly required: boolean };
  readonly responses: Readonly<
    Record<string, { readonly content: Readonly<Record<string, { readonly schema: object }>> }>
  >;
}

const file = JSON.parse(JSON.stringify(openApi())) as {
  readonly paths: Readonly<Record<string, Readonly<Record<string, Operation>>>>;
};
const ajv = new Ajv2020({ strict: true, allErrors: true })
  .addSchema(file, 'openapi')
  .addVocabulary(['openapi', 'info', 'servers', 'components', 'paths']);

const operation = (method: string, path: string) => {
  const found = file.paths[path]?.[method.toLowerCase()];
  if (found === undefined) throw new Error(`${method} ${path} is not described`);
  return found;
};

/** What is wrong with an answer by the description; empty when nothing is. */
function faultsIn(method: string, path: string, status: number, type: string, text: string): string {
  const { responses } = operation(method, path);
  const kind = type.split(';')[0] ?? '';
  const described = (responses[status] ?? responses.default)?.content[kind];
  if (described === undefined) return `${status} ${kind} is not described`;
  if (kind !== 'application/json') return '';
  const key = responses[status] === undefined ? 'default' : String(status);
  const pointer = ['paths', path, method.toLowerCase(), 'responses', key, 'content', kind, 'schema'];
  const where = pointer.map(part => part.replaceAll('~', '~0').replaceAll('/', '~1')).join('/');
  return ajv.validate({ $ref: `openapi#/${where}` }, JSON.parse(text)) ? '' : ajv.errorsText();
}

let mock: TestMock;
beforeAll(async () => {
  mock = await createMock({ timing: 'itl=1ms', replyTokens: 3, limits: { planRequests: 100 }, faults: ['crlf'] });
  mock.on('tea', 'Oolong');
  const ask = (fields: object, key = mock.apiKey) =>
    fetch(`${mock.baseUrl}/chat/completions`, {
      method: 'POST',
      headers: { authorization: key },
      body: JSON.stringify({ model: 'glm-4.6', messages: [{ role: 'user', content: 'tea' }], ...fields }),
    }).then(answer => answer.text());
  await ask({ stream: true });
  await ask({ model: 'nope' });
  await ask({}, 'un.known');
  mock.faults('1113');
  await ask({});
  await ask({});
});
afterAll(() => mock.close({ graceMs: 0 }));

const bodies: Readonly<Record<string, object>> = {
  'PUT /__admin/faults': { faults: ['stall,after=5'] },
  'PATCH /__admin/limits': { concurrency: 3, balance: null, plan_window: '1h' },
  'POST /__admin/fixtures': { fixtures: [{ match: { turn: 1 }, reply: { content: 'x' } }] },
  'PUT /__admin/fixtures': { fixtures: [] },
  'POST /__admin/keys': { name: 'spec' },
  'POST /__admin/reset': {},
};

const queries: Readonly<Record<string, readonly string[]>> = {
  '/__admin/journal': ['', 'after=1&limit=2', 'limit=x', 'key=stranger'],
  '/__admin/timeline': ['n=1', 'n=999', 'n=x', ''],
  '/__admin/report': ['', 'format=text', 'format=xml'],
  '/__admin/coverage': ['', 'format=text', 'format=junit', 'format=markdown', 'format=x'],
};

// The reset comes last: it forgets what the others tell of.
const inOrder = allRoutes.toSorted((a, b) => Number(a.path.endsWith('/reset')) - Number(b.path.endsWith('/reset')));
const asked = inOrder.flatMap(({ method, path }) =>
  (queries[path] ?? ['']).map(query => [method, path, query] as const),
);

test.each(asked)('%s %s?%s answers as it is described', async (method, path, query) => {
  const body = bodies[`${method} ${path}`];
  const answer = await fetch(`${mock.url}${path}?${query}`, {
    method,
    ...(body && { body: JSON.stringify(body), headers: { 'content-type': 'application/json' } }),
  });
  const text = await answer.text();
  expect(faultsIn(method, path, answer.status, answer.headers.get('content-type') ?? '', text)).toBe('');
});

test.each(Object.keys(bodies))('%s refuses a wrong body as it is described', async what => {
  const [method = '', path = ''] = what.split(' ');
  const headers = { 'content-type': 'application/json' };
  const answer = await fetch(mock.url + path, { method, headers, body: '{"odd":1}' });
  expect(answer.status).toBe(400);
  expect(faultsIn(method, path, 400, 'application/json', await answer.text())).toBe('');
  expect(operation(method, path).requestBody?.required).toBe(path !== '/__admin/reset');
});

test('another method, and another machine, are refused as it is described', async () => {
  const other = await fetch(`${mock.url}/__admin/state`, { method: 'DELETE' });
  expect(other.status).toBe(405);
  expect(faultsIn('GET', '/__admin/state', 405, 'application/json', await other.text())).toBe('');
  const stranger = await fetch(`${mock.url}/__admin/state`, { headers: { origin: 'http://elsewhere.example' } });
  expect(stranger.status).toBe(403);
  expect(faultsIn('GET', '/__admin/state', 403, 'application/json', await stranger.text())).toBe('');
});

test('what needs a token says so, numbers are numbers, and limits have their names', () => {
  expect(operation('GET', '/healthz').security).toEqual([]);
  expect(operation('GET', '/__admin/state').security).toEqual([{}, { token: [] }]);
  const types = Object.fromEntries(
    operation('GET', '/__admin/journal').parameters.map(({ name, schema }) => [name, schema.type]),
  );
  expect(types).toEqual({ key: 'string', after: 'integer', limit: 'integer' });
  const named = JSON.stringify(file.paths['/__admin/limits']?.patch?.requestBody);
  for (const name of Object.keys(mock.state().limits)) expect(named).toContain(`"${name}":`);
});

test('a limit that is wrong is named as it was written', () => {
  expect(() => mock.limits({ plan_requests: 'x' })).toThrow(/plan_requests: must be a whole number/);
  expect(() => mock.limits({ planRequests: 'x' })).toThrow(/planRequests: must be a whole number/);
});
