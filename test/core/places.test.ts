import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { folderAt, openPlaces } from '../../src/core/places.ts';

let folder = '';
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'places-'));
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

test('a folder is made with its parents, whatever script its name is in, and nothing is left in it', () => {
  const out = join(folder, 'ünï 中文 😀', 'b', 'c');
  openPlaces({ out: folderAt(out), junit: join(folder, 'junit.xml'), summary: join(folder, 'summary.md') });
  expect(readdirSync(out)).toEqual([]);
  expect(readdirSync(folder)).toEqual(['ünï 中文 😀']);
});

test('what is there stays as it is until there is something to write', () => {
  const junit = join(folder, 'junit.xml');
  writeFileSync(junit, 'old');
  openPlaces({ out: folderAt(folder), junit });
  expect(readFileSync(junit, 'utf8')).toBe('old');
});

test.skipIf(!existsSync('/proc/self'))('a place where the kernel makes nothing is refused at once', () => {
  expect(() => openPlaces({ out: folderAt('/proc/x/y') })).toThrow(/--out \/proc\/x\/y: cannot be written \(ENOENT/);
  expect(() => openPlaces({ prom: '/proc/x' })).toThrow(/--prom \/proc\/x: cannot be written .*; name another place$/);
});

test('every place that takes no file is named at once', () => {
  const file = join(folder, 'file');
  writeFileSync(file, '');
  const places = {
    out: folderAt(join(file, 'x')),
    junit: folder,
    summary: join(folder, 'no', 's.md'),
    prom: `${file}/p`,
  };
  expect(() => openPlaces(places)).toThrow(/--out .*it is a file.*\n--junit .*it is a folder.*\n--summary .*\n--prom /);
});

test('what a folder is to hold is tried by its name', () => {
  mkdirSync(join(folder, 'b.json'));
  const out = folderAt(folder, { holds: ['a.json', 'b.json'] });
  expect(() => openPlaces({ out })).toThrow(
    /^--out .*b\.json: cannot be written \(it is a folder\); name another place$/,
  );
  openPlaces({ out: folderAt(folder, { holds: ['a.json'] }) });
  expect(readdirSync(folder)).toEqual(['b.json']);
});

test('a folder for secrets is for its owner alone, and one that was not asked for is none', () => {
  const record = join(folder, 'record');
  openPlaces({ record: folderAt(record, { mode: 0o700 }), out: folderAt(undefined) });
  expect(statSync(record).mode & 0o777).toBe(0o700);
  expect(readdirSync(folder)).toEqual(['record']);
});

test('a pipe is no file to be tried beside, and stays what it is', async () => {
  const path = join(folder, 'socket');
  const server = createServer().listen(path);
  await new Promise(resolve => server.once('listening', resolve));
  openPlaces({ prom: path });
  expect(readdirSync(folder)).toEqual(['socket']);
  await new Promise(resolve => server.close(resolve));
});
