/**
 * What was seen, in one SQLite file: runs, hours, statuses, changes and what was spent. A transaction is either on the disk
 * when its function returns, or the function says that it is not; nothing is made up for what is missing.
 */
import { statSync } from 'node:fs';
import type { DatabaseSync, SQLInputValue } from 'node:sqlite';
import { textOf, UsageError } from '../core/errors.ts';
import type { FaultDomain } from '../core/outcome.ts';
import type { KnownContract } from './contract.ts';
import { countsAgainstSli, type ProbeRun, sliVerdict } from './run.ts';
import { isServiceDegraded, type ServiceState, type Status } from './status.ts';

/** Raised with every change that an older program would misread. */
export const schemaVersion = 1;

/** What one check did in one hour. */
export interface Hour {
  readonly fromMs: number;
  readonly good: number;
  /** Part of `good`. */
  readonly degraded: number;
  /** Failures of the provider or the network. */
  readonly bad: number;
  /** Failures that are nobody's but the account's, the request's or this program's. */
  readonly excluded: number;
  readonly unknown: number;
  readonly skipped: number;
}

/** A run as a list shows it. */
export interface RunLine {
  readonly runId: string;
  readonly atMs: number;
  readonly state: ProbeRun['state'];
  readonly reason: ProbeRun['reason'];
  readonly domain: FaultDomain | null;
  readonly skipped: ProbeRun['skipped'];
  readonly degraded: boolean;
  /** First visible token, or the whole call where there is no stream; null when it failed or is not to be trusted. */
  readonly latencyMs: number | null;
  /** One of the quick repetitions after a failure. */
  readonly repeat: boolean;
  /** Its log can be shown. */
  readonly whole: boolean;
}

export interface Change {
  readonly id: string;
  readonly atMs: number;
  readonly state: ServiceState;
  readonly reason: ProbeRun['reason'];
  readonly domain: FaultDomain | null;
  readonly detail: string | null;
  readonly runId: string | null;
}

export interface Entry {
  readonly run: ProbeRun;
  readonly repeats: readonly ProbeRun[];
  readonly status: Status;
  /** The status is another one than before. */
  readonly changed: boolean;
  /** What is known of the service's contract after it. */
  readonly contract?: KnownContract | undefined;
}

export interface Spent {
  readonly tokens: number;
  readonly cost: number;
}

/** What may be spent; undefined: anything. */
export interface Allowance {
  readonly tokens: number | undefined;
  readonly cost: number | undefined;
  /** Of this, when most of it is gone: the part that one check may have. */
  readonly share: number;
}

export type Charge = 'charged' | 'over' | 'unwritable';

export interface Account {
  readonly credential: string;
  /** `2026-11-28`. */
  readonly day: string;
}

export interface History {
  /** False: it is not stored, and the history knows nothing of it. */
  record(entry: Entry): boolean;
  status(id: string): Status | undefined;
  contract(id: string): KnownContract | undefined;
  run(runId: string): ProbeRun | undefined;
  /** Newest first. */
  runs(id: string, most: number): RunLine[];
  /** Oldest first, without repetitions. */
  runsSince(id: string, fromMs: number): RunLine[];
  hoursSince(id: string, fromMs: number): Hour[];
  /** Oldest first; the last one of every check before `fromMs` included. */
  changesSince(fromMs: number): Change[];
  /** The checks of which anything is known. */
  ids(): string[];
  /** Adds to what a check has spent on a day unless that is more than allowed; with no allowance it always does. */
  charge(account: Account, id: string, by: Spent, allowance?: Allowance): Charge;
  spent(account: Account): Spent;
  /** A day that began too early is as spent as the one before. */
  carry(credential: string, fromDay: string, toDay: string): void;
  /** Forgets what is older than the retention, a thousand runs at a time; of good runs of yesterday only the times are kept. */
  prune(nowMs: number): void;
  /** Why the last write failed; undefined when it did not. */
  readonly trouble: string | undefined;
  close(): void;
}

export interface HistoryOptions {
  readonly retentionMs?: number;
  /** Only looks; another process may be writing. */
  readonly readOnly?: boolean;
  /** The file grows to no more than this many pages of 4 KiB. */
  readonly mostPages?: number;
}

const day = 86_400_000;
const hour = 3_600_000;

/** @throws {UsageError} `newer_state`, `bad_state`, `no_state` for what is no file or cannot be opened */
export async function openHistory(path: string, options: HistoryOptions = {}): Promise<History> {
  // Not at the top: older Nodes warn that SQLite is experimental, and only who keeps a history needs to hear that.
  const { DatabaseSync } = await import('node:sqlite');
  const { readOnly = false, mostPages } = options;
  let db: DatabaseSync | undefined;
  try {
    // A pipe would be waited for without end.
    if (statSync(path, { throwIfNoEntry: false })?.isFile() === false) throw new Error('it is no file');
    db = new DatabaseSync(path, { readOnly, timeout: lockWaitMs });
    prepare(db, path, readOnly);
    if (mostPages !== undefined) db.exec(`PRAGMA max_page_count = ${mostPages}`);
  } catch (error) {
    db?.close();
    if (error instanceof UsageError) throw error;
    throw complaint(error, path);
  }
  return historyOn(db, options.retentionMs ?? 90 * day);
}

/**
 * Keeps a state for one `serve`: two would look twice, pay twice and each hold a status of its own. The lock is the
 * system's, so a program that was killed keeps nothing.
 * @returns gives it back
 * @throws {UsageError} `state_in_use`
 */
export async function keepState(path: string): Promise<() => void> {
  const { DatabaseSync } = await import('node:sqlite');
  let db: DatabaseSync | undefined;
  try {
    db = new DatabaseSync(`${path}.lock`, { timeout: lockWaitMs });
    db.exec('BEGIN EXCLUSIVE');
  } catch (error) {
    db?.close();
    if (!/locked/.test(textOf(error))) throw complaint(error, `${path}.lock`);
    const remedy = 'end it, or say another state.path';
    throw new UsageError('state_in_use', `${path}: another probe serve keeps this state; ${remedy}`);
  }
  const held = db;
  return () => {
    if (held.isOpen) held.close();
  };
}

/** How long to wait for another process that writes. */
const lockWaitMs = 2000;

function complaint(error: unknown, path: string): UsageError {
  const text = textOf(error);
  if (/not a database|malformed/.test(text))
    return new UsageError('bad_state', `${path}: is not a state file, or is damaged (${text}); move it away`);
  return new UsageError('no_state', `${path}: cannot be opened (${text}); say another state.path`, { cause: error });
}

const tables = `
CREATE TABLE runs (
  run_id TEXT PRIMARY KEY, id TEXT NOT NULL, at_ms REAL NOT NULL, state TEXT NOT NULL, reason TEXT, domain TEXT,
  skipped TEXT, degraded INTEGER NOT NULL, latency_ms REAL, again INTEGER NOT NULL, json TEXT
);
CREATE INDEX runs_by_check ON runs (id, at_ms);
CREATE INDEX runs_by_time ON runs (at_ms);
CREATE INDEX runs_to_shorten ON runs (at_ms) WHERE state <> 'bad' AND json IS NOT NULL;
CREATE TABLE hours (
  id TEXT NOT NULL, from_ms INTEGER NOT NULL, good INTEGER NOT NULL, degraded INTEGER NOT NULL, bad INTEGER NOT NULL,
  excluded INTEGER NOT NULL, unknown INTEGER NOT NULL, skipped INTEGER NOT NULL, PRIMARY KEY (id, from_ms)
) WITHOUT ROWID;
CREATE TABLE statuses (id TEXT PRIMARY KEY, json TEXT NOT NULL) WITHOUT ROWID;
CREATE TABLE changes (
  id TEXT NOT NULL, at_ms REAL NOT NULL, state TEXT NOT NULL, reason TEXT, domain TEXT, detail TEXT, run_id TEXT
);
CREATE INDEX changes_by_check ON changes (id, at_ms);
CREATE TABLE spending (
  credential TEXT NOT NULL, day TEXT NOT NULL, id TEXT NOT NULL, tokens INTEGER NOT NULL, cost REAL NOT NULL,
  PRIMARY KEY (credential, day, id)
) WITHOUT ROWID;
PRAGMA user_version = ${schemaVersion};`;

/**
 * Came later: an older program does not miss it, and who only looks at an older file does not need it, so its statements
 * are made when they are used.
 */
const laterTables = 'CREATE TABLE IF NOT EXISTS contracts (id TEXT PRIMARY KEY, json TEXT NOT NULL) WITHOUT ROWID';
const setContract = 'INSERT OR REPLACE INTO contracts VALUES (:id, :json)';
const getContract = 'SELECT json FROM contracts WHERE id = :id';

function prepare(db: DatabaseSync, path: string, readOnly: boolean): void {
  const { user_version: version } = db.prepare('PRAGMA user_version').get() as { user_version: number };
  if (version > schemaVersion)
    throw new UsageError(
      'newer_state',
      `${path}: was written by a newer glm-testkit (its schema is ${version}, this one knows ${schemaVersion}); update, or say another state.path`,
    );
  if (readOnly) {
    if (version === 0) throw new UsageError('bad_state', `${path}: holds no state; has probe serve run?`);
    return;
  }
  // FULL: a commit that returned survives a power cut, not only a crash.
  db.exec('PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL; PRAGMA journal_size_limit = 4194304');
  if (version === 0) db.exec(`BEGIN IMMEDIATE; ${tables} COMMIT`);
  db.exec(laterTables);
}

function historyOn(db: DatabaseSync, retentionMs: number): History {
  let trouble: string | undefined;
  let open = true;
  const sql = statementsOf(db);

  /** All or nothing; false when nothing. */
  const write = (work: () => void): boolean => {
    try {
      db.exec('BEGIN IMMEDIATE');
      work();
      db.exec('COMMIT');
      trouble = undefined;
      return true;
    } catch (error) {
      trouble = textOf(error);
      rollBack(db);
      return false;
    }
  };
  const record: History['record'] = ({ run, repeats, status, changed, contract }) =>
    write(() => {
      sql.addRun.run(rowOf(run, false));
      for (const repeat of repeats) sql.addRun.run(rowOf(repeat, true));
      sql.addHour.run(hourOf(run));
      sql.setStatus.run({ id: run.id, json: JSON.stringify(status) });
      if (changed) sql.addChange.run(changeOf(run.id, status));
      if (contract !== undefined) db.prepare(setContract).run({ id: run.id, json: JSON.stringify(contract) });
    });
  const charge: History['charge'] = ({ credential, day: on }, id, by, allowance) => {
    let over = false;
    const written = write(() => {
      const own = one<Spent>(sql.ownSpent.get({ credential, day: on, id })) ?? nothing;
      over = allowance !== undefined && exceeds(spent({ credential, day: on }), own, by, allowance);
      if (!over) sql.spend.run({ credential, day: on, id, tokens: by.tokens, cost: by.cost });
    });
    return written ? (over ? 'over' : 'charged') : 'unwritable';
  };
  const spent: History['spent'] = ({ credential, day: on }) => {
    try {
      return one<Spent>(sql.allSpent.get({ credential, day: on })) ?? nothing;
    } catch (error) {
      trouble = textOf(error);
      return everything;
    }
  };
  const prune: History['prune'] = nowMs => {
    const before = nowMs - retentionMs;
    write(() => {
      for (const forget of sql.forget) forget.run({ before });
      sql.forgetDays.run({ before: new Date(nowMs - 8 * day).toISOString().slice(0, 10) });
      sql.shorten.run({ before: nowMs - day, keep: before });
    });
  };
  return {
    record,
    charge,
    spent,
    prune,
    status: id => parsed<Status>(sql.status.get({ id })),
    contract: id => parsed<KnownContract>(db.prepare(getContract).get({ id })),
    run: runId => parsed<ProbeRun>(sql.run.get({ runId })),
    runs: (id, most) => sql.lastRuns.all({ id, most }).map(lineOf),
    runsSince: (id, fromMs) => sql.runsSince.all({ id, fromMs }).map(lineOf),
    hoursSince: (id, fromMs) => sql.hours.all({ id, fromMs }) as unknown as Hour[],
    changesSince: fromMs => sql.changes.all({ fromMs }) as unknown as Change[],
    ids: () => sql.ids.all().map(({ id }) => String(id)),
    carry: (credential, fromDay, toDay) => void write(() => sql.carry.run({ credential, fromDay, toDay })),
    close: () => {
      if (open) db.close();
      open = false;
    },
    get trouble() {
      return trouble;
    },
  };
}

function rollBack(db: DatabaseSync): void {
  try {
    db.exec('ROLLBACK');
  } catch {
    // SQLite has rolled back on its own, as it does when the disk is full.
  }
}

type Row = Record<string, SQLInputValue>;

/** Rows that are tidied away in one go: more would keep the loop busy for too long. */
const atOnce = 1000;

function statementsOf(db: DatabaseSync) {
  const line =
    'run_id AS runId, at_ms AS atMs, state, reason, domain, skipped, degraded, latency_ms AS latencyMs, again, json IS NOT NULL AS whole';
  const change = 'id, at_ms AS atMs, state, reason, domain, detail, run_id AS runId';
  return {
    addRun: db.prepare(
      `INSERT OR REPLACE INTO runs VALUES
       (:run_id, :id, :at_ms, :state, :reason, :domain, :skipped, :degraded, :latency_ms, :again, :json)`,
    ),
    addHour: db.prepare(
      `INSERT INTO hours VALUES (:id, :from_ms, :good, :degraded, :bad, :excluded, :unknown, :skipped)
       ON CONFLICT DO UPDATE SET good = good + :good, degraded = degraded + :degraded, bad = bad + :bad,
       excluded = excluded + :excluded, unknown = unknown + :unknown, skipped = skipped + :skipped`,
    ),
    setStatus: db.prepare('INSERT OR REPLACE INTO statuses VALUES (:id, :json)'),
    addChange: db.prepare('INSERT INTO changes VALUES (:id, :at_ms, :state, :reason, :domain, :detail, :run_id)'),
    status: db.prepare('SELECT json FROM statuses WHERE id = :id'),
    run: db.prepare('SELECT json FROM runs WHERE run_id = :runId'),
    lastRuns: db.prepare(`SELECT ${line} FROM runs WHERE id = :id ORDER BY at_ms DESC LIMIT :most`),
    runsSince: db.prepare(`SELECT ${line} FROM runs WHERE id = :id AND at_ms >= :fromMs AND again = 0 ORDER BY at_ms`),
    hours: db.prepare(
      `SELECT from_ms AS fromMs, good, degraded, bad, excluded, unknown, skipped FROM hours
       WHERE id = :id AND from_ms >= :fromMs ORDER BY from_ms`,
    ),
    changes: db.prepare(
      // Beside an aggregate MAX, SQLite takes the other columns from the row that has it.
      `SELECT ${change} FROM changes WHERE at_ms >= :fromMs UNION ALL
       SELECT id, MAX(at_ms) AS atMs, state, reason, domain, detail, run_id AS runId FROM changes
       WHERE at_ms < :fromMs GROUP BY id ORDER BY atMs`,
    ),
    ids: db.prepare('SELECT id FROM statuses ORDER BY id'),
    spend: db.prepare(
      `INSERT INTO spending VALUES (:credential, :day, :id, :tokens, :cost)
       ON CONFLICT DO UPDATE SET tokens = tokens + :tokens, cost = cost + :cost`,
    ),
    ownSpent: db.prepare(
      'SELECT tokens, cost FROM spending WHERE credential = :credential AND day = :day AND id = :id',
    ),
    allSpent: db.prepare(
      'SELECT TOTAL(tokens) AS tokens, TOTAL(cost) AS cost FROM spending WHERE credential = :credential AND day = :day',
    ),
    carry: db.prepare(
      `INSERT INTO spending SELECT credential, :toDay, id, tokens, cost FROM spending
       WHERE credential = :credential AND day = :fromDay
       ON CONFLICT DO UPDATE SET tokens = MAX(tokens, excluded.tokens), cost = MAX(cost, excluded.cost)`,
    ),
    forget: [
      db.prepare(`DELETE FROM runs WHERE rowid IN (SELECT rowid FROM runs WHERE at_ms < :before LIMIT ${atOnce})`),
      db.prepare('DELETE FROM hours WHERE from_ms < :before'),
      // The last change of each check says since when it is as it is.
      db.prepare(
        'DELETE FROM changes WHERE at_ms < :before AND at_ms < (SELECT MAX(at_ms) FROM changes AS late WHERE late.id = changes.id)',
      ),
    ],
    forgetDays: db.prepare('DELETE FROM spending WHERE day < :before'),
    shorten: db.prepare(
      `UPDATE runs SET json = NULL WHERE rowid IN (SELECT rowid FROM runs
       WHERE at_ms BETWEEN :keep AND :before AND state <> 'bad' AND json IS NOT NULL LIMIT ${atOnce})`,
    ),
  };
}

const nothing: Spent = { tokens: 0, cost: 0 };
/** What cannot be read is taken to be gone. */
const everything: Spent = { tokens: Number.POSITIVE_INFINITY, cost: Number.POSITIVE_INFINITY };

const one = <T>(row: unknown): T | undefined => (row === undefined ? undefined : (row as T));

function parsed<T>(row: unknown): T | undefined {
  const json = one<{ json: string | null }>(row)?.json;
  return typeof json === 'string' ? (JSON.parse(json) as T) : undefined;
}

/** From this part on, a check may only have its own share. */
const fairnessBegins = 0.8;

function exceeds(all: Spent, own: Spent, by: Spent, { tokens, cost, share }: Allowance): boolean {
  const over = (have: number, mine: number, more: number, limit: number | undefined) =>
    limit !== undefined &&
    more > 0 &&
    (have + more > limit || (have + more > limit * fairnessBegins && mine + more > limit * share));
  return over(all.tokens, own.tokens, by.tokens, tokens) || over(all.cost, own.cost, by.cost, cost);
}

function rowOf(run: ProbeRun, repeat: boolean): Row {
  return {
    run_id: run.run_id,
    id: run.id,
    at_ms: run.started_at_ms,
    state: run.state,
    reason: run.reason,
    domain: run.fault_domain,
    skipped: run.skipped,
    degraded: Number(isServiceDegraded(run)),
    latency_ms: latencyOf(run),
    again: Number(repeat),
    json: JSON.stringify(run),
  };
}

/** What people wait for. Times of failures say nothing about speed, and those that were disturbed nothing at all. */
export function latencyOf({ state, timing, warnings }: Pick<ProbeRun, 'state' | 'timing' | 'warnings'>): number | null {
  if (state !== 'good' || warnings.some(({ kind }) => kind === 'measurement')) return null;
  return timing.first_visible_token_ms ?? timing.total_ms;
}

function hourOf(run: ProbeRun): Row {
  const verdict = sliVerdict(run);
  return {
    id: run.id,
    from_ms: Math.floor(run.started_at_ms / hour) * hour,
    good: Number(verdict === 'good'),
    degraded: Number(isServiceDegraded(run)),
    bad: Number(countsAgainstSli(run)),
    excluded: Number(run.state === 'bad' && verdict === 'excluded'),
    unknown: Number(run.state === 'unknown'),
    skipped: Number(run.state === 'skipped'),
  };
}

const changeOf = (id: string, { state, sinceMs, reason, domain, detail, runId }: Status): Row => ({
  ...{ id, state, reason, domain, detail, at_ms: sinceMs, run_id: runId },
});

function lineOf(row: Record<string, unknown>): RunLine {
  const { again, degraded, whole, ...rest } = row;
  return { ...rest, repeat: again === 1, degraded: degraded === 1, whole: whole === 1 } as RunLine;
}
