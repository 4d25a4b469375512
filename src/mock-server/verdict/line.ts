/** One request in one line, for messages. */
import { outcomeOf, type ScenarioOutcome } from './outcome.ts';
import type { Seen } from './seen.ts';

/** Such as `#3 POST /api/paas/v4/chat/completions glm-4.6 stream 429 1302 rate_limited 12 ms`. */
function requestLine(entry: Seen, scenarios?: readonly ScenarioOutcome[]): string {
  const { n, method, path, keyId, model, stream, status, code, durationMs, faults } = entry;
  return [
    `#${n} ${method} ${path}`,
    ...(model === undefined ? [] : [model]),
    ...(stream ? ['stream'] : []),
    ...(keyId === undefined ? [] : [`key ${shortened(keyId)}`]),
    String(status),
    ...(code === 'none' ? [] : [code]),
    outcomeOf(entry, scenarios),
    `${Math.round(durationMs)} ms`,
    ...(faults.length === 0 ? [] : [`[${faults.join(' ')}]`]),
  ].join(' ');
}

/** Enough of a key's id to tell two apart. */
const shortened = (keyId: string) => (keyId.length > 12 ? `${keyId.slice(0, 8)}…` : keyId);

const most = 50;

/** A line per request, the latest fifty. */
export function requestLines(entries: readonly Seen[]): string {
  if (entries.length === 0) return '  nothing';
  const left = entries.length - most;
  const lines = entries.slice(-most).map(entry => `  ${requestLine(entry)}`);
  return [...(left > 0 ? [`  … ${left} before`] : []), ...lines].join('\n');
}
