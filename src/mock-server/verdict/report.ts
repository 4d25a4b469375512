/** A verdict for people and for programs. */
import { count, type Finding } from './finding.ts';
import type { Limits } from './limits.ts';
import { type Verdict, verdictOf } from './resilience.ts';
import type { Seen } from './seen.ts';

export interface ReportOptions extends Partial<Limits> {
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

/** The same as a value: `{ verdict, requests, troubled, findings }`. */
export function jsonReport(entries: readonly Seen[], { width: _, ...limits }: ReportOptions = {}): Verdict {
  return verdictOf(entries, limits);
}

export interface AssertOptions extends ReportOptions {
  /** The mildest severity that throws; `fail` by default. */
  readonly failOn?: Finding['severity'];
}

/** @throws {Error} whose message is the report, when a finding fails */
export function assertResilient(entries: readonly Seen[], options: AssertOptions = {}): void {
  const { pass, report } = assess(entries, options);
  if (!pass) throw new Error(report);
}

/** Whether the client passes, with the report. */
export function assess(entries: readonly Seen[], { failOn = 'fail', width = 100, ...limits }: AssertOptions = {}) {
  const verdict = verdictOf(entries, limits);
  const pass = verdict.findings.every(({ severity }) => severity === 'warn' && failOn === 'fail');
  return { pass, report: textOf(verdict, width) };
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

function sumOf({ verdict, requests, troubled, findings }: Verdict): string {
  const asked = `${count(requests, 'request')}, ${troubled} with a fault or an error`;
  if (verdict === 'nothing to judge') return `nothing to judge: ${asked}`;
  const failed = findings.filter(({ severity }) => severity === 'fail').length;
  if (findings.length === 0) return `ok: ${asked}`;
  return `${failed === 0 ? 'ok' : 'not resilient'}: ${failed} failed, ${findings.length - failed} to look at; ${asked}`;
}
