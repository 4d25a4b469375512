import { expect, test } from 'vitest';
import type { Comparison } from '../../../src/loadtest/compare.ts';
import type { ComparisonRow } from '../../../src/loadtest/comparison-row.ts';
import { comparisonMarkdown, comparisonText } from '../../../src/loadtest/report/comparison.ts';

const row: ComparisonRow = {
  name: 'ttft_content_ms',
  level: 'p95',
  unit: 'ms',
  a: 200,
  b: 250,
  difference: 50,
  relative: 0.25,
  ci: [30, 70],
  noise: 20,
  verdict: 'regression',
  why: 'worse by more than noise (25 %, noise floor 10 %)',
};
const failed: ComparisonRow = {
  ...{ name: 'error_rate', level: null, unit: 'share', a: 0, b: 0.02, difference: 0.02, relative: null },
  ...{ ci: [-0.01, 0.05], noise: 0.03, verdict: 'inconclusive', why: 'noise hides too much; run longer' },
};
const short: ComparisonRow = {
  ...{ ...row, level: 'p99', ci: null, noise: null, verdict: 'inconclusive', why: 'needs 662 samples, has 90' },
};
const rate: ComparisonRow = {
  ...{ name: 'requests_per_second', level: null, unit: 'per_second', a: 20, b: 19.9, difference: -0.1 },
  ...{ relative: -0.005, ci: [-0.4, 0.2], noise: 0.3, verdict: 'same', why: 'no difference that matters' },
};
const comparison: Comparison = {
  verdict: 'regression',
  why: 'ttft_content_ms p95: worse by more than noise (25 %, noise floor 10 %)',
  seed: 1,
  window: 'steady',
  a: { run_id: 'one', started_at: '2026-11-22T10:00:00.000Z', validity: 'VALID', seconds: 60 },
  b: { run_id: 'two', started_at: '2026-11-22T11:00:00.000Z', validity: 'SUSPECT', seconds: 58 },
  rows: [row, short, failed, rate],
  warnings: ['model differs: glm-4.6 in a, <b>|glm` in b'],
};

test('the table has a line per figure, each with its change, bounds, noise and verdict', () => {
  expect(comparisonText(comparison)).toBe(`\
REGRESSION  ttft_content_ms p95: worse by more than noise (25 %, noise floor 10 %)
a  run one, 2026-11-22T10:00:00.000Z, VALID, 60 s of it (steady)
b  run two, 2026-11-22T11:00:00.000Z, SUSPECT, 58 s of it (steady)

figure                       a         b   change        95 % bounds   noise  verdict
TTFT content p95        200 ms    250 ms     +25%        +15% … +35%     10%  regression
TTFT content p99        200 ms    250 ms     +25%                  –       –  inconclusive
failed                      0%        2%      +2%          −1% … +5%      3%  inconclusive
requests/s                  20      19.9    −0.5%          −2% … +1%    1.5%  same
TTFT content p99: needs 662 samples, has 90

Bounds are 95 % for all rows together. They know the noise within these runs, not that between hours
or machines.
warning: model differs: glm-4.6 in a, <b>|glm\` in b
`);
});

test('colours are asked for, and take no room', () => {
  const colored = comparisonText(comparison, { color: true });
  expect(colored).toContain('\u001b[31mregression\u001b[0m');
  // biome-ignore lint/suspicious/noControlCharactersInRegex: it looks for colours
  expect(colored.replace(/\u001b\[\d+m/g, '')).toBe(comparisonText(comparison));
});

test('no line is wider than asked for, whatever the settings were called', () => {
  const warnings = [`${'very long words '.repeat(20)}`, '中文'.repeat(30).split('').join(' ')];
  for (const line of comparisonText({ ...comparison, warnings }, { width: 80 }).split('\n'))
    if (line.startsWith('warning') || line.startsWith('Bounds')) expect(line.length).toBeLessThanOrEqual(80);
});

test('an identity cannot move the cursor', () => {
  const sly = { ...comparison, a: { ...comparison.a, run_id: 'x\u001b[2J\ny' }, warnings: ['a\rb'] };
  // biome-ignore lint/suspicious/noControlCharactersInRegex: none may be left
  expect(comparisonText(sly)).not.toMatch(/[\u0000-\u0009\u000b-\u001f]/);
});

test('Markdown shows the same, and nothing in it formats', () => {
  const page = comparisonMarkdown(comparison);
  expect(page).toMatch(/^### ❌ regression: ttft&#95;content&#95;ms p95/);
  expect(page).toContain('| TTFT content p95 | 200 ms | 250 ms | +25% | +15% … +35% | 10% | ❌ regression |');
  expect(page).toContain('TTFT content p99: needs 662 samples, has 90');
  expect(page).toContain('&#60;b&#62;&#124;glm&#96; in b');
});

test('what keeps every figure from being judged is said once', () => {
  const why = 'needs 5 seconds of load in each run; a has 2, b has 3';
  const rows = [row, failed, rate].map(one => ({
    ...one,
    ci: null,
    noise: null,
    verdict: 'inconclusive' as const,
    why,
  }));
  const all = { ...comparison, verdict: 'inconclusive', why: `every figure ${why}; run longer`, rows } as const;
  expect(comparisonText(all).match(/needs 5 seconds/g)).toHaveLength(1);
  expect(comparisonMarkdown(all).match(/needs 5 seconds/g)).toHaveLength(1);
});

test('where nothing could be compared there is no table', () => {
  const nothing = { ...comparison, verdict: 'inconclusive', why: 'nothing', rows: [], warnings: [] } as const;
  expect(comparisonMarkdown(nothing)).not.toContain('| figure');
  expect(comparisonText(nothing)).toContain('INCONCLUSIVE  nothing');
});

test.each([
  ['same', true],
  ['inconclusive', true],
  ['regression', false],
] as const)('the rule by which runs are the same stands below %s: %s', (verdict, stands) => {
  const rule = 'SAME needs no figure that differs and every measure clear at one level';
  const flat = (said: string) => said.replace(/\s+/g, ' ');
  for (const report of [comparisonText, comparisonMarkdown])
    expect(flat(report({ ...comparison, verdict })).includes(rule)).toBe(stands);
});
