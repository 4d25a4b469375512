/** The witness of one call: what went out and what came back, with its times, up to a number of bytes. */
import type { Peer } from '../core/call/lane.ts';
import type { Trace } from '../core/call.ts';
import type { Clock } from '../core/clock.ts';

export interface Head {
  readonly status: number;
  /** Names and values in turn. */
  readonly headers: readonly string[];
  readonly atMs: number;
}

export interface Part {
  readonly atMs: number;
  readonly bytes: Uint8Array;
}

/** Moments are of the monotonic clock. */
export interface Tape {
  readonly trace: Trace;
  /** Undefined when nothing was sent. */
  readonly sent:
    | { readonly method: string; readonly path: string; readonly headers: Readonly<Record<string, string>> }
    | undefined;
  readonly head: Head | undefined;
  readonly peer: Peer | undefined;
  readonly parts: readonly Part[];
  /** Bytes that came after the tape was full. */
  readonly lost: number;
  /** The server's clock minus ours by its `Date` header, in ms. */
  readonly skewMs: number | undefined;
}

/** @param mostBytes of the answer; what comes after is counted and let go */
export function createTape(clock: Clock, mostBytes: number): Tape {
  let room = mostBytes;
  const parts: Part[] = [];
  const tape: { -readonly [K in keyof Tape]: Tape[K] } = {
    sent: undefined,
    head: undefined,
    peer: undefined,
    parts,
    lost: 0,
    skewMs: undefined,
    trace: {
      sent: request => {
        tape.sent = request;
      },
      head: (status, headers, peer, atMs) => {
        tape.head = { status, headers: flat(headers), atMs };
        tape.peer = peer;
        tape.skewMs = skewOf(headers.date, clock.wall());
      },
      data: (bytes, atMs) => {
        if (bytes.length > room) {
          room = 0;
          tape.lost += bytes.length;
          return;
        }
        room -= bytes.length;
        parts.push({ atMs, bytes: Uint8Array.from(bytes) }); // undici uses its buffers again
      },
    },
  };
  return tape;
}

const flat = (headers: Readonly<Record<string, string | string[] | undefined>>) =>
  Object.entries(headers).flatMap(([name, value]) => [value ?? []].flat().flatMap(one => [name, one]));

/** The header has whole seconds, so half of one is the best guess at the rest. */
function skewOf(date: string | string[] | undefined, wallMs: number): number | undefined {
  const at = typeof date === 'string' ? Date.parse(date) : Number.NaN;
  return Number.isNaN(at) ? undefined : at + 500 - wallMs;
}
