import { expect, test } from 'vitest';
import { expressionsOf, mutantsOf } from '../../scripts/rules/mutants.ts';
import { readRules } from '../../scripts/rules/rule-file.ts';

test.each([
  ['a threshold is halved, doubled and compared the other way', 'a > 3', ['a < 3', 'a > 1.5', 'a > 6']],
  ['a zero becomes one', 'a == 0', ['a != 0', 'a == 1']],
  ['a bound that belongs to what is meant is left out', 'a >= 2', ['a < 2', 'a > 2', 'a >= 1', 'a >= 4']],
  ['a window is tripled and cut to a third', 'increase(a[3m])', ['increase(a[540s])', 'increase(a[60s])']],
  ['an offset is left out, too', 'a offset 1h', ['a', 'a offset 10800s', 'a offset 1200s']],
  ['a matcher is left out and turned round', 'a{b="c"}', ['a{}', 'a{b!="c"}']],
  [
    'a pattern loses each of its words',
    'a{b=~"c|d",e="f"}',
    ['a{e="f"}', 'a{b!~"c|d",e="f"}', 'a{b=~"d",e="f"}', 'a{b=~"c",e="f"}', 'a{b=~"c|d",}', 'a{b=~"c|d",e!="f"}'],
  ],
  ['unless is left out and made and', 'a unless on (b) c', ['a', 'a and on (b) c']],
  ['of or, either side is left out', 'a or b', ['a', 'b']],
  ['a number alone is no threshold', '7', []],
])('%s', (_, expr, wanted) => {
  expect(expressionsOf(expr).map(one => one.expr)).toEqual(wanted);
});

const text = `groups:
  - name: one
    rules:
      - { alert: A, expr: a > 3, for: 5m, labels: { severity: page } }
      - { record: b, expr: sum(c) }
`;

test('a rule is left out, waits not at all or three times as long, and everything else stays', () => {
  const [gone, hasty, patient, ...others] = mutantsOf(text);
  expect(gone?.what).toBe('A: is gone');
  expect(readRules(gone?.text ?? '').groups[0]?.rules).toEqual([{ record: 'b', expr: 'sum(c)' }]);
  expect(readRules(hasty?.text ?? '').groups[0]?.rules[0]).not.toHaveProperty('for');
  expect(readRules(patient?.text ?? '').groups[0]?.rules[0]?.for).toBe('900s');
  expect(others.map(({ what }) => what)).toEqual(['A: > → <', 'A: 3 → 1.5', 'A: 3 → 6', 'b: is gone']);
});

test('every mutant is another file', () => {
  const texts = mutantsOf(text).map(mutant => mutant.text);
  expect(new Set(texts).size).toBe(texts.length);
});
