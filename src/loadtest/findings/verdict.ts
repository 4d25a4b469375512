/** What to do about gates that were not kept, and about figures that cannot be believed. */
import { rate } from '../numbers.ts';
import type { ThresholdResult } from '../result.ts';
import { handOver, type JudgedRun } from './sighting.ts';

/** Undefined where figures may be believed. */
export function repeatOf({ validity }: JudgedRun): string | undefined {
  if (validity !== 'INVALID') return undefined;
  return 'Repeat it on a quiet machine, or with less load for each: figures of an INVALID run say nothing, good or bad.';
}

/** Of the first gate that was missed, or else could not be judged; undefined where all hold. */
export function stepForGates({ thresholds, load }: JudgedRun): string | undefined {
  const missed = thresholds.find(({ ok, actual }) => !ok && actual !== null);
  if (missed !== undefined) return stepFor(missed.text);
  const unjudged = thresholds.find(({ actual }) => actual === null);
  if (load.halted === 'stopped' && thresholds.length > 0)
    return 'Let it run to its end: no gate is passed on a part of a run.';
  return unjudged === undefined ? undefined : longerFor(unjudged);
}

function stepFor(text: string): string | undefined {
  const [, measure = '', aggregate] = /^(\w+)(?::(\w+))?/.exec(text) ?? [];
  if (aggregate === undefined) return steps[measure];
  const slower = 'Slower than allowed: offer less, or have the endpoint answer faster';
  const [, percent, limit] = /:p(\d+)\s*(<=?.+)$/.exec(text) ?? [];
  if (percent === undefined) return `${slower}.`;
  return `${slower}; \`load capacity --slo '${measure}${limit}' --attainment ${percent}%\` finds the load that keeps it.`;
}

const perSecond =
  'Less per second than asked for: raise the load until it gives no more, or have the endpoint answer faster.';

const steps: Readonly<Partial<Record<string, string>>> = {
  error_rate: `More failed than is allowed. ${handOver}`,
  limited_rate: 'More was refused than is allowed: offer less, or have the account’s limit raised.',
  goodput: 'Fewer were good than asked for: offer less, or have the endpoint answer faster.',
  requests_per_second: perSecond,
  output_tokens_per_second: perSecond,
};

/** Of the samples or requests that a gate says it needs. */
function longerFor({ text, why }: ThresholdResult): string | undefined {
  const [, needed, there] = /needs (\d+) \w+, there are (\d+)/.exec(why) ?? [];
  const times = Math.ceil((Number(needed) / Number(there)) * 10) / 10;
  if (Number.isFinite(times)) return `Run about ${rate(times)} times as long: ${text} cannot be judged of so few.`;
  return needed === undefined ? undefined : `Run longer: ${text} cannot be judged of so few.`;
}
