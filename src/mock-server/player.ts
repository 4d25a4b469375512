/**
 * The player on `node:http`: carries a plan out, measures its own pacing error, and stops at once when the client goes.
 * The hot path of the mock: one listener and no promise per request, everything that is due leaves in one write
 * (`bench/mock.ts`).
 */
import type { ServerResponse } from 'node:http';
import type { Socket } from 'node:net';
import type { Clock } from '../core/clock.ts';
import type { Histogram } from '../core/histogram.ts';
import type { Beat, Exchange, Head, ReplyPlan } from './plan.ts';

/** Writes larger than this leave before the rest of what is due is collected. */
const batchChars = 16_384;

/** Moments of 500 chunks. */
const mostMoments = 1000;

/** Plays one exchange. Calls `settle` once, when the response is closed by either side. */
export function playOnNode(
  exchange: Exchange,
  arrivedMs: number,
  res: ServerResponse,
  clock: Clock,
  lateness: Histogram,
): void {
  const now = clock.now() - arrivedMs;
  const body = dueBody(exchange.plan, now);
  if (body === undefined) return playInTime(exchange, arrivedMs, res, clock, lateness);
  lateness.record(now - body.at);
  playAtOnce(exchange, body, now - body.at, res);
}

interface Body {
  readonly head: Head;
  readonly at: number;
  readonly send: string;
}

/** The only beat of a plan, when it is text and can leave now: most answers are a body without a pace. */
function dueBody({ head, beats }: ReplyPlan, now: number): Body | undefined {
  if (head === undefined || !Array.isArray(beats) || beats.length !== 1) return undefined;
  const [beat] = beats as [Beat];
  if ('end' in beat || typeof beat.send !== 'string' || Math.max(head.at, beat.at) > now) return undefined;
  return { head, at: beat.at, send: beat.send };
}

/** Without a schedule there is nothing to remember but the answer's size: 1 KB less garbage than `playInTime`. */
function playAtOnce({ settle }: Exchange, { head, send }: Body, worstLatenessMs: number, res: ServerResponse): void {
  const size = Buffer.byteLength(send);
  res.on('close', () => {
    const ending = res.writableFinished ? 'complete' : 'client_gone';
    const [beats, bytes] = res.headersSent ? [1, size] : [0, 0];
    settle({ ending, headSent: res.headersSent, beats, bytes, worstLatenessMs });
  });
  together(() => {
    if (res.destroyed) return;
    res.writeHead(head.status, head.headers as string[]);
    res.end(send, encodingOf(send, size));
  });
}

/**
 * Answers to requests that were read in one turn leave in one go: the client is woken once for all of them, and waking
 * costs more than writing. A third more unary answers a second.
 */
function together(write: () => void): void {
  if (ready.push(write) === 1) setImmediate(writeReady);
}

let ready: (() => void)[] = [];

function writeReady(): void {
  const writes = ready;
  ready = [];
  for (const write of writes) write();
}

/** Text that is all ASCII: the same bytes on the wire as UTF-8, without the conversion. */
const encodingOf = (data: string | Uint8Array, bytes: number) => (bytes === data.length ? 'latin1' : 'utf8');

function playInTime(
  exchange: Exchange,
  arrivedMs: number,
  res: ServerResponse,
  clock: Clock,
  lateness: Histogram,
): void {
  const { head, beats } = exchange.plan;
  const iterator = beats[Symbol.iterator]();
  const played = { headSent: false, beats: 0, bytes: 0, worstLatenessMs: 0 };
  const next: Slot = { at: 0, what: undefined };
  let resumedMs = 0; // when the client last made room; waiting for it is not the pacing's error
  let timeline: number[] | undefined; // noted from the first pause on: unpaced streams have nothing to show
  let framed = false; // headers are on the wire and chunks are framed here
  let cut = false; // the plan itself ended the connection

  res.on('close', () => {
    timer.clear();
    iterator.return?.();
    const ending = cut ? 'cut' : res.writableFinished ? 'complete' : 'client_gone';
    exchange.settle({ ending, ...played });
  });
  const pump = () => {
    let batch = '';
    let now = clock.now() - arrivedMs;
    for (;;) {
      if (next.what === undefined && !fill(next, iterator)) return end(batch);
      const { at, what } = next as Filled;
      if (at > now) {
        now = clock.now() - arrivedMs;
        if (at > now) return rest(at, batch);
      }
      next.what = undefined;
      if (typeof what === 'object' && 'end' in what) return close(what.end, batch);
      note(now - Math.max(at, resumedMs));
      if (timeline !== undefined && timeline.length < mostMoments) timeline.push(at, now);
      if (typeof what === 'string') batch += what;
      else {
        if (batch !== '') write(batch);
        batch = '';
        if (!write(what)) return whenDrained();
      }
      if (batch.length < batchChars) continue;
      if (!write(batch)) return whenDrained();
      batch = '';
    }
  };
  const note = (late: number) => {
    lateness.record(late);
    if (late > played.worstLatenessMs) played.worstLatenessMs = late;
    played.beats++;
  };
  /** Frames a chunk itself once the headers are out: one write instead of four, a third less time per paced token. */
  const write = (data: string | Uint8Array): boolean => {
    const size = Buffer.byteLength(data);
    const encoding = encodingOf(data, size);
    played.bytes += size;
    const { socket } = res;
    if (!framed || socket === null || typeof data !== 'string') return res.write(data, encoding);
    return socket.write(`${size.toString(16)}\r\n${data}\r\n`, encoding);
  };
  const end = (batch: string) => {
    const size = Buffer.byteLength(batch);
    played.bytes += size;
    res.end(batch, encodingOf(batch, size));
  };
  const whenDrained = () => {
    const emitter = framed ? res.socket : res;
    emitter?.once('drain', () => {
      resumedMs = clock.now() - arrivedMs;
      pump();
    });
  };
  const rest = (at: number, batch: string) => {
    timeline = exchange.timeline;
    const full = batch !== '' && !write(batch);
    if (batch === '' && played.beats === 0 && played.headSent) res.flushHeaders();
    if (full) return whenDrained();
    framed = res.chunkedEncoding && res.socket !== null;
    timer.set(arrivedMs + at);
  };
  const close = (how: 'fin' | 'reset' | 'hang', batch: string) => {
    if (batch !== '') write(batch);
    else if (played.headSent) res.flushHeaders();
    if (how === 'hang') return;
    cut = true;
    // A response that waits behind an earlier one on its connection has no socket yet. What was written leaves in the next turn.
    if (res.socket === null) res.once('socket', socket => setImmediate(breakOff, socket, how));
    else setImmediate(breakOff, res.socket, how);
  };
  const begin = () => {
    if (head !== undefined) {
      res.writeHead(head.status, head.headers as string[]);
      played.headSent = true;
    }
    pump();
  };
  const timer = clock.timer(() => (head === undefined || played.headSent ? pump() : begin()));
  if (head === undefined || head.at <= clock.now() - arrivedMs) together(() => (res.destroyed ? undefined : begin()));
  else timer.set(arrivedMs + head.at);
}

/**
 * What a stream does next. Not the beat itself: V8 sees beats outlive a collection in some streams, makes all of them in the
 * old space from then on, and each keeps its dead text until a full collection (240 bytes a chunk, `bench/mock.ts`).
 */
interface Slot {
  at: number;
  /** Undefined: nothing is at hand. */
  what: string | Uint8Array | Ending | undefined;
}

type Ending = Extract<Beat, { end: unknown }>;

interface Filled extends Slot {
  what: string | Uint8Array | Ending;
}

/** @returns false when there is no more. */
function fill(slot: Slot, iterator: Iterator<Beat>): boolean {
  const step = iterator.next();
  if (step.done) return false;
  slot.at = step.value.at;
  slot.what = 'end' in step.value ? step.value : step.value.send;
  return true;
}

function breakOff(socket: Socket, how: 'fin' | 'reset'): void {
  if (how === 'fin') socket.destroySoon();
  else rawOf(socket).resetAndDestroy();
}

/** TLS knows no reset: it is the socket below that is reset. Node names it nowhere else. */
const rawOf = (socket: Socket) => (socket as Socket & { _parent?: Socket })._parent ?? socket;
