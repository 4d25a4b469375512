/** How a state is asked and told: its statements, and what goes into its rows and comes out of them. */
import type { DatabaseSync, SQLInputValue } from 'node:sqlite';
import type { RunLine } from './history.ts';
import { countsAgainstSli, latencyOf, type ProbeRun, sliVerdict } from './run.ts';
import { isServiceDegraded, type Status } from './status.ts';

export function statementsOf(db: DatabaseSync) {
  const line =
    'run_id AS runId, at_ms AS atMs, state, reason, domain, skipped, degraded, latency_ms AS latencyMs, again, json IS NOT NULL AS whole';
  const cause = `(SELECT json ->> '$.cause' FROM runs WHERE runs.run_id = changes.run_id) AS cause`;
  const change = `state, reason, domain, ${cause}, detail, run_id AS runId`;
  return {
    changed: db.prepare('SELECT total_changes() AS rows'),
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
    lastRuns: db.prepare(
      `SELECT ${line}, json ->> '$.detail' AS detail FROM runs WHERE id = :id ORDER BY at_ms DESC LIMIT :most`,
    ),
    runsSince: db.prepare(`SELECT ${line} FROM runs WHERE id = :id AND at_ms >= :fromMs AND again = 0 ORDER BY at_ms`),
    hours: db.prepare(
      `SELECT from_ms AS fromMs, good, degraded, bad, excluded, unknown, skipped FROM hours
       WHERE id = :id AND from_ms >= :fromMs ORDER BY from_ms`,
    ),
    changes: db.prepare(
      // Beside an aggregate MAX, SQLite takes the other columns from the row that has it.
      `SELECT id, at_ms AS atMs, ${change} FROM changes WHERE at_ms >= :fromMs UNION ALL
       SELECT id, MAX(at_ms) AS atMs, ${change} FROM changes
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

/** Rows that are tidied away in one go: more would keep the loop busy for too long. */
const atOnce = 1000;

/** The tables came later, and may not be there in a file that is only looked at: made when they are used. */
export const setContract = 'INSERT OR REPLACE INTO contracts VALUES (:id, :json)';
export const getContract = 'SELECT json FROM contracts WHERE id = :id';
export const setTally = 'INSERT OR REPLACE INTO tallies VALUES (:id, :json)';
export const getTally = 'SELECT json FROM tallies WHERE id = :id';
export const setAlert = 'INSERT OR REPLACE INTO alerts VALUES (:id, :json)';
export const endAlert = 'DELETE FROM alerts WHERE id = :id';
export const getAlert = 'SELECT json FROM alerts WHERE id = :id';
export const owe = 'INSERT OR REPLACE INTO owed VALUES (:channel, :id, :json)';
export const getOwed = 'SELECT channel, json FROM owed ORDER BY channel, id';
/** Not what came after it. */
export const payOff = 'DELETE FROM owed WHERE channel = :channel AND id = :id AND json = :json';

type Row = Record<string, SQLInputValue>;

export function rowOf(run: ProbeRun, repeat: boolean): Row {
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

const hour = 3_600_000;

export function hourOf(run: ProbeRun): Row {
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

/** At the time of the run that changed it: an outage that goes on after a doubt has begun before that. */
export const changeOf = (id: string, { state, heardMs, reason, domain, detail, runId }: Status): Row => ({
  id,
  state,
  reason,
  domain,
  detail,
  at_ms: heardMs,
  run_id: runId,
});

export function lineOf(row: Record<string, unknown>): RunLine {
  const { again, degraded, whole, ...rest } = row;
  return { ...rest, repeat: again === 1, degraded: degraded === 1, whole: whole === 1 } as RunLine;
}
