import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { createMock, type TestMock } from '../../../src/mock-server/index.ts';
import { coverageCommand, reportCommand } from '../../../src/mock-server/verdict/cli.ts';
import { run } from '../../support/io.ts';

let mock: TestMock;
let folder: string;
beforeAll(async () => {
  mock = await createMock({ tls: true });
  folder = mkdtempSync(join(tmpdir(), 'glm-ca-'));
  writeFileSync(join(folder, 'ca.pem'), mock.certificate ?? '');
});
afterAll(async () => {
  await mock.close();
  rmSync(folder, { recursive: true });
});

test.each([
  ['report', reportCommand],
  ['coverage', coverageCommand],
] as const)('%s asks a mock with a certificate of its own when told to trust it', async (name, command) => {
  const ask = (...more: string[]) => run(command, [name, '--url', mock.url, ...more]);
  const stranger = await ask();
  expect(stranger).toMatchObject({ code: 2, out: '' });
  expect(stranger.err).toMatch(
    /^error: the certificate of https:\S+ is of no authority that is known here \(\w*SELF_SIGNED/,
  );
  expect(stranger.err).toContain('name its authority with --ca FILE');
  expect(stranger.err).not.toContain('Node.js');
  const trusted = await ask('--ca', join(folder, 'ca.pem'));
  expect(trusted.err).not.toContain('error');
  expect(trusted.code).not.toBe(2);
  expect(await ask('--ca', join(folder, 'none.pem'))).toMatchObject({
    code: 2,
    err: expect.stringContaining('none.pem'),
  });
  const second = join(folder, 'second.pem');
  writeFileSync(second, `${mock.certificate}\n${mock.certificate?.replace(/MII.{8}/, 'MIIAAAAAAAA')}`);
  expect(await ask('--ca', second)).toMatchObject({
    code: 2,
    err: expect.stringContaining('second.pem holds a certificate that is damaged'),
  });
});

test('a key that is not known is refused in the mock’s own words', async () => {
  const ran = await run(reportCommand, [
    'report',
    '--url',
    mock.url,
    '--ca',
    join(folder, 'ca.pem'),
    '--key',
    'stranger',
  ]);
  expect(ran).toMatchObject({ code: 2, err: expect.stringContaining('no API key has the id "stranger"') });
});
