/** What of an answer is kept when the upstream compresses although identity was asked for. */
import { brotliDecompressSync, gunzipSync, inflateSync } from 'node:zlib';
import { pairsOf } from '../../core/cassette/hop.ts';
import { redactText } from '../../core/cassette/redaction.ts';
import type { Take } from '../../core/cassette/take.ts';
import { mostBytes } from './server.ts';

/** What it said, in one piece, because nobody can search packed bytes for keys. The client got it as it came. */
export function unpacked(take: Take): Take {
  const { head, parts, bytes = 0 } = take;
  const encoding = encodingOf(head?.headers ?? []);
  const unpack = unpackers.get(encoding);
  if (head === undefined || unpack === undefined || bytes === 0 || bytes > mostBytes) return take;
  try {
    const whole = unpack(Buffer.concat(parts.map(part => part.bytes)), { maxOutputLength: mostBytes });
    const headers = pairsOf(head.headers).filter(([name]) => !packing.has(name.toLowerCase()));
    return {
      ...take,
      head: { ...head, headers: headers.flat() },
      parts: [{ atMs: parts.at(-1)?.atMs ?? 0, bytes: whole }],
    };
  } catch {
    // Cut off, not what it says it is, or too much when unpacked: then it stays packed, and is not kept.
    return take;
  }
}

/** Why an exchange cannot be kept. */
export function unfitness({ head, bytes = 0 }: Take): string | undefined {
  if (bytes > mostBytes) return `its answer has more than ${mostBytes} bytes`;
  const encoding = encodingOf(head?.headers ?? []);
  // Nobody can say whether a key is inside.
  if (encoding !== 'identity' && bytes > 0)
    return `its answer is compressed (${redactText(encoding.slice(0, 20))}) although identity was asked for`;
  return undefined;
}

const unpackers: ReadonlyMap<string, (bytes: Uint8Array, limits: { maxOutputLength: number }) => Buffer> = new Map([
  ['gzip', gunzipSync],
  ['deflate', inflateSync],
  ['br', brotliDecompressSync],
]);

/** What describes the bytes as they were packed. */
const packing = new Set(['content-encoding', 'content-length']);

const encodingOf = (headers: readonly string[]): string =>
  pairsOf(headers)
    .find(([name]) => name.toLowerCase() === 'content-encoding')?.[1]
    .toLowerCase() ?? 'identity';
