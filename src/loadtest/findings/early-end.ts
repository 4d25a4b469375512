/** What ended a run before its time, and when. */
import { counted } from '../../core/counted.ts';
import { endings, type Reason, reasons } from '../../core/outcome.ts';
import { bare } from '../ledger.ts';
import { count, time } from '../numbers.ts';
import type { LoadResult } from '../result.ts';

type Load = Pick<LoadResult['load'], 'halted' | 'halted_after_s' | 'halted_code' | 'halted_parts'>;

/** `the run`, or what of it ended. */
export const partOf = ({ halted_parts: parts }: Load): string =>
  parts === undefined ? 'the run' : `${count(parts.ended)} of ${counted(parts.of, 'part')} of the run`;

/** `the run was`, `2 of 4 parts of the run were`. */
export const runWas = (load: Load): string =>
  `${partOf(load)} ${(load.halted_parts?.ended ?? 1) === 1 ? 'was' : 'were'}`;

/** Of the end of a part, that the run went on. */
export const rest = ({ halted_parts: parts }: Load): string => (parts === undefined ? '' : '; the rest went on');

/** ` after 3.2 s`; empty where nobody knows. */
export const after = ({ halted_after_s: seconds }: Load): string =>
  seconds === undefined ? '' : ` after ${time(seconds * 1000)}`;

/** `1302 (rate_limited)`, of a run that a refusal ended. */
export const refusalOf = ({ halted = '', halted_code: code }: Load) =>
  code === undefined ? halted : `${code} (${halted})`;

/** `too many requests in flight or too often`. */
export const meaningOf = ({ halted = '' }: Load) => (isReason(halted) ? bare(endings[halted].meaning) : 'a refusal');

const isReason = (name: string): name is Reason => (reasons as readonly string[]).includes(name);
