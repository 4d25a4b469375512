/** JUnit's XML, as CI systems read it: a suite per target, a case per check. */
import { escaped } from '../../core/escaped.ts';
import { countsAgainstSli, type ProbeRun } from '../run.ts';
import { plainWords } from '../verdict.ts';

export function junitReport(runs: readonly ProbeRun[]): string {
  const suites = [...Map.groupBy(runs, ({ target }) => target)].map(([target, own]) => suite(target, own));
  return `<?xml version="1.0" encoding="UTF-8"?>\n<testsuites>\n${suites.join('')}</testsuites>\n`;
}

function suite(target: string, runs: readonly ProbeRun[]): string {
  const failures = runs.filter(countsAgainstSli).length;
  const skipped = runs.filter(({ state }) => state === 'skipped').length;
  const errors = runs.filter(({ state }) => state !== 'good').length - failures - skipped;
  const counts = `tests="${runs.length}" failures="${failures}" errors="${errors}" skipped="${skipped}"`;
  return `  <testsuite name="${escaped(target)}" ${counts}>\n${runs.map(testCase).join('')}  </testsuite>\n`;
}

function testCase(run: ProbeRun): string {
  const seconds = (run.timing.total_ms / 1000).toFixed(3);
  const name = `classname="${escaped(run.target)}" name="${escaped(`${run.check} ${run.model}`)}" time="${seconds}"`;
  const log = `      <system-out>${escaped(run.log.join('\n'))}</system-out>\n`;
  return `    <testcase ${name}>\n${endingOf(run)}${log}    </testcase>\n`;
}

/** A failure is the service's; an error is something else that kept the check from being good. */
function endingOf(run: ProbeRun): string {
  if (run.state === 'good') return '';
  if (run.state === 'skipped') return `      <skipped message="${escaped(run.detail ?? run.skipped ?? '')}"/>\n`;
  const kind = countsAgainstSli(run) ? 'failure' : 'error';
  const text = plainWords(run) ?? run.detail ?? run.state;
  return `      <${kind} type="${run.reason ?? run.state}" message="${escaped(text)}"/>\n`;
}
