import { summaryOf } from '../../core/histogram.ts';
import type { Interval } from '../interval.ts';
import { rate } from '../numbers.ts';
import { latencyGrows, saturationOf } from '../stats/saturation.ts';
import type { JudgedRun, Limit, Sighting } from './sighting.ts';

/** More was offered than came back. */
export function saturated({ load, intervals }: JudgedRun): Sighting<Limit> | undefined {
  if (load.kind === 'closed') return undefined;
  const offered = intervals.slice(0, intervals.findLastIndex(({ planned }) => planned > 0) + 1);
  const flow = backlogOf(offered);
  if (flow === undefined) return undefined;
  return {
    kind: 'saturated',
    text: `Saturated: at the end ${rate(flow.offered)} requests per second were offered and ${rate(flow.ended)} came back. The rest piles up, so latencies only say how long the run was.`,
    next: `Offer less than ${rate(flow.ended)} per second, or let \`load capacity\` find the rate that holds.`,
  };
}

/** Requests per second offered and ended while the backlog grew; undefined when it did not. */
function backlogOf(offered: readonly Interval[]): { offered: number; ended: number } | undefined {
  const found = saturationOf(offered);
  if (found.kind !== 'saturated') return backlogAtEnd(offered);
  const perSecond = found.excessPerSecond / (1 - found.served);
  return { offered: perSecond, ended: perSecond * found.served };
}

/**
 * Of a run that is too short, or has too few requests, to be told apart from chance every second: in its last third less
 * than nine tenths of what was offered came back, by more than chance, although an answer takes much less than that, and
 * latency grew as a queue makes it: after a steep rise answers only come as much later as they take.
 */
function backlogAtEnd(all: readonly Interval[]) {
  const last = all.slice(Math.floor((all.length * 2) / 3));
  const offered = last.reduce((sum, { planned }) => sum + planned, 0);
  const ended = last.reduce((sum, one) => sum + endedIn(one), 0);
  const seconds = last.reduce((sum, { fromMs, toMs }) => sum + toMs - fromMs, 0) / 1000;
  const quickest = summaryOf(all.flatMap(({ histograms }) => (histograms.e2e_ms ? [histograms.e2e_ms] : []))).min;
  const grows = ended < 0.9 * offered && offered - ended > 3 * Math.sqrt(offered + ended);
  if (!grows || last.length < 3 || quickest > 500 * seconds) return undefined;
  if (!latencyGrows(last, 'answered')) return undefined;
  return { offered: offered / seconds, ended: ended / seconds };
}

const endedIn = ({ ended }: Interval) => Object.values(ended).reduce((sum, n) => sum + n, 0);
