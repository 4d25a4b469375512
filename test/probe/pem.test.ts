import { generateKeyPairSync, X509Certificate } from 'node:crypto';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { generate } from 'selfsigned';
import { afterAll, expect, test } from 'vitest';
import { certificateMistake, pairMistake } from '../../src/core/pem.ts';
import { command } from '../../src/probe/cli.ts';
import { run } from '../support/io.ts';
import { scratch } from '../support/probe.ts';

const newPair = async (name: string) => {
  const { cert, private: key } = await generate([{ name: 'commonName', value: name }]);
  return { cert, key };
};
const [own, other] = [await newPair('own'), await newPair('other')];
const ec = generateKeyPairSync('ec', { namedCurve: 'P-256' }).privateKey.export({ type: 'pkcs8', format: 'pem' });
const pkcs8 = { type: 'pkcs8', format: 'pem' } as const;
const locked = generateKeyPairSync('ec', { namedCurve: 'P-256' }).privateKey.export({
  ...{ ...pkcs8, cipher: 'aes-256-cbc', passphrase: 'canary' },
});
const damaged = own.cert.replace(/MII.{8}/, 'MIIAAAAAAAA');
const der = new X509Certificate(own.cert).raw.toString('utf8');

const folder = scratch();
afterAll(folder.remove);

/** What is put where, and what is said of it. */
const noAuthority: [string, string, RegExp][] = [
  ['an empty file', '', /is empty; a certificate in PEM begins with -----BEGIN CERTIFICATE-----/],
  ['white space', ' \n\n', /is empty/],
  ['a key', own.key, /holds a private key and no certificate/],
  ['anything', 'hello, world', /holds no certificate/],
  ['a certificate in DER', der, /is no text \(DER becomes PEM with: openssl x509 -inform der -in FILE\)/],
  ['half of one', own.cert.slice(0, 300), /holds no certificate/],
  ['a damaged one', damaged, /holds a certificate that is damaged/],
  ['a damaged one behind a good one', `${other.cert}\n${damaged}`, /holds a certificate that is damaged/],
];

test.each(noAuthority)('%s is no authority', (_, text, said) => {
  expect(certificateMistake(text)).toMatch(said);
});

test.each([
  ['one', own.cert],
  ['a bundle with words between', `# ours\n${own.cert}\n\nand theirs:\n${other.cert}`],
  ['Windows’ line ends and a mark at the beginning', `\ufeff${own.cert.replaceAll('\n', '\r\n')}`],
  ['a key beside it', `${own.key}\n${own.cert}`],
])('%s is one', (_, text) => {
  expect(certificateMistake(text)).toBeUndefined();
});

test.each<[string, string, string, 'cert' | 'key', RegExp]>([
  ['of somebody else', own.cert, other.key, 'key', /is not the key of the certificate/],
  ['of another kind', own.cert, String(ec), 'key', /is not the key of the certificate/],
  ['with a passphrase', own.cert, String(locked), 'key', /without a passphrase/],
  ['that is a certificate', own.cert, own.cert, 'key', /no private key/],
  ['that is empty', own.cert, '', 'key', /no private key/],
  ['beside no certificate', own.key, own.key, 'cert', /holds a private key and no certificate/],
  ['of the second of a chain', `${other.cert}\n${own.cert}`, own.key, 'key', /the first one in its file/],
])('a key %s serves nothing', (_, cert, key, of, said) => {
  expect(pairMistake(cert, key)).toEqual({ of, text: expect.stringMatching(said) });
});

test('a pair and a chain serve', () => {
  expect(pairMistake(own.cert, own.key)).toBeUndefined();
  expect(pairMistake(`${own.cert}\n${other.cert}`, own.key)).toBeUndefined();
});

const put = (name: string, text: string | Buffer) => {
  const path = join(folder.path, name);
  writeFileSync(path, text);
  return path;
};
const env = { GLM_API_KEY: 'a.b' };

test.each(noAuthority.slice(0, 5))('--ca with %s is told beside the other flags', async (_, text, said) => {
  const ca = put('ca.pem', text === der ? new X509Certificate(own.cert).raw : text);
  const flags = ['--url', 'https://127.0.0.1:1/v4', '--model', 'glm-4.6', '--ca', ca, '--timeout', '30'];
  const check = await run(command, ['probe', 'check', ...flags], { env });
  expect([check.code, check.out]).toEqual([2, '']);
  expect(check.err.split('\n').filter(line => /^ {2}--/.test(line))).toEqual([
    expect.stringMatching(/^ {2}--timeout: /),
    expect.stringMatching(new RegExp(`^  --ca: ".*ca\\.pem" ${said.source}`)),
  ]);
  const doctor = await run(command, ['probe', 'doctor', '--url', 'https://127.0.0.1:1/v4', '--ca', ca], { env });
  expect([doctor.code, doctor.err]).toEqual([2, expect.stringMatching(said)]);
});

test('a file is told of all its certificates at once, with their lines', async () => {
  const [ca, cert, key] = [put('ca.pem', own.key), put('cert.pem', own.cert), put('key.pem', other.key)];
  const file = put(
    'probe.yaml',
    `credentials: { main: { key: { env: GLM_API_KEY } } }
targets:
  a: { url: "https://127.0.0.1:1/v4", ca: "${ca}" }
  b: { url: "https://127.0.0.1:1/v4", ca: "${ca}.gone" }
exporter: { tls: { cert: "${cert}", key: "${key}" } }
defaults: { model: glm-4.6, interval: 1s }
checks: [{ kind: chat }]
`,
  );
  for (const verb of ['validate', 'check', 'serve', 'doctor']) {
    const { code, out, err } = await run(command, ['probe', verb, ...(verb === 'validate' ? [file] : ['-c', file])], {
      env,
    });
    const told = out + err;
    expect(code).toBe(2);
    expect(told).toMatch(/probe\.yaml:3:\d+: targets\.a\.ca: .*ca\.pem holds a private key and no certificate/);
    expect(told).toMatch(/probe\.yaml:4:\d+: targets\.b\.ca: .*ca\.pem\.gone: no such file/);
    expect(told).toMatch(/probe\.yaml:5:\d+: exporter\.tls\.key: .*key\.pem is not the key of the certificate/);
    expect(told).toMatch(/probe\.yaml:6:\d+: defaults\.interval: /);
    expect(told).not.toContain('BEGIN PRIVATE');
  }
});
