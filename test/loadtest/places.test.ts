import { existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { openPlaces } from '../../src/loadtest/places.ts';
import { createRecordFile } from '../../src/loadtest/records.ts';
import { longRun } from './results.ts';

let folder = '';
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'places-'));
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

test('a folder is made with its parents, whatever script its name is in, and nothing is left in it', () => {
  const out = join(folder, 'ünï 中文 😀', 'b', 'c');
  openPlaces({ out, junit: join(folder, 'junit.xml'), summary: join(folder, 'summary.md') });
  expect(readdirSync(out)).toEqual([]);
  expect(readdirSync(folder)).toEqual(['ünï 中文 😀']);
});

test('what is there stays as it is until there is something to write', () => {
  const junit = join(folder, 'junit.xml');
  writeFileSync(junit, 'old');
  openPlaces({ out: folder, junit });
  expect(readFileSync(junit, 'utf8')).toBe('old');
});

test.skipIf(!existsSync('/proc/self'))('a place where the kernel makes nothing is refused at once', () => {
  expect(() => openPlaces({ out: '/proc/x/y' })).toThrow(/--out \/proc\/x\/y: the folder cannot be made \(ENOENT/);
  expect(() => openPlaces({ prom: '/proc/x' })).toThrow(/--prom \/proc\/x: no file can be written there/);
});

test('every place that takes no file is named at once', () => {
  const file = join(folder, 'file');
  writeFileSync(file, '');
  const places = { out: join(file, 'x'), junit: folder, summary: join(folder, 'no', 's.md'), prom: `${file}/p` };
  expect(() => openPlaces(places)).toThrow(/--out .*it is a file.*\n--junit .*it is a folder.*\n--summary .*\n--prom /);
});

test.each(['result.json', 'requests.ndjson', 'report.html'])(
  'a folder in the place of %s is noticed before the run',
  name => {
    mkdirSync(join(folder, name));
    expect(() => openPlaces({ out: folder })).toThrow(
      new RegExp(`${name}: no file can be written there \\(it is a folder`),
    );
  },
);

test('a pipe is no file to be tried beside, and stays what it is', async () => {
  const path = join(folder, 'socket');
  const server = createServer().listen(path);
  await new Promise(resolve => server.once('listening', resolve));
  openPlaces({ prom: path });
  expect(readdirSync(folder)).toEqual(['socket']);
  await new Promise(resolve => server.close(resolve));
});

test('records that find no room any more are told of once, and the run goes on', () => {
  const path = join(folder, 'gone', 'requests.ndjson');
  mkdirSync(join(folder, 'gone'));
  const told: string[] = [];
  const file = createRecordFile(path, why => told.push(why));
  rmSync(join(folder, 'gone'), { recursive: true });
  const [record] = longRun().records;
  for (let second = 0; second < 3; second++) {
    if (record !== undefined) file.add(record);
    file.flush();
  }
  expect(told).toEqual([expect.stringMatching(/another file stands there now, or none/)]);
});
