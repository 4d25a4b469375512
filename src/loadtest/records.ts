/** `requests.ndjson`: written while the run goes on, once a second so that the disk does not disturb it; read line by line. */
import { appendFileSync, closeSync, createReadStream, existsSync, fstatSync, openSync, statSync } from 'node:fs';
import { textOf, UsageError } from '../core/errors.ts';
import type { RawRecord } from './result.ts';

export interface RecordFile {
  add(record: RawRecord): void;
  /** Brings what was added to the disk. */
  flush(): void;
  /** Whether it is still this file that stands at the path: another run may have begun one of its own there. */
  stands(): boolean;
  close(): void;
}

/**
 * Begins the file anew. A disk that is full does not end the run.
 * @param onFailure told once why the rest is not kept
 */
export function createRecordFile(path: string, onFailure: (why: string) => void): RecordFile {
  const file = openSync(path, 'w');
  let lines: string[] = [];
  let failed = false;
  const stands = () => fstatSync(file).ino === statSync(path, { throwIfNoEntry: false })?.ino;
  const flush = () => {
    const text = lines.map(line => `${line}\n`).join('');
    lines = [];
    if (text === '' || failed) return;
    try {
      if (!stands()) throw new Error('another file stands there now, or none');
      appendFileSync(file, text);
    } catch (error) {
      failed = true;
      onFailure(textOf(error));
    }
  };
  return { add: record => void lines.push(JSON.stringify(record)), flush, stands, close: () => closeSync(file) };
}

/**
 * A run that was killed leaves half a line at the end: the lines before it are worth as much without it.
 * @param onCut told where that line stands
 * @throws {UsageError} `no_file`, `bad_records` with the line's number
 */
export async function* readRecords(path: string, onCut: (where: string) => void): AsyncGenerator<RawRecord> {
  if (!existsSync(path)) throw new UsageError('no_file', `${path}: no such file; load run -o writes it`);
  let number = 0;
  let records = 0;
  let broken: string | undefined;
  for await (const line of linesIn(path)) {
    number++;
    if (line.length > longestLine) throw noRecord(`${path}:${number}`);
    if (line.trim() === '') continue;
    if (broken !== undefined) throw noRecord(broken); // it was not the last one
    const record = parse(line);
    if (record === undefined) {
      broken = `${path}:${number}`;
      continue;
    }
    records++;
    yield record;
  }
  if (broken === undefined) return;
  if (records === 0) throw noRecord(broken);
  onCut(broken);
}

/** Characters: more than the record of a million tokens has. */
const longestLine = 2 ** 26;

/** Node's readline gathers a line that never ends (`/dev/zero`) until no string can hold it; here too long a one is the last. */
async function* linesIn(path: string): AsyncGenerator<string> {
  let rest = '';
  for await (const part of createReadStream(path, { encoding: 'utf8', highWaterMark: 2 ** 20 })) {
    const lines = `${rest}${part}`.split('\n');
    rest = lines.pop() ?? '';
    yield* lines;
    if (rest.length > longestLine) break;
  }
  yield rest;
}

function parse(line: string): RawRecord | undefined {
  try {
    const record = JSON.parse(line) as RawRecord;
    if (typeof record.class === 'string' && areTimes(record)) return record;
  } catch {
    // Said below: broken JSON and a strange object are the same mistake.
  }
  return undefined;
}

/** Every moment a number or not there, none before the run began, and none after the end of its request. */
function areTimes(record: RawRecord): boolean {
  const { gaps_ms: gaps, end_ms: end, intended_ms: intended } = record;
  if (!isTime(intended) || !isTime(end) || end < intended) return false;
  if (!Array.isArray(gaps) || !gaps.every(isTime)) return false;
  return moments.every(name => {
    const at = record[name] ?? null;
    return at === null || (isTime(at) && at <= end);
  });
}

const moments = [
  'sent_ms',
  'head_ms',
  'first_event_ms',
  'first_reasoning_ms',
  'first_content_ms',
  'first_tool_ms',
  'first_token_ms',
  'last_token_ms',
] as const;

const isTime = (ms: unknown): ms is number => typeof ms === 'number' && ms >= 0 && ms < Number.POSITIVE_INFINITY;

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
