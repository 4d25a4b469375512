/** What a sweep found. */
import { formatDuration } from '../../core/duration.ts';
import type { SweepFailure } from './failure.ts';

/** What a sweep found. */
export interface SweepReport {
  /** Calls made, besides the sound ones. */
  readonly cases: number;
  /** At most one per scenario. */
  readonly failures: readonly SweepFailure[];
  /** Scenarios that found nothing to change in what this client asks for, such as those of streams when it reads bodies. */
  readonly spared: readonly string[];
  /** Frames of the sound answer: the number of positions less one. */
  readonly frames: number;
  /** What it took. */
  readonly realMs: number;
  /** What it would have taken, with as many calls at once. */
  readonly virtualMs: number;
  /** All of it for people. */
  text(): string;
}

export const reportOf = (found: Omit<SweepReport, 'text'>): SweepReport => ({ ...found, text: () => asText(found) });

function asText({ cases, failures, spared, frames, realMs, virtualMs }: Omit<SweepReport, 'text'>): string {
  const verdict = failures.length === 0 ? 'all fine' : `${failures.length} scenarios failed`;
  const took = `${formatDuration(virtualMs)} in ${formatDuration(realMs)}`;
  const head = `fault sweep: ${cases} calls on an answer of ${frames} frames, ${verdict} (${took})`;
  const without = spared.length === 0 ? [] : [`nothing to change for: ${spared.join(', ')}`];
  return `${[head, ...failures.map(paragraph), ...without].join('\n')}\n`;
}

const paragraph = ({ kind, fault, says, alsoAt, advice, repro }: SweepFailure) =>
  `FAIL ${kind === 'client' ? '' : `${kind} `}${fault}: ${says}${alsoAt.length === 0 ? '' : `; also at ${ranges(alsoAt)}`}\n     -> ${advice}\n     ${repro}`;

/** `1–4, 6` */
function ranges(numbers: readonly number[]): string {
  const runs: [number, number][] = [];
  for (const number of numbers) {
    const last = runs.at(-1);
    if (last !== undefined && last[1] === number - 1) last[1] = number;
    else runs.push([number, number]);
  }
  return runs.map(([from, to]) => (from === to ? `${from}` : `${from}–${to}`)).join(', ');
}
