/** Bounds of the histograms of a config: those of the catalogue with every threshold among them, or its own. */
import { catalogue, type MetricName } from '../core/metrics.ts';
import type { ExporterConfig, SliName } from './config.ts';
import type { Measured } from './series.ts';

/** Seconds, rising. */
export type Bounds = Readonly<Partial<Record<MetricName, readonly number[]>>>;

/** Every threshold of an objective is a bucket, or a histogram could not tell whether it was kept. */
export function boundsFor(subjects: readonly Measured[], buckets: ExporterConfig['buckets']): Bounds {
  if (buckets !== undefined) return Object.fromEntries(latencies.map(name => [name, ascending(buckets)]));
  const thresholds = (sli: SliName) =>
    subjects.flatMap(({ slo = [] }) => slo.flatMap(one => (one.sli === sli ? (one.thresholdMs ?? []) : [])));
  const withAll = (
    name: 'glm_probe_time_to_first_output_token_seconds' | 'glm_probe_max_chunk_gap_seconds',
    sli: SliName,
  ) => ascending([...(catalogue[name].buckets ?? []).map(seconds => seconds * 1000), ...thresholds(sli)]);
  return {
    glm_probe_time_to_first_output_token_seconds: withAll('glm_probe_time_to_first_output_token_seconds', 'ttfot'),
    glm_probe_max_chunk_gap_seconds: withAll('glm_probe_max_chunk_gap_seconds', 'stall'),
  };
}

/** Whether buckets that are there already hold all that are wanted. */
export const covers = (there: Bounds, wanted: Bounds): boolean =>
  Object.entries(wanted).every(([name, bounds]) => bounds.every(bound => there[name as MetricName]?.includes(bound)));

/** Milliseconds as rising seconds, each once. */
const ascending = (ms: readonly number[]) => [...new Set(ms.map(each => each / 1000))].sort((a, b) => a - b);

/** What people wait for, which buckets of one's own are meant for. */
export const latencies = [
  'glm_probe_run_duration_seconds',
  'glm_probe_time_to_first_byte_seconds',
  'glm_probe_time_to_first_token_seconds',
  'glm_probe_time_to_first_output_token_seconds',
  'glm_probe_max_chunk_gap_seconds',
] as const satisfies readonly MetricName[];
