/** The drill itself, as a user runs it: real mock, probe, Prometheus and Alertmanager, a real webhook receiver. */
import { mkdtempSync, readdirSync, readlinkSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { faults } from '../../src/drill/catalogue.ts';
import { launch } from '../support/process.ts';

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'drill-test-'));
});
afterEach(() => rmSync(folder, { recursive: true }));

/** What still runs in the drill's folder; that of an ended process cannot be read. */
const running = () =>
  readdirSync('/proc').filter(pid => {
    try {
      return /^\d+$/.test(pid) && readlinkSync(`/proc/${pid}/cwd`).startsWith(folder);
    } catch {
      return false;
    }
  });

test('one fault of each fault domain is told to the right receiver, and its end as well', async () => {
  const drill = launch(['drill', '--json'], { env: { TMPDIR: folder } });
  expect(await drill.ended, `${drill.out()}${drill.err()}`).toBe(0);
  const report = JSON.parse(drill.out());
  expect(report).toMatchObject({ proven: true, scale: 30, early: [], stray: [], left: [] });
  const usual = faults.filter(fault => fault.usual);
  expect(report.faults).toHaveLength(usual.length);
  for (const [at, { name, domain, reason, alert, to }] of usual.entries()) {
    const told = { fault: name, fault_domain: domain, reason, alert, receiver: to, problems: [] };
    expect(report.faults[at]).toMatchObject(told);
    expect(report.faults[at].detect_ms).toBeGreaterThan(0);
    expect(report.faults[at].clear_ms).toBeGreaterThan(0);
  }
  expect(running()).toEqual([]);
  expect(readdirSync(folder)).toEqual([]);
});

test.each([
  ['Ctrl-C', 'SIGINT'],
  ['a terminal that is closed', 'SIGHUP'],
] as const)(
  '%s ends everything that it started, removes what it wrote, and says what was not played',
  async (_, signal) => {
    const drill = launch(['drill', 'overloaded'], { env: { TMPDIR: folder } });
    await drill.notes(/all is well/, 60_000);
    expect(running().length).toBe(4);
    drill.child.kill(signal);
    expect(await drill.ended, drill.err()).toBe(1);
    expect(drill.out()).toMatch(/^not played: overloaded\n0 of 1 faults told and cleared/m);
    expect(running()).toEqual([]);
    expect(readdirSync(folder)).toEqual([]);
  },
);
