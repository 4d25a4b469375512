import { afterEach, expect, test } from 'vitest';
import { ask, type HandDriven, handDriven } from './runner.ts';

let file: HandDriven;

/** A file that has begun. */
const begun = async (...given: Parameters<typeof handDriven>) => {
  file = handDriven(...given);
  await file.start();
  return file;
};

afterEach(() => file.end().catch(() => {}));

test('the mock runs from the first test to the last one, and says so before and after', async () => {
  file = handDriven();
  const sentence = /has no baseUrl yet: it runs from before the first test until after the last one/;
  expect(() => file.mock.baseUrl).toThrow(sentence);
  await file.start();
  expect(file.mock.baseUrl).toMatch(/^http:\/\/127\.0\.0\.1:\d+\/api\/paas\/v4$/);
  expect('journal' in file.mock).toBe(true);
  const { baseUrl, apiKey } = file.mock;
  expect(await ask({ baseUrl, apiKey })).not.toBe('');
  await file.end();
  expect(() => file.mock.baseUrl).toThrow(sentence);
  await expect(ask({ baseUrl, apiKey })).rejects.toThrow('fetch failed');
});

test('it can be waited for and printed before it runs', async () => {
  file = handDriven();
  expect(await file.mock).toBe(file.mock);
  expect(JSON.stringify(file.mock)).toBe('{}');
});

test('each test begins with nothing asked, no fixtures and no faults', async () => {
  const { mock, test } = await begun();
  await test(async () => {
    mock.on('你好', '您好');
    mock.faults('overloaded,nth=2');
    expect(await ask(mock)).toBe('您好');
  });
  await test(() => {
    expect(mock.requests()).toEqual([]);
    expect(mock.state()).toMatchObject({ faults: { everybody: [] }, fixtures: { fixtures: [] } });
  });
});

test('coverage is of the whole file', async () => {
  const { mock, test } = await begun();
  await test(() => ask(mock));
  await test(() => {
    expect(mock.requests()).toEqual([]);
    expect(mock.coverage().sections.find(({ name }) => name === 'endpoints')?.seen).toEqual(['/chat/completions']);
  });
});

test('with reset off, what a test did stays, and is told only once', async () => {
  const { mock, test } = await begun({ reset: false });
  mock.on('cat', 'meow');
  await expect(test(() => ask(mock, 'dog'))).rejects.toThrow('418');
  await test(() => ask(mock, 'cat'));
  expect(mock.requests()).toHaveLength(2);
});

test('a request that no fixture fits fails the test, and is named', async () => {
  const { mock, test } = await begun();
  const body = async () => {
    mock.on('cat', 'meow');
    await ask(mock, 'cat');
    expect(await ask(mock, 'dog')).toContain('closest');
  };
  await expect(test(body)).rejects.toThrow(
    /answered with 418.*\n {2}#2 POST \/api\/paas\/v4\/chat\/completions glm-4\.6 key .* 418 mock_no_fixture/,
  );
});

test('it can be a warning', async () => {
  const { mock, test, warnings } = await begun({ unmatched: 'warn' });
  await test(async () => {
    mock.on('cat', 'meow');
    await ask(mock, 'cat');
    await ask(mock, 'dog');
  });
  expect(warnings).toEqual([expect.stringContaining('418')]);
});

test('ignored, it gets a generated reply', async () => {
  const { mock, test, warnings } = await begun({ unmatched: 'ignore' });
  await test(async () => {
    mock.on('cat', 'meow');
    await ask(mock, 'cat');
    expect(await ask(mock, 'What is 2 + 3?')).toContain('5');
  });
  expect(warnings).toEqual([]);
});

test('without fixtures everything gets a generated reply', async () => {
  const { mock, test } = await begun();
  await test(async () => expect(await ask(mock, 'What is 2 + 3?')).toContain('5'));
});

test('a fault that does not exist fails the test', async () => {
  const { mock, test } = await begun();
  await expect(test(() => ask(mock, '你好', { 'x-glm-fault': 'stal' }))).rejects.toThrow('418');
});

test('a request that comes after the last test fails the file', async () => {
  const { mock, test, end } = await begun();
  await test();
  await ask(mock, '你好', { 'x-glm-fault': 'stal' });
  await expect(end()).rejects.toThrow('418');
});

test.each(['warn', 'fail'] as const)('fixtures that a test added in vain: %s', async unused => {
  const { mock, test, warnings } = await begun({ unused });
  const failed = await test(async () => {
    mock.on('cat', 'meow');
    mock.on('cat and dog', 'noise');
    await ask(mock, 'cat');
  }).catch((error: Error) => error.message);
  const text = unused === 'fail' ? failed : warnings[0];
  expect(text).toBe('GLM mock: fixtures added by this test and never used:\n  added#0~2');
});

test('a fixture of the settings may be used by any of the tests', async () => {
  const { mock, test, end, warnings } = await begun({ fixtures: [new URL('pets.yaml', import.meta.url).pathname] });
  await test(() => ask(mock, 'cat'));
  await test(() => ask(mock, 'dog'));
  expect(warnings).toEqual([]);
  await end();
  expect(warnings).toEqual([expect.stringMatching(/of the settings and used in no test:\n {2}\S*pets\.yaml#2$/)]);
});

test('the variables that clients read hold the mock’s values for a while', async () => {
  const env: NodeJS.ProcessEnv = { OPENAI_API_KEY: 'a real key', OTHER: 'stays' };
  const { mock, end } = await begun({ env: { MY_GLM_URL: 'baseUrl' } }, env);
  const { baseUrl, apiKey } = mock;
  expect(env).toMatchObject({
    OPENAI_API_KEY: apiKey,
    ZAI_API_KEY: apiKey,
    ZAI_BASE_URL: baseUrl,
    MY_GLM_URL: baseUrl,
  });
  await end();
  expect(env).toEqual({ OPENAI_API_KEY: 'a real key', OTHER: 'stays' });
});

test('they can be left alone', async () => {
  const { env } = await begun({ env: false });
  expect(env).toEqual({});
});

test('a call to the vendor fails the test although the client swallowed it', async () => {
  const { test, end } = await begun();
  const swallow = () => fetch('https://api.z.ai/').catch(() => undefined);
  await expect(test(swallow)).rejects.toThrow(/EgressError: refused to connect to api\.z\.ai.*use-mock\.test\.ts/s);
  await test();
  await end();
});

test('calls to the vendor can be allowed', async () => {
  const before = globalThis.fetch;
  await begun({ egress: 'allow' });
  expect(globalThis.fetch).toBe(before);
});

test('several failures are told together', async () => {
  const { mock, test } = await begun({ unused: 'fail' });
  const body = async () => {
    mock.on('cat', 'meow');
    await ask(mock, 'dog');
    await fetch('https://api.z.ai/').catch(() => undefined);
  };
  await expect(test(body)).rejects.toThrow(/418.*EgressError.*never used/s);
});

test('a wrong option is told when the file begins, and nothing is left behind', async () => {
  file = handDriven({ timing: 'nonsense' });
  await expect(file.start()).rejects.toThrow('createMock options');
  expect(file.env).toEqual({});
  await file.test();
});
