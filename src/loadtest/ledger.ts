/** The ledger as rows: every class that occurred, what it means and whose fault it is. */
import { domainOf, endings, type FaultDomain } from '../core/outcome.ts';
import { type LedgerClass, ledgerClasses, type ownClasses } from './interval.ts';
import type { LoadResult } from './result.ts';

export interface LedgerRow {
  readonly name: LedgerClass;
  readonly count: number;
  /** `aside`: neither good nor bad, such as a warm-up. */
  readonly kind: 'good' | 'failed' | 'aside';
  readonly domain: FaultDomain | null;
  readonly meaning: string;
}

type Own = (typeof ownClasses)[number];

const own = {
  warmup: { domain: null, meaning: 'made before the measured window' },
  censored: { domain: null, meaning: 'still under way when the grace was over' },
  shed: { domain: 'prober', meaning: 'no connection was allowed for it any more' },
  unsent: { domain: null, meaning: 'the run ended before its time, or the budget had no room for it' },
  lost: { domain: null, meaning: 'the agent that was to make it went away' },
} as const satisfies Record<Own, { domain: FaultDomain | null; meaning: string }>;

const isOwn = (name: LedgerClass): name is Own => Object.hasOwn(own, name);

/** Good ones first, then failures, then what was set aside; most frequent first. Their sum is `planned`. */
export function ledgerRows(counts: Readonly<Partial<Record<LedgerClass, number>>>): LedgerRow[] {
  return ledgerClasses
    .map(name => rowOf(name, counts[name] ?? 0))
    .filter(({ count }) => count > 0)
    .sort((a, b) => order[a.kind] - order[b.kind] || b.count - a.count);
}

const order = { good: 0, failed: 1, aside: 2 } as const;

function rowOf(name: LedgerClass, count: number): LedgerRow {
  if (name === 'ok') return { name, count, kind: 'good', domain: null, meaning: endings.ok.meaning };
  if (!isOwn(name)) return { name, count, kind: 'failed', domain: domainOf(name), meaning: endings[name].meaning };
  const { domain, meaning } = own[name];
  return { name, count, kind: domain === null ? 'aside' : 'failed', domain, meaning };
}

/** A meaning without the codes it ends with, for where the codes are told. */
export const bare = (meaning: string) => meaning.replace(/ \([^()]*\)$/, '');

/** Failures alone, most frequent first. */
export const failuresOf = (counts: Readonly<Partial<Record<LedgerClass, number>>>) =>
  ledgerRows(counts).filter(({ kind }) => kind === 'failed');

/** Requests that are good or failed, those that were shed among the failed. */
export const judgedOf = ({ ledger }: Pick<LoadResult, 'ledger'>): number =>
  failuresOf(ledger).reduce((sum, { count }) => sum + count, ledger.ok);

/** Failed requests among `judgedOf`, 0 to 1. */
export function failedShare({ ledger }: Pick<LoadResult, 'ledger'>): number {
  const judged = judgedOf({ ledger });
  return judged === 0 ? 0 : 1 - ledger.ok / judged;
}
