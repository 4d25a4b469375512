/**
 * Finds credentials and blots them out. In text they become `***`; in the bytes of a reply every byte becomes `*`, so
 * that chunk sizes, frames and `content-length` stay true. A reply is looked at as a whole and also as the texts its
 * fields add up to over all frames, because a model that repeats a key does so a few characters at a time.
 */

/** Replaces what looks like a credential, and the secrets known by heart. */
export function redactText(text: string, secrets: Secrets = none): string {
  let rest = 0;
  let clean = '';
  for (const { start, end } of merged(spansOf(text, secrets))) {
    clean += `${text.slice(rest, start)}***`;
    rest = end;
  }
  return clean + text.slice(rest);
}

/** The same for every string and key of a JSON value. @throws {RangeError} when it is nested deeper than any request is */
export function redactValue(value: unknown, secrets: Secrets = none, depth = 0): unknown {
  if (depth > mostDepth) throw new RangeError('nested too deeply');
  if (typeof value === 'string') return redactText(value, secrets);
  if (typeof value !== 'object' || value === null) return value;
  if (Array.isArray(value)) return value.map(item => redactValue(item, secrets, depth + 1));
  return Object.fromEntries(
    Object.entries(value).map(([key, inner]) => [
      redactText(key, secrets),
      typeof inner === 'string' && inner !== '' && credential.test(key)
        ? '***'
        : redactValue(inner, secrets, depth + 1),
    ]),
  );
}

/** Fields that hold a credential by their name, such as the headers of an MCP server in a tool. Not `max_tokens`. */
const credential =
  /^(?:(?:proxy-)?authorization|(?:set-)?cookie|(?:x-)?(?:api|auth|access|private)[-_]?key|(?:access|auth|refresh|id|session|bearer)?[-_]?token|(?:client[-_]?)?secret|passw(?:or)?d|credentials?)$/i;

/** Blots credentials out of a body that came in parts, wherever it was cut. Sizes stay as they are. */
export function redactParts(parts: readonly Uint8Array[], secrets: Secrets = none): Uint8Array[] {
  const whole = Buffer.concat(parts);
  const raw = whole.toString('latin1'); // a character per byte; all credentials are ASCII
  const spans = [...spansOf(raw, secrets), ...spelledOut(raw).flatMap(spelling => spansIn(spelling, secrets))];
  for (const { start, end } of spans) whole.fill('*', start, end);
  let at = 0;
  return parts.map(part => {
    const own = whole.subarray(at, at + part.length);
    at += part.length;
    return own;
  });
}

/** The attributes of a cookie matter to a client, its value to nobody else. */
export const redactCookie = (value: string) => value.replace(/=[^;]*/, '=***');

/** Credentials of a request that have no shape of their own: what stood in its headers and its query. */
export function secretsOf(headers: readonly (readonly [string, string])[], query = ''): Set<string> {
  const named = [...headers, ...new URLSearchParams(query)].filter(([name]) => secretive.test(name));
  const found = named.flatMap(([name, value]) => (/cookie/i.test(name) ? cookieValues(value) : tokenParts(value)));
  return inEverySpelling(found);
}

/** Secrets as they are and as a server may repeat them: in hex, and in base64 wherever they stand in what was encoded. */
export const inEverySpelling = (secrets: Iterable<string>): Set<string> =>
  new Set([...secrets].flatMap(secret => [secret, ...encodingsOf(Buffer.from(secret))]));

/** Texts that are secret whatever they look like. */
export type Secrets = ReadonlySet<string>;

const none: Secrets = new Set();
const mostDepth = 256;
const secretive = /auth|cookie|key|token|secret|session|signature/i;

const cookieValues = (value: string) =>
  value
    .split(';')
    .flatMap(pair => pair.trim().split('=').slice(1))
    .filter(isLong);

/** The token without its scheme, and the secret half of `id.secret`. A JWT is known by its shape. */
function tokenParts(value: string): string[] {
  const token = value.trim().replace(/^(?:bearer|basic|digest|token)\s+/i, '');
  const [, secret = '', ...more] = token.split('.');
  if (more.length === 0) return [token, secret].filter(isLong);
  return jsonInside.test(token) ? [] : [token].filter(isLong);
}

function encodingsOf(secret: Buffer): string[] {
  const hex = secret.toString('hex');
  const sixes = [0, 1, 2].map(before => base64Within(secret, before));
  return [hex, hex.toUpperCase(), ...sixes, ...sixes.map(text => text.replaceAll('+', '-').replaceAll('/', '_'))];
}

/** The characters that hold nothing but the secret. @param before bytes in front of it, beyond a multiple of three */
function base64Within(secret: Buffer, before: number): string {
  const text = Buffer.concat([Buffer.alloc(before), secret]).toString('base64');
  return text.slice(Math.ceil((before * 8) / 6), Math.floor(((before + secret.length) * 8) / 6));
}

/** Shorter ones would blot out ordinary words. */
const isLong = (text: string) => text.length >= 6;

interface Span {
  readonly start: number;
  readonly end: number;
}

/** All lengths are bounded: a megabyte of hex digits must cost neither a pass per digit nor the stack. */
const shapes: readonly RegExp[] = [
  /[0-9a-f]{32}\.\w{16,4096}/gi,
  // A reply may be cut in the middle of a key.
  /[0-9a-f]{32}\.\w{1,15}$/gi,
  /(?<=Bearer\s{1,8})[^\s"'\\<>,;&]{1,8192}/gi,
  // The usual beginning of other vendors' keys.
  /\b(?:sk|pk|rk)-[\w-]{16,512}/g,
  // In addresses: user and password, and parameters that are named like a credential.
  /(?<=:\/\/)[^\s/@"'\\<>]{1,512}(?=@)/g,
  /(?<=[?&](?:(?:api|access|auth)[-_]?)?(?:key|token|secret|signature|password)=)[^\s&#"'\\<>]{1,8192}/gi,
];

const dotted = /(?<![\w-])[\w-]{11,8192}(?:\.[\w-]{1,8192}){2,4}/g;
/** A JSON object in base64url begins with one of these: `{"`, `{ `, `{` and a line's end. */
const jsonInside = /(?:eyJ|eyA|ew[ok])[\w-]*\./;

function spansOf(text: string, secrets: Secrets): Span[] {
  const shaped = shapes.flatMap(shape => Array.from(text.matchAll(shape), spanOf));
  const tokens = Array.from(text.matchAll(dotted))
    .filter(([token]) => jsonInside.test(token))
    .map(spanOf);
  return [
    ...shaped,
    ...tokens,
    ...[...secrets].flatMap(secret => [...occurrences(text, secret), ...cutOff(text, secret)]),
  ];
}

const spanOf = (match: RegExpExecArray): Span => ({ start: match.index, end: match.index + match[0].length });

function occurrences(text: string, secret: string): Span[] {
  const spans: Span[] = [];
  for (let at = text.indexOf(secret); at >= 0; at = text.indexOf(secret, at + secret.length))
    spans.push({ start: at, end: at + secret.length });
  return spans;
}

/** The beginning of a secret at the end of a text that was cut. */
function cutOff(text: string, secret: string): Span[] {
  for (let length = secret.length - 1; length >= 8; length--)
    if (text.endsWith(secret.slice(0, length))) return [{ start: text.length - length, end: text.length }];
  return [];
}

function merged(spans: readonly Span[]): Span[] {
  const list: Span[] = [];
  for (const span of [...spans].sort((a, b) => a.start - b.start)) {
    const last = list.at(-1);
    if (last === undefined || span.start >= last.end) list.push(span);
    else list[list.length - 1] = { start: last.start, end: Math.max(last.end, span.end) };
  }
  return list;
}

/** What the fields of one name say together, and where in the bytes each of its characters stands. */
interface Spelling {
  text: string;
  readonly from: number[];
  readonly to: number[];
}

function spelledOut(raw: string): Spelling[] {
  const spellings = new Map<string, Spelling>();
  const field = /"([^"\\]{1,40})"\s{0,8}:\s{0,8}"/g;
  for (let match = field.exec(raw); match !== null; match = field.exec(raw)) {
    const name = match[1] as string;
    const spelling = spellings.get(name) ?? { text: '', from: [], to: [] };
    spellings.set(name, spelling);
    field.lastIndex = spell(raw, field.lastIndex, spelling);
  }
  return [...spellings.values()];
}

/** Reads a JSON string up to its quote or the end. @returns where it ended */
function spell(raw: string, start: number, spelling: Spelling): number {
  let at = start;
  let text = '';
  while (at < raw.length && raw[at] !== '"') {
    const length = raw[at] !== '\\' ? 1 : raw[at + 1] === 'u' ? 6 : 2;
    text += length === 6 ? String.fromCharCode(Number.parseInt(raw.slice(at + 2, at + 6), 16)) : raw[at + length - 1];
    spelling.from.push(at);
    spelling.to.push(Math.min(at + length, raw.length));
    at += length;
  }
  spelling.text += text;
  return at;
}

const spansIn = ({ text, from, to }: Spelling, secrets: Secrets): Span[] =>
  spansOf(text, secrets).flatMap(({ start, end }) =>
    from.slice(start, end).map((at, i) => ({ start: at, end: to[start + i] as number })),
  );
