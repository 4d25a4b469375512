/** What a difference between two runs means, given how far it could lie off by chance. */
import type { Difference } from './bootstrap.ts';

export type Verdict = 'regression' | 'improvement' | 'same' | 'inconclusive';

export interface Scale {
  readonly better: 'lower' | 'higher';
  /** A difference that matters, in the figure's own unit; less is `same` however certain it is. */
  readonly matters: number;
  /** Noise above this hides too much to say `same`. */
  readonly blur: number;
}

/** Only a difference that is both certain and large enough to matter is called by a name. */
export function verdictOf(
  { difference, ci: [low, high], noise }: Difference,
  { better, matters, blur }: Scale,
): Verdict {
  if (!Number.isFinite(difference) || !Number.isFinite(noise)) return 'inconclusive';
  const certain = low > 0 || high < 0;
  if (certain && Math.abs(difference) < matters) return 'same';
  if (certain) return difference > 0 === (better === 'lower') ? 'regression' : 'improvement';
  return noise <= blur ? 'same' : 'inconclusive';
}
