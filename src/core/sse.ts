/**
 * Server-sent events in both directions. `frame` writes them as the GLM API does: `data: ` and a blank line, LF, nothing else
 * (glm-api.md §4.1). The parser reads what any server may send, at any split of the bytes.
 */

/** One event as the service frames it. */
export const frame = (data: string) => `data: ${data}\n\n`;

/** The last event of every stream. */
export const done = frame('[DONE]');

export interface SseEvent {
  /** The `event:` field, empty when there was none. */
  readonly event: string;
  readonly data: string;
  readonly id: string | undefined;
}

export interface SseParser {
  feed(bytes: Uint8Array): void;
  /** Forgets everything. @returns true when bytes of an unfinished event were thrown away. */
  reset(): boolean;
}

const CR = 13;
const LF = 10;

/**
 * A push parser after the WHATWG rules: CR, LF or CRLF, comments, several data lines, BOM; an event counts when its
 * blank line arrives. Bytes are decoded a line at a time, so a character split between reads stays whole.
 * @param onEvent called once per event, synchronously from `feed`
 */
export function createSseParser(onEvent: (event: SseEvent) => void): SseParser {
  const decoder = new TextDecoder('utf-8', { ignoreBOM: true });
  let rest: Uint8Array[] = []; // pieces of a line whose end has not arrived
  let data: string | undefined; // lines of the event being read
  let event = '';
  let id: string | undefined;
  let afterCr = false; // the last byte was CR: a LF that follows belongs to it
  let first = true; // before the first line, where a BOM may stand

  const feed = (bytes: Uint8Array) => {
    let start = 0;
    for (let at = 0; at < bytes.length; at++) {
      const byte = bytes[at];
      if (byte !== LF && byte !== CR) continue;
      if (byte === LF && afterCr && at === start && rest.length === 0) {
        start = at + 1;
        afterCr = false;
        continue;
      }
      line(bytes.subarray(start, at));
      afterCr = byte === CR;
      start = at + 1;
    }
    if (start < bytes.length) {
      afterCr = false;
      rest.push(new Uint8Array(bytes.subarray(start))); // a copy: the slice of a Buffer would share its bytes
    }
  };
  const line = (tail: Uint8Array) => {
    let text = decoder.decode(rest.length === 0 ? tail : join(rest, tail));
    if (rest.length > 0) rest = [];
    if (first) {
      first = false;
      if (text.charCodeAt(0) === 0xfeff) text = text.slice(1);
    }
    if (text === '') dispatch();
    else field(text);
  };
  const field = (text: string) => {
    const colon = text.indexOf(':');
    if (colon === 0) return;
    const name = colon < 0 ? text : text.slice(0, colon);
    const value = colon < 0 ? '' : text.slice(text.charCodeAt(colon + 1) === 32 ? colon + 2 : colon + 1);
    if (name === 'data') data = data === undefined ? value : `${data}\n${value}`;
    else if (name === 'event') event = value;
    else if (name === 'id') id = value;
  };
  const dispatch = () => {
    const complete = data;
    const name = event;
    data = undefined;
    event = '';
    if (complete !== undefined) onEvent({ event: name, data: complete, id });
  };
  const reset = () => {
    const lost = data !== undefined || event !== '' || rest.length > 0;
    rest = [];
    data = undefined;
    event = '';
    id = undefined;
    afterCr = false;
    first = true;
    return lost;
  };
  return { feed, reset };
}

function join(list: Uint8Array[], tail: Uint8Array): Uint8Array {
  const whole = new Uint8Array(list.reduce((sum, part) => sum + part.length, tail.length));
  let at = 0;
  for (const part of [...list, tail]) {
    whole.set(part, at);
    at += part.length;
  }
  return whole;
}
