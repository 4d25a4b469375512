/**
 * Reads the events of a stream where they lie. Nearly every event of a stream differs from one before it in a single text:
 * the next piece of content or of thinking. So an event is kept as a mold: the same bytes around a sound JSON string mean
 * the same event with another text, and nothing needs to be decoded, parsed or allocated. All other events go to the reader
 * of `core/call`, which is what decides: this one only leaves out work whose result is known (`bench/load.ts`).
 */
import { createStreamReader, noteToken, type ReaderOptions } from '../../../core/call/reader.ts';
import { type Draft, newDraft } from '../../../core/call/record.ts';
import type { Outcome } from '../../../core/outcome.ts';
import { charsIn, stringEnd } from './json-string.ts';

/** Like a reader of `core/call`, but told a range of a larger buffer, of which it keeps nothing. */
export interface RangeReader {
  /** @returns whether the answer is complete, or can only be called bad */
  feed(bytes: Buffer, from: number, to: number, atMs: number): boolean;
  readonly complete: boolean;
  end(): Outcome;
}

/** An event whose text is a hole. */
interface Mold {
  /** From the first byte to the end of the blank line. */
  readonly event: Buffer;
  /** Behind the quote that opens the text, and at the quote that closes it. */
  readonly open: number;
  readonly close: number;
  /** Whether the text is content, whose characters are counted. */
  readonly visible: boolean;
  /** What the event told of the answer; a repeated one would tell the same. */
  readonly told: Told;
}

type Told = Pick<Draft, 'id' | 'model' | 'finishReason' | 'usage'>;

/** Molds made in a row without use, after which a stream is taken for one whose events all differ. */
const patience = 8;

export class EventReader implements RangeReader {
  private draft = newDraft(0, 0);
  private onGap: ReaderOptions['onGap'];
  private mold: Mold | undefined;
  private unused = 0;
  /** No bytes are held of an event that has not ended. */
  private atBorder = true;
  private readonly reader = createStreamReader(this.draft, {});

  /** Starts over with another answer. */
  begin(draft: Draft, onGap: ReaderOptions['onGap']): void {
    this.draft = draft;
    this.onGap = onGap;
    this.mold = undefined;
    this.unused = 0;
    this.atBorder = true;
    this.reader.begin(draft, { onGap });
  }

  get complete(): boolean {
    return this.reader.complete;
  }

  end(): Outcome {
    return this.reader.end();
  }

  feed(bytes: Buffer, from: number, to: number, atMs: number): boolean {
    let at = from;
    let parsed = false;
    while (at < to) {
      const next = this.atBorder && this.mold !== undefined ? this.repeated(this.mold, bytes, at, to, atMs) : -1;
      parsed ||= next < 0;
      at = next < 0 ? this.anyEvent(bytes, at, to, atMs) : next;
    }
    return parsed && this.reader.complete;
  }

  /** @returns where the event ends if it fits the mold, else -1 */
  private repeated({ event, open, close, visible }: Mold, bytes: Buffer, at: number, to: number, atMs: number): number {
    const from = at + open;
    if (to - at < event.length || bytes.compare(event, 0, open, at, from) !== 0) return -1;
    const end = stringEnd(bytes, from, to);
    const next = end + event.length - close;
    if (end <= from || next > to || bytes.compare(event, close, event.length, end, next) !== 0) return -1;
    this.draft.chunks++;
    if (visible) this.draft.visibleChars += charsIn(bytes, from, end);
    noteToken(this.draft, atMs, this.onGap);
    this.unused = 0;
    return next;
  }

  private anyEvent(bytes: Buffer, at: number, to: number, atMs: number): number {
    const end = eventEnd(bytes, at, to);
    const whole = this.atBorder && end > 0;
    const next = end > 0 ? end : to;
    this.atBorder = end > 0;
    this.reader.feed(bytes.subarray(at, next), atMs);
    const { complete } = this.reader;
    if (complete || (this.mold !== undefined && !isStillTold(this.mold.told, this.draft))) this.mold = undefined;
    if (whole && !complete && this.unused < patience) {
      this.unused++;
      this.mold = moldOf(bytes, at, next, this.draft) ?? this.mold;
    }
    return next;
  }
}

const LF = 10;
const CR = 13;

/** @returns just behind the first blank line; -1 when there is none. Lines that end in CR alone are left to the reader. */
function eventEnd(bytes: Buffer, from: number, to: number): number {
  for (let at = from; at < to; at++) {
    if (bytes[at] !== LF) continue;
    const next = bytes[at + 1] === CR ? at + 2 : at + 1;
    if (next < to && bytes[next] === LF) return next + 1;
  }
  return -1;
}

const isStillTold = (told: Told, draft: Draft) =>
  told.id === draft.id &&
  told.model === draft.model &&
  told.finishReason === draft.finishReason &&
  told.usage === draft.usage;

/** A mold of an event that has just been read, if it is one line of data with one text that is its only token. */
function moldOf(bytes: Buffer, from: number, to: number, draft: Draft): Mold | undefined {
  // A byte becomes a character, so that places in the text are places in the bytes; what matters here is ASCII.
  const text = bytes.toString('latin1', from, to);
  const [, begin = '', json = ''] = /^(data: ?)(\{[^\r\n]*\})\r?\n\r?\n$/.exec(text) ?? [];
  const { id, model, finishReason, usage, firstVisibleMs } = draft;
  for (const name of ['reasoning_content', 'content'] as const) {
    const visible = name === 'content';
    // Before the first visible text it matters what the text is: white space is not visible.
    if (visible && firstVisibleMs === undefined) continue;
    const key = json.indexOf(`"${name}":`);
    const quote = key < 0 ? -1 : json.indexOf('"', key + name.length + 3);
    const open = begin.length + quote + 1;
    const close = quote < 0 ? -1 : stringEnd(bytes, from + open, to) - from;
    if (close <= open || !isOnlyToken(json, open - begin.length, close - begin.length, name)) continue;
    return {
      event: Buffer.from(bytes.subarray(from, to)),
      open,
      close,
      visible,
      told: { id, model, finishReason, usage },
    };
  }
  return undefined;
}

/**
 * Whether the text between two places is the event's token, and its only one. Proved by putting another in its place that
 * is longer than the event, so that it cannot have come from anywhere else.
 */
function isOnlyToken(json: string, from: number, to: number, name: 'reasoning_content' | 'content'): boolean {
  const proof = 'x'.repeat(json.length + 1);
  try {
    const { choices } = JSON.parse(`${json.slice(0, from)}${proof}${json.slice(to)}`);
    const { content, reasoning_content: thought, tool_calls: calls } = choices[0].delta;
    const [text, other] = name === 'content' ? [content, thought] : [thought, content];
    const alone = (typeof other !== 'string' || other === '') && !(Array.isArray(calls) && calls.length > 0);
    return Array.isArray(choices) && text === proof && alone;
  } catch {
    // Not JSON, or not a chunk: then it is nothing that will be repeated.
    return false;
  }
}
