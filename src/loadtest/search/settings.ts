/** What `load capacity` can be told besides where load goes: the levels of its search. Defaults live here. */
import { z } from 'zod';
import { UsageError } from '../../core/errors.ts';
import { asFlag } from '../../core/spelling.ts';

const number = (what: string) => z.coerce.number(`must be ${what}`).positive(`must be ${what}`);
const share = z
  .string()
  .regex(/^\d{1,2}(\.\d+)?%$/, 'must be a percentage below 100 such as 95%')
  .transform(text => Number(text.slice(0, -1)) / 100)
  .refine(value => value > 0, 'must be above 0%');

export const searchSchema = z.strictObject({
  by: z.enum(['concurrency', 'rate'], { error: 'knows only concurrency, rate' }).default('concurrency'),
  from: number('a number above 0').default(1),
  to: number('a number above 0').default(256),
  /** Share of requests that must keep the SLO. */
  attainment: share.prefault('95%'),
  precision: share.prefault('5%'),
  find_limit: z.boolean().default(false),
});

export type SearchConfig = z.infer<typeof searchSchema>;

/** @throws {UsageError} `bad_levels` */
export function refuseLevels({ by, from, to, find_limit }: SearchConfig): void {
  if (from > to) throw new UsageError('bad_levels', `--from ${from} is above --to ${to}`);
  if ((by === 'concurrency' || find_limit) && !(Number.isInteger(from) && Number.isInteger(to)))
    throw new UsageError('bad_levels', '--from and --to count requests under way and must be whole');
}

/** What only a search for the highest load that keeps an SLO is told. */
const ofAnSlo = ['slo', 'by', 'attainment', 'precision'];

/**
 * A flag that does nothing is a search that is not what was meant.
 * @throws {UsageError} `bad_config`
 */
export function refuseIdleFlags(flags: Readonly<Record<string, unknown>>): void {
  if (flags.find_limit !== true) return;
  const idle = ofAnSlo.filter(key => flags[key] !== undefined);
  const mistakes = idle.map(key => `${asFlag(key)} goes with no --find-limit; leave it out`);
  if (mistakes.length > 0) throw new UsageError('bad_config', mistakes.join('\n'));
}
