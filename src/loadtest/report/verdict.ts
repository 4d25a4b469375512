/** The first line of every report: what the run says, whether it may say so, and why. */
import type { LoadResult, Validity } from '../result.ts';
import { failedShare } from './ledger.ts';
import { count, counted, share } from './numbers.ts';

export interface Headline {
  readonly word: 'PASS' | 'FAIL' | 'NOT MEASURABLE';
  readonly mood: 'good' | 'bad' | 'warn';
  readonly validity: Validity;
  readonly validityMood: 'good' | 'bad' | 'warn';
  readonly reason: string;
}

const words = {
  pass: { word: 'PASS', mood: 'good' },
  fail: { word: 'FAIL', mood: 'bad' },
  not_measurable: { word: 'NOT MEASURABLE', mood: 'warn' },
} as const satisfies Record<LoadResult['verdict'], Pick<Headline, 'word' | 'mood'>>;

const validityMoods = { VALID: 'good', SUSPECT: 'warn', INVALID: 'bad' } as const satisfies Record<Validity, string>;

export function headlineOf(result: LoadResult): Headline {
  const { validity } = result;
  return { ...words[result.verdict], validity, validityMood: validityMoods[validity], reason: reasonOf(result) };
}

function reasonOf(result: LoadResult): string {
  const { verdict, thresholds, doubts, validity, ledger } = result;
  const failed = thresholds.filter(({ ok }) => !ok);
  if (validity === 'INVALID' && verdict === 'not_measurable') return doubts[0] ?? 'the measurement cannot be trusted';
  if (failed.length > 0 && verdict !== 'pass')
    return `${failed.length} of ${counted(thresholds.length, 'threshold')} missed: ${failed.map(({ text }) => text).join(', ')}`;
  if (ledger.ok === 0)
    return ledger.planned === 0
      ? 'no request was planned'
      : `none of ${counted(ledger.planned, 'request')} was answered well`;
  if (verdict !== 'pass') return doubts[0] ?? `${share(failedShare(result))} of the requests failed`;
  if (thresholds.length > 0)
    return thresholds.length === 1 ? 'the threshold holds' : `all ${count(thresholds.length)} thresholds hold`;
  return `${share(1 - failedShare(result))} of ${counted(ledger.planned, 'request')} answered well; no threshold was set`;
}

/** What was loaded, from the plan: `glm-4.6`, or a dash. */
export const modelOf = ({ config }: Pick<LoadResult, 'config'>) =>
  typeof config.model === 'string' && config.model !== '' ? config.model : '–';
