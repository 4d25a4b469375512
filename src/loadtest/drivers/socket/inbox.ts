/**
 * What all connections have read in this turn of the event loop. A read is stamped and put here, and looked at when every
 * socket that was ready has been read: so no read waits for the events of those before it. Nothing is allocated, and
 * nothing stays longer than the turn (`bench/load.ts`).
 */
import type { Clock } from '../../../core/clock.ts';

export interface Inbox {
  /** Where every connection reads into. */
  readonly buffer: Buffer;
  /** Takes the first `length` bytes of the buffer. What one receiver brings in a row has come in one read. */
  add(receiver: Receiver, length: number): void;
  /** Hands everything over now. To be called before a connection's end is dealt with. */
  flush(): void;
  /** Throws away what a receiver has not been told yet. */
  forget(receiver: Receiver): void;
}

export interface Receiver {
  /** @param atMs the stamp of the read; the bytes are good only during the call */
  read(bytes: Buffer, from: number, to: number, atMs: number): void;
}

export interface InboxOptions {
  readonly clock: Clock;
  /** Runs its argument when all sockets that are ready have been read. Default setImmediate. */
  readonly soon?: (fn: () => void) => void;
  /** The largest piece that one read brings, in bytes. Default 64 KiB, as much as Node's own sockets ask for. */
  readonly readBytes?: number;
}

/** As many sockets as libuv reads in one go, of a few hundred bytes each; when there is more, it is handed over earlier. */
const mostReads = 1024;
const reads = 16;

export function createInbox({ clock, soon = setImmediate, readBytes = 64 * 1024 }: InboxOptions): Inbox {
  const buffer = Buffer.allocUnsafeSlow(readBytes);
  const held = Buffer.allocUnsafeSlow(reads * readBytes);
  const receivers: (Receiver | undefined)[] = Array.from({ length: mostReads }, () => undefined);
  const stamps = new Float64Array(mostReads);
  const ends = new Uint32Array(mostReads);
  let count = 0;
  let used = 0;
  let due = false;

  const add = (receiver: Receiver, length: number) => {
    const atMs = clock.now();
    if (used + length > held.length || count === mostReads) flush();
    buffer.copy(held, used, 0, length);
    used += length;
    if (count === 0 || receivers[count - 1] !== receiver) {
      receivers[count] = receiver;
      stamps[count++] = atMs;
    }
    ends[count - 1] = used;
    if (!due) {
      due = true;
      soon(onTurn);
    }
  };
  const onTurn = () => {
    due = false;
    flush();
  };
  const forget = (receiver: Receiver) => {
    for (let i = 0; i < mostReads; i++) if (receivers[i] === receiver) receivers[i] = undefined;
  };
  const flush = () => {
    let from = 0;
    const all = count;
    count = used = 0;
    for (let i = 0; i < all; i++) {
      const receiver = receivers[i];
      receivers[i] = undefined;
      receiver?.read(held, from, ends[i]!, stamps[i]!);
      from = ends[i]!;
    }
  };
  return { buffer, add, flush, forget };
}
