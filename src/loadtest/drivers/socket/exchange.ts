/** One request and what came of it, without the socket: told of an answer piece by piece, it ends in one record. */
import { type Deadlines, missedBy, nextDue } from '../../../core/call/deadlines.ts';
import { expiryOf } from '../../../core/call/failure.ts';
import { asAsked, createBodyReader, mostBytes, tooLarge } from '../../../core/call/reader.ts';
import { type CallRecord, type Draft, newDraft, retryAfterOf } from '../../../core/call/record.ts';
import type { Clock } from '../../../core/clock.ts';
import type { Outcome } from '../../../core/outcome.ts';
import type { AnswerHead, AnswerSink } from './answer-parser.ts';
import { EventReader, type RangeReader } from './event-reader.ts';

export interface ExchangeOptions {
  /** Whether streams are asked for. */
  readonly stream: boolean;
  readonly deadlines: Deadlines;
  readonly clock: Clock;
  /** Called once for each request. @param sound whether the connection is as good as before */
  readonly onEnd: (record: CallRecord, sound: boolean) => void;
  /** A deadline that did not exist before does now. */
  readonly onDeadline: () => void;
}

/** One request at a time; used again for the next, so that little lives as long as a stream. */
export class Exchange implements AnswerSink {
  private readonly options: ExchangeOptions;
  private readonly events = new EventReader();
  private record: Draft = newDraft(0, 0);
  private underWay = false;
  private onGap: ((ms: number) => void) | undefined;
  private reader: RangeReader | undefined;
  private streamed = false;

  constructor(options: ExchangeOptions) {
    this.options = options;
  }

  /** Begins a request. @param intendedMs when it should have begun */
  begin(intendedMs: number, onGap: ((ms: number) => void) | undefined): Draft {
    this.record = newDraft(intendedMs, this.options.clock.now());
    this.onGap = onGap;
    this.reader = undefined;
    this.streamed = false;
    this.underWay = true;
    return this.record;
  }

  /** The record being written; undefined when no request is under way. */
  get draft(): Draft | undefined {
    return this.underWay ? this.record : undefined;
  }

  head({ status, contentType, logId, retryAfter }: AnswerHead, atMs: number): void {
    if (!this.underWay) return;
    const { record } = this;
    record.headMs = atMs;
    record.status = status;
    record.logId = logId;
    if (retryAfter !== undefined) record.retryAfterMs = retryAfterOf(retryAfter, this.options.clock.wall());
    this.streamed = status === 200 && contentType?.startsWith('text/event-stream') === true;
    if (this.streamed) this.events.begin(record, this.onGap);
    this.reader = this.streamed ? this.events : createRangeBodyReader(record);
  }

  body(bytes: Buffer, from: number, to: number, atMs: number): void {
    const { record, reader, options } = this;
    if (!this.underWay || reader === undefined) return;
    record.bytes += to - from;
    if (record.bytes > mostBytes) return this.fail(tooLarge);
    const silent = record.lastTokenMs === undefined;
    const final = reader.feed(bytes, from, to, atMs);
    if (silent && record.lastTokenMs !== undefined && options.deadlines.idle !== undefined) options.onDeadline();
    if (final && !record.done) this.end(reader.end(), false, atMs);
  }

  /** The answer ended as an answer should. @param atMs the stamp of the read that brought its end */
  complete(atMs: number): void {
    if (this.reader !== undefined) this.end(asAsked(this.reader.end(), this.options.stream, this.streamed), true, atMs);
  }

  /** Nothing more can come. An answer that was already complete stays what it was. */
  fail(outcome: Outcome): void {
    this.end(this.reader?.complete ? this.reader.end() : outcome, false, this.options.clock.now());
  }

  private end(outcome: Outcome, sound: boolean, atMs: number): void {
    if (!this.underWay) return;
    this.underWay = false;
    this.record.endMs = atMs;
    this.record.outcome = outcome;
    this.options.onEnd(this.record, sound);
  }

  /** When the next deadline is due on the clock; Infinity when there is none. */
  dueMs(): number {
    const { deadlines, stream } = this.options;
    return this.underWay ? nextDue(this.record, deadlines, stream) : Number.POSITIVE_INFINITY;
  }

  /** Ends the request if a deadline has passed. */
  look(): void {
    const { clock, deadlines, stream } = this.options;
    const name = this.underWay ? missedBy(clock.now(), this.record, deadlines, stream) : undefined;
    if (name === undefined) return;
    if (this.reader?.complete !== true) this.record.deadline = name;
    this.fail(expiryOf(name, deadlines[name]));
  }
}

/** Keeps a copy of every part: the bytes it is told are the next read's. */
function createRangeBodyReader(draft: Draft): RangeReader {
  const reader = createBodyReader(draft, 'completion', {});
  const feed: RangeReader['feed'] = (bytes, from, to, atMs) => {
    reader.feed(Buffer.from(bytes.subarray(from, to)), atMs);
    return false;
  };
  return { feed, complete: false, end: reader.end };
}
