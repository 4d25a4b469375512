/** What `load capacity` can be told besides where load goes: the levels of its search. Defaults live here. */
import { z } from 'zod';
import { UsageError } from '../../core/errors.ts';
import { asFlag } from '../../core/spelling.ts';

/** At less than one request in 100 s a stay would end with none. */
const lowest = 0.01;
const highest = 1_000_000;
const wanted = `must be a number from ${lowest} to ${highest.toLocaleString('en-US')}`;
const level = z.coerce.number(wanted).min(lowest, wanted).max(highest, wanted);
const share = z
  .string()
  .regex(/^\d{1,2}(\.\d+)?%$/, 'must be a percentage below 100 such as 95%')
  .transform(text => Number(text.slice(0, -1)) / 100)
  .refine(value => value > 0, 'must be above 0%');

export const searchSchema = z.strictObject({
  by: z.enum(['concurrency', 'rate'], { error: 'knows only concurrency, rate' }).default('concurrency'),
  from: level.default(1),
  to: level.default(256),
  /** Share of requests that must keep the SLO. */
  attainment: share.prefault('95%'),
  precision: share.prefault('5%'),
  find_limit: z.boolean().default(false),
});

export type SearchConfig = z.infer<typeof searchSchema>;

/** @throws {UsageError} `bad_levels` */
export function refuseLevels({ by, from, to, find_limit }: SearchConfig): void {
  const underWay = by === 'concurrency' || find_limit;
  const broken = Object.entries({ from, to }).filter(([, level]) => underWay && !Number.isInteger(level));
  const mistakes = [
    ...(from > to ? [`--from ${from} is above --to ${to}: lower the one, or raise the other`] : []),
    ...broken.map(
      ([name, level]) => `--${name} ${level} counts requests under way and must be whole: take ${Math.ceil(level)}`,
    ),
  ];
  if (mistakes.length > 0) throw new UsageError('bad_levels', mistakes.join('\n'));
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
