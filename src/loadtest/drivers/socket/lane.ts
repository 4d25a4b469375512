/** A connection with at most one request on it: opened when there is none, kept as long as answers end well. */
import type { Socket } from 'node:net';
import { breakOf, failureOf, type Stage } from '../../../core/call/failure.ts';
import type { CallRecord, Draft } from '../../../core/call/record.ts';
import type { Deadlines } from '../../../core/call.ts';
import type { Clock } from '../../../core/clock.ts';
import { createAnswerParser } from './answer-parser.ts';
import { createExchange, type Exchange } from './exchange.ts';
import type { HangUps } from './hang-ups.ts';
import type { Target } from './target.ts';

export interface Lane {
  /** Makes one request; never rejects. */
  send(order: Order): Promise<CallRecord>;
  /** Ends the request under way and closes the connection. */
  close(): void;
}

export interface Order {
  /** The request as it goes out. */
  readonly text: string;
  /** When it should have begun. */
  readonly intendedMs: number;
  readonly signal: AbortSignal;
  readonly onGap: ((ms: number) => void) | undefined;
}

export interface LaneOptions {
  readonly target: Target;
  /** Whether the requests ask for streams. */
  readonly stream: boolean;
  readonly deadlines: Deadlines;
  readonly clock: Clock;
  readonly hangUps: HangUps;
  /** Where every connection reads into: what was read is used up before the next read. */
  readonly buffer: Buffer;
  /** The number of this turn of the event loop. */
  readonly turn: () => number;
}

export function createLane({ target, stream, deadlines, clock, hangUps, buffer, turn }: LaneOptions): Lane {
  let socket: Socket | undefined;
  let exchange: Exchange | undefined;
  let readMs = 0;
  let readTurn = -1;
  let wakeMs = Number.POSITIVE_INFINITY; // what the timer is set to

  const parser = createAnswerParser({
    head: head => exchange?.head(head, readMs),
    body: (bytes, from, to) => exchange?.body(bytes, from, to, readMs),
  });
  const timer = clock.timer(() => {
    wakeMs = Number.POSITIVE_INFINITY;
    exchange?.look();
    arm();
  });
  /** Left as it is where it is early enough: it looks at the request that is under way when it wakes. */
  const arm = () => {
    const due = exchange?.dueMs() ?? Number.POSITIVE_INFINITY;
    if (due >= wakeMs) return;
    wakeMs = due;
    timer.set(due);
  };

  const send = ({ text, intendedMs, signal, onGap }: Order) =>
    new Promise<CallRecord>(resolve => {
      const onEnd = (record: CallRecord, sound: boolean) => {
        exchange = undefined;
        hangUps.forget(signal, cancel);
        if (!sound) drop();
        resolve(record);
      };
      const current = createExchange({ intendedMs, stream, onGap, deadlines, clock, onEnd, onDeadline: arm });
      const cancel = () => current.fail({ kind: 'cancelled' });
      hangUps.on(signal, cancel);
      exchange = current;
      if (socket === undefined || !write(socket, current.draft, text)) open(current.draft, text);
      arm();
    });
  /** @returns false when not one byte was sent, because the connection was dead: another one may have the request */
  const write = (to: Socket, draft: Draft, text: string): boolean => {
    parser.reset();
    draft.sentMs = clock.now();
    to.write(text);
    return to.errored === null;
  };
  const drop = () => {
    socket?.destroy();
    socket = undefined;
  };

  const open = (draft: Draft, text: string) => {
    drop();
    draft.reusedConnection = false;
    draft.sentMs = undefined;
    draft.connectMs = clock.now();
    const opened: Socket = target.open({
      buffer,
      callback: length => {
        if (opened === socket) read(length);
        return true;
      },
    });
    socket = opened;
    const broke = (how: string) => {
      if (opened === socket) broken(how);
    };
    opened
      .once('lookup', (error: Error | null) => {
        if (!error) draft.dnsMs = clock.now();
      })
      .once('connect', () => {
        draft.tcpMs = clock.now();
      })
      .once(target.secure ? 'secureConnect' : 'connect', () => {
        if (target.secure) draft.tlsMs = clock.now();
        opened.on('end', () => opened === socket && finished());
        write(opened, draft, text);
      })
      .on('error', error => broke(breakOf(error)))
      .on('close', () => broke('closed'));
  };

  const read = (length: number) => {
    // A read of TLS may come in several records; what lies between their callbacks is our own time.
    if (!target.secure || readTurn !== turn()) readMs = clock.now();
    if (target.secure) readTurn = turn();
    const progress = parser.feed(buffer, length);
    if (progress === 'not_http') broken('not_http');
    else if (progress === 'complete') complete();
  };
  const finished = () => {
    if (parser.finish()) complete();
    else broken('closed');
  };
  const complete = () => {
    const kept = exchange !== undefined && parser.keepAlive && socket?.writableLength === 0;
    exchange?.complete();
    if (!kept) drop();
  };
  const broken = (how: string) => {
    if (exchange === undefined) drop();
    else exchange.fail(failureOf(how, stageOf(exchange.draft, target.secure)));
  };
  const close = () => {
    exchange?.fail({ kind: 'internal', detail: 'the driver was closed' });
    drop();
    timer.clear();
  };
  return { send, close };
}

/** How far a request had come: a connection that was opened for it goes through `tcp` and `tls` first. */
function stageOf({ headMs, sentMs, tcpMs }: Draft, secure: boolean): Stage {
  if (headMs !== undefined) return 'reading';
  if (sentMs !== undefined) return 'waiting';
  if (tcpMs === undefined) return 'tcp';
  return secure ? 'tls' : 'waiting';
}
