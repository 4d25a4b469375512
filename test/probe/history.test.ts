import { spawn } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { fileURLToPath } from 'node:url';
import { afterEach, expect, test } from 'vitest';
import { type History, type HistoryOptions, openHistory } from '../../src/probe/history.ts';
import { latencyOf } from '../../src/probe/run.ts';
import { keepState, schemaVersion } from '../../src/probe/state-file.ts';
import { newStatus, statusAfter, statusAt } from '../../src/probe/status.ts';
import { scratch } from '../support/probe.ts';
import { entryOf, runAt } from '../support/probe-runs.ts';

const cleanups: (() => void)[] = [];
afterEach(() => {
  for (const cleanup of cleanups.splice(0).reverse()) cleanup();
});

function file(): string {
  const folder = scratch();
  cleanups.push(folder.remove);
  return join(folder.path, 'state.db');
}

async function open(path = file(), options: HistoryOptions = {}): Promise<History> {
  const history = await openHistory(path, options);
  cleanups.push(history.close);
  return history;
}

const id = 'home/chat_stream/glm-4.6';
const hour = 3_600_000;
const day = 24 * hour;
const noon = Date.UTC(2026, 10, 28, 12);

test('a run comes back whole, in lists short, in hours counted', async () => {
  const history = await open();
  const runs = [
    runAt(noon),
    runAt(noon + 60_000, { warnings: [{ kind: 'ttft', detail: 'late' }] }),
    runAt(noon + 120_000, { reason: 'stalled' }),
    runAt(noon + 180_000, { reason: 'balance_exhausted' }),
    runAt(noon + 240_000, { state: 'unknown' }),
    runAt(noon + hour, { state: 'skipped', skipped: 'budget' }),
  ];
  for (const run of runs) expect(history.record(entryOf(run))).toBe(true);
  expect(history.run(runs[2]!.run_id)).toEqual(runs[2]);
  expect(history.run('none')).toBeUndefined();
  expect(history.runs(id, 2).map(({ runId }) => runId)).toEqual([runs[5]!.run_id, runs[4]!.run_id]);
  expect(history.runsSince(id, noon + 1)[0]).toEqual({
    ...{ runId: runs[1]!.run_id, atMs: noon + 60_000, state: 'good', reason: null, domain: null, skipped: null },
    ...{ degraded: true, latencyMs: 320, repeat: false, whole: true },
  });
  expect(history.hoursSince(id, 0)).toEqual([
    { fromMs: noon, good: 2, degraded: 1, bad: 1, excluded: 1, unknown: 1, skipped: 0 },
    { fromMs: noon + hour, good: 0, degraded: 0, bad: 0, excluded: 0, unknown: 0, skipped: 1 },
  ]);
});

test('everything is there again after a restart', async () => {
  const path = file();
  const first = await openHistory(path);
  const entry = entryOf(runAt(noon, { reason: 'overloaded' }));
  first.record(entry);
  first.charge({ credential: 'main', day: '2026-11-28' }, id, { tokens: 7, cost: 0.25 });
  first.close();
  const again = await open(path);
  expect(again.status(id)).toEqual(entry.status);
  expect(again.ids()).toEqual([id]);
  expect(again.spent({ credential: 'main', day: '2026-11-28' })).toEqual({ tokens: 7, cost: 0.25 });
  expect(again.changesSince(0)).toMatchObject([{ id, state: 'down', reason: 'overloaded', domain: 'provider' }]);
  expect(again.changesSince(noon + day)).toHaveLength(1);
});

test('what is kept is bounded: whole runs for a day, failures to the end, nothing beyond', async () => {
  const history = await open(file(), { retentionMs: 10 * day });
  const good = runAt(noon - 2 * day);
  const bad = runAt(noon - 3 * day, { reason: 'stalled' });
  const old = runAt(noon - 11 * day, { reason: 'stalled' });
  for (const run of [old, bad, good]) history.record(entryOf(run));
  history.charge({ credential: 'main', day: '2026-11-01' }, id, { tokens: 1, cost: 0 });
  history.prune(noon);
  expect(history.run(good.run_id)).toBeUndefined();
  expect(history.run(bad.run_id)).toEqual(bad);
  expect(history.runs(id, 9).map(({ runId, whole }) => [runId, whole])).toEqual([
    [good.run_id, false],
    [bad.run_id, true],
  ]);
  expect(history.hoursSince(id, 0)).toHaveLength(2);
  expect(history.spent({ credential: 'main', day: '2026-11-01' }).tokens).toBe(0);
});

test('a failure is stored with its repetitions, and counts once', async () => {
  const history = await open();
  const run = runAt(noon, { reason: 'tcp' });
  const repeats = [runAt(noon + 5000, { reason: 'tcp' }), runAt(noon + 10_000, { reason: 'tcp' })];
  history.record({ ...entryOf(run), repeats });
  expect(history.runs(id, 9).map(({ repeat }) => repeat)).toEqual([true, true, false]);
  expect(history.runsSince(id, 0)).toHaveLength(1);
  expect(history.hoursSince(id, 0)[0]?.bad).toBe(1);
});

test('a full disk is told, loses nothing that was stored, and is over when there is room', async () => {
  const path = file();
  const history = await open(path, { mostPages: 40 });
  const stored: string[] = [];
  let refused = 0;
  for (let i = 0; refused < 5 && i < 1000; i++) {
    const run = runAt(noon + i * 1000, { log: Array.from({ length: 50 }, () => 'x'.repeat(80)) });
    if (history.record(entryOf(run))) stored.push(run.run_id);
    else refused++;
  }
  expect(refused).toBe(5);
  expect(stored.length).toBeGreaterThan(3);
  expect(history.trouble).toMatch(/full/);
  history.prune(noon);
  expect(history.trouble).toMatch(/full/);
  expect(history.charge({ credential: 'main', day: '2026-11-28' }, id, { tokens: 1, cost: 0 })).toMatch(
    /charged|unwritable/,
  );
  const known = history.hoursSince(id, 0).reduce((sum, { good }) => sum + good, 0);
  expect(known).toBe(stored.length);
  for (const runId of stored) expect(history.run(runId)?.run_id).toBe(runId);
  const roomy = await open(path);
  expect(roomy.record(entryOf(runAt(noon + day)))).toBe(true);
  expect(roomy.trouble).toBeUndefined();
});

test('SIGKILL while writing: what was confirmed is there, and the file is whole', { timeout: 60_000 }, async () => {
  const path = file();
  const writer = fileURLToPath(new URL('../support/history-writer.ts', import.meta.url));
  const confirmed: string[] = [];
  for (let life = 0; life < 5; life++) {
    const child = spawn(process.execPath, [writer, path], { stdio: ['ignore', 'pipe', 'inherit'] });
    let text = '';
    const seen = life * 37 + 20;
    await new Promise<void>(resolve => {
      child.stdout.setEncoding('utf8').on('data', (part: string) => {
        text += part;
        if (text.split('\n').length > seen) child.kill('SIGKILL');
      });
      child.once('close', () => resolve());
    });
    const names = text.split('\n').slice(0, -1);
    expect(names.length).toBeGreaterThanOrEqual(seen);
    confirmed.push(...names);
    const db = new DatabaseSync(path);
    expect(db.prepare('PRAGMA integrity_check').get()).toEqual({ integrity_check: 'ok' });
    db.close();
  }
  const history = await open(path);
  for (const name of confirmed) expect(history.run(name)?.run_id).toBe(name);
  // A charge comes before its run, so at most one in each life is without.
  const { tokens } = history.spent({ credential: 'main', day: '2026-11-28' });
  expect(tokens / 10).toBeGreaterThanOrEqual(confirmed.length);
  expect(tokens / 10).toBeLessThanOrEqual(history.hoursSince(id, 0).reduce((sum, { good }) => sum + good, 0) + 5);
});

test('a reader sees what a writer has stored, while it writes', async () => {
  const path = file();
  const writer = await open(path);
  writer.record(entryOf(runAt(noon)));
  const reader = await open(path, { readOnly: true });
  expect(reader.runs(id, 9)).toHaveLength(1);
  writer.record(entryOf(runAt(noon + 1)));
  expect(reader.runs(id, 9)).toHaveLength(2);
  expect(reader.record(entryOf(runAt(noon + 2)))).toBe(false);
});

test('a file of a newer version, of something else, and none at all are refused in plain words', async () => {
  const newer = file();
  const db = new DatabaseSync(newer);
  db.exec(`PRAGMA user_version = ${schemaVersion + 1}`);
  db.close();
  await expect(openHistory(newer)).rejects.toMatchObject({ code: 'newer_state' });
  await expect(openHistory(newer)).rejects.toThrow(
    /newer glm-testkit \(its schema is 2, this one knows 1\); update, or say/,
  );
  const other = file();
  writeFileSync(other, 'not a database, but long enough to look like one'.repeat(40));
  await expect(openHistory(other)).rejects.toMatchObject({ code: 'bad_state' });
  await expect(openHistory('/nowhere/state.db')).rejects.toMatchObject({ code: 'no_state' });
});

test.each([
  ['that counts no versions', 'CREATE TABLE dashboards (name TEXT)'],
  ['of the same version', 'CREATE TABLE places (url TEXT); PRAGMA user_version = 1'],
])('the database of a program %s is refused, and left as it was', async (_, sql) => {
  const other = file();
  const db = new DatabaseSync(other);
  db.exec(sql);
  const tables = () => db.prepare('SELECT name FROM sqlite_master').all();
  const before = tables();
  await expect(openHistory(other)).rejects.toThrow(/is the database of another program; say another state\.path/);
  await expect(openHistory(other, { readOnly: true })).rejects.toMatchObject({ code: 'bad_state' });
  expect(tables()).toEqual(before);
  db.close();
});

test('a state that is damaged further in is told in plain words when that is read', async () => {
  const path = file();
  const history = await open(path);
  history.record(entryOf(runAt(noon)));
  const db = new DatabaseSync(path);
  db.exec("UPDATE statuses SET json = '{half'");
  db.close();
  expect(() => history.status(id)).toThrow(/is not a state file, or is damaged .*; move it away/);
});

// ── what a status makes of a run ──

test.each([
  ['good', {}, 'clear', 'up'],
  ['with a warning', { warnings: [{ kind: 'ttft', detail: 'late' }] }, 'clear', 'degraded'],
  ['measured by a busy prober', { warnings: [{ kind: 'measurement', detail: 'busy' }] }, 'clear', 'up'],
  ['failed, confirmed', { reason: 'stalled' }, 'confirmed', 'down'],
  ['failed once', { reason: 'reset' }, 'refuted', 'degraded'],
  ['no money', { reason: 'balance_exhausted' }, 'clear', 'unknown'],
  ['a wrong request', { reason: 'bad_request' }, 'clear', 'unknown'],
  ['no network of our own', { state: 'unknown' }, 'clear', 'unknown'],
  ['no budget', { state: 'skipped', skipped: 'budget' }, 'clear', 'unknown'],
  ['no connectivity', { state: 'skipped', skipped: 'connectivity' }, 'clear', 'unknown'],
  ['maintenance', { state: 'skipped', skipped: 'maintenance' }, 'clear', 'maintenance'],
] as const)('%s makes the service %s', (_, more, standing, state) => {
  expect(statusAfter(newStatus(0), runAt(noon, more), standing).state).toBe(state);
});

test.each(['overlap', 'shutdown'] as const)('a skip for %s says nothing', skipped => {
  const before = entryOf(runAt(noon)).status;
  expect(statusAfter(before, runAt(noon + 1, { state: 'skipped', skipped }), 'clear')).toBe(before);
});

test('an outage lasts until something good, and counts its failures by fault', () => {
  const steps = [
    runAt(noon, { reason: 'tcp' }),
    runAt(noon + 1, { reason: 'stalled' }),
    runAt(noon + 2, { reason: 'stalled' }),
  ];
  const down = steps.reduce(
    (status, run) => statusAfter(status, run, run === steps[0] ? 'confirmed' : 'refuted'),
    newStatus(0),
  );
  expect(down).toMatchObject({
    state: 'down',
    sinceMs: noon,
    failures: { network: 1, provider: 2 },
    lastSuccessMs: null,
  });
  expect(statusAfter(down, runAt(noon + 3), 'clear')).toMatchObject({
    state: 'up',
    failures: {},
    lastSuccessMs: noon + 3,
  });
});

const doubted = { state: 'unknown', reason: null, fault_domain: null, detail: 'stalled, but busy' } as const;
const offline = { state: 'skipped', skipped: 'connectivity' } as const;

test.each([
  ['that this program spoiled', doubted],
  ['without a network of our own', offline],
])('a run %s does not end an outage, and is heard', (_, more) => {
  const down = entryOf(runAt(noon, { reason: 'stalled' })).status;
  const after = statusAfter(down, runAt(noon + 1, more), 'clear');
  expect(after).toEqual({ ...down, heardMs: noon + 1 });
  const up = entryOf(runAt(noon)).status;
  expect(statusAfter(up, runAt(noon + 1, more), 'clear').state).toBe('unknown');
});

test('an outage goes on after nobody could tell, without another confirmation, and until a good run', () => {
  const down = entryOf(runAt(noon, { reason: 'stalled' })).status;
  const broke = statusAfter(down, runAt(noon + 1, { reason: 'balance_exhausted' }), 'clear');
  expect(broke).toMatchObject({ state: 'unknown', domain: 'account', sinceMs: noon + 1 });
  const again = statusAfter(broke, runAt(noon + 2, { reason: 'tcp' }), 'refuted');
  expect(again).toMatchObject({ state: 'down', sinceMs: noon });
  const well = statusAfter(again, runAt(noon + 3), 'clear');
  expect(well).toMatchObject({ state: 'up', sinceMs: noon + 3 });
  expect(statusAfter(well, runAt(noon + 4, { reason: 'tcp' }), 'refuted').state).toBe('degraded');
});

test('an outage that an older program wrote down goes on as well', () => {
  const { outageMs: _, ...down } = entryOf(runAt(noon, { reason: 'stalled' })).status;
  expect(statusAfter(down, runAt(noon + 2, { reason: 'tcp' }), 'refuted')).toMatchObject({
    sinceMs: noon,
    outageMs: noon,
  });
});

test('a status that nobody renews is not known any more', () => {
  const { status } = entryOf(runAt(noon));
  expect(statusAt(status, noon + 1000, 1000)).toBe(status);
  expect(statusAt(status, noon + 1001, 1000)).toMatchObject({ state: 'unknown', sinceMs: noon + 1000, reason: null });
  // Its clock was ahead, and was set since.
  expect(statusAt(status, noon - 1000, 1000)).toBe(status);
  expect(statusAt(status, noon - 1001, 1000)).toMatchObject({ state: 'unknown', sinceMs: noon - 1001, reason: null });
});

test.each([
  ['a good stream', {}, 320],
  ['a good call', { timing: { ...runAt(0).timing, first_visible_token_ms: null } }, 900],
  ['a failure', { reason: 'stalled' }, null],
  ['a disturbed one', { warnings: [{ kind: 'measurement', detail: 'busy' }] }, null],
] as const)('the latency of %s', (_, more, latency) => {
  expect(latencyOf(runAt(noon, more))).toBe(latency);
});

test('a state is kept by one at a time, and free again when it is given back', async () => {
  const path = file();
  const release = await keepState(path);
  await expect(keepState(path)).rejects.toMatchObject({ code: 'state_in_use' });
  release();
  release();
  (await keepState(path))();
});

test('the folder of a state is made, and one that cannot be is named', async () => {
  const path = `${file()}.d/deep/state.db`;
  (await keepState(path))();
  (await openHistory(path)).close();
  await expect(keepState(join(path, 'inside', 'state.db'))).rejects.toMatchObject({
    code: 'no_state',
    message: `${path}/inside/state.db: the folder ${path}/inside cannot be made (it is a file); say another state.path`,
  });
});

test('what is no file is not waited for', async () => {
  await expect(openHistory('/dev/null')).rejects.toMatchObject({
    code: 'no_state',
    message: '/dev/null: cannot be opened (it is no file); say another state.path',
  });
});
