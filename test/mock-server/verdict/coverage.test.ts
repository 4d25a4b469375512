import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { find } from '../../../src/mock-server/endpoints/table.ts';
import { coverage } from '../../../src/mock-server/verdict/coverage.ts';
import {
  coverageJson,
  coverageJUnit,
  coverageMarkdown,
  coverageText,
} from '../../../src/mock-server/verdict/coverage-report.ts';
import { sections, type Universe, universeOf } from '../../../src/mock-server/verdict/universe.ts';
import { entry, refused } from './entries.ts';

test('the universe names every endpoint of the table, and no other', () => {
  const source = readFileSync('src/mock-server/endpoints/table.ts', 'utf8');
  const rows = [...source.matchAll(/'(\/[^']+)': \{ method: '(\w+)'/g)].map(([, name, method]) => ({ name, method }));
  const { endpoints } = universeOf([]);
  expect(rows.map(({ name }) => name)).toEqual(endpoints);
  for (const { name = '', method = '' } of rows)
    expect(find(method, `/api/paas/v4${name.replace('{id}', '7')}`)).toMatchObject({ kind: 'endpoint', name });
});

test('the universe holds all of the tables in code', () => {
  const universe = universeOf(['stall']);
  expect(universe.parameters).toContain('tool_stream');
  expect(universe.codes).toEqual(expect.arrayContaining(['1302', '1321', '-1']));
  expect(universe['finish reasons']).toHaveLength(6);
  expect(universe.faults).toEqual(['stall']);
});

const small: Universe = {
  endpoints: ['/chat/completions', '/models', '/async-result/{id}'],
  parameters: ['model', 'tools'],
  'finish reasons': ['stop', 'length'],
  codes: ['1302', '1113'],
  'delta kinds': ['content', 'tool_calls'],
  faults: ['stall', 'a<b>&"c"|\u0001'],
};

const entries = [
  entry({ faults: ['stall'], params: ['model', 'own'] }),
  entry({ ...refused('1302', 429), kinds: ['tool_calls'], params: [] }),
  entry({ method: 'GET', path: '/~stall,after=5/api/paas/v4/async-result/7', finish: 'length', kinds: [] }),
];

test('what was seen and what was not', () => {
  const { percent, sections: parts } = coverage(entries, small);
  expect(percent).toBe(Math.floor((100 * 8) / 13));
  expect(parts.map(({ name }) => name)).toEqual(sections);
  expect(parts.map(({ missing }) => missing)).toEqual([
    ['/models'],
    ['tools'],
    [],
    ['1113'],
    ['tool_calls'],
    [small.faults[1]],
  ]);
  expect(parts.map(part => part.percent)).toEqual([66, 50, 100, 50, 50, 50]);
});

test('nothing to cover is covered, and nothing done covers nothing', () => {
  const empty = Object.fromEntries(sections.map(name => [name, []])) as unknown as Universe;
  expect(coverage(entries, empty).percent).toBe(100);
  expect(coverage([], small).percent).toBe(0);
});

const part = coverage(entries, small);

test('as text', () => {
  expect(coverageText(part)).toMatchInlineSnapshot(`
    "endpoints         66 %  2/3
      not seen: /models
    parameters        50 %  1/2
      not seen: tools
    finish reasons   100 %  2/2
    codes             50 %  1/2
      not seen: 1113
    delta kinds       50 %  1/2
      not seen: tool_calls
    faults            50 %  1/2
      not seen: a<b>&"c"|
    all               61 %"
  `);
});

test('long lists are broken at the width', () => {
  const lines = coverageText(coverage([], universeOf([])), 60).split('\n');
  expect(Math.max(...lines.map(line => line.length))).toBeLessThanOrEqual(60);
});

test('as JSON', () => {
  expect(JSON.parse(coverageJson(part))).toEqual(part);
});

test('as JUnit XML, escaped', () => {
  expect(coverageJUnit(part)).toMatchInlineSnapshot(`
    "<?xml version="1.0" encoding="UTF-8"?>
    <testsuites tests="13" failures="0" errors="0" skipped="5" name="GLM API coverage">
      <testsuite tests="3" failures="0" errors="0" skipped="1" name="endpoints">
        <testcase classname="endpoints" name="/chat/completions"/>
        <testcase classname="endpoints" name="/async-result/{id}"/>
        <testcase classname="endpoints" name="/models"><skipped message="not seen"/></testcase>
      </testsuite>
      <testsuite tests="2" failures="0" errors="0" skipped="1" name="parameters">
        <testcase classname="parameters" name="model"/>
        <testcase classname="parameters" name="tools"><skipped message="not seen"/></testcase>
      </testsuite>
      <testsuite tests="2" failures="0" errors="0" skipped="0" name="finish reasons">
        <testcase classname="finish reasons" name="stop"/>
        <testcase classname="finish reasons" name="length"/>
      </testsuite>
      <testsuite tests="2" failures="0" errors="0" skipped="1" name="codes">
        <testcase classname="codes" name="1302"/>
        <testcase classname="codes" name="1113"><skipped message="not seen"/></testcase>
      </testsuite>
      <testsuite tests="2" failures="0" errors="0" skipped="1" name="delta kinds">
        <testcase classname="delta kinds" name="content"/>
        <testcase classname="delta kinds" name="tool_calls"><skipped message="not seen"/></testcase>
      </testsuite>
      <testsuite tests="2" failures="0" errors="0" skipped="1" name="faults">
        <testcase classname="faults" name="stall"/>
        <testcase classname="faults" name="a&lt;b&gt;&amp;&quot;c&quot;|�"><skipped message="not seen"/></testcase>
      </testsuite>
    </testsuites>
    "
  `);
});

test('as a table for a summary of GitHub’s', () => {
  expect(coverageMarkdown(part)).toMatchInlineSnapshot(`
    "### GLM API coverage: 61 %

    | part | seen | share | not seen |
    | - | -: | -: | - |
    | endpoints | 2/3 | 66 % | \`/models\` |
    | parameters | 1/2 | 50 % | \`tools\` |
    | finish reasons | 2/2 | 100 % |  |
    | codes | 1/2 | 50 % | \`1113\` |
    | delta kinds | 1/2 | 50 % | \`tool_calls\` |
    | faults | 1/2 | 50 % | \`a<b>&"c"\\|\` |
    "
  `);
});
