/** Rule files with one mistake each, of the kinds that people make: a test has to fail for every one of them. */
import { parser } from '@prometheus-io/lezer-promql';
import { stringify } from 'yaml';
import { type Rule, type RuleFile, readRules } from './rule-file.ts';

export interface Mutant {
  /** Which rule, and what became of it. */
  readonly what: string;
  /** The whole file with it. */
  readonly text: string;
}

export function mutantsOf(text: string): Mutant[] {
  const file = readRules(text);
  return file.groups.flatMap((group, at) =>
    group.rules.flatMap((rule, place) =>
      changesOf(rule).map(({ what, rules }) => ({
        what: `${rule.alert ?? rule.record}: ${what}`,
        text: stringify(withRules(file, at, group.rules.toSpliced(place, 1, ...rules))),
      })),
    ),
  );
}

const withRules = ({ groups }: RuleFile, at: number, rules: readonly Rule[]): RuleFile => ({
  groups: groups.map((group, place) => (place === at ? { ...group, rules } : group)),
});

interface Change {
  readonly what: string;
  /** In place of the rule. */
  readonly rules: readonly Rule[];
}

const changesOf = (rule: Rule): Change[] => [
  { what: 'is gone', rules: [] },
  ...waitsOf(rule),
  ...expressionsOf(rule.expr).map(({ what, expr }) => ({ what, rules: [{ ...rule, expr }] })),
];

function waitsOf({ for: wait, ...rest }: Rule): Change[] {
  if (wait === undefined) return [];
  return [
    { what: `waits no ${wait}`, rules: [rest] },
    { what: `waits three times ${wait}`, rules: [{ ...rest, for: times(wait, 3) }] },
  ];
}

interface Expression {
  readonly what: string;
  readonly expr: string;
}

interface Edit {
  readonly from: number;
  readonly to: number;
  readonly by: string;
}

/** Every edit of an expression that the tests have to notice. */
export function expressionsOf(expr: string): Expression[] {
  const edits: Edit[] = [];
  parser.parse(expr).iterate({
    enter: ({ name, from, to, node }) => {
      const text = expr.slice(from, to);
      const swap = (...words: readonly string[]) => edits.push(...words.map(by => ({ from, to, by })));
      const parent = node.parent?.name ?? '';
      if (name in comparisons) swap(...(comparisons[name] ?? []));
      if (name === 'NumberDurationLiteral' && parent !== 'PromQL') swap(...numbersFor(text));
      if (name === 'NumberDurationLiteralInDurationContext') swap(times(text, 3), times(text, 1 / 3));
      if (name === 'UnquotedLabelMatcher') edits.push(...matcherEdits(text, from, expr));
      if (name === 'OffsetExpr') edits.push({ from, to, by: expr.slice(from, node.firstChild?.to) });
      const [left, right] = [node.firstChild, node.lastChild];
      const word = node.getChild('And') ?? node.getChild('Or') ?? node.getChild('Unless');
      if (name !== 'BinaryExpr' || word === null || left === null || right === null) return;
      edits.push({ from, to, by: expr.slice(left.from, left.to) });
      if (word.name === 'Or') edits.push({ from, to, by: expr.slice(right.from, right.to) });
      else edits.push({ from: word.from, to: word.to, by: word.name === 'And' ? 'unless' : 'and' });
    },
  });
  return edits.map(({ from, to, by }) => ({
    what: `${shown(expr.slice(from, to))} → ${shown(by) || 'nothing'}`,
    expr: expr.slice(0, from) + by + expr.slice(to),
  }));
}

const comparisons: Readonly<Record<string, readonly string[]>> = {
  Gtr: ['<'],
  Lss: ['>'],
  Gte: ['<', '>'],
  Lte: ['>', '<'],
  Eql: ['!='],
  Neq: ['=='],
};

/** Half and double; a zero has neither. */
const numbersFor = (text: string) =>
  Number(text) === 0 ? ['1'] : [String(Number(text) / 2), String(Number(text) * 2)];

/** A matcher that is left out, turned round, or lacks one of its words. */
function matcherEdits(text: string, from: number, expr: string): Edit[] {
  const [, label = '', operator = '', value = ''] = /^(\w+)(=~|!~|!=|=)"(.*)"$/s.exec(text) ?? [];
  const to = from + text.length;
  const turned = { '=': '!=', '!=': '=', '=~': '!~', '!~': '=~' }[operator] ?? operator;
  const words = value.split('|');
  const comma = expr[to] === ',' ? 1 : 0;
  return [
    { from, to: to + comma, by: '' },
    { from, to, by: `${label}${turned}"${value}"` },
    ...(words.length < 2
      ? []
      : words.map((_, at) => ({ from, to, by: `${label}${operator}"${words.toSpliced(at, 1).join('|')}"` }))),
  ];
}

/** A duration of one unit, made longer or shorter. */
function times(duration: string, factor: number): string {
  const [, count = '0', unit = 's'] = /^(\d+)(ms|[smhdwy])$/.exec(duration) ?? [];
  const seconds = Number(count) * ({ ms: 0.001, s: 1, m: 60, h: 3600, d: 86_400 }[unit] ?? 1) * factor;
  return `${Math.round(seconds)}s`;
}

const shown = (text: string) => text.replace(/\s+/g, ' ');
