/** What a broken connection or a missed deadline means: whose fault, by how it broke and how far the call had come. */
import { codeOf } from '../errors.ts';
import type { Outcome, Reason } from '../outcome.ts';
import type { DeadlineName } from './record.ts';

/** What the call was doing: opening a connection, securing it, waiting for the head, reading the body. */
export type Stage = 'tcp' | 'tls' | 'waiting' | 'reading';

/**
 * One word for how a connection broke: `closed` (a FIN before the answer was complete), an answer that cannot be read
 * (`not_http`, `long_head`, `not_asked`), or the system's code. undici 8 gives its parser's errors no code, so that one is told by its text.
 */
export function breakOf(error: Error): string {
  if (error.name === 'HTTPParserError') return error.message.includes('EOF') ? 'closed' : 'not_http';
  const code = codeOf(error) ?? 'unknown';
  if (code === 'UND_ERR_HEADERS_OVERFLOW') return 'long_head';
  // An interim answer that was not asked for, or a switch of protocols; by its text, too.
  if (code === 'UND_ERR_SOCKET' && /^bad (response|upgrade)$/.test(error.message)) return 'not_asked';
  return code === 'UND_ERR_SOCKET' || code === 'UND_ERR_RES_CONTENT_LENGTH_MISMATCH' ? 'closed' : code;
}

/** This machine or this program ran out of something. */
const ours = new Set(['EMFILE', 'ENFILE', 'EADDRNOTAVAIL', 'ENOBUFS', 'UND_ERR_INVALID_ARG', 'UND_ERR_DESTROYED']);

/** The stage says more than the code: TLS has dozens of codes, and one stage. */
export function failureOf(how: string, stage: Stage): Outcome {
  if (ours.has(how.replace(/^PROXY_/, ''))) return { kind: 'internal', detail: how };
  // Whatever the stage: what a proxy says comes before the endpoint was reached at all.
  if (how.startsWith('PROXY_')) return { kind: 'tcp', detail: how };
  if (stage === 'tcp') return { kind: unreached(how), detail: how };
  if (stage === 'tls') return { kind: 'tls', detail: how };
  const unreadable = answers.get(how);
  if (unreadable !== undefined) return { kind: 'malformed', detail: unreadable };
  if (how !== 'closed') return { kind: 'reset', detail: how };
  // A FIN inside a body is the other side giving up on the answer.
  if (stage === 'reading') return { kind: 'truncated', detail: 'closed inside the body' };
  return { kind: 'reset', detail: 'closed before an answer' };
}

/** The connection is well; what came over it is not. */
const answers: ReadonlyMap<string, string> = new Map([
  ['not_http', 'not HTTP'],
  ['long_head', 'a response head of more than 16 KiB'],
  // undici ends the connection at an announcement that was not asked for, although RFC 9110 §15.2 lets a server send one.
  ['not_asked', 'HTTP 100 or 101, which nobody asked for'],
]);

function unreached(how: string): Reason {
  if (how === 'ENOTFOUND' || how.startsWith('EAI_')) return 'dns';
  return how === 'ETIMEDOUT' || how === 'UND_ERR_CONNECT_TIMEOUT' ? 'timeout_connect' : 'tcp';
}

/** How a call ends when one of its deadlines fires. */
export const expiryOf = (name: DeadlineName, ms: number | undefined): Outcome => ({
  kind: expiries[name],
  detail: `deadline ${name} of ${ms} ms`,
});

const expiries = {
  connect: 'timeout_connect',
  first_byte: 'timeout_first_byte',
  first_token: 'timeout_first_token',
  idle: 'stalled',
  total: 'timeout_total',
} as const satisfies Record<DeadlineName, Reason>;
