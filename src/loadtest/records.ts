/** `requests.ndjson`: written while the run goes on, once a second so that the disk does not disturb it; read line by line. */
import { appendFileSync, createReadStream, existsSync, writeFileSync } from 'node:fs';
import { createInterface } from 'node:readline';
import { textOf, UsageError } from '../core/errors.ts';
import type { RawRecord } from './result.ts';

export interface RecordFile {
  add(record: RawRecord): void;
  /** Brings what was added to the disk. */
  flush(): void;
}

/**
 * Begins the file anew. A disk that is full does not end the run.
 * @param onFailure told once why the rest is not kept
 */
export function createRecordFile(path: string, onFailure: (why: string) => void): RecordFile {
  writeFileSync(path, '');
  let lines: string[] = [];
  let failed = false;
  const flush = () => {
    const text = lines.map(line => `${line}\n`).join('');
    lines = [];
    if (text === '' || failed) return;
    try {
      appendFileSync(path, text);
    } catch (error) {
      failed = true;
      onFailure(textOf(error));
    }
  };
  return { add: record => void lines.push(JSON.stringify(record)), flush };
}

/**
 * A run that was killed leaves half a line at the end: the lines before it are worth as much without it.
 * @param onCut told where that line stands
 * @throws {UsageError} `no_file`, `bad_records` with the line's number
 */
export async function* readRecords(path: string, onCut: (where: string) => void): AsyncGenerator<RawRecord> {
  if (!existsSync(path)) throw new UsageError('no_file', `${path}: no such file; load run -o writes it`);
  let number = 0;
  let broken: UsageError | undefined;
  for await (const line of createInterface({ input: createReadStream(path), crlfDelay: Number.POSITIVE_INFINITY })) {
    number++;
    if (line.trim() === '') continue;
    if (broken !== undefined) throw broken; // it was not the last one
    const record = parse(line);
    if (record === undefined) broken = noRecord(`${path}:${number}`);
    else yield record;
  }
  if (broken !== undefined && number === 1) throw broken;
  if (broken !== undefined) onCut(`${path}:${number}`);
}

function parse(line: string): RawRecord | undefined {
  try {
    const record = JSON.parse(line) as RawRecord;
    if (typeof record.class === 'string' && Array.isArray(record.gaps_ms)) return record;
  } catch {
    // Said below: broken JSON and a strange object are the same mistake.
  }
  return undefined;
}

const noRecord = (where: string) =>
  new UsageError(
    'bad_records',
    `${where} is not a record of a load run; pass the requests.ndjson that load run -o wrote`,
  );

/** At most `most` of a stream of records, each with the same chance (the seed decides), and always the slowest. */
export function createSample(
  most: number,
  random: () => number,
): { add(record: RawRecord): void; read(): RawRecord[] } {
  const kept: RawRecord[] = [];
  let slowest: RawRecord | undefined;
  let seen = 0;
  const add = (record: RawRecord) => {
    seen++;
    if (slowest === undefined || durationOf(record) > durationOf(slowest)) slowest = record;
    if (kept.length < most) kept.push(record);
    else {
      const at = Math.floor(random() * seen);
      if (at < most) kept[at] = record;
    }
  };
  const read = () => (slowest === undefined || kept.includes(slowest) ? [...kept] : [...kept.slice(1), slowest]);
  return { add, read };
}

const durationOf = ({ intended_ms, end_ms }: RawRecord) => end_ms - intended_ms;
