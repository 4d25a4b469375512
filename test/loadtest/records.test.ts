import { existsSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, test } from 'vitest';
import { createRecordFile, readRecords } from '../../src/loadtest/records.ts';
import { longRun } from './results.ts';

const folder = mkdtempSync(join(tmpdir(), 'records-'));
afterAll(() => rmSync(folder, { recursive: true }));
const path = join(folder, 'requests.ndjson');
const record = { class: 'ok', intended_ms: 5, sent_ms: 6, first_token_ms: null, end_ms: 9, gaps_ms: [1, 0.5] };
const line = (n: number, more: object = {}) => `${JSON.stringify({ n, ...record, ...more })}\n`;

async function read(text: string) {
  writeFileSync(path, text);
  const cut: string[] = [];
  const records: number[] = [];
  for await (const { n } of readRecords(path, where => cut.push(where))) records.push(n);
  return { records, cut };
}

test('a last line that was cut off is told of, and the rest is taken', async () => {
  expect(await read(`${line(1)}${line(2)}{"n":3,"cla`)).toEqual({ records: [1, 2], cut: [`${path}:3`] });
  expect(await read(`${line(1)}\n{"n":2,"cla\n\n  \n`)).toEqual({ records: [1], cut: [`${path}:3`] });
  expect(await read(`${line(1)}${line(2)}`)).toEqual({ records: [1, 2], cut: [] });
});

test.runIf(existsSync('/dev/zero'))('a line that never ends is no record, and does not fill the memory', async () => {
  const records = readRecords('/dev/zero', () => {});
  await expect(records.next()).rejects.toThrow('/dev/zero:1 is not a record of a load run');
});

test('lines that lie across the parts of a large file are whole', async () => {
  const count = 20_000; // 2 MB
  const numbers = Array.from({ length: count }, (_, n) => n);
  expect(
    await read(
      numbers
        .map(n => line(n, { id: '茶' }))
        .join('')
        .replaceAll('\n', '\r\n'),
    ),
  ).toEqual({ records: numbers, cut: [] });
});

test.each([
  ['in the middle', `${line(1)}{"n":2\n${line(3)}`, 2],
  ['alone', '{"n":1', 1],
  ['alone among blank ones', '\n{"n":1\n\n', 2],
])('a line that is none %s is a mistake', async (_, text, number) => {
  await expect(read(text)).rejects.toThrow(`${path}:${number} is not a record of a load run`);
});

test.each([
  ['a word for a gap', { gaps_ms: [1, 'x'] }],
  ['a gap below zero', { gaps_ms: [-1] }],
  ['no gaps', { gaps_ms: null }],
  ['no end', { end_ms: undefined }],
  ['an end before the begin', { end_ms: -1e308 }],
  ['an end that never comes', { end_ms: '1e999' }],
  ['a token after the end', { first_token_ms: 10 }],
  ['a word for a moment', { sent_ms: 'soon' }],
])('a record with %s is none', async (_, broken) => {
  await expect(read(line(1) + line(2, broken) + line(3))).rejects.toThrow(`${path}:2 is not a record of a load run`);
});

test('records that find no room any more are told of once, and the run goes on', () => {
  const gone = join(folder, 'gone');
  mkdirSync(gone);
  const told: string[] = [];
  const file = createRecordFile(join(gone, 'requests.ndjson'), why => told.push(why));
  rmSync(gone, { recursive: true });
  const [one] = longRun().records;
  for (let second = 0; second < 3; second++) {
    if (one !== undefined) file.add(one);
    file.flush();
  }
  expect(told).toEqual([expect.stringMatching(/another file stands there now, or none/)]);
});
