import { expect, test } from 'vitest';
import { findingsOf } from '../../../src/loadtest/findings/findings.ts';
import { markdown } from '../../../src/loadtest/report/markdown.ts';
import { emptyRun, failedRun, healthyRun, rateLimitedRun } from '../results.ts';

const { result } = rateLimitedRun();
const page = markdown({ ...result, findings: findingsOf(result) });

test('it says the verdict, the words, the thresholds, the latencies and the failures', () => {
  expect(page).toMatch(/^### ❌ FAIL · VALID: 1 of 2 thresholds missed/);
  expect(page).toContain('- **Next:** Keep at most 8 under way');
  expect(page).toContain('| ✗ | `error_rate<1%` | 41 % |');
  expect(page).toContain('| TTFT content | 262 ms | 332 ms | needs 662 | 316 |');
  expect(page).toContain('| `rate_limited` | 687 | account | too many requests in flight or too often (1302, 1303) |');
});

test('a command in a finding is code', () => {
  const { result } = healthyRun();
  expect(markdown({ ...result, findings: findingsOf(result) })).toContain('or let `load capacity` find the limit');
});

test('every row of a table has as many cells as its head', () => {
  for (const block of page
    .trimEnd()
    .split('\n\n')
    .filter(block => block.startsWith('|'))) {
    const cells = block.split('\n').map(row => row.match(/(?<!\\)\|/g)?.length);
    expect(new Set(cells).size).toBe(1);
  }
});

test.each([
  ['nothing asked', emptyRun().result],
  ['nothing good', failedRun().result],
])('%s leaves out what has no rows', (_, result) => {
  expect(markdown(result)).not.toContain('| latency |');
  expect(markdown(result)).not.toMatch(/NaN|undefined|\n\n\n/);
});

test('names are text: no link, no image, no row, no heading', () => {
  const evil = '![x](https://evil.example/a.png)\n# big\n| a | `b` | <script> www.evil.example $x$';
  const hostile = markdown({
    ...result,
    config: { model: evil },
    doubts: [evil],
    thresholds: [{ text: evil, ok: false, actual: 1, why: evil }],
  });
  expect(hostile).not.toMatch(/!\[|https:\/\/|www\.|<script|\n# |\$x/);
  for (const block of hostile
    .trimEnd()
    .split('\n\n')
    .filter(block => block.startsWith('|')))
    expect(new Set(block.split('\n').map(row => row.match(/\|/g)?.length)).size).toBe(1);
});
