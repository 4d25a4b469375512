/**
 * Reads HTTP/1.1 answers where they lie: the bytes are those of the socket's one buffer, parts of the body are told as
 * ranges of it, and a chunk costs no object (`bench/load.ts`). Lenient where senders in the field are: lines that end in
 * LF alone, folded headers, spaces after a chunk's size, extensions, trailers, 1xx answers. Strict where a guess would
 * hide a fault: two lengths, control characters, sizes that are no numbers.
 */

/** What is wanted of a head. */
export interface AnswerHead {
  readonly status: number;
  /** The first header of that name, trimmed; undefined when there was none. */
  readonly contentType: string | undefined;
  readonly logId: string | undefined;
  readonly retryAfter: string | undefined;
}

export interface AnswerSink {
  /** Called for the final answer; 1xx answers before it are skipped. */
  head(head: AnswerHead, atMs: number): void;
  /** Called for a part of the body; the bytes are good only during the call. */
  body(bytes: Buffer, from: number, to: number, atMs: number): void;
}

/** `more`: the answer goes on. `complete`: it has ended. `not_http`: these are not the bytes of an answer. */
export type Progress = 'more' | 'complete' | 'not_http';

/** What the next byte belongs to. All but the three kinds of body are read line by line. */
type State =
  | 'status'
  | 'header'
  | 'size'
  | 'chunk'
  | 'chunk_end'
  | 'trailer'
  | 'fixed'
  | 'open'
  | 'complete'
  | 'broken';

/** Longest head, or line elsewhere, in bytes. */
const mostHeadBytes = 64 * 1024;

const LF = 10;
const CR = 13;
const SPACE = 32;
const TAB = 9;
const COLON = 58;
const SEMICOLON = 59;

/**
 * A class, as are its neighbours on the hot path: a closure for each method of each connection is memory that the processor
 * has to fetch for every event, and with a thousand streams that costs more than the work (`bench/load.ts`).
 */
export class AnswerParser {
  private readonly sink: AnswerSink;
  private state: State = 'status';
  /** Bytes of this chunk, or of the body, that have not come. */
  private left = 0;
  /** A line whose end has not come. */
  private carry = nothing;
  private carried = 0;
  /** Of the head, or of the line that is being read behind it. */
  private lineBytes = 0;
  private answer = newHead();

  constructor(sink: AnswerSink) {
    this.sink = sink;
  }

  /** Whether the connection may serve another request; known when the answer is complete. */
  get keepAlive(): boolean {
    return this.answer.keepAlive;
  }

  /** Starts over, for the next answer. */
  reset(): void {
    this.state = 'status';
    this.left = this.carried = this.lineBytes = 0;
    this.answer = newHead();
  }

  /** The other side has closed: @returns whether that is how this answer ends. */
  finish(): boolean {
    if (this.state !== 'open') return false;
    this.state = 'complete';
    return true;
  }

  /** @param atMs the stamp of the read that the bytes came with, which the sink is told */
  feed(bytes: Buffer, from: number, to: number, atMs: number): Progress {
    let at = from;
    while (at < to) {
      if (this.state === 'chunk' || this.state === 'fixed') at = this.sized(bytes, at, to, atMs);
      else if (this.state === 'open') {
        this.sink.body(bytes, at, to, atMs);
        at = to;
      } else if (this.state === 'complete') {
        this.answer.keepAlive = false; // what follows an answer unasked makes the connection useless, not the answer
        return 'complete';
      } else if (this.state === 'broken') {
        return 'not_http';
      } else at = this.lineFrom(bytes, at, to, atMs);
    }
    if (this.state === 'complete') return 'complete';
    return this.state === 'broken' ? 'not_http' : 'more';
  }

  /** A part of the body whose length is known. */
  private sized(bytes: Buffer, at: number, to: number, atMs: number): number {
    const end = at + this.left < to ? at + this.left : to;
    this.sink.body(bytes, at, end, atMs);
    this.left -= end - at;
    if (this.left === 0) this.state = this.state === 'chunk' ? 'chunk_end' : 'complete';
    return end;
  }

  /** @returns where the next line begins */
  private lineFrom(bytes: Buffer, from: number, to: number, atMs: number): number {
    let end = from;
    while (end < to && bytes[end] !== LF) end++;
    this.lineBytes += end - from;
    if (this.lineBytes > mostHeadBytes) this.state = 'broken';
    else if (end === to) {
      this.keep(bytes, from, end);
      if (!promising(this.state, this.carry, this.carried)) this.state = 'broken';
    } else if (this.carried === 0) this.line(bytes, from, withoutCr(bytes, from, end), atMs);
    else {
      this.keep(bytes, from, end);
      const whole = this.carried;
      this.carried = 0;
      this.line(this.carry, 0, withoutCr(this.carry, 0, whole), atMs);
    }
    return end + 1 < to ? end + 1 : to;
  }

  private keep(bytes: Buffer, from: number, to: number): void {
    const size = this.carried + to - from;
    if (size > this.carry.length) {
      const larger = Buffer.alloc(Math.max(256, 2 * size));
      this.carry.copy(larger, 0, 0, this.carried);
      this.carry = larger;
    }
    bytes.copy(this.carry, this.carried, from, to);
    this.carried = size;
  }

  private line(bytes: Buffer, from: number, to: number, atMs: number): void {
    if (this.state === 'size') this.chunkSize(bytes, from, to);
    else if (this.state === 'chunk_end') this.state = from === to ? 'size' : 'broken';
    else if (this.state === 'status') this.statusLine(bytes, from, to);
    else if (from < to) this.fieldLine(bytes, from, to);
    else if (this.state === 'header') this.headEnd(atMs);
    else this.state = 'complete';
  }

  private chunkSize(bytes: Buffer, from: number, to: number): void {
    let at = from;
    let size = 0;
    for (let digit = hexDigit(bytes[at]); at < to && digit >= 0; digit = hexDigit(bytes[++at]))
      size = size * 16 + digit;
    const some = at > from && size <= Number.MAX_SAFE_INTEGER;
    while (at < to && isBlank(bytes[at])) at++;
    const sound = some && (at === to || (bytes[at] === SEMICOLON && isText(bytes, at, to)));
    this.left = size;
    this.lineBytes = 0;
    if (!sound) this.state = 'broken';
    else this.state = size === 0 ? 'trailer' : 'chunk';
  }

  private statusLine(bytes: Buffer, from: number, to: number): void {
    if (from === to) return; // empty lines before an answer are a known habit
    const text = textOf(bytes, from, Math.min(to, from + 13));
    const [, version, digits] = /^HTTP\/(\d\.\d) ([1-9]\d\d)(?: |$)/.exec(text) ?? [];
    this.answer.status = Number(digits);
    this.answer.keepAlive = version !== undefined && version >= '1.1';
    this.state = version === undefined ? 'broken' : 'header';
  }

  private fieldLine(bytes: Buffer, from: number, to: number): void {
    const folded = isBlank(bytes[from]);
    const colon = folded ? from : nameEnd(bytes, from, to);
    if (colon < 0 || !isText(bytes, colon, to)) this.state = 'broken';
    else if (this.state === 'trailer') return;
    else if (folded) this.unfold(textOf(bytes, from, to));
    else {
      const { fields } = this.answer;
      const name = wantedName(bytes, from, colon);
      this.answer.last = name;
      if (name !== undefined) fields[name] = [...(fields[name] ?? []), textOf(bytes, colon + 1, to)];
    }
  }

  /** A line that begins with white space goes on with the value before it. */
  private unfold(text: string): void {
    const { last, fields } = this.answer;
    if (last === '') this.state = 'broken';
    const values = last === undefined || last === '' ? undefined : fields[last];
    if (values !== undefined) values.push(`${values.pop()} ${text}`);
  }

  private headEnd(atMs: number): void {
    this.lineBytes = 0;
    const framing = framingOf(this.answer);
    if (framing === undefined) this.state = 'broken';
    else if (this.answer.status < 200) this.reset();
    else {
      const { status, fields, keepAlive } = this.answer;
      this.answer.keepAlive = framing !== 'open' && keptAlive(keepAlive, fields.connection);
      this.left = typeof framing === 'number' ? framing : 0;
      this.state = typeof framing === 'number' ? (framing === 0 ? 'complete' : 'fixed') : framing;
      const told = { contentType: fields['content-type']?.[0], logId: fields['x-log-id']?.[0] };
      this.sink.head({ status, ...told, retryAfter: fields['retry-after']?.[0] }, atMs);
    }
  }
}

const nothing = Buffer.alloc(0);

const wanted = [
  'content-length',
  'transfer-encoding',
  'connection',
  'content-type',
  'x-log-id',
  'retry-after',
] as const;
type Wanted = (typeof wanted)[number];

interface Head {
  status: number;
  keepAlive: boolean;
  /** The header a folded line would go on with: undefined for one that is not wanted, empty before the first. */
  last: Wanted | undefined | '';
  /** In the order they came. */
  readonly fields: Partial<Record<Wanted, string[]>>;
}

const newHead = (): Head => ({ status: 0, keepAlive: false, last: '', fields: {} });

/** How the body ends: at a length, by its last chunk, or with the connection; RFC 9112 §6.3. Undefined: nobody can tell. */
function framingOf({ status, fields }: Head): number | 'size' | 'open' | undefined {
  const encoding = fields['transfer-encoding']?.join();
  const lengths = fields['content-length'];
  const length = lengths?.[0];
  if (lengths?.some(other => other !== length)) return undefined;
  if (length !== undefined && (encoding !== undefined || !/^\d{1,15}$/.test(length))) return undefined;
  if (status === 101) return undefined; // another protocol, which nobody asked for
  if (status < 200 || status === 204 || status === 304) return 0;
  if (encoding !== undefined) return /(^|[,\s])chunked\s*$/i.test(encoding) ? 'size' : 'open';
  return length === undefined ? 'open' : Number(length);
}

function keptAlive(standard: boolean, values: readonly string[] | undefined): boolean {
  if (values === undefined) return standard;
  const words = values
    .join()
    .toLowerCase()
    .split(/[\s,]+/);
  return !words.includes('close') && (standard || words.includes('keep-alive'));
}

const withoutCr = (bytes: Buffer, from: number, end: number) => (end > from && bytes[end - 1] === CR ? end - 1 : end);

const isBlank = (byte: number | undefined) => byte === SPACE || byte === TAB;

const textOf = (bytes: Buffer, from: number, to: number) => bytes.toString('latin1', from, to).trim();

/** Whether there are no control characters. */
function isText(bytes: Buffer, from: number, to: number): boolean {
  for (let i = from; i < to; i++) if ((bytes[i]! < SPACE && bytes[i] !== TAB) || bytes[i] === 127) return false;
  return true;
}

/** Which bytes a header's name may have; RFC 9110 §5.6.2. */
const isToken = Uint8Array.from({ length: 256 }, (_, byte) =>
  /[\w!#$%&'*+.^`|~-]/.test(String.fromCharCode(byte)) ? 1 : 0,
);

/** @returns where the colon behind a name is; -1 when this is no header */
function nameEnd(bytes: Buffer, from: number, to: number): number {
  let at = from;
  while (at < to && isToken[bytes[at]!] === 1) at++;
  return at > from && at < to && bytes[at] === COLON ? at : -1;
}

function wantedName(bytes: Buffer, from: number, to: number): Wanted | undefined {
  for (const name of wanted) if (name.length === to - from && isNamed(name, bytes, from)) return name;
  return undefined;
}

/** Tokens have no bytes that bit 5 would make look like other ones of ours. */
function isNamed(name: string, bytes: Buffer, from: number): boolean {
  for (let i = 0; i < name.length; i++) if ((bytes[from + i]! | 0x20) !== name.charCodeAt(i)) return false;
  return true;
}

function hexDigit(byte: number | undefined): number {
  if (byte === undefined) return -1;
  if (byte >= 48 && byte <= 57) return byte - 48;
  const letter = byte | 0x20;
  return letter >= 97 && letter <= 102 ? letter - 87 : -1;
}

/** Whether a line that has not ended can still be what is expected: a server that speaks otherwise is not waited for. */
function promising(state: State, bytes: Buffer, length: number): boolean {
  if (state === 'size') return hexDigit(bytes[0]) >= 0;
  if (state === 'chunk_end') return length === 1 && bytes[0] === CR;
  return state !== 'status' || bytes[0] === CR || 'HTTP/'.startsWith(bytes.toString('latin1', 0, Math.min(length, 5)));
}
