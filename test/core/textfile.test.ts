import { mkdtempSync, readdirSync, readFileSync, rmSync, statSync, symlinkSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { makeFolder, writeTextfile } from '../../src/core/textfile.ts';

const folder = mkdtempSync(join(tmpdir(), 'textfile-'));

test('the text is there as a whole, and no draft beside it', () => {
  writeTextfile(join(folder, 'a.prom'), 'one\n');
  writeTextfile(join(folder, 'a.prom'), 'two\n');
  expect([readFileSync(join(folder, 'a.prom'), 'utf8'), readdirSync(folder)]).toEqual(['two\n', ['a.prom']]);
});

test('where there is no room, nothing is left of the draft and the old text stays', () => {
  const path = join(folder, 'full.prom');
  writeTextfile(path, 'old\n');
  symlinkSync('/dev/full', `${path}.${process.pid}.tmp`);
  expect(() => writeTextfile(path, 'new\n')).toThrow(/full\.prom: cannot be written \(ENOSPC/);
  expect(readdirSync(folder).filter(name => name.startsWith('full'))).toEqual(['full.prom']);
  expect(readFileSync(path, 'utf8')).toBe('old\n');
});

test.each(['a', 'b/c/d', 'e/.', 'f/g/../h', 'i/'])(
  'the folder %s is made with those around it, and made again',
  path => {
    for (let i = 0; i < 2; i++) makeFolder(`${folder}/made/${path}`);
    expect(statSync(`${folder}/made/${path}`).isDirectory()).toBe(true);
  },
);

test.each([
  ['a file', 'it is a file', (path: string) => writeTextfile(path, '')],
  ['a link that leads nowhere', 'EEXIST', (path: string) => symlinkSync('/no/such/place', path)],
])('%s is no folder', (name, message, make) => {
  const path = join(folder, name);
  make(path);
  expect(() => makeFolder(path)).toThrow(message);
});

test('what is no file is never replaced by one', async () => {
  const path = join(folder, 'socket');
  const server = createServer().listen(path);
  await new Promise(resolve => server.once('listening', resolve));
  expect(() => writeTextfile(path, 'text')).toThrow(/cannot be written/);
  expect(statSync(path).isSocket()).toBe(true);
  await new Promise(resolve => server.close(resolve));
  rmSync(folder, { recursive: true });
});
