import { expect, test } from 'vitest';
import { createHistogram } from '../../../src/core/histogram.ts';
import { findingsOf } from '../../../src/loadtest/findings/findings.ts';
import { html } from '../../../src/loadtest/report/html.ts';
import { markup } from '../../../src/loadtest/report/page/markup.ts';
import type { LoadResult, RawRecord } from '../../../src/loadtest/result.ts';
import { emptyRun, failedRun, healthyRun, longRun, rateLimitedRun, saturatedRun, unaryRun } from '../results.ts';

const healthy = healthyRun();
const runs = Object.entries({ emptyRun, failedRun, healthyRun, longRun, rateLimitedRun, saturatedRun, unaryRun }).map(
  ([name, make]) => [name, make()] as const,
);
const sections = [
  'summary',
  'thresholds',
  'latency',
  'load',
  'heat',
  'requests',
  'gaps',
  'ledger',
  'health',
  'config',
  'numbers',
];
const textOf = (page: string) => page.replace(/<(style|script)>.*?<\/\1>/gs, '').replace(/<[^>]*>/g, ' ');

test.each(runs)(
  '%s has every section, only numbers that are numbers, and no address to load from',
  (_, { result, records }) => {
    const page = html({ ...result, findings: findingsOf(result) }, records);
    expect([...page.matchAll(/<section id="(\w+)"/g)].map(([, id]) => id)).toEqual(sections);
    expect(page).not.toMatch(/NaN|Infinity/);
    expect(textOf(page)).not.toMatch(/undefined|\[object/);
    expect(
      [...page.matchAll(/\b(?:src|href)="([^"]*)"/g)]
        .map(([, to]) => to)
        .filter(to => !/^(#\w+|data:,)$/.test(to ?? '')),
    ).toEqual([]);
    expect(page).not.toMatch(/url\(|@import|<link(?! rel="icon")/);
    expect(page).toContain('default-src &#39;none&#39;');
  },
);

test.each(runs)('%s closes every tag that it opens', (_, { result, records }) => {
  const page = html(result, records)
    .replace(/<(style|script)>.*?<\/\1>/gs, '')
    .replace(/^<!doctype html>/, '');
  const open: string[] = [];
  for (const [tag, close, name = '', selfClosed] of page.matchAll(/<(\/?)([a-z][a-z0-9]*)[^>]*?(\/?)>/g)) {
    if (selfClosed || /^(meta|link|br)$/.test(name)) continue;
    if (close === '') open.push(name);
    else expect(open.pop(), tag).toBe(name);
  }
  expect(open).toEqual([]);
});

test('no text of a result can become markup or leave its attribute', () => {
  const evil = `</script><img src=x onerror=alert(1)>" onload="alert(2)' x='&lt;\u0000`;
  const result: LoadResult = {
    ...healthy.result,
    run_id: evil,
    started_at: evil,
    schedule_hash: evil,
    tool_version: evil,
    config: { model: evil, [evil]: { nested: evil } },
    environment: { [evil]: evil },
    doubts: [evil],
    thresholds: [{ text: evil, ok: false, actual: 1, why: evil }],
    findings: [{ kind: 'does', text: `${evil} \`${evil}\`` }],
    limits: { retries: 0, codes: { [evil]: 3 } },
    intervals: healthy.result.intervals.map(interval => ({ ...interval, codes: { [evil]: 1 } })),
    goodput: { slo: evil, requests_per_second: 1, ci: null, ratio: 1 },
    tokens: { ...healthy.result.tokens, cost: { amount: 1, currency: evil } },
    load: { ...healthy.result.load, kind: evil },
  };
  const records = healthy.records.map(
    (record): RawRecord => ({ ...record, code: evil, finish_reason: evil, id: evil }),
  );
  const page = html(result, records);
  expect(page.match(/<\/script>/g)).toHaveLength(1);
  expect(page).not.toMatch(/<img|\0/);
  // Every tag of the page is one of ours with attributes of ours.
  const body = page.replace(/<(style|script)>.*?<\/\1>/gs, '');
  expect([...body.matchAll(/<[^>]*\s(on\w+)=/g)].map(([, name]) => name)).toEqual([]);
});

test('markup in markup stays, text is escaped, nothing is left out', () => {
  const cells = ['<b>', '&', 'it\'s "x"'].map(text => markup`<td title="${text}">${text}</td>`);
  expect(markup`<tr>${cells}${undefined}${7}</tr>`.markup).toBe(
    '<tr><td title="&lt;b&gt;">&lt;b&gt;</td><td title="&amp;">&amp;</td><td title="it&#39;s &quot;x&quot;">it&#39;s &quot;x&quot;</td>7</tr>',
  );
});

test('ten minutes of intervals stay a file that can be mailed', () => {
  const { result, records } = longRun();
  expect(result.intervals.length).toBeGreaterThanOrEqual(600);
  expect(html(result, records).length).toBeLessThan(600_000);
});

test('of 100,000 records a sample is drawn, the slowest among them', () => {
  const [one] = healthy.records.filter(record => record.class === 'ok');
  const records = Array.from({ length: 100_000 }, (_, n): RawRecord => {
    const at = n * 0.6;
    const end = n === 54_321 ? 9000 : 1200 + (n % 97);
    return {
      ...one!,
      n,
      intended_ms: at,
      sent_ms: at + 0.1,
      first_token_ms: at + 300,
      first_content_ms: at + 500,
      last_token_ms: at + end,
      end_ms: at + end,
    };
  });
  const page = html(healthy.result, records);
  expect(page.length).toBeLessThan(400_000);
  expect(page).toContain('◆ 54,321');
  expect(page.match(/<title>request /g)).toHaveLength(48 + 20);
});

test('without records it says so, and draws the rest', () => {
  const page = html(healthy.result);
  expect(page).toContain('No records of single requests were kept');
  expect(page).toContain('aria-label="TTFT content over time');
});

test('figures are those of the result', () => {
  const text = textOf(html(healthy.result, healthy.records)).replace(/\s+/g, ' ');
  expect(text).toContain('TTFT content, p50 533 ms p99 728 ms');
  expect(text).toContain('ITL, p50 18 ms p99 30 ms, 3.84% coalesced');
  expect(text).toContain('truncated 1 0.13% provider the stream ended without a finish_reason');
  expect(text).toContain('before +0.04 +0.9 +0.02 +1.1 +0.01 +0.6 20 1,100 14%');
});

test('a level with too few samples says so in place of a number', () => {
  const text = textOf(html(unaryRun().result)).replace(/\s+/g, ' ');
  expect(text).toContain('E2E, p50 990 ms p99 needs 662');
});

test('the heat map has a cell where answers fell, the darker the more', () => {
  const [many, one] = [createHistogram(), createHistogram()];
  for (let i = 0; i < 100; i++) many.record(100);
  one.record(1000);
  const [first, second] = healthy.result.intervals;
  const intervals = [
    { ...first!, histograms: { ttft_content_ms: many.sparse() } },
    { ...second!, histograms: { ttft_content_ms: one.sparse() } },
  ];
  const [, map = ''] = /<section id="heat">(.*?)<\/section>/s.exec(html({ ...healthy.result, intervals })) ?? [];
  const cells = [...map.matchAll(/<path class="heat(\d)" d="(M[\d.]+ [\d.]+h500[^"]*)"/g)].map(([, shade, d]) => [
    shade,
    d?.split(' ')[0],
    d?.match(/M/g)?.length,
  ]);
  expect(cells).toEqual([
    ['1', 'M500', 1],
    ['7', 'M0', 1],
  ]);
});

test('retries, gaps of no answer and refusals are told under the pointer', () => {
  const { result, records } = rateLimitedRun();
  const page = html(
    result,
    records.map(record => ({ ...record, attempts: 3 })),
  );
  expect(page).toMatch(/<title>request \d+ at \d+:\d\d: [a-z_]+( 1302)?, [^<]*3 attempts/);
  expect(page).toContain('1302 ×');
});
