import { generate } from 'selfsigned';
import { afterEach, expect, test } from 'vitest';
import { systemClock } from '../../src/core/clock.ts';
import { mintToken } from '../../src/core/wire/auth.ts';
import { command } from '../../src/probe/cli.ts';
import { type DoctorDoor, examine, examineReferences, keyShape } from '../../src/probe/doctor.ts';
import type { Endpoint } from '../../src/probe/endpoint.ts';
import { createSecret } from '../../src/probe/secret.ts';
import * as fake from '../support/fake-glm.ts';
import { run } from '../support/io.ts';
import { checkFor } from '../support/probe.ts';

const cleanups: (() => unknown)[] = [];
afterEach(async () => {
  for (const cleanup of cleanups.splice(0)) await cleanup();
});

async function serve(reply: fake.Reply, tls?: { key: string; cert: string }) {
  const server = await fake.createFakeGlm(reply, tls);
  cleanups.push(() => server.close());
  return server;
}

const list = fake.json(200, { object: 'list', data: [{ id: 'glm-4.6' }] });
const key = '0123456789abcdef0123456789abcdef.Canary5ecret4242';

const door: DoctorDoor = {
  clock: systemClock,
  stop: new AbortController().signal,
  lookup: async () => [{ address: '192.0.2.1', family: 4 }],
  loopDelayMs: async () => 2,
};

async function endpointAt(url: string, more: Partial<Endpoint> = {}): Promise<Endpoint> {
  return { ...(await checkFor(url, 'chat', { key })).endpoint, ...more };
}

const grades = async (endpoint: Endpoint, more: Partial<DoctorDoor> = {}) =>
  Object.fromEntries((await examine(endpoint, { ...door, ...more })).map(({ subject, grade }) => [subject, grade]));

test('all is fine where all is fine', async () => {
  const { url } = await serve(list);
  const fine = { key: 'fine', proxy: 'fine', dns: 'fine', reach: 'fine', clock: 'fine', 'event loop': 'fine' };
  expect(await grades(await endpointAt(url))).toEqual(fine);
});

test.each<[string, number, string]>([
  ['ten seconds behind', 10_000, 'odd'],
  ['ten minutes ahead', -600_000, 'wrong'],
  ['a second off', 1000, 'fine'],
])('a clock %s', async (_name, offMs, grade) => {
  const { url } = await serve((response, request) => {
    response.setHeader('date', new Date(Date.now() + offMs).toUTCString());
    list(response, request);
  });
  expect((await grades(await endpointAt(url))).clock).toBe(grade);
});

test.each<[string, readonly string[], readonly string[]]>([
  ['all answer', [], ['fine', 'fine']],
  ['one is silent', ['https://b.example/secret'], ['fine', 'odd']],
  ['all are silent', ['https://a.example/', 'https://b.example/secret'], ['wrong', 'wrong']],
])('of two reference URLs %s', async (_, silent, expected) => {
  const reference = { urls: ['https://a.example/', 'https://b.example/secret'], timeout: 3000 };
  const found = await examineReferences(reference, async url => !silent.includes(url));
  expect(found.map(({ grade }) => grade)).toEqual(expected);
  expect(found[1]?.text).toBe(`b.example ${silent.length > 0 ? 'does not answer within 3s' : 'answers'}`);
});

test('a server without a Date leaves the clock in doubt', async () => {
  const { url } = await serve((response, request) => {
    response.sendDate = false;
    list(response, request);
  });
  expect((await grades(await endpointAt(url))).clock).toBe('odd');
});

test('a name that does not resolve, a loop that is late, a port that is closed', async () => {
  const endpoint = await endpointAt(await fake.refusedUrl());
  const lookup = () => Promise.reject(Object.assign(new Error('x'), { code: 'ENOTFOUND' }));
  const found = await grades(endpoint, { lookup, loopDelayMs: async () => 80 });
  expect(found).toMatchObject({ dns: 'wrong', reach: 'wrong', 'event loop': 'odd', clock: 'odd' });
});

test.each<[string, fake.Reply, string]>([
  ['refuses the key', fake.apiError(401, '1000'), 'wrong'],
  ['has no list of models', fake.json(404, { status: 404 }), 'odd'],
  ['is overloaded', fake.apiError(429, '1305'), 'odd'],
  ['limits the rate', fake.apiError(429, '1302'), 'odd'],
  ['wants to be paid first', fake.apiError(429, '1113'), 'wrong'],
  ['says nothing', fake.hang, 'wrong'],
])('an endpoint that %s', async (_name, reply, grade) => {
  const { url } = await serve(reply);
  const deadlines = { connect: 5000, first_byte: grade === 'wrong' ? 200 : 10_000, total: 15_000 };
  expect((await grades(await endpointAt(url), { deadlines })).reach).toBe(grade);
});

test('behind a proxy the name is the proxy’s to resolve, and its password is not shown', async () => {
  const { url } = await serve(list);
  const proxy = createSecret('the test', 'http://me:canary-pass@127.0.0.1:1');
  const findings = await examine(await endpointAt(url, { proxy }), door);
  expect(findings.map(({ subject }) => subject)).not.toContain('dns');
  const told = Object.fromEntries(findings.map(({ subject, text }) => [subject, text]));
  expect(told.proxy).toBe('127.0.0.1:1, from the test');
  expect(told.reach).toBe('GET /models through 127.0.0.1:1: tcp (PROXY_ECONNREFUSED)');
  expect(told.clock).toBe('nothing answered, so there is no other to compare with');
  expect(JSON.stringify(findings)).not.toContain('canary');
});

test('a certificate is told by how long it lasts, and an untrusted one is out of reach', async () => {
  const pem = await generate([{ name: 'commonName', value: '127.0.0.1' }], {
    notAfterDate: new Date(Date.now() + 3 * 86_400_000),
    extensions: [{ name: 'subjectAltName', altNames: [{ type: 7, ip: '127.0.0.1' }] }],
  });
  const { url } = await serve(list, { key: pem.private, cert: pem.cert });
  const endpoint = await endpointAt(url, { ca: pem.cert });
  const tls = (await examine(endpoint, door)).find(({ subject }) => subject === 'tls');
  expect(tls).toMatchObject({ grade: 'odd', text: expect.stringMatching(/^the certificate ends in [23]\.\d days$/) });
  const reach = (await examine({ ...endpoint, ca: undefined }, door)).find(({ subject }) => subject === 'reach');
  expect(reach).toMatchObject({
    grade: 'wrong',
    text: expect.stringMatching(/one of your own, name it by ca or --ca$/),
  });
});

test.each<[string, string, 'key' | 'jwt', string]>([
  ['of the usual form', key, 'key', 'fine'],
  ['of another length', 'my-id.my-secret', 'key', 'fine'],
  ['with Bearer in front', `Bearer ${key}`, 'key', 'wrong'],
  ['with a space', `${key} x`, 'key', 'wrong'],
  ['in the quotes of a .env file', `"${key}"`, 'key', 'wrong'],
  ['of another vendor', 'sk-0123456789', 'key', 'odd'],
  ['of another vendor that is to sign', 'sk-0123456789', 'jwt', 'wrong'],
  ['that is a JWT', await mintToken({ id: 'a', secret: 'b' }, { nowMs: 0 }), 'key', 'wrong'],
])('a key %s', (_name, text, mode, grade) => {
  const finding = keyShape(text, mode);
  expect(finding.grade).toBe(grade);
  expect(finding.text).not.toMatch(/Canary|0123/);
});

test('the command exits 3 when something is wrong, and never shows the key', async () => {
  const server = await serve(list);
  const argv = ['probe', 'doctor', '--url', server.url];
  const fine = await run(command, argv, { env: { GLM_API_KEY: key } });
  expect([fine.code, fine.out]).toEqual([0, expect.stringMatching(/fine +reach +GET \/models: ok, HTTP 200/)]);
  server.reply = fake.apiError(401, '1000', key);
  const refused = await run(command, [...argv, '--json'], { env: { GLM_API_KEY: key } });
  expect(refused.code).toBe(3);
  expect(JSON.parse(refused.out).targets[0].findings).toContainEqual(
    expect.objectContaining({ subject: 'reach', grade: 'wrong' }),
  );
  expect(fine.out + refused.out + refused.err).not.toContain('Canary');
});
