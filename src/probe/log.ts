/**
 * What happened in a run, a line each, with its time: the page that answers "why". Holds no prompt, no answer, no secret; of a
 * failure the first words that the service has for it.
 */
import { type CallRecord, e2e } from '../core/call/record.ts';
import { formatDuration } from '../core/duration.ts';
import type { Call } from './checks/check.ts';
import { mostLogLines } from './run.ts';
import { gapOf, plainWords, type Verdict } from './verdict.ts';

/** @param clean takes secrets out of what the service says */
export function logOf(calls: readonly Call[], verdict: Verdict, clean: Clean): string[] {
  const from = calls[0]?.record.intendedMs ?? 0;
  const lines = calls.flatMap(call =>
    callLines(call, calls.length > 1, clean).map(([ms, text]) => line(ms - from, text)),
  );
  const ending = [
    ...verdict.warnings.map(({ kind, detail }) => `warning ${kind}: ${detail}`),
    plainWords(verdict) ?? [verdict.state, verdict.detail].filter(word => word !== null).join(': '),
  ];
  return [...shortened(lines, mostLogLines - ending.length), ...ending];
}

type Clean = (text: string) => string;

const mostCharacters = 200;

/** What the service says of its error, on one line. It is cleaned whole: half a secret is none that can be found. */
export function messageOf({ message }: CallRecord, clean: Clean): string | null {
  if (message === undefined) return null;
  const characters = [...clean(message.replace(/\s+/g, ' ').trim())];
  return characters.length > mostCharacters
    ? `${characters.slice(0, mostCharacters - 1).join('')}…`
    : characters.join('');
}

type Line = readonly [atMs: number, text: string];

const line = (ms: number, text: string) => `${ms.toFixed(1).padStart(9)} ms  ${text}`;

function callLines({ label, record, tape, request }: Call, many: boolean, clean: Clean): Line[] {
  const { connectMs, dnsMs, tcpMs, tlsMs, sentMs, headMs, firstTokenMs, firstVisibleMs, lastTokenMs, endMs } = record;
  const at = (ms: number | undefined, text: string): Line[] => (ms === undefined ? [] : [[ms, text]]);
  const { address, port } = tape.peer ?? {};
  const message = messageOf(record, clean);
  const tokens = record.usage === undefined ? '' : `, ${record.usage.total_tokens} tokens`;
  return [
    ...(many ? at(record.intendedMs, `── ${label} ──`) : []),
    ...at(connectMs, 'opening a connection'),
    ...at(dnsMs, 'name resolved'),
    ...at(tcpMs, `connected${address === undefined ? '' : ` to ${address} port ${port}`}`),
    ...at(tlsMs, 'TLS handshake done'),
    ...at(sentMs, `sent ${tape.sent?.method} ${tape.sent?.path}, ${Buffer.byteLength(request.body ?? '')} bytes`),
    ...at(headMs, `head: HTTP ${record.status}${record.logId === undefined ? '' : `, x-log-id ${record.logId}`}`),
    ...at(firstTokenMs, 'first token'),
    ...at(firstVisibleMs, 'first visible token'),
    ...at(lastTokenMs, `last token; ${record.chunks} events, longest silence ${formatDuration(gapOf(record) ?? 0)}`),
    ...(message === null ? [] : at(endMs, `the service says: ${message}`)),
    ...at(endMs, `ended after ${formatDuration(e2e(record))}: ${record.outcome.kind}, ${record.bytes} bytes${tokens}`),
  ];
}

/** The first and the last lines say most. */
function shortened(lines: readonly string[], most: number): readonly string[] {
  if (lines.length <= most) return lines;
  const half = (most - 1) >> 1;
  return [...lines.slice(0, half), `… ${lines.length - 2 * half} lines left out …`, ...lines.slice(-half)];
}
