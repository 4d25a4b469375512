/** The rule files as a reader sees them: each alert says how bad it is, what is meant, and where to read on. */
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { parse } from 'yaml';
import { readRules, rulesOf } from '../../scripts/rules/rule-file.ts';
import { detectionOf, fastBurn, slowBurn } from '../../src/probe/detection.ts';
import { detectionTable, type Ruled, ruleFiles } from '../../src/probe/rules.ts';
import { anchorOf, headingsOf } from '../support/markdown.ts';
import { committed, readDashboard } from '../support/panels.ts';
import { isPromQl, selectorsOf } from './lint.ts';

const read = (...path: string[]) => readFileSync(join(committed, ...path), 'utf8');
const files = ruleFiles.map(file => ({ file, groups: readRules(read('rules', file)).groups }));
const alerts = files.flatMap(file =>
  rulesOf(file).flatMap(rule => (rule.alert === undefined ? [] : [{ ...rule, alert: rule.alert }])),
);
const page = read('README.md');
const chapter = page.slice(page.indexOf('\n# Alerts\n'));

test('the folder and the verb agree on which rules there are', () => {
  const there = readdirSync(join(committed, 'rules')).filter(name => name.endsWith('.yml'));
  expect(there.sort()).toEqual([...ruleFiles].sort());
});

test.each(alerts)('$alert has a severity, a summary that names what it is about, and a paragraph', rule => {
  const { alert, labels = {}, annotations = {} } = rule;
  expect(Object.keys(labels).sort()).toEqual(expect.arrayContaining(['severity']));
  expect(['page', 'ticket', 'info', '{{ $labels.severity }}']).toContain(labels.severity);
  expect(annotations.summary).toMatch(/\S/);
  if (/^GlmProbe/.test(alert)) expect(annotations.summary).toMatch(/target|credential|prober/i);
  if (/labels\.check /.test(annotations.summary ?? '')) expect(annotations.summary).toMatch(/labels\.target /);
  expect(annotations.runbook_url).toBe(`dashboards/README.md#${anchorOf(alert)}`);
});

test('every alert has a paragraph, and every paragraph an alert', () => {
  const named = headingsOf(chapter)
    .filter(({ level }) => level === 2)
    .map(({ text }) => text);
  const all = [...new Set([...alerts.map(({ alert }) => alert), 'GlmProbeCheckMissing'])];
  expect(named.toSorted()).toEqual(all.toSorted());
});

test.each(chapter.split('\n## ').slice(1))('what an alert means, what to look at, what to do: %s', paragraph => {
  expect(paragraph).toMatch(/^\S+\n\n\*\*It means:\*\* \S[\s\S]+\n\n\*\*Look at:\*\* \S[\s\S]+\n\n\*\*Do:\*\* \S/);
});

test('the panels that paragraphs point to are there', () => {
  const boards = ['overview', 'latency', 'load-test', 'mock', 'prober'].map(name =>
    readDashboard(committed, `${name}.json`),
  );
  const titles = new Set(boards.flatMap(({ panels }) => panels.map(({ title }) => title)));
  const pointed = [...chapter.matchAll(/\*\*([^*\n]+)\*\*/g)]
    .map(([, title = '']) => title)
    .filter(title => !title.endsWith(':'));
  expect(pointed.length).toBeGreaterThan(15);
  expect(pointed.filter(title => !titles.has(title))).toEqual([]);
});

test('a recording is in the group of the alerts that use it, before them', () => {
  for (const { groups } of files)
    for (const { rules } of groups) {
      const known = new Set<string>();
      for (const { record, expr } of rules) {
        expect(isPromQl(expr), expr).toBe(true);
        for (const { metric } of selectorsOf(expr)) if (metric.includes(':')) expect(known).toContain(metric);
        if (record !== undefined) known.add(record);
      }
      expect([...known].filter(record => !rules.some(({ expr }) => expr.includes(record)))).toEqual([]);
    }
});

test('inhibitions name alerts that there are, and each of their two sides', () => {
  interface Inhibition {
    readonly source_matchers: readonly string[];
    readonly target_matchers: readonly string[];
  }
  const { inhibit_rules } = parse(read('alertmanager', 'alertmanager.yml')) as { inhibit_rules: Inhibition[] };
  for (const { source_matchers, target_matchers } of inhibit_rules) {
    const [sources, targets] = [source_matchers, target_matchers].map(meant);
    expect(sources?.length).toBeGreaterThan(0);
    expect(targets?.length).toBeGreaterThan(0);
    // An alert that inhibits itself would never be heard of.
    expect(sources?.filter(name => targets?.includes(name))).toEqual([]);
  }
});

/** Alerts that a matcher's pattern means; each word of it has to mean one. */
function meant([matcher = '']: readonly string[]): string[] {
  const pattern = new RegExp(`^(?:${/"(.*)"/.exec(matcher)?.[1] ?? ''})$`);
  return [...new Set(alerts.map(({ alert }) => alert))].filter(name => pattern.test(name));
}

const minutes = (ms: number | null) => (ms === null ? null : ms / 60_000);

// The failures of anchors of the SRE workbook's arithmetic, but never fewer than three.
test.each([
  [30, 0.99, 18, 9],
  [30, 0.995, 9, 4.5],
  [30, 0.999, 3, 1.5],
  [60, 0.99, 9, 9],
  [60, 0.995, 5, 5],
  [60, 0.999, 3, 3],
  [120, 0.99, 5, 10],
  [120, 0.995, 3, 6],
  [300, 0.99, 3, 15],
  [600, 0.999, 3, 30],
  [1200, 0.99, 3, 60],
  [1201, 0.99, 3, null],
  [3600, 0.99, 3, null],
  [60, 0.5, 55, 55],
])('a fast burn at one run in %i s and an objective of %f needs %i failures', (everyS, objective, failures, after) => {
  const found = detectionOf(objective, everyS * 1000, fastBurn);
  expect([found.failures, minutes(found.afterMs)]).toEqual([failures, after]);
});

test('just as much as the share is not yet more than it', () => {
  // 6 × 5 % of 6 h at a run in 21.6 s is 300 of 1000.
  expect(detectionOf(0.95, 21_600, slowBurn).failures).toBe(301);
});

test('the page shows the table that the verb prints', () => {
  const minute = 60_000;
  const check = (name: string, every: number, objective: number): Ruled => ({
    ...{ id: `cn/${name}/glm-4.6`, target: 'cn', check: name, model: 'glm-4.6' },
    schedule: { kind: 'interval', everyMs: every * minute, jitter: 0 },
    slo: [{ sli: 'availability', objective, thresholdMs: undefined }],
  });
  const checks = [
    ...[check('a', 1, 0.99), check('b', 1, 0.999), check('c', 5, 0.99)],
    ...[check('d', 10, 0.995), check('e', 60, 0.99)],
  ];
  expect(page).toContain(`\`\`\`text\n${detectionTable(checks, 0)}\`\`\``);
});
