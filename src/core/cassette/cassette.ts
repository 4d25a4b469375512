/**
 * The recording of a session: a JSON Lines file, one exchange a line. One file is easy to move and to name; a line is
 * written whole when its exchange ends, so a process that dies half way leaves at most one torn line, which a reader
 * skips and names. Every line stands alone: lines of several sessions may be joined, picked and deleted by hand.
 *
 * What people wrote to the model and what it answered IS the content of a recording. Credentials are not; see `redaction.ts`.
 */
import { appendFileSync, existsSync, readFileSync } from 'node:fs';
import { z } from 'zod';
import { readText } from '../config.ts';
import { codeOf, UsageError } from '../errors.ts';

const ms = z.number().min(0);

/** As text where the bytes are UTF-8, in base64 where a character is cut or it never was text. */
const chunk = z.union([
  z.strictObject({ atMs: ms, text: z.string() }),
  z.strictObject({ atMs: ms, base64: z.base64() }),
]);

const request = z.strictObject({
  method: z.string(),
  /** The whole path, as the client asked for it. */
  path: z.string(),
  /** Names of the query's parameters; their values are not kept. */
  query: z.array(z.string()),
  /** Only those that an answer may depend on. */
  headers: z.record(z.string(), z.string()),
  /** The JSON that was sent; absent when there was no body or it was no JSON. */
  body: z.unknown().optional(),
  /** The body when it was no JSON. */
  text: z.string().optional(),
  /** Of method-independent content, without what differs from call to call; see `fingerprint.ts`. */
  fingerprint: z.string(),
});

const response = z.strictObject({
  /** Absent when the connection ended before an answer began. */
  status: z.int().min(200).max(999).optional(),
  /** When the head came. All times are ms since the request left for the upstream. */
  headMs: ms,
  /** Names and values in turn, as received; without those that belong to the connection. */
  headers: z.array(z.string()).refine(list => list.length % 2 === 0, 'must hold names and values in turn'),
  chunks: z.array(chunk),
  /** `fin` and `reset`: the upstream hung up before the answer was complete; `aborted`: the client did. */
  ending: z.enum(['complete', 'fin', 'reset', 'aborted']),
  endMs: ms,
});

/**
 * What of a request must be as recorded, from strict to loose. All ask for the method and the path; `body` for its whole
 * content, too, `shape` only for the same `stream`, `path` for nothing else.
 */
export const matches = ['body', 'shape', 'path'] as const;

export type Match = (typeof matches)[number];

const exchange = z.strictObject({
  version: z.literal(1, 'must be 1, as in every line of a recording'),
  /** When the request came, for people and for the order. */
  at: z.iso.datetime(),
  /** Its number in the session, from 1. */
  n: z.int().min(1),
  /** Path of the upstream's base URL. */
  base: z.string(),
  request,
  response,
  /** How a replay may find it; absent: by its body. */
  match: z.enum(matches).optional(),
  /** What the writer wants to find again; a replay does not look at it. */
  note: z.record(z.string(), z.unknown()).optional(),
});

export type RecordedExchange = z.infer<typeof exchange>;
export type RecordedRequest = z.infer<typeof request>;
export type RecordedResponse = z.infer<typeof response>;
export type RecordedChunk = z.infer<typeof chunk>;

export interface Cassette {
  /** In the order in which the requests came. */
  readonly exchanges: readonly RecordedExchange[];
  /** Numbers of lines that were not written to their end. */
  readonly torn: readonly number[];
}

/** @throws {UsageError} `no_file`, or `bad_cassette` with every line that is wrong */
export const readCassette = (path: string): Cassette => parseCassette(readText(path), path);

/** @param source what to blame in messages */
export function parseCassette(text: string, source: string): Cassette {
  const exchanges: RecordedExchange[] = [];
  const torn: number[] = [];
  const mistakes: string[] = [];
  for (const [i, line] of text.split('\n').entries()) {
    if (line.trim() === '') continue;
    const value = jsonOf(line);
    const result = exchange.safeParse(value);
    if (value === undefined) torn.push(i + 1);
    else if (result.success) exchanges.push(result.data);
    else mistakes.push(`  line ${i + 1}: ${sentenceOf(result.error)}`);
  }
  if (exchanges.length === 0 && torn.length > 0) mistakes.push(`  line ${torn[0]}: is not JSON`);
  if (mistakes.length > 0) throw new UsageError('bad_cassette', `${source}: not a recording:\n${mistakes.join('\n')}`);
  return { exchanges: exchanges.sort(byArrival), torn };
}

/** Lines are written as exchanges end; a long stream must not fall behind a short one that came later. */
const byArrival = (a: RecordedExchange, b: RecordedExchange) => Date.parse(a.at) - Date.parse(b.at) || a.n - b.n;

function jsonOf(line: string): unknown {
  try {
    return JSON.parse(line);
  } catch {
    // A line whose writer died; the caller counts it.
    return undefined;
  }
}

const sentenceOf = (error: z.ZodError) =>
  error.issues.map(({ path, message }) => `${path.join('.') || 'the line'}: ${message}`).join('; ');

export interface CassetteWriter {
  /** Adds a line in one write. @throws {UsageError} `no_write` */
  append(exchange: RecordedExchange): void;
}

/**
 * Opens a file for appending, or begins it. Only its owner may read it: it holds what people wrote.
 * @throws {UsageError} `bad_cassette` when it holds something else, `no_write`
 */
export function openCassette(path: string): CassetteWriter {
  const before = existsSync(path) ? readCassette(path) : undefined;
  const write = (text: string) => {
    try {
      appendFileSync(path, text, { mode: 0o600 });
    } catch (error) {
      throw new UsageError('no_write', `${path}: cannot be written (${codeOf(error) ?? 'unknown'})`);
    }
  };
  // Also tells at once, and not after the first call, that a file cannot be written.
  write(before !== undefined && endsTorn(path) ? '\n' : '');
  return { append: exchange => write(`${JSON.stringify(exchange)}\n`) };
}

const endsTorn = (path: string) => {
  const last = readFileSync(path).at(-1);
  return last !== undefined && last !== 10;
};

const strict = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });

export function chunkOf(atMs: number, bytes: Uint8Array): RecordedChunk {
  try {
    return { atMs, text: strict.decode(bytes) };
  } catch {
    // A character cut in two, or no text at all.
    return { atMs, base64: Buffer.from(bytes).toString('base64') };
  }
}

export const bytesOf = (chunk: RecordedChunk): Uint8Array =>
  'text' in chunk ? Buffer.from(chunk.text) : Buffer.from(chunk.base64, 'base64');
