import { expect, test } from 'vitest';
import { type Fault, faults } from '../../src/drill/catalogue.ts';
import type { Played, Wave } from '../../src/drill/play.ts';
import { isProven, jsonOf, listing, tableOf } from '../../src/drill/report.ts';

const named = (name: string) => faults.find(fault => fault.name === name) as Fault;
const well = (name: string, detectMs: number): Played => ({
  ...{ fault: named(name), reason: named(name).reason, detectMs, clearMs: 10_000, problems: [] },
});
const wave = (played: readonly Played[], more: Partial<Wave> = {}): Wave => ({
  ...{ played, early: [], stray: [], busy: [] },
  ...more,
});
const failed: Played = {
  ...{ fault: named('account-overdue'), reason: null, detectMs: null, clearMs: null },
  problems: ['GlmProbeAccountBlocked did not come: the probe says up, Prometheus fires nothing'],
};

test('the table has a row for each fault, and the pace below it', () => {
  const report = {
    scale: 30,
    waves: [wave([well('overloaded', 5840)]), wave([well('network-lost', 15_100)])],
    left: [],
  };
  expect(tableOf(report)).toBe(`fault         reason       told  clear  alert
overloaded    overloaded   5.8s  10.0s  GlmProbeDown
network-lost  -           15.1s  10.0s  GlmProbeOffline
2 of 2 faults told and cleared.
Windows and intervals are 30 times as short as shipped: 1s here is 30s there.
`);
  expect(isProven(report)).toBe(true);
});

test('what went wrong is told below the table, and everything that was asked for is counted', () => {
  const report = {
    scale: null,
    waves: [wave([failed], { early: ['GlmProbeStale'], stray: ['GlmProbeAbsent'] })],
    left: ['reset', 'unknown-model'],
  };
  expect(tableOf(report)).toBe(`fault            reason  told  clear  alert
account-overdue  -          -      -  GlmProbeAccountBlocked
GlmProbeStale came while all was well
GlmProbeAbsent came, and is about nothing that was played
account-overdue: GlmProbeAccountBlocked did not come: the probe says up, Prometheus fires nothing
not played: reset, unknown-model
0 of 3 faults told and cleared.
Times are those of the rules that are loaded there.
`);
});

test('a drill at the shipped pace says so', () => {
  expect(tableOf({ scale: 1, waves: [], left: [] })).toMatch(/\nWindows and intervals are as shipped\.\n$/);
});

test.each([
  ['a fault that went wrong', { waves: [wave([failed])], left: [] }],
  ['an alert while all was well', { waves: [wave([well('reset', 1)], { early: ['GlmProbeStale'] })], left: [] }],
  ['an alert about nothing', { waves: [wave([well('reset', 1)], { stray: ['GlmProbeStale'] })], left: [] }],
  ['a fault that was not played', { waves: [wave([well('reset', 1)])], left: ['overloaded'] }],
])('nothing is proven with %s', (_, report) => {
  expect(isProven({ scale: 30, ...report })).toBe(false);
});

test('a machine that was busy is told once, and is no mistake of the rules', () => {
  const busy = ['GlmMockLate'];
  const waves = [wave([well('reset', 1)], { busy }), wave([well('overloaded', 1)], { busy })];
  const report = { scale: 30, waves, left: [] };
  expect(isProven(report)).toBe(true);
  expect(tableOf(report).match(/GlmMockLate came: this machine was busy/g)).toHaveLength(1);
});

test('as JSON there are times in whole ms, and null where there is none', () => {
  const report = { scale: 30, waves: [wave([well('overloaded', 5840.4), failed])], left: [] };
  expect(JSON.parse(jsonOf(report))).toEqual({
    ...{ proven: false, scale: 30, early: [], stray: [], busy: [], left: [] },
    faults: [
      {
        ...{ fault: 'overloaded', fault_domain: 'provider', reason: 'overloaded', alert: 'GlmProbeDown' },
        ...{ receiver: 'pager', detect_ms: 5840, clear_ms: 10_000, problems: [] },
      },
      {
        ...{ fault: 'account-overdue', fault_domain: 'account', reason: null, alert: 'GlmProbeAccountBlocked' },
        ...{ receiver: 'account-owner', detect_ms: null, clear_ms: null, problems: failed.problems },
      },
    ],
  });
});

test('the list has every fault', () => {
  const lines = listing().split('\n');
  for (const { name, alert } of faults)
    expect(lines.some(line => line.startsWith(`${name} `) && line.endsWith(alert))).toBe(true);
  expect(lines.filter(line => / \* /.test(line))).toHaveLength(5);
});

test('with the usual faults, everything fits a terminal of 80 columns', () => {
  const played = faults.filter(({ usual }) => usual).map(({ name }) => well(name, 59_900));
  const lines = tableOf({ scale: 30, waves: [wave(played)], left: [] })
    .split('\n')
    .slice(0, -1);
  expect(Math.max(...lines.map(line => line.length))).toBeLessThanOrEqual(80);
});
