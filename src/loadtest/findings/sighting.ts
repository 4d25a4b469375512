/** What a rule about a run sees, and the words that several of them share. */
import { counted } from '../../core/counted.ts';
import { businessCode } from '../../core/wire/errors.ts';
import { isLevel, type Stage } from '../arrivals.ts';
import { judgedOf } from '../ledger.ts';
import { count, share } from '../numbers.ts';
import type { LoadResult } from '../result.ts';
import type { Growth } from './growth.ts';

export type Limit =
  | 'limited_by_client'
  | 'limited_by_budget'
  | 'limited_by_account'
  | 'limited_by_platform'
  | 'limited_by_network'
  | 'saturated'
  | 'changed'
  | 'limited_by_compute'
  | 'limited_by_queue'
  | 'limited_by_server'
  | 'limited_by_nothing';

export interface Sighting<Kind extends string> {
  readonly kind: Kind;
  readonly text: string;
  /** What to do about it. */
  readonly next?: string;
}

export type JudgedRun = Omit<LoadResult, 'findings'>;

export type Rule = (result: JudgedRun, growth: Growth | null) => Sighting<Limit> | undefined;

/** A cause of less than one request in a hundred did not limit the run. */
const noticeable = 0.01;

export const isNoticeable = (n: number, run: Pick<JudgedRun, 'ledger'>) =>
  n > 0 && n / Math.max(1, judgedOf(run)) >= noticeable;

/** Of the requests that were measured to their end: those of a warm-up, and those not made, are neither good nor bad. */
export const ofAll = (n: number, run: Pick<JudgedRun, 'ledger'>) =>
  `${count(n)} of ${counted(judgedOf(run), 'request')} (${share(n / judgedOf(run))})`;

/**
 * ` (1302 ×687)`: the business codes behind a class, most frequent first. Codes are counted in the warm-up, too, so after one
 * they stand without their number: it would not be that of the requests beside it.
 */
export function codesAs({ limits, ledger }: Pick<JudgedRun, 'limits' | 'ledger'>, name: string): string {
  const codes = Object.entries(limits.codes).filter(([code]) => businessCode(code)?.reason === name);
  const sorted = codes.sort((a, b) => b[1] - a[1]).slice(0, 3);
  const often = (n: number) => (ledger.warmup ? '' : ` ×${count(n)}`);
  return sorted.length === 0 ? '' : ` (${sorted.map(([code, n]) => `${code}${often(n)}`).join(', ')})`;
}

/** Requests under way, at least one. */
export const level = (inFlight: number) => count(Math.max(1, inFlight));

export const under = ({ from, to }: Growth) => `from ${level(from)} to ${level(to)} under way`;

export const handOver = 'Give the vendor the ids of the failed requests: -o DIR keeps them in requests.ndjson.';

/** Whether one level was asked for; a ramp has fewer under way than its highest by itself. */
export function isOneLevel({ arrivals }: JudgedRun['config']): boolean {
  const { stages = [] } = (arrivals ?? {}) as { readonly stages?: readonly Stage[] };
  return isLevel(stages);
}
