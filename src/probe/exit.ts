/** What a command's exit code says about its runs. */
import { exitCodes } from '../core/program.ts';
import { countsAgainstSli, isDegraded, type ProbeRun } from './run.ts';

export type ExitStyle = 'plain' | 'nagios';

export type Grade = 'good' | 'degraded' | 'failed' | 'unmeasurable';

type Graded = Pick<ProbeRun, 'state' | 'fault_domain' | 'warnings'>;

/** The worst of all runs: a failure of provider or network, else anything that says nothing about the service. */
export function gradeOf(runs: readonly Graded[]): Grade {
  if (runs.some(countsAgainstSli)) return 'failed';
  if (runs.length === 0 || runs.some(({ state }) => state !== 'good')) return 'unmeasurable';
  return runs.some(isDegraded) ? 'degraded' : 'good';
}

/**
 * Plain: 0 good, 1 provider or network, 3 account, request or this program, 4 degraded where `failOnDegraded` says so.
 * Nagios: 0 OK, 1 WARNING (degraded), 2 CRITICAL, 3 UNKNOWN.
 */
export function exitCodeOf(runs: readonly Graded[], style: ExitStyle = 'plain', failOnDegraded = false): number {
  const grade = gradeOf(runs);
  if (style === 'nagios') return nagios[grade].code;
  if (grade === 'degraded') return failOnDegraded ? exitCodes.degraded : exitCodes.ok;
  return { good: exitCodes.ok, failed: exitCodes.failed, unmeasurable: exitCodes.unmeasurable }[grade];
}

/** The plugin API's words. */
export const nagios = {
  good: { code: 0, word: 'OK' },
  degraded: { code: 1, word: 'WARNING' },
  failed: { code: 2, word: 'CRITICAL' },
  unmeasurable: { code: 3, word: 'UNKNOWN' },
} as const satisfies Record<Grade, { code: number; word: string }>;
