/**
 * Streams and everything over TLS: our own reader at the socket. Every connection reads into one buffer, the first thing
 * a read does is to take its stamp, and the bytes are used up before the next. undici's dispatch costs its events more
 * and stamps them later; the numbers are in the room's README under Decisions and come from `bench/load.ts`.
 */
import type { Deadlines } from '../../core/call/deadlines.ts';
import { type CallRecord, newDraft } from '../../core/call/record.ts';
import type { Clock } from '../../core/clock.ts';
import type { Outcome } from '../../core/outcome.ts';
import { type CreateDriver, type Driver, deadlinesOf, type SendOptions } from './driver.ts';
import { createHangUps } from './socket/hang-ups.ts';
import { createInbox } from './socket/inbox.ts';
import { Lane } from './socket/lane.ts';
import { targetOf } from './socket/target.ts';

export const createSocketDriver: CreateDriver = (plan, clock) =>
  createSocketCaller({ ...plan, connections: plan.concurrency, deadlines: deadlinesOf(plan), clock });

export interface SocketCallerOptions {
  /** Up to and without `/chat/completions`, such as `https://open.bigmodel.cn/api/paas/v4`. */
  readonly baseUrl: string;
  /** The API key of requests that bring no authorization of their own. */
  readonly key: string;
  /** PEM of a certificate authority trusted besides the built-in ones. */
  readonly ca?: string | undefined;
  /** Whether the requests ask for streams. */
  readonly stream: boolean;
  /** Most connections at once; a request waits for a free one. */
  readonly connections: number;
  readonly deadlines: Deadlines;
  readonly clock: Clock;
}

/** @example createSocketCaller({ baseUrl, key, stream: true, connections: 10, deadlines, clock }).send(body, { signal }) */
export function createSocketCaller(options: SocketCallerOptions): Driver {
  const { stream, connections, deadlines, clock } = options;
  const target = targetOf(options);
  const shared = { target, stream, deadlines, clock, hangUps: createHangUps(), inbox: createInbox({ clock }) };
  const lanes: Lane[] = [];
  const idle: Lane[] = [];
  const waiting: ((lane: Lane) => void)[] = [];
  let closed = false;

  const take = (): Lane | Promise<Lane> => {
    const lane = idle.pop();
    if (lane !== undefined) return lane;
    if (lanes.length >= connections) return new Promise(resolve => waiting.push(resolve));
    const fresh = new Lane(shared);
    lanes.push(fresh);
    return fresh;
  };
  const give = (lane: Lane) => {
    const next = waiting.shift();
    if (next !== undefined) next(lane);
    else idle.push(lane);
  };
  const send: Driver['send'] = async (body, how) => {
    const intendedMs = clock.now();
    const free = take();
    const lane = 'send' in free ? free : await free;
    const record = await make(lane, body, how, intendedMs);
    give(lane);
    return record;
  };
  const make = (lane: Lane, body: string, how: SendOptions, intendedMs: number): CallRecord | Promise<CallRecord> => {
    const { signal, onSent, onGap, authorization = `Bearer ${options.key}` } = how;
    if (signal.aborted) return unsent(intendedMs, clock, { kind: 'cancelled' });
    if (closed) return unsent(intendedMs, clock, { kind: 'internal', detail: 'the driver is closed' });
    const text = target.request(body, authorization);
    // What is in the header is a secret and is not repeated.
    if (text === undefined)
      return unsent(intendedMs, clock, { kind: 'internal', detail: 'the key cannot be a header' });
    return lane.send({ text, intendedMs, signal, onSent, onGap });
  };
  const close = async () => {
    closed = true;
    for (const lane of lanes) lane.close();
  };
  return { send, close };
}

function unsent(intendedMs: number, clock: Clock, outcome: Outcome): CallRecord {
  return { ...newDraft(intendedMs, clock.now()), outcome };
}
