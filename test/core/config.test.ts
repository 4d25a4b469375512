import { existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, test } from 'vitest';
import { z } from 'zod';
import { keyVariables, readKey } from '../../src/core/api-key.ts';
import { checked, readConfigFile, readText, whole } from '../../src/core/config.ts';
import { duration } from '../../src/core/duration.ts';
import { UsageError } from '../../src/core/errors.ts';

const folder = mkdtempSync(join(tmpdir(), 'glm-testkit-config-'));
afterAll(() => rmSync(folder, { recursive: true }));

let files = 0;
function fileOf(text: string): string {
  const path = join(folder, `config-${files++}.yaml`);
  writeFileSync(path, text);
  return path;
}

function errorOf(run: () => unknown): UsageError {
  try {
    run();
  } catch (error) {
    if (error instanceof UsageError) return error;
    throw error;
  }
  throw new Error('nothing was thrown');
}

const schema = z.strictObject({
  port: z.int().min(0).max(65_535).default(8080),
  every: duration.default(30_000),
  targets: z.array(z.strictObject({ name: z.string(), url: z.string() })).default([]),
});

test('defaults fill what is missing', () => {
  expect(checked(schema, {}, 'options')).toEqual({ port: 8080, every: 30_000, targets: [] });
});

test('all mistakes are reported at once, each with its key, under the name of the file', () => {
  const value = {
    port: 99_999,
    every: '30',
    targets: [{ name: 'a' }, { name: 'b', url: 'u', ulr: 'u' }],
    prot: 1,
    x: 2,
  };
  const error = errorOf(() => checked(schema, value, 'mock.yaml'));
  expect(error.code).toBe('bad_config');
  const [head, ...lines] = error.message.split('\n');
  expect(head).toBe('mock.yaml:');
  expect(lines).toEqual([
    expect.stringMatching(/^ {2}port: /),
    '  every: "30" is not a duration; write for example 300ms, 1.5s or 2m',
    expect.stringMatching(/^ {2}targets\.0\.url: /),
    '  targets.1: unknown key ulr (perhaps url); allowed: name, url',
    '  unknown keys prot (perhaps port), x; allowed: port, every, targets',
  ]);
});

test('the result is frozen all the way down', () => {
  const config = checked(schema, { targets: [{ name: 'a', url: 'u' }] }, 'options');
  expect(Object.isFrozen(config)).toBe(true);
  expect(Object.isFrozen(config.targets)).toBe(true);
  expect(Object.isFrozen(config.targets[0])).toBe(true);
});

test('variables are put into strings after the text was parsed, so their content is never YAML', () => {
  const path = fileOf('a: ${A}\nb: ["x ${A} y ${B}"]\nc: {d: 7, e: true}\n${A}: key\nf: $A\n');
  expect(readConfigFile(path, { A: '1\nport: 2 # no, ${B}', B: '$&' })).toEqual({
    a: '1\nport: 2 # no, ${B}',
    b: ['x 1\nport: 2 # no, ${B} y $&'],
    c: { d: 7, e: true },
    '${A}': 'key',
    f: '$A',
  });
});

test('a variable that is not set is named together with the file, an empty one is set', () => {
  const path = fileOf('key: ${NO_SUCH_THING}\n');
  const any = z.record(z.string(), z.unknown());
  const error = errorOf(() => checked(any, readConfigFile(path, {}), 'options'));
  expect(error.code).toBe('no_variable');
  expect(error.message).toBe(
    `options:\n  --key: the environment variable NO_SUCH_THING is not set, which ${path} names`,
  );
  expect(readConfigFile(path, { NO_SUCH_THING: '' })).toEqual({ key: '' });
});

test('variables that are not set are told with all other mistakes, and not a second time as what stands in their place', () => {
  const path = fileOf('port: ${PORT}\nevery: soon\ntargets: [{ name: "${A} of ${B}", url: 5 }]\nprot: 1\n');
  const error = errorOf(() => checked(schema, { ...(readConfigFile(path, {}) as object) }, 'f'));
  expect(error.code).toBe('bad_config');
  expect(error.message.split('\n')).toEqual([
    'f:',
    `  port: the environment variable PORT is not set, which ${path} names`,
    `  targets.0.name: the environment variable A is not set, which ${path} names`,
    `  targets.0.name: the environment variable B is not set, which ${path} names`,
    '  every: "soon" is not a duration; write for example 300ms, 1.5s or 2m',
    '  targets.0.url: must be a text, found 5',
    '  unknown key prot (perhaps port); allowed: port, every, targets',
  ]);
});

test('a variable that is not set is no mistake where a flag says something else', () => {
  const file = readConfigFile(fileOf('port: ${PORT}\nevery: 1s\n'), {}) as object;
  expect(checked(schema, { ...file, port: 1 }, 'f')).toEqual({ port: 1, every: 1000, targets: [] });
});

test('what refers to itself is looked through once', () => {
  const ring: Record<string, unknown> = { name: 'a', url: 'u' };
  expect(() => checked(schema, { targets: [Object.assign(ring, { ring })] }, 'f')).toThrow('unknown key ring');
});

const plain = z.strictObject({
  one: z.enum(['cn', 'intl']),
  many: z.enum(['a', 'b', 'c']),
  share: z.number().min(0).lt(1),
  yes: z.boolean(),
  list: z.array(z.string()).min(1),
  short: z.string().max(3),
  count: whole(1, 1_000_000),
  ms: duration.refine(ms => ms > 0, 'must be above 0'),
  group: z.strictObject({ a: z.string() }),
});
const good = {
  one: 'cn',
  many: 'a',
  share: 0,
  yes: true,
  list: ['x'],
  short: 'x',
  count: 1,
  ms: '1s',
  group: { a: '' },
};

test.each<[object, string]>([
  [{ one: 'us' }, '--one: must be cn or intl, found "us"'],
  [{ many: 'd' }, '--many: must be one of a, b, c, found "d"'],
  [{ many: 3 }, '--many: must be one of a, b, c, found 3'],
  [{ share: 200 }, '--share: must be below 1, found 200'],
  [{ share: -1 }, '--share: must be at least 0, found -1'],
  [{ share: 'x' }, '--share: must be a number, found "x"'],
  [{ yes: 'x' }, '--yes: must be true or false, found "x"'],
  [{ list: 'x' }, '--list: must be a list, found "x"'],
  [{ list: [] }, '--list: must have at least 1 entry'],
  [{ short: 'long' }, '--short: must have at most 3 characters, found "long"'],
  [{ count: 0 }, '--count: must be a whole number from 1 to 1000000, found 0'],
  [{ count: '0' }, '--count: must be a whole number from 1 to 1000000, found 0'],
  [{ count: 'abc' }, '--count: must be a whole number from 1 to 1000000, found "abc"'],
  [{ count: 'my-id.my-secret' }, '--count: must be a whole number from 1 to 1000000'],
  [{ ms: '0ms' }, '--ms: must be above 0, found "0ms"'],
  [{ ms: '0' }, '--ms: must be above 0, found 0'],
  [{ ms: null }, '--ms: must be a text'],
  [{ group: 7 }, '--group: must be a group of keys with values, found 7'],
  [{ group: { a: '', b: 1 } }, '--group: unknown key b (perhaps a); allowed: a'],
])('%j is told in plain words, with what was found', (differs, sentence) => {
  expect(errorOf(() => checked(plain, { ...good, ...differs }, 'options')).message).toBe(`options:\n  ${sentence}`);
});

test('of many keys that are allowed all are named only where nothing is near', () => {
  const names = Array.from({ length: 20 }, (_, i) => `max_${'abcdefghijklmnopqrst'[i]}`);
  const many = z.strictObject(Object.fromEntries(names.map(name => [name, z.string().optional()])));
  const said = (key: string) => errorOf(() => checked(many, { [key]: 1 }, 'options')).message;
  expect(said('mx_c')).toBe('options:\n  unknown key --mx-c (perhaps --max-c)');
  expect(said('zzzzzz')).toContain('unknown key --zzzzzz; allowed: --max-a, --max-b, ');
});

test('JSON is read as well, and an empty file is nothing', () => {
  expect(readConfigFile(fileOf('{"a": [1, "b"]}'), {})).toEqual({ a: [1, 'b'] });
  expect(readConfigFile(fileOf(''), {})).toBeNull();
});

test.each([
  ['a: 1\nb: [2\n', 'at line 3, column 1'],
  ['a: 1\na: 2\n', 'Map keys must be unique at line 2'],
  ['a:\n\t- 1\n', 'at line 2'],
  ['files: *.json\n', 'Unresolved alias'],
])('%j is refused in one line that says where', (text, where) => {
  const path = fileOf(text);
  const error = errorOf(() => readConfigFile(path, {}));
  expect(error.code).toBe('bad_yaml');
  expect(error.message).toMatch(`${path}: `);
  expect(error.message).toContain(where);
  expect(error.message).not.toContain('\n');
});

test('a file that is not there, or is a folder, is named', () => {
  const missing = join(folder, 'missing.yaml');
  expect(errorOf(() => readConfigFile(missing, {}))).toMatchObject({
    code: 'no_file',
    message: `${missing}: no such file`,
  });
  expect(errorOf(() => readText(folder))).toMatchObject({
    code: 'no_file',
    message: expect.stringContaining(`${folder}: cannot be read`),
  });
});

test.runIf(existsSync('/dev/zero'))('a file that never ends is refused, before it has filled the memory', () => {
  expect(errorOf(() => readText('/dev/zero'))).toMatchObject({
    code: 'file_too_large',
    message: '/dev/zero: is larger than 256 MB, or never ends; give a file of at most 256 MB in its place',
  });
});

test('a character that lies across two parts of a file is read whole', () => {
  const text = `${'x'.repeat(2 ** 20 - 1)}茶`;
  expect(readText(fileOf(text))).toBe(text);
});

test('what was meant as a URL is never repeated: it may hold a password', () => {
  const schema = z.strictObject({ redis: z.url({ protocol: /^rediss?$/, error: 'is not a redis:// URL' }) });
  for (const redis of ['canary', 'user:canary@host', 'http://host/canary'])
    expect(errorOf(() => checked(schema, { redis }, 'options')).message).toBe(
      'options:\n  --redis: is not a redis:// URL',
    );
});

const jwt = 'eyJhbGciOiJIUzI1NiJ9.eyJhcGlfa2V5IjoiY2FuYXJ5In0.canary_kbG0-Zw8yVQd1s';

test.each([
  'my-id.canary-secret',
  `${'a1'.repeat(16)}.canary99AbCdEfGh`,
  'sk-canary0canary0canary0',
  jwt,
  `Bearer ${jwt}`,
  'Bearer my-id.canary-secret',
  'bearer canary',
  'Authorization: Bearer canary',
  '"my-id.canary-secret"',
  "'my-id.canary-secret'",
  'GLM_API_KEY=my-id.canary-secret',
  'my-id.canary-secret other-id.canary-secret',
  ' my-id.canary-secret\n',
])('a key in the place of its file is not repeated: %j', key => {
  const error = errorOf(() => readKey({}, key));
  expect(error).toMatchObject({ code: 'no_file', message: expect.stringContaining('looks like the key itself') });
  expect(error.message).not.toContain('canary');
});

test.each(['keys.txt', './my-id.canary-secret', 'glm key', 'missing', 'my keys/of.production1', 'bearer.txt', 'a.b.c'])(
  'the name of a file is repeated: %s',
  name => {
    expect(errorOf(() => readKey({}, name)).message).toBe(`--api-key-file: ${name}: no such file`);
  },
);

test('the API key comes from the first variable that is set and not empty, without white space around', () => {
  expect(keyVariables).toEqual(['GLM_API_KEY', 'ZHIPUAI_API_KEY', 'ZAI_API_KEY']);
  expect(readKey({ GLM_API_KEY: 'a', ZHIPUAI_API_KEY: 'b', ZAI_API_KEY: 'c' })).toBe('a');
  expect(readKey({ GLM_API_KEY: '', ZHIPUAI_API_KEY: 'b\n', ZAI_API_KEY: 'c' })).toBe('b');
  expect(readKey({ GLM_API_KEY: '  ', ZAI_API_KEY: 'c' })).toBe('c');
});

test.each(['sk-canary\u{1F511}', 'canary\u0000', '密钥.canary', 'canary\u00e9'])(
  'a key such as %j is not sent, nor shown',
  key => {
    expect(() => readKey({ GLM_API_KEY: key })).toThrow(expect.objectContaining({ code: 'bad_key' }));
    expect(() => readKey({ GLM_API_KEY: key })).not.toThrow(/canary/);
  },
);

test('a key file wins over the environment', () => {
  expect(readKey({ GLM_API_KEY: 'a' }, fileOf('id.secret\n'))).toBe('id.secret');
});

test('without a key the message says where it was looked for and what to do, and holds no key', () => {
  const canary = 'canary0123456789';
  const none = errorOf(() => readKey({ OTHER_KEY: canary }));
  expect(none.code).toBe('no_key');
  expect(none.message).toBe(
    'no API key: none of GLM_API_KEY, ZHIPUAI_API_KEY, ZAI_API_KEY is set; set GLM_API_KEY or pass --api-key-file FILE',
  );
  const path = fileOf(' \n');
  const empty = errorOf(() => readKey({ GLM_API_KEY: canary }, path));
  expect(empty.message).toContain(`${path} is empty`);
  expect(none.message + empty.message).not.toContain(canary);
});

test('a value that is wrong is not repeated, as it may be a secret that stands in the wrong place', () => {
  const canary = 'canary0123456789';
  const error = errorOf(() => checked(schema, { port: canary, targets: canary }, 'options'));
  expect(error.message).toContain('port: ');
  expect(error.message).not.toContain(canary);
});
