/** From counts to what is reported. Pure: plan, tally and window in, plain data out. */
import type { Summary } from '../core/histogram.ts';
import { domainOf, type FaultDomain, type Reason, reasons } from '../core/outcome.ts';
import { exitCodes } from '../core/program.ts';
import type { LoadPlan } from './config.ts';
import type { Window } from './runner.ts';
import type { Histograms, Tally } from './tally.ts';

/** `planned` is the sum of all others. Only reasons that occurred are there, except `ok`. */
export type Ledger = {
  readonly planned: number;
  readonly ok: number;
  readonly censored: number;
  readonly warmup: number;
} & {
  readonly [K in Reason]?: number;
};

export interface Throughput {
  /** Good answers that arrived in the window, per second of it. */
  readonly requests_per_second: number;
  readonly output_tokens_per_second: number;
  readonly in_flight_mean: number;
  /** Length of the window. */
  readonly duration_s: number;
}

/** The result as `--json` prints it. */
export interface LoadSummary {
  readonly version: 1;
  readonly tool: 'glm-testkit';
  readonly seed: number;
  readonly config: Readonly<Record<string, unknown>>;
  readonly ledger: Ledger;
  readonly metrics: { readonly [K in keyof Histograms]: Summary };
  readonly throughput: Throughput;
}

export function summarise(plan: LoadPlan, tally: Tally, window: Window): LoadSummary {
  const entries = Object.entries(tally.histograms) as [keyof Histograms, Histograms[keyof Histograms]][];
  return {
    version: 1,
    tool: 'glm-testkit',
    seed: plan.seed,
    config: configOf(plan),
    ledger: ledgerOf(tally),
    metrics: Object.fromEntries(
      entries.map(([name, histogram]) => [name, histogram.summary()]),
    ) as LoadSummary['metrics'],
    throughput: throughputOf(window),
  };
}

/** The plan without its secrets and without the seed, which stands beside it. */
function configOf({ key: _key, ca: _ca, seed: _seed, maxRequests, ...plan }: LoadPlan) {
  return { ...plan, maxRequests: Number.isFinite(maxRequests) ? maxRequests : null };
}

export function ledgerOf({ planned, censored, warmup, ended }: Tally): Ledger {
  const failed = reasons.filter(reason => reason !== 'ok' && ended[reason] > 0);
  const counts = Object.fromEntries(failed.map(reason => [reason, ended[reason]]));
  return { planned, ok: ended.ok, censored, warmup, ...counts };
}

function throughputOf({ durationMs, okInWindow, outputTokensInWindow, meanInFlight }: Window): Throughput {
  const perSecond = (count: number) => (durationMs === 0 ? 0 : (count * 1000) / durationMs);
  return {
    requests_per_second: perSecond(okInWindow),
    output_tokens_per_second: perSecond(outputTokensInWindow),
    in_flight_mean: meanInFlight,
    duration_s: durationMs / 1000,
  };
}

export interface Failure {
  readonly reason: Reason;
  readonly domain: FaultDomain | null;
  readonly count: number;
}

/** Failures by class, most frequent first. */
export const failuresOf = (ledger: Ledger): Failure[] =>
  reasons
    .filter(reason => reason !== 'ok')
    .map(reason => ({ reason, domain: domainOf(reason), count: ledger[reason] ?? 0 }))
    .filter(({ count }) => count > 0)
    .sort((a, b) => b.count - a.count);

/** 0 when anything was answered well, 1 when nothing was. */
export const exitCodeOf = ({ ledger }: LoadSummary) => (ledger.ok > 0 ? exitCodes.ok : exitCodes.failed);
