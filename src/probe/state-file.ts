/** The SQLite file of a state: opened, made or refused, and kept for one program. */
import { existsSync, rmSync, statSync } from 'node:fs';
import { dirname } from 'node:path';
import type { DatabaseSync } from 'node:sqlite';
import { textOf, UsageError } from '../core/errors.ts';
import { makeFolder } from '../core/textfile.ts';

/** Raised with every change that an older program would misread. */
export const schemaVersion = 1;

export interface StateOptions {
  /** Only looks; another process may be writing. */
  readonly readOnly?: boolean;
  /** The file grows to no more than this many pages of 4 KiB. */
  readonly mostPages?: number;
}

/** @throws {UsageError} `newer_state`, `bad_state`, `no_state` for what is no file or cannot be opened */
export async function openState(
  path: string,
  { readOnly = false, mostPages }: StateOptions = {},
): Promise<DatabaseSync> {
  // Not at the top: older Nodes warn that SQLite is experimental, and only who keeps a history needs to hear that.
  const { DatabaseSync } = await import('node:sqlite');
  let db: DatabaseSync | undefined;
  try {
    // A pipe would be waited for without end.
    const found = statSync(path, { throwIfNoEntry: false });
    if (found?.isFile() === false) throw new Error('it is no file');
    if (readOnly && found === undefined)
      throw new UsageError('no_state', `${path}: there is no such file; has probe serve run?`);
    db = new DatabaseSync(path, { readOnly, timeout: lockWaitMs });
    prepare(db, path, readOnly);
    if (mostPages !== undefined) db.exec(`PRAGMA max_page_count = ${mostPages}`);
  } catch (error) {
    db?.close();
    if (error instanceof UsageError) throw error;
    throw complaint(error, path);
  }
  return db;
}

/**
 * Keeps a state for one `serve`: two would look twice, pay twice and each hold a status of its own. The lock is the
 * system's, so a program that was killed keeps nothing. A folder that is not there yet is made.
 * @returns gives it back
 * @throws {UsageError} `state_in_use`, `no_state`
 */
export async function keepState(path: string): Promise<() => void> {
  const { DatabaseSync } = await import('node:sqlite');
  makeFolderOf(path);
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

function makeFolderOf(path: string): void {
  try {
    makeFolder(dirname(path));
  } catch (error) {
    const why = `the folder ${dirname(path)} cannot be made (${textOf(error)})`;
    throw new UsageError('no_state', `${path}: ${why}; say another state.path`, { cause: error });
  }
}

/**
 * To be asked by whoever keeps a state, before it is opened.
 * @returns removes a state that was not there yet, and is to be called while it is kept: another may begin one after that
 */
export function newStateAt(path: string): () => void {
  const made = existsSync(path) ? [] : ['', '-wal', '-shm', '.lock', '.lock-journal'].map(end => `${path}${end}`);
  return () => {
    for (const file of made) rmSync(file, { force: true });
  };
}

/** How long to wait for another process that writes. */
const lockWaitMs = 2000;

/**
 * Reads out of a state: what is damaged further in only shows when it is read.
 * @throws {UsageError} `bad_state`
 */
export function readState<T>(path: string, read: () => T): T {
  try {
    return read();
  } catch (error) {
    throw isDamage(error) ? damaged(error, path) : error;
  }
}

const complaint = (error: unknown, path: string) =>
  isDamage(error)
    ? damaged(error, path)
    : new UsageError('no_state', `${path}: cannot be opened (${textOf(error)}); say another state.path`, {
        cause: error,
      });

const isDamage = (error: unknown) =>
  error instanceof SyntaxError || /not a database|malformed|no such (?:table|column)/.test(textOf(error));

const damaged = (error: unknown, path: string) =>
  new UsageError('bad_state', `${path}: is not a state file, or is damaged (${textOf(error)}); move it away`);

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
 * are made when they are used (`statements.ts`).
 */
const laterTables = `
CREATE TABLE IF NOT EXISTS contracts (id TEXT PRIMARY KEY, json TEXT NOT NULL) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS tallies (id TEXT PRIMARY KEY, json TEXT NOT NULL) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS alerts (id TEXT PRIMARY KEY, json TEXT NOT NULL) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS owed (
  channel TEXT NOT NULL, id TEXT NOT NULL, json TEXT NOT NULL, PRIMARY KEY (channel, id)
) WITHOUT ROWID;`;

function prepare(db: DatabaseSync, path: string, readOnly: boolean): void {
  const { user_version: version } = db.prepare('PRAGMA user_version').get() as { user_version: number };
  if (version > schemaVersion)
    throw new UsageError(
      'newer_state',
      `${path}: was written by a newer glm-testkit (its schema is ${version}, this one knows ${schemaVersion}); update, or say another state.path`,
    );
  if (readOnly && version === 0) throw new UsageError('bad_state', `${path}: holds no state; has probe serve run?`);
  if (isForeign(db, version))
    throw new UsageError('bad_state', `${path}: is the database of another program; say another state.path`);
  if (readOnly) return;
  // FULL: a commit that returned survives a power cut, not only a crash.
  db.exec('PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL; PRAGMA journal_size_limit = 4194304');
  if (version === 0) db.exec(`BEGIN IMMEDIATE; ${tables} COMMIT`);
  db.exec(laterTables);
}

/** Most programs leave the version at 0, and some have counted as far as we have; a table of ours has no business there. */
function isForeign(db: DatabaseSync, version: number): boolean {
  const found = new Set(
    db
      .prepare('SELECT name FROM sqlite_master')
      .all()
      .map(({ name }) => name),
  );
  return version === 0
    ? found.size > 0
    : ['runs', 'hours', 'statuses', 'changes', 'spending'].some(table => !found.has(table));
}
