/** Judges a client by what the journal shows of it. Pure: the same journal gives the same findings. */
import { type Finding, type Severity, severities } from './finding.ts';
import type { Limits } from './limits.ts';
import { wordOf } from './outcome.ts';
import { noBackoff } from './rules/backoff.ts';
import { acceptedBadFinish } from './rules/bad-finish.ts';
import { connectionPerCall } from './rules/connections.ts';
import { gaveUp } from './rules/gave-up.ts';
import { noJitter } from './rules/jitter.ts';
import { keyInUrl } from './rules/key-in-url.ts';
import { retriedNonRetryable } from './rules/non-retryable.ts';
import { retryStorm } from './rules/storm.ts';
import { noTimeout } from './rules/timeout.ts';
import { toolSideEffectsDoubled } from './rules/tools.ts';
import { acceptedTruncated } from './rules/truncated.ts';
import type { Seen } from './seen.ts';
import { type Rule, type View, viewOf } from './view.ts';

/**
 * `unproven`: nothing bad is proven, and there is something that only the client's own result can tell. `nothing to judge`: no
 * fault struck, no error was answered, and nothing else was found.
 */
export type Standing = 'resilient' | 'fragile' | 'unproven' | 'nothing to judge';

export interface Verdict {
  /** `fragile` when a finding fails; warnings alone do not. */
  readonly verdict: Standing;
  readonly requests: number;
  /** How many of them are no longer kept, and how many of those met a fault or an error and could not be judged. */
  readonly dropped: number;
  readonly lost: number;
  /** How many of them met a fault or an error. */
  readonly troubled: number;
  readonly findings: readonly Finding[];
}

/** Everything a client did wrong, failures first, what is unproven last. Thresholds and their reasons: `limits.ts`. */
export const judge = (entries: readonly Seen[], options: Partial<Limits> = {}): Finding[] =>
  findingsOf(viewOf(entries, options));

/** What left the journal and is not among its entries. */
export interface Gone {
  readonly dropped?: number;
  readonly lost?: number;
}

/** The findings, and whether there was anything to find. */
export function verdictOf(
  entries: readonly Seen[],
  { dropped = 0, lost = 0, ...options }: Partial<Limits> & Gone = {},
): Verdict {
  const view = viewOf(entries, options);
  const findings = findingsOf(view);
  const troubled = lost + entries.filter(entry => isTroubled(entry, view)).length;
  const verdict = standingOf(findings, troubled);
  return { verdict, requests: entries.length + dropped, troubled, dropped, lost, findings };
}

function standingOf(findings: readonly Finding[], troubled: number): Standing {
  const has = (wanted: Severity) => findings.some(({ severity }) => severity === wanted);
  if (has('fail')) return 'fragile';
  if (has('unproven')) return 'unproven';
  return troubled === 0 && findings.length === 0 ? 'nothing to judge' : 'resilient';
}

const rules: readonly Rule[] = [
  retriedNonRetryable,
  gaveUp,
  noBackoff,
  noJitter,
  retryStorm,
  noTimeout,
  acceptedTruncated,
  acceptedBadFinish,
  toolSideEffectsDoubled,
  connectionPerCall,
  keyInUrl,
];

function findingsOf(view: View): Finding[] {
  const found = rules.flatMap(rule => rule(view));
  return severities.flatMap(wanted => found.filter(({ severity }) => severity === wanted));
}

const isTroubled = (entry: Seen, { limits }: View) =>
  entry.faults.length > 0 || !untroubled.has(wordOf(entry, limits.scenarios));

const untroubled: ReadonlySet<string> = new Set(['ok', 'open', 'aborted']);
