/** What a search found, as a table and in plain words. */
import type { CapacityResult } from '../capacity.ts';
import type { LimitResult } from '../limit-finder.ts';
import type { Usl } from '../stats/usl.ts';

interface Asked {
  readonly by: 'concurrency' | 'rate';
  readonly attainment: number;
}

export function capacityText({ kind, level, interval, tried, usl }: CapacityResult, { by, attainment }: Asked): string {
  const unit = by === 'rate' ? 'requests per second' : 'requests under way';
  const share = `${+(attainment * 100).toFixed(2)} %`;
  const rows = tried.map(({ level, requests, good, throughput, verdict, bounds }) =>
    [
      String(level).padStart(10),
      verdict.padEnd(8),
      `${((100 * good) / Math.max(1, requests)).toFixed(1)} % good`.padStart(14),
      `[${percent(bounds[0])}–${percent(bounds[1])}]`.padStart(16),
      `${throughput.toFixed(1)}/s`.padStart(12),
      `n ${requests}`.padStart(8),
    ].join('  '),
  );
  return [sentence(kind, level, interval, unit, share), ...uslLines(usl), '', ...rows].join('\n');
}

const percent = (share: number) => `${(100 * share).toFixed(1)}`;

function sentence(
  kind: CapacityResult['kind'],
  level: number | null,
  [passed, failed]: CapacityResult['interval'],
  unit: string,
  share: string,
): string {
  if (kind === 'none' || level === null) return `Not even the first level keeps the SLO for ${share} of requests.`;
  if (kind === 'at_least')
    return `At least ${level} ${unit} keep the SLO for ${share} of requests: no level that was allowed failed.`;
  const upper = failed === null ? 'no level was clearly too high' : `${failed} are clearly too many`;
  return `${passed} ${unit} keep the SLO for ${share} of requests; ${upper}.`;
}

function uslLines(usl: Usl): string[] {
  if (usl.kind === 'degenerate') return [`Whether throughput bends cannot be told: ${usl.why}.`];
  const { knee, extrapolated, ci } = usl;
  if (knee === null) return ['Throughput only rises in what was tried.'];
  const bounds =
    ci.knee === null ? '' : ` [${Math.round(ci.knee[0])}–${ci.knee[1] === null ? '?' : Math.round(ci.knee[1])}]`;
  const guess = extrapolated ? ', beyond what was tried' : '';
  return [`Throughput bends at about ${Math.round(knee)}${bounds} requests under way${guess}.`];
}

export function limitText(result: LimitResult): string {
  switch (result.kind) {
    case 'found':
      return `The account answers ${result.ceiling} requests in flight; one more is refused with 1302.`;
    case 'at_least':
      return `The account answers at least ${result.ceiling} requests in flight, the most that were allowed here.`;
    case 'below':
      return `Even ${result.ceiling + 1} requests in flight are refused with 1302.`;
    case 'unclear':
      return `Unclear: the limit lies between ${result.low} and ${result.high}; ${result.why}.`;
  }
}
