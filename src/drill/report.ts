/** What a drill proved, as a table for people and as JSON. */
import { aligned } from '../core/aligned.ts';
import { formatDuration } from '../core/duration.ts';
import { faults, type Play } from './catalogue.ts';
import type { Played, Wave } from './play.ts';

export interface DrillReport {
  /** How many times as fast as shipped it went; null on a stack that already ran. */
  readonly scale: number | null;
  readonly waves: readonly Wave[];
  /** Faults that were asked for and not played, because somebody said stop. */
  readonly left: readonly string[];
}

export const isProven = ({ waves, left }: DrillReport): boolean =>
  left.length === 0 &&
  waves.every(
    ({ played, early, stray }) =>
      early.length === 0 && stray.length === 0 && played.every(({ problems }) => problems.length === 0),
  );

export function tableOf(report: DrillReport): string {
  const { waves, scale, left } = report;
  const played = waves.flatMap(wave => wave.played);
  const rows = played.map(rowOf);
  const good = played.filter(({ problems }) => problems.length === 0).length;
  const sum = `${good} of ${played.length + left.length} faults told and cleared.`;
  const lines = [...aligned([titles, ...rows], isTime), ...problemsOf(report), sum, paceOf(scale)];
  return `${lines.join('\n')}\n`;
}

const rowOf = ({ fault, reason, detectMs, clearMs }: Played) => [
  fault.name,
  reason ?? '-',
  timeOf(detectMs),
  timeOf(clearMs),
  fault.alert,
];

const problemsOf = ({ waves, left }: DrillReport): string[] => [
  ...waves.flatMap(({ early }) => early.map(name => `${name} came while all was well`)),
  ...waves.flatMap(({ stray }) => stray.map(name => `${name} came, and is about nothing that was played`)),
  ...waves.flatMap(({ played }) =>
    played.flatMap(({ fault, problems }) => problems.map(problem => `${fault.name}: ${problem}`)),
  ),
  ...busyOf(waves).map(name => `${name} came: this machine was busy, which proves nothing`),
  ...(left.length > 0 ? [`not played: ${left.join(', ')}`] : []),
];

/** Told once, however many waves it disturbed. */
const busyOf = (waves: readonly Wave[]) => [...new Set(waves.flatMap(({ busy }) => busy))];

function paceOf(scale: number | null): string {
  if (scale === null) return 'Times are those of the rules that are loaded there.';
  if (scale === 1) return 'Windows and intervals are as shipped.';
  return `Windows and intervals are ${scale} times as short as shipped: 1s here is ${formatDuration(1000 * scale)} there.`;
}

const titles = ['fault', 'reason', 'told', 'clear', 'alert'];
const isTime = (column: number) => column === 2 || column === 3;
const timeOf = (ms: number | null) => (ms === null ? '-' : `${(ms / 1000).toFixed(1)}s`);

/** The same with all that is known, in ms. */
export const jsonOf = (report: DrillReport): string =>
  `${JSON.stringify({
    proven: isProven(report),
    scale: report.scale,
    early: report.waves.flatMap(({ early }) => early),
    stray: report.waves.flatMap(({ stray }) => stray),
    busy: busyOf(report.waves),
    left: report.left,
    faults: report.waves.flatMap(({ played }) =>
      played.map(({ fault, reason, detectMs, clearMs, problems }) => ({
        fault: fault.name,
        fault_domain: fault.domain,
        reason,
        alert: fault.alert,
        receiver: fault.to,
        detect_ms: rounded(detectMs),
        clear_ms: rounded(clearMs),
        problems,
      })),
    ),
  })}\n`;

const rounded = (ms: number | null) => (ms === null ? null : Math.round(ms));

/** The catalogue. */
export function listing(): string {
  const titles = ['fault', 'whose', 'reason', 'played by', '', 'alert'];
  const rows = faults.map(({ name, domain, reason, play, usual, alert }) => [
    name,
    domain,
    reason ?? '-',
    howOf(play),
    usual ? '*' : '',
    alert,
  ]);
  return `${[...aligned([titles, ...rows]), '* played when nobody names a fault'].join('\n')}\n`;
}

/** The same for programs. */
export const listingJson = (): string =>
  `${JSON.stringify(
    faults.map(({ name, domain, reason, alert, to, usual }) => ({
      fault: name,
      fault_domain: domain,
      reason,
      alert,
      receiver: to,
      usual,
    })),
  )}\n`;

const howOf = (play: Play) => (play.kind === 'scenario' ? play.scenario : acts[play.kind]);

const acts = {
  endpoint_ends: 'its mock ends',
  network_ends: 'mock and reference end',
  prober_ends: 'its prober ends',
  config_breaks: 'a mistake in its file',
} as const satisfies Record<Exclude<Play['kind'], 'scenario'>, string>;
