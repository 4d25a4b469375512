/** What a rule about a run sees, and the words that several of them share. */
import { businessCode } from '../../core/wire/errors.ts';
import { count, counted, share } from '../numbers.ts';
import type { LoadResult } from '../result.ts';
import type { Growth } from './growth.ts';

export type Limit =
  | 'limited_by_client'
  | 'limited_by_budget'
  | 'limited_by_account'
  | 'limited_by_platform'
  | 'limited_by_network'
  | 'saturated'
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

export const isNoticeable = (n: number, { ledger }: Pick<JudgedRun, 'ledger'>) =>
  n > 0 && n / Math.max(1, ledger.planned) >= noticeable;

export const ofAll = (n: number, { ledger }: Pick<JudgedRun, 'ledger'>) =>
  `${count(n)} of ${counted(ledger.planned, 'request')} (${share(n / ledger.planned)})`;

/** ` (1302 ×687)`: the business codes behind a class, most frequent first. */
export function codesAs({ limits }: Pick<JudgedRun, 'limits'>, name: string): string {
  const codes = Object.entries(limits.codes).filter(([code]) => businessCode(code)?.reason === name);
  const sorted = codes.sort((a, b) => b[1] - a[1]).slice(0, 3);
  return sorted.length === 0 ? '' : ` (${sorted.map(([code, n]) => `${code} ×${count(n)}`).join(', ')})`;
}

/** Requests under way, at least one. */
export const level = (inFlight: number) => count(Math.max(1, inFlight));

export const under = ({ from, to }: Growth) => `from ${level(from)} to ${level(to)} under way`;
