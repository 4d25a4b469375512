/** One exchange while it happens, and the line it becomes: the only way into a cassette, so what is not kept ends here. */
import { chunkOf, type RecordedExchange, type RecordedRequest, type RecordedResponse } from './cassette.ts';
import { cleanBody, fingerprintOf } from './fingerprint.ts';
import { isHop, pairsOf } from './hop.ts';
import { redactCookie, redactParts, redactText, type Secrets, secretsOf } from './redaction.ts';

/** What the recorder notes. Times in ms since the request left for the upstream. */
export interface Take {
  readonly n: number;
  readonly wallMs: number;
  readonly base: string;
  readonly method: string;
  readonly path: string;
  readonly query: string;
  readonly headers: readonly (readonly [string, string])[];
  readonly body: string;
  head: { readonly atMs: number; readonly status: number; readonly headers: readonly string[] } | undefined;
  readonly parts: { readonly atMs: number; readonly bytes: Uint8Array }[];
  /** Bytes of the answer, kept or not. */
  bytes?: number;
}

export function exchangeOf(
  take: Take,
  ending: RecordedResponse['ending'],
  endMs: number,
  secrets: Secrets,
): RecordedExchange {
  const { n, wallMs, base } = take;
  return {
    version: 1,
    at: new Date(wallMs).toISOString(),
    n,
    base,
    request: requestOf(take, secrets),
    response: responseOf(take, ending, endMs, secrets),
  };
}

function requestOf({ method, path, query, headers, body }: Take, secrets: Secrets): RecordedRequest {
  const clean = cleanBody(body, secrets);
  // A replay knows only the credentials of the call itself, so the fingerprint may not depend on those of others.
  const own = cleanBody(body, secretsOf(headers, query));
  return {
    method,
    path: redactText(path, secrets).replace(/(?<=\/)[^/.]{4,}\.[^/]{8,}(?=\/)/g, '***'), // a key in front of the path
    query: [...new URLSearchParams(query).keys()].map(name => redactText(name, secrets)),
    headers: Object.fromEntries(
      headers
        .filter(([name]) => meaningful.has(name.toLowerCase()))
        .map(([name, value]) => [name.toLowerCase(), redactText(value, secrets)]),
    ),
    ...clean,
    fingerprint: fingerprintOf(own),
  };
}

/** Those that an answer may depend on: its language and its form. Who called is nobody's business. */
const meaningful = new Set(['accept', 'accept-language', 'content-type']);

function responseOf(
  { head, parts }: Take,
  ending: RecordedResponse['ending'],
  endMs: number,
  secrets: Secrets,
): RecordedResponse {
  const clean = redactParts(
    parts.map(({ bytes }) => bytes),
    secrets,
  );
  return {
    ...(head && { status: head.status }),
    headMs: fine(head?.atMs ?? endMs),
    headers: (head === undefined ? [] : pairsOf(head.headers)).flatMap(pair => headerOf(pair, secrets)),
    chunks: parts.map(({ atMs }, i) => chunkOf(fine(atMs), clean[i] as Uint8Array)),
    ending,
    endMs: fine(endMs),
  };
}

/** `x-log-id` stays: it names the call to the vendor's support, and the body says the same. */
function headerOf([name, value]: readonly [string, string], secrets: Secrets): string[] {
  if (isHop(name)) return [];
  if (/^set-cookie$/i.test(name)) return [name, redactCookie(value)];
  return [name, /auth|cookie|key|token|secret|session/i.test(name) ? '***' : redactText(value, secrets)];
}

/** Microseconds are finer than any network. */
const fine = (ms: number) => Math.max(0, Math.round(ms * 1000) / 1000);
