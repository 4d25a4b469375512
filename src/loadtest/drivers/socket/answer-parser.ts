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
  head(head: AnswerHead): void;
  /** Called for a part of the body; the bytes are good only during the call. */
  body(bytes: Buffer, from: number, to: number): void;
}

/** `more`: the answer goes on. `complete`: it has ended. `not_http`: these are not the bytes of an answer. */
export type Progress = 'more' | 'complete' | 'not_http';

export interface AnswerParser {
  /** Reads the first `length` bytes. */
  feed(bytes: Buffer, length: number): Progress;
  /** The other side has closed: @returns whether that is how this answer ends. */
  finish(): boolean;
  /** Whether the connection may serve another request; known when the answer is complete. */
  readonly keepAlive: boolean;
  /** Starts over, for the next answer. */
  reset(): void;
}

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

/** Long because every byte passes through here: the states share their variables, and a chunk is a few comparisons. */
export function createAnswerParser(sink: AnswerSink): AnswerParser {
  let state: State = 'status';
  let left = 0; // bytes of this chunk, or of the body, that have not come
  let carry = Buffer.alloc(0); // a line whose end has not come
  let carried = 0;
  let lineBytes = 0; // of the head, or of the line that is being read behind it
  let head = newHead();

  const feed = (bytes: Buffer, length: number): Progress => {
    let at = 0;
    while (at < length) {
      if (state === 'chunk' || state === 'fixed') {
        const end = at + left < length ? at + left : length;
        sink.body(bytes, at, end);
        left -= end - at;
        at = end;
        if (left === 0) state = state === 'chunk' ? 'chunk_end' : 'complete';
      } else if (state === 'open') {
        sink.body(bytes, at, length);
        at = length;
      } else if (state === 'complete') {
        head.keepAlive = false; // what follows an answer unasked makes the connection useless, not the answer
        return 'complete';
      } else if (state === 'broken') {
        return 'not_http';
      } else {
        at = lineFrom(bytes, at, length);
      }
    }
    if (state === 'complete') return 'complete';
    return state === 'broken' ? 'not_http' : 'more';
  };

  /** @returns where the next line begins */
  const lineFrom = (bytes: Buffer, from: number, length: number): number => {
    let end = from;
    while (end < length && bytes[end] !== LF) end++;
    lineBytes += end - from;
    if (lineBytes > mostHeadBytes) state = 'broken';
    else if (end === length) {
      keep(bytes, from, end);
      if (!promising(state, carry, carried)) state = 'broken';
    } else if (carried === 0) line(bytes, from, withoutCr(bytes, from, end));
    else {
      keep(bytes, from, end);
      const whole = carried;
      carried = 0;
      line(carry, 0, withoutCr(carry, 0, whole));
    }
    return end + 1 < length ? end + 1 : length;
  };
  const keep = (bytes: Buffer, from: number, to: number) => {
    const size = carried + to - from;
    if (size > carry.length) {
      const larger = Buffer.alloc(Math.max(256, 2 * size));
      carry.copy(larger, 0, 0, carried);
      carry = larger;
    }
    bytes.copy(carry, carried, from, to);
    carried = size;
  };

  const line = (bytes: Buffer, from: number, to: number) => {
    if (state === 'size') chunkSize(bytes, from, to);
    else if (state === 'chunk_end') state = from === to ? 'size' : 'broken';
    else if (state === 'status') statusLine(bytes, from, to);
    else if (from < to) fieldLine(bytes, from, to);
    else if (state === 'header') headEnd();
    else state = 'complete';
  };
  const chunkSize = (bytes: Buffer, from: number, to: number) => {
    let at = from;
    let size = 0;
    for (let digit = hexDigit(bytes[at]); at < to && digit >= 0; digit = hexDigit(bytes[++at]))
      size = size * 16 + digit;
    const some = at > from && size <= Number.MAX_SAFE_INTEGER;
    while (at < to && isBlank(bytes[at])) at++;
    const sound = some && (at === to || (bytes[at] === SEMICOLON && isText(bytes, at, to)));
    left = size;
    lineBytes = 0;
    if (!sound) state = 'broken';
    else state = size === 0 ? 'trailer' : 'chunk';
  };
  const statusLine = (bytes: Buffer, from: number, to: number) => {
    if (from === to) return; // empty lines before an answer are a known habit
    const [, version, digits] =
      /^HTTP\/(\d\.\d) ([1-9]\d\d)(?: |$)/.exec(textOf(bytes, from, Math.min(to, from + 13))) ?? [];
    if (version === undefined) {
      state = 'broken';
      return;
    }
    head.status = Number(digits);
    head.keepAlive = version >= '1.1';
    state = 'header';
  };
  const fieldLine = (bytes: Buffer, from: number, to: number) => {
    const folded = isBlank(bytes[from]);
    const colon = folded ? from : nameEnd(bytes, from, to);
    if (colon < 0 || !isText(bytes, colon, to)) state = 'broken';
    else if (state === 'trailer') return;
    else if (folded) unfold(textOf(bytes, from, to));
    else {
      const name = wantedName(bytes, from, colon);
      head.last = name;
      if (name !== undefined) head.fields[name] = [...(head.fields[name] ?? []), textOf(bytes, colon + 1, to)];
    }
  };
  /** A line that begins with white space goes on with the value before it. */
  const unfold = (text: string) => {
    if (head.last === '') state = 'broken';
    const values = head.last === undefined || head.last === '' ? undefined : head.fields[head.last];
    if (values !== undefined) values.push(`${values.pop()} ${text}`);
  };
  const headEnd = () => {
    lineBytes = 0;
    const framing = framingOf(head);
    if (framing === undefined) {
      state = 'broken';
    } else if (head.status < 200) {
      state = 'status';
      head = newHead();
    } else {
      const { status, fields } = head;
      head.keepAlive = framing !== 'open' && keptAlive(head.keepAlive, fields.connection);
      left = typeof framing === 'number' ? framing : 0;
      state = typeof framing === 'number' ? (framing === 0 ? 'complete' : 'fixed') : framing;
      sink.head({
        status,
        contentType: fields['content-type']?.[0],
        logId: fields['x-log-id']?.[0],
        retryAfter: fields['retry-after']?.[0],
      });
    }
  };

  const reset = () => {
    state = 'status';
    left = carried = lineBytes = 0;
    head = newHead();
  };
  const finish = () => {
    if (state !== 'open') return false;
    state = 'complete';
    return true;
  };
  return {
    feed,
    finish,
    reset,
    get keepAlive() {
      return head.keepAlive;
    },
  };
}

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
  const lengths = new Set(fields['content-length']?.map(text => text.trim()));
  const [length, other] = lengths;
  if (other !== undefined || (length !== undefined && (encoding !== undefined || !/^\d{1,15}$/.test(length))))
    return undefined;
  if (status === 101) return undefined; // another protocol, which nobody asked for
  if (status < 200 || status === 204 || status === 304) return 0;
  if (encoding !== undefined) return /(^|[,\s])chunked\s*$/i.test(encoding) ? 'size' : 'open';
  return length === undefined ? 'open' : Number(length);
}

function keptAlive(standard: boolean, values: readonly string[] = []): boolean {
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
