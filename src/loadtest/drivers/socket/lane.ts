/** A connection with at most one request on it: opened when there is none, kept as long as answers end well. */
import type { Socket } from 'node:net';
import type { Deadlines } from '../../../core/call/deadlines.ts';
import { breakOf, failureOf, type Stage } from '../../../core/call/failure.ts';
import type { CallRecord, Draft } from '../../../core/call/record.ts';
import type { Clock, Timer } from '../../../core/clock.ts';
import { AnswerParser } from './answer-parser.ts';
import { Exchange } from './exchange.ts';
import type { HangUps } from './hang-ups.ts';
import type { Inbox, Receiver } from './inbox.ts';
import type { Target } from './target.ts';

export interface Order {
  /** The request as it goes out. */
  readonly text: string;
  /** When it should have begun. */
  readonly intendedMs: number;
  readonly signal: AbortSignal;
  readonly onSent: (() => void) | undefined;
  readonly onGap: ((ms: number) => void) | undefined;
}

export interface LaneOptions {
  readonly target: Target;
  /** Whether the requests ask for streams. */
  readonly stream: boolean;
  readonly deadlines: Deadlines;
  readonly clock: Clock;
  readonly hangUps: HangUps;
  readonly inbox: Inbox;
}

export class Lane implements Receiver {
  private readonly options: LaneOptions;
  private readonly exchange: Exchange;
  private readonly parser: AnswerParser;
  private readonly timer: Timer;
  /** What the timer is set to. */
  private wakeMs = Number.POSITIVE_INFINITY;
  private socket: Socket | undefined;
  /** The request under way. */
  private order: Order | undefined;
  private resolve: (record: CallRecord) => void = () => {};

  constructor(options: LaneOptions) {
    const { stream, deadlines, clock } = options;
    const onEnd = (record: CallRecord, sound: boolean) => this.ended(record, sound);
    this.options = options;
    this.exchange = new Exchange({ stream, deadlines, clock, onEnd, onDeadline: () => this.arm() });
    this.parser = new AnswerParser(this.exchange);
    this.timer = clock.timer(() => this.wake());
  }

  /** Makes one request; never rejects. */
  send(order: Order): Promise<CallRecord> {
    return new Promise(resolve => {
      this.order = order;
      this.resolve = resolve;
      this.options.hangUps.on(order.signal, this.cancel);
      const draft = this.exchange.begin(order.intendedMs, order.onGap);
      if (this.socket === undefined || !this.write(this.socket, draft, order.text)) this.open(draft, order.text);
      this.arm();
    });
  }

  /** Ends the request under way and closes the connection. */
  close(): void {
    this.exchange.fail({ kind: 'internal', detail: 'the driver was closed' });
    this.drop();
    this.timer.clear();
  }

  private readonly cancel = () => this.exchange.fail({ kind: 'cancelled' });

  private ended(record: CallRecord, sound: boolean): void {
    if (this.order !== undefined) this.options.hangUps.forget(this.order.signal, this.cancel);
    this.order = undefined;
    if (!sound) this.drop();
    this.resolve(record);
  }

  private drop(): void {
    if (this.socket === undefined) return;
    this.socket.destroy();
    this.socket = undefined;
    this.options.inbox.forget(this);
  }

  /** Left as it is where it is early enough: it looks at the request that is under way when it wakes. */
  private arm(): void {
    const due = this.exchange.dueMs();
    if (due >= this.wakeMs) return;
    this.wakeMs = due;
    this.timer.set(due);
  }

  private wake(): void {
    this.wakeMs = Number.POSITIVE_INFINITY;
    this.options.inbox.flush(); // what has come in time counts
    this.exchange.look();
    this.arm();
  }

  /** @returns false when not one byte was sent, because the connection was dead: another one may have the request */
  private write(socket: Socket, draft: Draft, text: string): boolean {
    this.parser.reset();
    draft.sentMs = this.options.clock.now();
    socket.write(text);
    if (socket.errored !== null) return false;
    this.order?.onSent?.();
    return true;
  }

  private open(draft: Draft, text: string): void {
    const { target, clock, inbox } = this.options;
    this.drop();
    draft.reusedConnection = false;
    draft.sentMs = undefined;
    draft.connectMs = clock.now();
    const callback = (length: number) => {
      if (socket === this.socket) inbox.add(this, length);
      return true;
    };
    const socket: Socket = target.open({ buffer: inbox.buffer, callback });
    this.socket = socket;
    /** What has come counts before what has happened, and a socket that was dropped no more. */
    const when = (act: () => void) => {
      inbox.flush();
      if (socket === this.socket) act();
    };
    socket
      .once('lookup', (error: Error | null) => {
        if (!error) draft.dnsMs = clock.now();
      })
      .once('connect', () => {
        draft.tcpMs = clock.now();
      })
      .once(target.secure ? 'secureConnect' : 'connect', () => {
        if (target.secure) draft.tlsMs = clock.now();
        socket.on('end', () => when(() => this.finished()));
        this.write(socket, draft, text);
      })
      .on('error', error => when(() => this.broken(breakOf(error))))
      .on('close', () => when(() => this.broken('closed')));
  }

  read(bytes: Buffer, from: number, to: number, atMs: number): void {
    const progress = this.parser.feed(bytes, from, to, atMs);
    if (progress === 'not_http') this.broken('not_http');
    else if (progress === 'complete') this.complete(atMs);
  }

  private finished(): void {
    if (this.parser.finish()) this.complete(this.options.clock.now());
    else this.broken('closed');
  }

  private complete(atMs: number): void {
    const { exchange, parser, socket } = this;
    const kept = exchange.draft !== undefined && parser.keepAlive && socket?.writableLength === 0;
    exchange.complete(atMs);
    if (!kept) this.drop();
  }

  private broken(how: string): void {
    const { draft } = this.exchange;
    if (draft === undefined) this.drop();
    else this.exchange.fail(failureOf(how, stageOf(draft, this.options.target.secure)));
  }
}

/** How far a request had come: a connection that was opened for it goes through `tcp` and `tls` first. */
function stageOf({ headMs, sentMs, tcpMs }: Draft, secure: boolean): Stage {
  if (headMs !== undefined) return 'reading';
  if (sentMs !== undefined) return 'waiting';
  if (tcpMs === undefined) return 'tcp';
  return secure ? 'tls' : 'waiting';
}
