/** Indicators of the service level: which a check has, and how a run enters them. */
import type { SliName } from './config.ts';
import { type ProbeRun, sliVerdict } from './run.ts';
import type { Slo } from './settings.ts';

/** How a run enters one indicator of the service level. */
export function sliOf(sli: SliName, run: ProbeRun, slo: readonly Slo[] = []): 'good' | 'bad' | 'excluded' {
  const overall = sliVerdict(run);
  if (sli === 'availability') return overall;
  if (sli === 'correctness') {
    if (run.state === 'good') return 'good';
    return run.reason !== null && answered.has(run.reason) ? 'bad' : 'excluded';
  }
  if (overall === 'excluded') return 'excluded';
  const spoiled = run.warnings.some(({ kind }) => kind === 'measurement');
  const { thresholdMs } = slo.find(one => one.sli === sli) ?? {};
  const within = (ms: number | null) =>
    ms === null || thresholdMs === undefined || spoiled ? 'excluded' : ms <= thresholdMs ? 'good' : 'bad';
  const { first_visible_token_ms: tokenMs, max_gap_ms: gapMs } = run.timing;
  // A token that came in time did, however the stream ended; one that never came was not in time.
  if (sli === 'ttfot') return overall === 'bad' && tokenMs === null ? 'bad' : within(tokenMs);
  // A stream that never began cannot be said to have stalled.
  if (overall === 'bad') return run.reason === 'stalled' ? 'bad' : 'excluded';
  return within(gapMs);
}

/** There was an answer, and it was not right. */
const answered: ReadonlySet<string> = new Set([
  'wrong_answer',
  'contract',
  'malformed',
  'reasoning_only',
  'answer_in_reasoning',
  'empty',
  'usage_missing',
]);

/** Availability and correctness of everything; the others where somebody said what is fast enough. */
export const slisOf = ({ slo = [] }: { readonly slo?: readonly Slo[] }): SliName[] => [
  ...new Set<SliName>(['availability', 'correctness', ...slo.map(({ sli }) => sli)]),
];
