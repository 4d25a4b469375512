import { appendFileSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { bytesOf, chunkOf, openCassette, parseCassette, readCassette } from '../../../src/core/cassette/cassette.ts';
import { recorded } from '../../mock-server/recording/recorded.ts';
import { scratch } from '../../mock-server/recording/tools.ts';

const file = scratch();

test('one line for an exchange, readable by its owner alone', () => {
  const path = file('a.jsonl');
  const writer = openCassette(path);
  writer.append(recorded({ n: 1 }));
  writer.append(recorded({ n: 2 }));
  const lines = readFileSync(path, 'utf8').split('\n');
  expect(lines.map(line => (line === '' ? '' : JSON.parse(line).n))).toEqual([1, 2, '']);
  expect(statSync(path).mode & 0o077).toBe(0);
  expect(readCassette(path)).toEqual({ exchanges: [recorded({ n: 1 }), recorded({ n: 2 })], torn: [] });
});

test('a line that was not written to its end is skipped and named, and the next session begins a new one', () => {
  const path = file('torn.jsonl');
  openCassette(path).append(recorded({ n: 1 }));
  appendFileSync(path, '{"version":1,"at":"2026-');
  expect(readCassette(path).torn).toEqual([2]);
  openCassette(path).append(recorded({ n: 3 }));
  const { exchanges, torn } = readCassette(path);
  expect({ numbers: exchanges.map(({ n }) => n), torn }).toEqual({ numbers: [1, 3], torn: [2] });
});

test('exchanges come in the order of their requests, not of their ends', () => {
  const lines = [recorded({ n: 2 }), recorded({ n: 1 }), recorded({ n: 3, at: '2026-10-09T03:00:00.000Z' })];
  const { exchanges } = parseCassette(lines.map(line => JSON.stringify(line)).join('\n'), 'x');
  expect(exchanges.map(({ n }) => n)).toEqual([3, 1, 2]);
});

test('every wrong line is told at once', () => {
  const text = ['{"version":2}', JSON.stringify(recorded({ n: 1 })), '[]'].join('\n');
  expect(() => parseCassette(text, 'x.jsonl')).toThrow(
    /^x\.jsonl: not a recording:\n {2}line 1: version: must be 1, as in every line of a recording; .*\n {2}line 3: /,
  );
});

test('a file that is something else is neither read nor continued', () => {
  const path = file('notes.md');
  writeFileSync(path, '# Notes\n');
  expect(() => readCassette(path)).toThrow(/line 1: is not JSON/);
  expect(() => openCassette(path)).toThrow(/not a recording/);
  expect(readFileSync(path, 'utf8')).toBe('# Notes\n');
});

test('a folder that is not there is told before the first call', () => {
  expect(() => openCassette('/nowhere/at/all.jsonl')).toThrow(/cannot be written \(ENOENT\)/);
});

test.each([
  ['text', Buffer.from('你好\n')],
  ['half a character', Buffer.from('你').subarray(0, 2)],
  ['a BOM', Buffer.from([0xef, 0xbb, 0xbf, 0x61])],
  ['nothing', Buffer.alloc(0)],
  ['every byte', Buffer.from(Array.from({ length: 256 }, (_, i) => i))],
])('%s is kept to the byte', (_, bytes) => {
  expect(Buffer.from(bytesOf(JSON.parse(JSON.stringify(chunkOf(1, bytes)))))).toEqual(bytes);
});
