import { mkdtempSync, readdirSync, readFileSync, rmSync, statSync } from 'node:fs';
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

test('what is no file is never replaced by one', async () => {
  const path = join(folder, 'socket');
  const server = createServer().listen(path);
  await new Promise(resolve => server.once('listening', resolve));
  expect(() => writeTextfile(path, 'text')).toThrow(/cannot be written/);
  expect(statSync(path).isSocket()).toBe(true);
  await new Promise(resolve => server.close(resolve));
  rmSync(folder, { recursive: true });
});
