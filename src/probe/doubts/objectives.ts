import { formatDuration } from '../../core/duration.ts';
import { runsPerDay, seriesPerCheck } from '../estimate.ts';
import type { Path } from '../located.ts';
import type { Outline } from '../outline.ts';
import { type Slo, scheduleOf, slosOf, streams } from '../settings.ts';
import { type Doubt, type Doubted, hasSchedule, saidAt } from './doubt.ts';

/** Objectives that so many runs, or such histograms, cannot tell. */
export const objectives: Doubt = (doubted, report) => {
  for (const outline of doubted.outlines.filter(hasSchedule))
    for (const slo of slosOf(outline.settings)) {
      const path = [...saidAt(doubted.config, outline, 'slo'), slo.sli];
      for (const look of [tooFine, notABucket]) {
        const mistake = look(slo, outline, doubted);
        if (mistake !== undefined) report(mistake.code, [...path, ...mistake.below], mistake.message);
      }
      if (slo.thresholdMs === undefined || streams.has(outline.config.kind)) continue;
      const message = `${outline.config.kind} makes no stream, so ${slo.sli} is never seen`;
      report('bad_value', path, message, { warning: true });
    }
};

interface Mistake {
  readonly code: 'objective_too_fine' | 'threshold_not_a_bucket';
  readonly below: Path;
  readonly message: string;
}

/** A month whose budget is less than one failure. */
function tooFine({ objective }: Slo, { id, settings }: Outline, { nowMs }: Doubted): Mistake | undefined {
  const samples = 30 * runsPerDay(scheduleOf(settings), nowMs);
  if ((1 - objective) * samples >= 1) return undefined;
  const told = `at most ${percentOf(Math.max(0, 1 - 1 / samples))} can be told`;
  const message = `${id} has ${Math.floor(samples)} runs in 30 days, so one failure breaks ${percentOf(objective)}; ${told}`;
  return { code: 'objective_too_fine', below: [], message };
}

const percentOf = (ratio: number) => `${+(100 * ratio).toFixed(4)}%`;

function notABucket({ thresholdMs }: Slo, _outline: Outline, { config }: Doubted): Mistake | undefined {
  const { buckets } = config.exporter;
  if (thresholdMs === undefined || buckets === undefined || buckets.includes(thresholdMs)) return undefined;
  const remedy = 'so no histogram can tell; add it, or leave buckets out';
  const message = `${formatDuration(thresholdMs)} is not among exporter.buckets, ${remedy}`;
  return { code: 'threshold_not_a_bucket', below: ['threshold'], message };
}

/** More time series than the exporter is to have. */
export const series: Doubt = ({ config, outlines }, report) => {
  const { max_series: most, buckets } = config.exporter;
  const thresholds = new Set(
    outlines.flatMap(({ settings }) => slosOf(settings)).flatMap(slo => slo.thresholdMs ?? []),
  );
  const each = buckets === undefined ? seriesPerCheck(thresholds.size) : seriesPerCheck(0, new Set(buckets).size);
  const all = each * outlines.length;
  if (all <= most) return;
  const sum = `${outlines.length} of about ${each} series make ${all}, more than max_series ${most}`;
  report('too_many_series', ['checks'], `${sum}; drop checks or models, or raise it`);
};
