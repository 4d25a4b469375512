/** What is proven is what is shipped: only times differ, and all of them by the same factor. */
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { parser } from '@prometheus-io/lezer-promql';
import { expect, test } from 'vitest';
import { parse } from 'yaml';
import { readRules, rulesOf } from '../../scripts/rules/rule-file.ts';
import { parseDuration } from '../../src/core/duration.ts';
import { scaledExpr, scaledRouting, scaledRules, shorter } from '../../src/drill/scale.ts';
import { committed } from '../support/panels.ts';

const files = readdirSync(join(committed, 'rules')).filter(name => name.endsWith('.yml'));
const textOf = (name: string) => readFileSync(join(committed, 'rules', name), 'utf8');
const scale = 30;

interface Leaf {
  readonly name: string;
  readonly text: string;
  /** What a number is compared with. */
  readonly beside: string;
}

/** The words of an expression in order, with what the parser calls them. */
function leavesOf(expr: string): Leaf[] {
  const leaves: Leaf[] = [];
  parser.parse(expr).iterate({
    enter: ({ name, from, to, node }) => {
      expect(name, expr).not.toBe('⚠');
      if (node.firstChild !== null) return;
      const left = node.parent?.firstChild;
      const beside = node.parent?.name === 'BinaryExpr' && left ? expr.slice(left.from, left.to) : '';
      leaves.push({ name, text: expr.slice(from, to), beside });
    },
  });
  return leaves;
}

/** Seconds as Prometheus reads them. */
const secondsOf = (text: string) => parseDuration(text.replace(/w$/, '')) / 1000;

const isWindow = ({ name }: Leaf) => name === 'NumberDurationLiteralInDurationContext';
const isInterval = ({ name, beside }: Leaf) =>
  name === 'NumberDurationLiteral' && /^(check:)?glm_probe_interval_seconds/.test(beside);

test.each(files)('%s: windows, offsets, waits and intervals are shortened, and nothing else changes', name => {
  const [before, after] = [textOf(name), scaledRules(textOf(name), scale)].map(text => rulesOf(readRules(text)));
  expect(after?.length).toBe(before?.length);
  for (const [at, rule] of (before ?? []).entries()) {
    const { expr, for: wait, ...rest } = after?.[at] ?? { expr: '' };
    const { expr: expr0, for: wait0, ...rest0 } = rule;
    expect(rest).toEqual(rest0);
    if (wait0 === undefined) expect(wait).toBeUndefined();
    else expect(secondsOf(wait ?? '')).toBeCloseTo(secondsOf(wait0) / scale, 3);
    const [old, now] = [leavesOf(expr0), leavesOf(expr)];
    expect(now.map(leaf => leaf.name)).toEqual(old.map(leaf => leaf.name));
    for (const [place, leaf] of old.entries()) {
      const text = now[place]?.text ?? '';
      if (isWindow(leaf)) expect(secondsOf(text)).toBeCloseTo(secondsOf(leaf.text) / scale, 3);
      else if (isInterval(leaf)) expect(Number(text)).toBeCloseTo(Number(leaf.text) / scale, 6);
      else expect(text).toBe(leaf.text);
    }
  }
});

test('there are such times in the rules, or the test above would prove nothing', () => {
  const leaves = files.flatMap(name => rulesOf(readRules(textOf(name))).flatMap(({ expr }) => leavesOf(expr)));
  expect(leaves.filter(isWindow).length).toBeGreaterThan(40);
  expect(leaves.filter(isInterval).length).toBeGreaterThan(4);
});

// Thresholds that are seconds, and are not about the pace of rules and checks. A new one has to be decided about.
test('numbers that look like times and stay are known', () => {
  const staying = files.flatMap(name =>
    rulesOf(readRules(textOf(name))).flatMap(({ expr }) =>
      leavesOf(expr).filter(
        leaf => leaf.name === 'NumberDurationLiteral' && /seconds|time\(\)/.test(leaf.beside) && !isInterval(leaf),
      ),
    ),
  );
  expect(new Set(staying.map(({ text }) => text))).toEqual(new Set(['0.05', '5', '0.1', '604800', '0.01', '1']));
});

test.each([
  ['increase(a[15m]) > 1.5', 'increase(a[30000ms]) > 1.5'],
  ['a offset 6h and b > 5', 'a offset 720000ms and b > 5'],
  ['b and on (check) glm_probe_interval_seconds <= 75', 'b and on (check) glm_probe_interval_seconds <= 2.5'],
  ['check:glm_probe_interval_seconds:held > 300 <= 1200', 'check:glm_probe_interval_seconds:held > 10 <= 40'],
  ['3 * glm_probe_interval_seconds', '3 * glm_probe_interval_seconds'],
])('%s', (expr, expected) => {
  expect(scaledExpr(expr, scale)).toBe(expected);
});

test('no time becomes nothing', () => {
  expect(shorter('1ms', 60)).toBe('1ms');
});

test('routes keep their order and matchers, wait less, and every receiver posts under its own name', () => {
  const text = readFileSync(join(committed, 'alertmanager/alertmanager.yml'), 'utf8');
  const scaled = parse(scaledRouting(text, scale, 'http://127.0.0.1:9'));
  const example = parse(text);
  expect(scaled.inhibit_rules).toEqual(example.inhibit_rules);
  expect(scaled.receivers.map(({ name }: { name: string }) => name)).toEqual(
    example.receivers.map(({ name }: { name: string }) => name),
  );
  for (const { name, webhook_configs } of scaled.receivers)
    expect(webhook_configs).toEqual([{ url: `http://127.0.0.1:9/${name}`, send_resolved: true }]);
  expect(scaled.route).toMatchObject({ receiver: example.route.receiver, group_by: example.route.group_by });
  expect([scaled.route.group_wait, scaled.route.group_interval]).toEqual(['1000ms', '10000ms']);
  expect(scaled.route.routes.map(({ matchers }: { matchers: string[] }) => matchers)).toEqual(
    example.route.routes.map(({ matchers }: { matchers: string[] }) => matchers),
  );
});
