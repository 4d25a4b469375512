/** A verdict for people and for programs. */
import { counted, thousands } from '../../core/counted.ts';
import { UsageError } from '../../core/errors.ts';
import { type Finding, type Severity, severities } from './finding.ts';
import { defaultLimits, type Limits } from './limits.ts';
import { type Gone, type Verdict, verdictOf } from './resilience.ts';
import type { Seen } from './seen.ts';

export interface ReportOptions extends Partial<Limits>, Gone {
  /** Columns of the terminal; longer lines go on below. Default 100. */
  readonly width?: number;
}

/**
 * One line per finding, then the sum.
 * @example
 * FAIL retried_non_retryable #3 #4 #5  1113 was sent again 2 times → no money or no package (1113): …
 */
export function textReport(entries: readonly Seen[], { width = 100, ...limits }: ReportOptions = {}): string {
  return textOf(verdictOf(entries, limits), width);
}

/** The same as a value. */
export function jsonReport(entries: readonly Seen[], { width: _, ...limits }: ReportOptions = {}): Verdict {
  return verdictOf(entries, limits);
}

export interface AssertOptions extends ReportOptions {
  /** The mildest severity that throws; `fail` by default. */
  readonly failOn?: Severity;
}

/** @throws {Error} whose message is the report, when a finding fails */
export function assertResilient(entries: readonly Seen[], options: AssertOptions = {}): void {
  const { pass, report } = assess(entries, options);
  if (!pass) throw new Error(report);
}

/** Whether the client passes, with the report. */
export function assess(entries: readonly Seen[], { failOn = 'fail', width = 100, ...limits }: AssertOptions = {}) {
  const verdict = verdictOf(entries, checkedLimits(limits));
  return { pass: passes(verdict, failOn), report: textOf(verdict, width) };
}

/** Whether no finding is as bad as that. */
export const passes = ({ findings }: Pick<Verdict, 'findings'>, failOn: Severity): boolean =>
  findings.every(({ severity }) => severities.indexOf(severity) > severities.indexOf(failOn));

/** @throws {UsageError} `unknown_option`: a threshold that is misspelt would judge by the default */
function checkedLimits<T extends Partial<Limits> & Gone>(limits: T): T {
  const allowed = [...Object.keys(defaultLimits), 'dropped', 'lost'];
  const unknown = Object.keys(limits).filter(name => !allowed.includes(name));
  if (unknown.length === 0) return limits;
  throw new UsageError(
    'unknown_option',
    `the verdict has no option ${unknown.join(', ')}; it has failOn, width and ${Object.keys(defaultLimits).join(', ')}`,
  );
}

function textOf(verdict: Verdict, width: number): string {
  const lines = verdict.findings.flatMap(finding => linesOf(finding, width));
  return [...lines, ...folded(sumOf(verdict), width)].join('\n');
}

function linesOf({ code, severity, requests, says, advice }: Finding, width: number): string[] {
  const head = `${severity.toUpperCase()} ${code} ${shortened(requests)}  ${says}`;
  const whole = `${head} → ${advice}`;
  return whole.length <= width ? [whole] : [...folded(head, width), ...folded(`     → ${advice}`, width)];
}

const shown = 6;

function shortened(requests: readonly number[]): string {
  const names = requests.slice(0, shown).map(n => `#${n}`);
  return [...names, ...(requests.length > shown ? [`and ${requests.length - shown} more`] : [])].join(' ');
}

/** Broken between words; what follows is indented. */
function folded(text: string, width: number): string[] {
  const [, indent = '', rest = ''] = /^( *)(.*)$/.exec(text) ?? [];
  const [first = '', ...words] = rest.split(' ');
  const lines = [indent + first];
  for (const word of words) {
    const line = `${lines.at(-1)} ${word}`;
    if (line.length <= width) lines[lines.length - 1] = line;
    else lines.push(`       ${word}`);
  }
  return lines;
}

const heads = { fragile: 'not resilient', unproven: 'unproven', resilient: 'ok' } as const;

function sumOf({ verdict, requests, troubled, lost, findings }: Verdict): string {
  const gone = lost === 0 ? '' : `; ${thousands(lost)} of them are no longer kept and were not judged`;
  const asked = `${counted(requests, 'request')}, ${thousands(troubled)} with a fault or an error${gone}`;
  if (verdict === 'nothing to judge') return `nothing to judge: ${asked}`;
  if (findings.length === 0) return `ok: ${asked}`;
  const [failed = 0, warned = 0, unproven = 0] = severities.map(
    wanted => findings.filter(({ severity }) => severity === wanted).length,
  );
  const open = unproven === 0 ? '' : `, ${unproven} that only your client can tell`;
  return `${heads[verdict]}: ${failed} failed, ${warned} to look at${open}; ${asked}`;
}
