/**
 * The metrics of one `check` upon what earlier ones left in the same file. A process that looks once counts to one each time,
 * and increase() of that is nothing; the file that the collector reads is where the counters go on.
 */
import { readFileSync, statSync } from 'node:fs';
import type { Clock } from '../../core/clock.ts';
import { codeOf } from '../../core/errors.ts';
import { catalogue } from '../../core/metrics.ts';
import { writeTextfile } from '../../core/textfile.ts';
import { createProbeMetrics } from '../metrics.ts';
import type { ProbeRun, Subject } from '../run.ts';
import { seriesKey } from '../series-key.ts';

/** Replaces the file at once. @throws {UsageError} `no_write` */
export async function writeMetrics(path: string, runs: readonly ProbeRun[], clock: Clock): Promise<void> {
  const { metrics, record } = createProbeMetrics(runs, clock);
  for (const run of runs) record(run);
  writeTextfile(path, upon(textAt(path), await metrics.text(), runs));
}

/** What is there is added to; a pipe has nothing to read, and would wait for somebody to write. */
function textAt(path: string): string {
  try {
    return statSync(path).isFile() ? readFileSync(path, 'utf8') : '';
  } catch (error) {
    // The first run of all. Whether the place takes a file was tried before anything was asked.
    if (codeOf(error) === 'ENOENT' || codeOf(error) === 'EACCES') return '';
    throw error;
  }
}

/**
 * Counters and histograms of `subjects` go on from `before`; gauges are those of `now`. What else was counted, of checks that
 * are not looked at any more, goes; so does a histogram whose bounds are others now.
 */
export function upon(before: string, now: string, subjects: readonly Subject[]): string {
  const [earlier, later] = [familiesOf(before), familiesOf(now)];
  const merged = [...later.values()].map(family => sum(family, earlier.get(family.name), subjects));
  const rest = [...earlier.values()].filter(({ name }) => !later.has(name)).map(family => only(family, subjects));
  return [...merged, ...rest.filter(({ samples }) => samples.size > 0)].map(textOf).join('\n');
}

interface Family {
  readonly name: string;
  readonly type: string;
  /** Its help and type. */
  readonly head: readonly string[];
  readonly samples: ReadonlyMap<string, Sample>;
}

interface Sample {
  /** As it is written in front of the value. */
  readonly series: string;
  readonly labels: Labels;
  readonly value: number;
}

type Labels = Readonly<Record<string, string>>;

/** Families of the catalogue; anything else in the file is not ours. */
function familiesOf(text: string): Map<string, Family> {
  const families = new Map<string, Family & { samples: Map<string, Sample> }>();
  let help = '';
  let last: (Family & { samples: Map<string, Sample> }) | undefined;
  for (const line of text.split('\n')) {
    if (line.startsWith('# HELP ')) help = line;
    const [, name = '', type = ''] = /^# TYPE (\w+) (\w+)$/.exec(line) ?? [];
    if (name !== '') {
      last = { name, type, head: [help, line], samples: new Map() };
      if (Object.hasOwn(catalogue, name)) families.set(name, last);
    }
    const sample = sampleIn(line);
    if (sample !== undefined) last?.samples.set(keyOf(sample), sample);
  }
  return families;
}

function sampleIn(line: string): Sample | undefined {
  const [, series, inside = '', text] = /^(\w+(?:\{(.*)\})?) (\S+)$/.exec(line) ?? [];
  if (series === undefined) return undefined;
  const labels = Object.fromEntries(
    [...inside.matchAll(/(\w+)="((?:[^"\\]|\\.)*)"/g)].map(([, label = '', value = '']) => [label, unescaped(value)]),
  );
  return { series, labels, value: Number(text) };
}

const unescaped = (text: string) => text.replace(/\\(.)/g, (_, char: string) => (char === 'n' ? '\n' : char));

/** Labels may change their order from version to version. */
const keyOf = ({ series, labels }: Sample) => seriesKey(series.replace(/\{.*/, ''), labels);

function sum(now: Family, before: Family | undefined, subjects: readonly Subject[]): Family {
  if (before === undefined || now.type !== before.type || boundsOf(now) !== boundsOf(before)) return now;
  const kept = only(before, subjects).samples;
  const samples = new Map(kept);
  for (const [key, sample] of now.samples)
    samples.set(key, { ...sample, value: sample.value + (kept.get(key)?.value ?? 0) });
  return { ...now, samples };
}

const boundsOf = ({ samples }: Family): string =>
  [...new Set([...samples.values()].map(({ labels }) => labels.le ?? ''))].sort().join(' ');

/** Counters and histograms that belong to one of the subjects, as far as their labels say. */
function only(family: Family, subjects: readonly Subject[]): Family {
  const counts = family.type === 'counter' || family.type === 'histogram';
  const samples = [...family.samples].filter(
    ([, { labels, value }]) => counts && value >= 0 && value < Number.POSITIVE_INFINITY && isOf(labels, subjects),
  );
  return { ...family, samples: new Map(samples) };
}

const isOf = (labels: Labels, subjects: readonly Subject[]) =>
  subjects.some(subject =>
    (['target', 'check', 'model'] as const).every(key => (labels[key] ?? subject[key]) === subject[key]),
  );

const textOf = ({ head, samples }: Family): string =>
  [...head, ...[...samples.values()].map(({ series, value }) => `${series} ${value}`), ''].join('\n');
