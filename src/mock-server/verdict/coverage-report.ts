/** Coverage as text, JSON, JUnit XML and Markdown. */
import { escaped } from '../../core/escaped.ts';
import type { Coverage, Section } from './coverage.ts';

/** A line per section, and what is missing below it. */
export function coverageText({ percent, sections }: Coverage, width = 100): string {
  const lines = sections.flatMap(section => [rowOf(section), ...missingLines(section, width)]);
  return [...lines, `${'all'.padEnd(16)}${String(percent).padStart(4)} %`].join('\n');
}

/** Indented by two, keys in a fixed order. */
export const coverageJson = (coverage: Coverage): string => JSON.stringify(coverage, undefined, 2);

/** A suite per section, a case per name; what was not seen counts as skipped, so that it fails nothing. */
export function coverageJUnit({ sections }: Coverage): string {
  const suites = sections.map(section => {
    const cases = [...section.seen.map(name => caseOf(section, name, true)), ...missingCases(section)];
    return [`  <testsuite ${countsOf([section])} name="${escaped(section.name)}">`, ...cases, '  </testsuite>'].join(
      '\n',
    );
  });
  const head = `<?xml version="1.0" encoding="UTF-8"?>\n<testsuites ${countsOf(sections)} name="GLM API coverage">`;
  return [head, ...suites, '</testsuites>', ''].join('\n');
}

/** For `$GITHUB_STEP_SUMMARY`: one table, what is missing folded into its cell. */
export function coverageMarkdown({ percent, sections }: Coverage): string {
  const rows = sections.map(
    section => `| ${section.name} | ${ratio(section)} | ${section.percent} % | ${cell(section.missing)} |`,
  );
  return [
    `### GLM API coverage: ${percent} %`,
    '',
    '| part | seen | share | not seen |',
    '| - | -: | -: | - |',
    ...rows,
    '',
  ].join('\n');
}

const ratio = ({ seen, missing }: Section) => `${seen.length}/${seen.length + missing.length}`;

const rowOf = (section: Section) =>
  `${section.name.padEnd(16)}${String(section.percent).padStart(4)} %  ${ratio(section)}`;

function missingLines({ missing }: Section, width: number): string[] {
  const lines: string[] = [];
  for (const name of missing) {
    const line = lines.at(-1);
    if (line !== undefined && line.length + name.length + 2 <= width) lines[lines.length - 1] = `${line}, ${name}`;
    else lines.push(`  ${line === undefined ? 'not seen: ' : '          '}${name}`);
  }
  return lines;
}

const countsOf = (sections: readonly Section[]) => {
  const missing = sections.reduce((sum, section) => sum + section.missing.length, 0);
  const tests = sections.reduce((sum, section) => sum + section.seen.length, missing);
  return `tests="${tests}" failures="0" errors="0" skipped="${missing}"`;
};

const missingCases = (section: Section) => section.missing.map(name => caseOf(section, name, false));

function caseOf(section: Section, name: string, seen: boolean): string {
  const open = `    <testcase classname="${escaped(section.name)}" name="${escaped(name)}"`;
  return seen ? `${open}/>` : `${open}><skipped message="not seen"/></testcase>`;
}

const mostInCell = 20;

function cell(missing: readonly string[]): string {
  const names = missing
    .slice(0, mostInCell)
    .map(name => `\`${name.replaceAll(/[`\r\n]/g, ' ').replaceAll('|', '\\|')}\``);
  return [...names, ...(missing.length > mostInCell ? [`and ${missing.length - mostInCell} more`] : [])].join(', ');
}
