/** Indicators of the service level: which a check has, and how a run enters them. */
import type { SliName } from './config.ts';
import { latencyOf, type ProbeRun, sliVerdict } from './run.ts';
import type { Slo } from './settings.ts';

/** How a run enters one indicator of the service level. */
export function sliOf(sli: SliName, run: ProbeRun, slo: readonly Slo[] = []): 'good' | 'bad' | 'excluded' {
  const overall = sliVerdict(run);
  if (sli === 'availability') return overall;
  if (sli === 'correctness') {
    if (run.state === 'good') return 'good';
    return run.reason !== null && answered.has(run.reason) ? 'bad' : 'excluded';
  }
  const { thresholdMs } = slo.find(one => one.sli === sli) ?? {};
  const ms = sli === 'ttfot' ? run.timing.first_visible_token_ms : run.timing.max_gap_ms;
  // An answer that never came was not in time; a stream that never began cannot be said to have stalled.
  if (overall === 'bad') return sli === 'ttfot' || run.reason === 'stalled' ? 'bad' : 'excluded';
  if (overall === 'excluded' || latencyOf(run) === null || ms === null || thresholdMs === undefined) return 'excluded';
  return ms <= thresholdMs ? 'good' : 'bad';
}

/** There was an answer, and it was not right. */
const answered: ReadonlySet<string> = new Set([
  ...['wrong_answer', 'contract', 'malformed', 'reasoning_only', 'answer_in_reasoning', 'empty', 'usage_missing'],
]);

/** Availability and correctness of everything; the others where somebody said what is fast enough. */
export const slisOf = ({ slo = [] }: { readonly slo?: readonly Slo[] }): SliName[] => [
  ...new Set<SliName>(['availability', 'correctness', ...slo.map(({ sli }) => sli)]),
];
