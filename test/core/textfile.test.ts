import { mkdtempSync, readdirSync, readFileSync, rmSync, statSync, symlinkSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { writeTextfile } from '../../src/core/textfile.ts';

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

test('what is no file is never replaced by one', async () => {
  const path = join(folder, 'socket');
  const server = createServer().listen(path);
  await new Promise(resolve => server.once('listening', resolve));
  expect(() => writeTextfile(path, 'text')).toThrow(/cannot be written/);
  expect(statSync(path).isSocket()).toBe(true);
  await new Promise(resolve => server.close(resolve));
  rmSync(folder, { recursive: true });
});
