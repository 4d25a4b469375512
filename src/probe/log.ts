/** What happened in a run, a line each, with its time: the page that answers "why". Holds no prompt, no answer, no secret. */
import { e2e } from '../core/call/record.ts';
import { formatDuration } from '../core/duration.ts';
import type { Call } from './checks/check.ts';
import { mostLogLines } from './run.ts';
import { gapOf, plainWords, type Verdict } from './verdict.ts';

export function logOf(calls: readonly Call[], verdict: Verdict): string[] {
  const from = calls[0]?.record.intendedMs ?? 0;
  const lines = calls.flatMap(call => callLines(call, calls.length > 1).map(([ms, text]) => line(ms - from, text)));
  const ending = [
    ...verdict.warnings.map(({ kind, detail }) => `warning ${kind}: ${detail}`),
    plainWords(verdict) ?? 'good',
  ];
  return [...shortened(lines, mostLogLines - ending.length), ...ending];
}

type Line = readonly [atMs: number, text: string];

const line = (ms: number, text: string) => `${ms.toFixed(1).padStart(9)} ms  ${text}`;

function callLines({ label, record, tape, request }: Call, many: boolean): Line[] {
  const { connectMs, dnsMs, tcpMs, tlsMs, sentMs, headMs, firstTokenMs, firstVisibleMs, lastTokenMs, endMs } = record;
  const at = (ms: number | undefined, text: string): Line[] => (ms === undefined ? [] : [[ms, text]]);
  const { address, port } = tape.peer ?? {};
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
    ...at(endMs, `ended after ${formatDuration(e2e(record))}: ${record.outcome.kind}, ${record.bytes} bytes${tokens}`),
  ];
}

/** The first and the last lines say most. */
function shortened(lines: readonly string[], most: number): readonly string[] {
  if (lines.length <= most) return lines;
  const half = (most - 1) >> 1;
  return [...lines.slice(0, half), `… ${lines.length - 2 * half} lines left out …`, ...lines.slice(-half)];
}
