/**
 * What was seen, in one SQLite file: runs, hours, statuses, changes and what was spent. A transaction is either on the disk
 * when its function returns, or the function says that it is not; nothing is made up for what is missing.
 */
import type { DatabaseSync } from 'node:sqlite';
import { textOf } from '../core/errors.ts';
import type { FaultDomain } from '../core/outcome.ts';
import { type Allowance, exceeds, type Spent } from './allowance.ts';
import type { KnownContract } from './contract.ts';
import type { Alert } from './notify/alert.ts';
import type { Owed } from './notify/notifier.ts';
import type { ProbeRun } from './run.ts';
import { openState, readState, type StateOptions } from './state-file.ts';
import {
  changeOf,
  endAlert,
  getAlert,
  getContract,
  getOwed,
  getTally,
  hourOf,
  lineOf,
  owe,
  payOff,
  rowOf,
  setAlert,
  setContract,
  setTally,
  statementsOf,
} from './statements.ts';
import type { ServiceState, Status } from './status.ts';
import type { Tally } from './tally.ts';

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
  /** Why, in words; only where a list of the last runs is asked for, and the run is kept whole. */
  readonly detail?: string | null;
}

export interface StatusChange {
  readonly id: string;
  readonly atMs: number;
  readonly state: ServiceState;
  readonly reason: ProbeRun['reason'];
  readonly domain: FaultDomain | null;
  /** What the code of an error inside a stream stands for, while its run is kept. */
  readonly cause?: ProbeRun['cause'];
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
  /** What was counted of the check, this run included. */
  readonly tally?: Tally | undefined;
}

export type Charge = 'charged' | 'over' | 'unwritable';

export interface Account {
  readonly credential: string;
  /** `2026-11-28`. */
  readonly day: string;
}

/** What was seen, in one SQLite file; moments are ms since 1970. Writing never throws: it says whether it is on the disk. */
export interface History {
  /** False: it is not stored, and the history knows nothing of it. */
  record(entry: Entry): boolean;
  status(id: string): Status | undefined;
  contract(id: string): KnownContract | undefined;
  /** What was counted of a check until its last run. */
  tally(id: string): Tally | undefined;
  /** What people were told of a check last, until it is over. */
  alert(id: string): Alert | undefined;
  /** What channels have not taken yet: of each check the last alert. */
  owed(): Owed[];
  /** People are told from now on. */
  tell(alert: Alert, channels: readonly string[]): void;
  /** A channel took an alert. */
  payOff(owed: Owed): void;
  run(runId: string): ProbeRun | undefined;
  /** Newest first. */
  runs(id: string, most: number): RunLine[];
  /** Oldest first, without repetitions. */
  runsSince(id: string, fromMs: number): RunLine[];
  hoursSince(id: string, fromMs: number): Hour[];
  /** Oldest first; the last one of every check before `fromMs` included. */
  changesSince(fromMs: number): StatusChange[];
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

export interface HistoryOptions extends StateOptions {
  /** Default 90 days. */
  readonly retentionMs?: number;
}

const day = 86_400_000;

/**
 * Opens the state file at `path`, and makes it unless `readOnly`.
 * @throws {UsageError} `newer_state`, `bad_state`, `no_state` for what is no file or cannot be opened
 */
export async function openHistory(path: string, options: HistoryOptions = {}): Promise<History> {
  const db = await openState(path, options);
  try {
    return historyOn(db, path, options.retentionMs ?? 90 * day);
  } catch (error) {
    db.close();
    throw error;
  }
}

function historyOn(db: DatabaseSync, path: string, retentionMs: number): History {
  let trouble: string | undefined;
  let open = true;
  const read = <T>(look: () => T): T => readState(path, look);
  const sql = read(() => statementsOf(db));

  /** All or nothing; false when nothing. */
  const write = (work: () => void): boolean => {
    try {
      const before = sql.changed.get();
      db.exec('BEGIN IMMEDIATE');
      work();
      db.exec('COMMIT');
      // What had nothing to write proves nothing about the disk.
      if (sql.changed.get()?.rows !== before?.rows) trouble = undefined;
      return true;
    } catch (error) {
      trouble = textOf(error);
      rollBack(db);
      return false;
    }
  };
  const record: History['record'] = ({ run, repeats, status, changed, contract, tally }) =>
    write(() => {
      sql.addRun.run(rowOf(run, false));
      for (const repeat of repeats) sql.addRun.run(rowOf(repeat, true));
      sql.addHour.run(hourOf(run));
      sql.setStatus.run({ id: run.id, json: JSON.stringify(status) });
      if (changed) sql.addChange.run(changeOf(run.id, status));
      if (contract !== undefined) db.prepare(setContract).run({ id: run.id, json: JSON.stringify(contract) });
      if (tally !== undefined) db.prepare(setTally).run({ id: run.id, json: JSON.stringify(tally) });
    });
  const tell: History['tell'] = (alert, channels) => {
    const { id } = alert;
    const json = JSON.stringify(alert);
    write(() => {
      if (alert.kind === 'recovered') db.prepare(endAlert).run({ id });
      else db.prepare(setAlert).run({ id, json });
      for (const channel of channels) db.prepare(owe).run({ channel, id, json });
    });
  };
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
    tell,
    charge,
    spent,
    prune,
    status: id => read(() => parsed<Status>(sql.status.get({ id }))),
    contract: id => read(() => parsed<KnownContract>(db.prepare(getContract).get({ id }))),
    tally: id => read(() => parsed<Tally>(db.prepare(getTally).get({ id }))),
    alert: id => read(() => parsed<Alert>(db.prepare(getAlert).get({ id }))),
    owed: () =>
      read(() =>
        db
          .prepare(getOwed)
          .all()
          .map(({ channel, json }) => ({ channel: String(channel), alert: JSON.parse(String(json)) as Alert })),
      ),
    payOff: ({ channel, alert }) =>
      void write(() => db.prepare(payOff).run({ channel, id: alert.id, json: JSON.stringify(alert) })),
    run: runId => read(() => parsed<ProbeRun>(sql.run.get({ runId }))),
    runs: (id, most) => read(() => sql.lastRuns.all({ id, most }).map(lineOf)),
    runsSince: (id, fromMs) => read(() => sql.runsSince.all({ id, fromMs }).map(lineOf)),
    hoursSince: (id, fromMs) => read(() => sql.hours.all({ id, fromMs }) as unknown as Hour[]),
    changesSince: fromMs => read(() => sql.changes.all({ fromMs }) as unknown as StatusChange[]),
    ids: () => read(() => sql.ids.all().map(({ id }) => String(id))),
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

const nothing: Spent = { tokens: 0, cost: 0 };
/** What cannot be read is taken to be gone. */
const everything: Spent = { tokens: Number.POSITIVE_INFINITY, cost: Number.POSITIVE_INFINITY };

const one = <T>(row: unknown): T | undefined => (row === undefined ? undefined : (row as T));

function parsed<T>(row: unknown): T | undefined {
  const json = one<{ json: string | null }>(row)?.json;
  return typeof json === 'string' ? (JSON.parse(json) as T) : undefined;
}
