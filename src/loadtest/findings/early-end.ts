/** What ended a run before its time, and when. */
import { endings, type Reason, reasons } from '../../core/outcome.ts';
import { bare } from '../ledger.ts';
import { time } from '../numbers.ts';
import type { LoadResult } from '../result.ts';

type Load = Pick<LoadResult['load'], 'halted' | 'halted_after_s' | 'halted_code'>;

/** ` after 3.2 s`; empty where nobody knows. */
export const after = ({ halted_after_s: seconds }: Load): string =>
  seconds === undefined ? '' : ` after ${time(seconds * 1000)}`;

/** `1302 (rate_limited)`, of a run that a refusal ended. */
export const refusalOf = ({ halted = '', halted_code: code }: Load) =>
  code === undefined ? halted : `${code} (${halted})`;

/** `too many requests in flight or too often`. */
export const meaningOf = ({ halted = '' }: Load) => (isReason(halted) ? bare(endings[halted].meaning) : 'a refusal');

const isReason = (name: string): name is Reason => (reasons as readonly string[]).includes(name);
