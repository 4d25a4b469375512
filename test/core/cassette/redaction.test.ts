import { expect, test } from 'vitest';
import {
  inEverySpelling,
  redactCookie,
  redactParts,
  redactText,
  redactValue,
  secretsOf,
} from '../../../src/core/cassette/redaction.ts';
import { createRandom, int } from '../../../src/core/random.ts';
import { mintToken } from '../../../src/core/wire/auth.ts';

const key = '0123456789abcdef0123456789abcdef.Canary5ecret4242';
const jwt = await mintToken({ id: 'canary-id', secret: 'canary-secret' }, { nowMs: 0 });

test.each([
  ['a key', `my key is ${key}!`, 'my key is ***!'],
  ['a key in upper case', key.toUpperCase(), '***'],
  ['a key that goes on', `x=${key}AndMore&y=1`, 'x=***&y=1'],
  ['a bearer token of any shape', 'Authorization: Bearer canary', 'Authorization: Bearer ***'],
  ['a bearer key', `Bearer ${key}`, 'Bearer ***'],
  ['a JWT', `token ${jwt}, please`, 'token ***, please'],
  ['a JWT in a URL', `/v4?token=${jwt}&a=b`, '/v4?token=***&a=b'],
  ['two of them', `${key} ${jwt}`, '*** ***'],
  ['a key of another vendor', 'use sk-proj-AbCdEfGh12345678, please', 'use ***, please'],
  ['a user and password in an address', 'get http://me:canary@host/x', 'get http://***@host/x'],
  [
    'a token in an address',
    'https://host/sse?a=1&access_token=canary&b=2',
    'https://host/sse?a=1&access_token=***&b=2',
  ],
  ['words that only look so', 'task-force sk-learn max_tokens=5 me@host', 'task-force sk-learn max_tokens=5 me@host'],
  [
    'nothing',
    'glm-4.6 at api.z.ai says 3.14 to d41d8cd98f00b204e9800998ecf8427e.',
    'glm-4.6 at api.z.ai says 3.14 to d41d8cd98f00b204e9800998ecf8427e.',
  ],
])('%s in a text', (_, text, clean) => {
  expect(redactText(text)).toBe(clean);
  expect(redactText(clean)).toBe(clean);
});

test('strings and keys of JSON at any depth', () => {
  expect(redactValue({ a: [{ [key]: `Bearer ${key}` }], n: 1, none: null, __proto__x: true })).toEqual({
    a: [{ '***': 'Bearer ***' }],
    n: 1,
    none: null,
    __proto__x: true,
  });
});

test('a secret without a shape is known from the header or query it came in', () => {
  const headers = [
    ['Authorization', 'Bearer my-id.my-canary'],
    ['x-api-key', 'canary-2'],
    ['Cookie', 'a=canary-3; b=1'],
    ['accept', 'text/event-stream'],
  ] as const;
  const secrets = secretsOf(headers, 'api_key=canary-4&page=canaries');
  expect(secrets).toEqual(inEverySpelling(['canary-2', 'canary-3', 'canary-4', 'my-canary', 'my-id.my-canary']));
  expect(redactText('my-id.my-canary, my-canary, canary-2 and text/event-stream', secrets)).toBe(
    '***, ***, *** and text/event-stream',
  );
});

test.each(['', 'a', 'ab', 'Bearer ', '{"authorization":"Bearer '])(
  'a secret after "%s" is found in base64 and hex, whatever follows it',
  before => {
    const secrets = inEverySpelling(['my-id.c?n~ry>5ecret']);
    for (const after of ['', '"', '"}', '", "more": 1}'])
      for (const encoding of ['base64', 'base64url', 'hex'] as const) {
        const text = Buffer.from(`${before}my-id.c?n~ry>5ecret${after}`).toString(encoding);
        const left = Buffer.from(redactText(`x=${text}`, secrets).replaceAll('***', '').slice(2), encoding).toString();
        expect(left).not.toMatch(/n~ry|5ecret/);
        expect(redactText(text, secrets)).toContain('***');
      }
  },
);

test('a cookie keeps its name and attributes', () => {
  expect(redactCookie('acw_tc=276082b5;path=/;HttpOnly;Max-Age=1800')).toBe('acw_tc=***;path=/;HttpOnly;Max-Age=1800');
});

const textOf = (parts: readonly Uint8Array[]) => Buffer.concat(parts).toString();

test('a key cut at every place is blotted out of both parts, and their sizes stay', () => {
  const bytes = Buffer.from(`data: {"text":"你好 ${key}"}\n\n`);
  for (let at = 0; at <= bytes.length; at++) {
    const parts = redactParts([bytes.subarray(0, at), bytes.subarray(at)]);
    expect(parts.map(part => part.length)).toEqual([at, bytes.length - at]);
    expect(textOf(parts)).toBe(`data: {"text":"你好 ${'*'.repeat(key.length)}"}\n\n`);
  }
});

const frameOf = (content: string) =>
  `data: ${JSON.stringify({ choices: [{ delta: { role: 'assistant', content } }] })}\n\n`;

test.each([1, 3, 7, 20])('a key said by a model %i characters at a time does not survive', size => {
  for (const secret of [key, jwt, 'my-id.my-canary']) {
    const said = `it is ${secret}, and that is all`;
    const frames = Array.from({ length: Math.ceil(said.length / size) }, (_, i) =>
      frameOf(said.slice(i * size, (i + 1) * size)),
    );
    const clean = redactParts(
      frames.map(frame => Buffer.from(frame)),
      new Set(['my-id.my-canary', 'my-canary']),
    );
    const heard = clean.map(part => JSON.parse(part.toString().slice(6)).choices[0].delta.content).join('');
    expect(heard).toBe(`it is ${'*'.repeat(secret.length)}, and that is all`);
  }
});

test('escapes hide nothing, and stay JSON', () => {
  const escaped = [...key].map(c => `\\u${c.charCodeAt(0).toString(16).padStart(4, '0')}`).join('');
  const [part] = redactParts([Buffer.from(`{"content":"a\\"${escaped}b c"}`)]);
  expect(JSON.parse(String(part && Buffer.from(part).toString())).content).toMatch(/^a"\*+ c$/);
});

test('half a key at the end of a reply that was cut is blotted out', () => {
  expect(textOf(redactParts([Buffer.from(`data: {"content":"${key.slice(0, 40)}`)]))).not.toContain('Canary');
  expect(textOf(redactParts([Buffer.from('it is my-id.my-ca')], new Set(['my-id.my-canary'])))).toBe(
    'it is ***********',
  );
});

test('a thousand random cuts leave no trace and change no size', () => {
  const random = createRandom('redaction');
  const bytes = Buffer.from(`${frameOf('好'.repeat(20))}${frameOf(`Bearer ${key}`)}${frameOf(jwt)}${frameOf('😀')}`);
  for (let round = 0; round < 1000; round++) {
    const cuts = Array.from({ length: int(random, 12) }, () => int(random, bytes.length)).sort((a, b) => a - b);
    const parts = [...cuts, bytes.length].map((end, i) => bytes.subarray(cuts[i - 1] ?? 0, end));
    const clean = redactParts(parts);
    expect(clean.map(part => part.length)).toEqual(parts.map(part => part.length));
    expect(textOf(clean)).not.toMatch(/Canary|eyJ/);
    expect(textOf(clean)).toContain('好'.repeat(20));
  }
});

test('a megabyte made to be slow is searched in a moment', { timeout: 5000 }, () => {
  for (const piece of ['a', 'eyJ', 'a.', 'Bearer ', ' ', '"a":"', '\\'])
    redactParts([Buffer.from(piece.repeat(Math.ceil(1_000_000 / piece.length)))]);
});

test('fields that are named like a credential keep nothing but their name, the headers of an MCP server among them', () => {
  const headers = { Authorization: 'canary', 'X-Api-Key': 'canary', Accept: 'text/plain' };
  const request = {
    tools: [{ type: 'mcp', mcp: { server_label: 'x', headers } }],
    api_key: 'canary',
    password: '',
    max_tokens: 5,
    token_count: 'three',
  };
  expect(redactValue(request)).toEqual({
    tools: [
      {
        type: 'mcp',
        mcp: { server_label: 'x', headers: { Authorization: '***', 'X-Api-Key': '***', Accept: 'text/plain' } },
      },
    ],
    api_key: '***',
    password: '',
    max_tokens: 5,
    token_count: 'three',
  });
});

test('a token of three parts that is no JWT is a secret as a whole', () => {
  expect(secretsOf([['authorization', 'Bearer my.odd.canary']])).toEqual(inEverySpelling(['my.odd.canary']));
});
