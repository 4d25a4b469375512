/** The first line of every report: what the run says, whether it may say so, and why. */
import { counted } from '../../core/counted.ts';
import { after, refusalOf, runWas } from '../findings/early-end.ts';
import { isRefusal } from '../halt.ts';
import { failedShare, judgedOf } from '../ledger.ts';
import { count, share } from '../numbers.ts';
import type { LoadResult, Validity } from '../result.ts';

export interface Headline {
  readonly word: 'PASS' | 'FAIL' | 'NOT MEASURABLE' | 'DONE';
  readonly mood: 'good' | 'bad' | 'warn' | 'calm';
  readonly validity: Validity;
  readonly validityMood: 'good' | 'bad' | 'warn';
  readonly reason: string;
}

const words = {
  pass: { word: 'PASS', mood: 'good' },
  fail: { word: 'FAIL', mood: 'bad' },
  not_measurable: { word: 'NOT MEASURABLE', mood: 'warn' },
  ungated: { word: 'DONE', mood: 'calm' },
} as const satisfies Record<LoadResult['verdict'], Pick<Headline, 'word' | 'mood'>>;

const validityMoods = { VALID: 'good', SUSPECT: 'warn', INVALID: 'bad' } as const satisfies Record<Validity, string>;

export function headlineOf(result: LoadResult): Headline {
  const { validity, verdict } = result;
  const said =
    verdict === 'ungated' && isMostlyBad(result) ? ({ word: 'DONE', mood: 'warn' } as const) : words[verdict];
  return { ...said, validity, validityMood: validityMoods[validity], reason: reasonOf(result) };
}

const isMostlyBad = (result: LoadResult) => failedShare(result) > 0.5;

function reasonOf(result: LoadResult): string {
  const { verdict, thresholds, doubts, validity, ledger, load } = result;
  const unjudged = thresholds.filter(({ actual }) => actual === null);
  const missed = thresholds.filter(({ ok, actual }) => !ok && actual !== null);
  const some = (kind: typeof thresholds) => `${kind.length} of ${counted(thresholds.length, 'threshold')}`;
  const named = (kind: typeof thresholds) => kind.map(({ text }) => text).join(', ');
  if (validity === 'INVALID' && verdict === 'not_measurable') return doubts[0] ?? 'the measurement cannot be trusted';
  if (missed.length > 0 && verdict !== 'pass') return `${some(missed)} missed: ${named(missed)}`;
  if (verdict === 'not_measurable' && load.halted === 'stopped' && thresholds.length > 0)
    return `interrupted${after(load)} with ${counted(load.sent, 'request')} sent: no gate is passed on a part of a run`;
  if (unjudged.length > 0 && verdict === 'not_measurable')
    return `${some(unjudged)} cannot be judged: ${named(unjudged)}`;
  if (ledger.planned === 0) return 'no request was planned';
  if (judgedOf(result) === 0) return `none of ${counted(ledger.planned, 'request')} was measured to its end`;
  if (ledger.ok === 0) return `none of ${counted(judgedOf(result), 'request')} was answered well`;
  if (verdict === 'fail' && load.halted !== undefined && isRefusal(load.halted))
    return `${runWas(load)} cut short${after(load)} by the first ${refusalOf(load)}`;
  if (verdict === 'fail' || verdict === 'not_measurable')
    return doubts[0] ?? `${share(failedShare(result))} of the requests failed`;
  if (thresholds.length > 0)
    return thresholds.length === 1 ? 'the threshold holds' : `all ${count(thresholds.length)} thresholds hold`;
  const only = isMostlyBad(result) ? 'only ' : '';
  return `${only}${share(1 - failedShare(result))} of ${counted(judgedOf(result), 'request')} answered well; no threshold was set`;
}

/** A threshold that nothing was measured for is neither kept nor missed. */
export const markOf = ({ ok, actual }: LoadResult['thresholds'][number]) => {
  if (ok) return { mark: '✓', word: 'holds', mood: 'good' } as const;
  return actual === null
    ? ({ mark: '?', word: 'not known', mood: 'warn' } as const)
    : ({ mark: '✗', word: 'missed', mood: 'bad' } as const);
};

/** What was loaded, from the plan: `glm-4.6`, or a dash. */
export const modelOf = ({ config }: Pick<LoadResult, 'config'>) =>
  typeof config.model === 'string' && config.model !== '' ? config.model : '–';
