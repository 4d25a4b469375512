/** Response headers against those recorded on 2026-07-10; glm-api.md §5.2. */
import { expect, test } from 'vitest';
import { type Heard, openDesk, recording } from '../support/engine.ts';

/** Names and values in the recording’s alphabetical order; what differs from call to call is blanked. */
const shape = (lines: readonly string[]) =>
  lines
    .filter(line => !line.startsWith('date: ') && !/^content-(length|encoding): /.test(line))
    .map(line => line.replace(/acw_tc=[0-9a-f]+/, 'acw_tc=…').replace(/^(x-log-id: )\d{14}[0-9a-f]{16}$/, '$1…'))
    .toSorted((a, b) => (a.split(':')[0] ?? '').localeCompare(b.split(':')[0] ?? ''));

const linesOf = ({ headers }: Heard) => headers.map(([name, value]) => `${name}: ${value}`);
const recorded = (name: string) => shape(recording(name).split('\n'));

const bad = { model: 'glm-99' };

test('a success of open.bigmodel.cn has exactly the recorded headers, beside the date that the transport adds', async () => {
  expect(shape(linesOf(await openDesk().chat()))).toEqual(recorded('headers-cn-success.txt'));
});

test('an error of open.bigmodel.cn has exactly the recorded headers', async () => {
  expect(shape(linesOf(await openDesk().chat(bad)))).toEqual(recorded('headers-cn-error.txt'));
});

test('an error of api.z.ai has exactly the recorded headers', async () => {
  expect(shape(linesOf(await openDesk({ profile: 'intl' }).chat(bad)))).toEqual(recorded('headers-intl-error.txt'));
});

test('a success of api.z.ai names nginx, sets no cookie and varies by encoding too', async () => {
  const success = recorded('headers-intl-error.txt')
    .map(line => line.replace('json; charset', 'json;charset'))
    .flatMap((line, i, all) =>
      line === 'vary: Origin' && all.indexOf(line) === i ? ['vary: Accept-Encoding', line] : [line],
    );
  expect(shape(linesOf(await openDesk({ profile: 'intl' }).chat()))).toEqual(success);
});

test('the cookie is new with every answer and made of node, time, counter, mark and chance', async () => {
  const desk = openDesk();
  const cookies = [...(await desk.chat()).header('set-cookie'), ...(await desk.chat(bad)).header('set-cookie')];
  for (const cookie of cookies) {
    expect(cookie).toMatch(/^acw_tc=276082b5\d{13}\d{4}e7e5d[0-9a-f]{32};path=\/;HttpOnly;Max-Age=1800$/);
  }
  expect(new Set(cookies).size).toBe(2);
});

test('a preflight is answered with 200 and nothing that allows anything', async () => {
  const heard = await openDesk().ask({ method: 'OPTIONS', path: '/api/paas/v4/chat/completions' });
  expect([heard.status, heard.text, linesOf(heard).filter(line => !line.startsWith('content-length'))]).toEqual([
    200,
    '',
    ['vary: Origin'],
  ]);
});

test.each([
  ['a success', {}, 'application/json;charset=UTF-8'],
  ['an error', bad, 'application/json; charset=UTF-8'],
  ['a stream', { stream: true }, 'text/event-stream;charset=UTF-8'],
] as const)('the content type of %s is spelt %j', async (_, body, type) => {
  expect((await openDesk().chat(body)).header('content-type')).toEqual([type]);
});

test('wire.sseContentType is the content type of streams', async () => {
  const desk = openDesk({ wire: { sseContentType: 'text/event-stream' } });
  expect((await desk.chat({ stream: true })).header('content-type')).toEqual(['text/event-stream']);
});

test.each(['cn', 'intl'] as const)(
  'on %s neither success, stream nor error carries retry-after, x-ratelimit-* or x-request-id',
  async profile => {
    const desk = openDesk({ profile });
    for (const body of [{}, { stream: true }, bad]) {
      const names = (await desk.chat(body)).headers.map(([name]) => name);
      expect(names.filter(name => /^(retry-after|x-ratelimit|x-request-id)/.test(name))).toEqual([]);
    }
  },
);

test('the log id has the form of an id, and is new with every answer', async () => {
  const desk = openDesk({}, { at: '2026-07-10T23:00:14Z' });
  const answers = [await desk.chat(), await desk.chat(bad), await desk.chat({ stream: true })];
  const ids = answers.flatMap(({ header }) => header('x-log-id'));
  for (const id of ids) expect(id).toMatch(/^20260711070014[0-9a-f]{16}$/);
  expect(new Set(ids).size).toBe(3);
});

test('a 200 is compressed when asked, an error never', async () => {
  const desk = openDesk({}, { gzip: text => new TextEncoder().encode(`packed ${text.length}`) });
  const accept = { 'accept-encoding': 'gzip, deflate, br' };
  const good = await desk.chat({}, accept);
  expect([good.header('content-encoding'), good.text.slice(0, 7)]).toEqual([['gzip'], 'packed ']);
  expect(good.header('content-length')).toEqual([String(good.text.length)]);
  expect((await desk.chat()).header('content-encoding')).toEqual([]);
  expect((await desk.chat(bad, accept)).header('content-encoding')).toEqual([]);
});

test('content-length is that of the body in bytes, and a stream has none', async () => {
  const desk = openDesk();
  const { header, text } = await desk.chat(bad);
  expect(header('content-length')).toEqual([String(Buffer.byteLength(text))]);
  expect((await desk.chat({ stream: true })).header('content-length')).toEqual([]);
});
