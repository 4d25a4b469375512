/**
 * What a failing run leaves behind: a file that `glm-testkit mock replay` plays and `probe explain` judges again. One line
 * a call, in the core's format; the note beside it holds what the wire does not say.
 */
import { readdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { z } from 'zod';
import { openCassette, type RecordedExchange, type RecordedResponse } from '../core/cassette/cassette.ts';
import { exchangeOf } from '../core/cassette/take.ts';
import { textOf, UsageError } from '../core/errors.ts';
import { type Reason, reasons } from '../core/outcome.ts';
import { makeFolder } from '../core/textfile.ts';
import type { Call } from './checks/check.ts';
import { checkKinds, contentSchema } from './config.ts';
import type { ProbeCheck, ProbePlan } from './plan.ts';
import type { Cassettes, ProbeRun } from './run.ts';
import type { Expectations } from './settings.ts';
import { right } from './tasks.ts';

const deadline = z.enum(['connect', 'first_byte', 'first_token', 'idle', 'total']);

/** As `Expectations` in JSON: what is not expected is not there. */
const expectations = z.strictObject({
  finishReason: z.array(z.string()).optional(),
  content: contentSchema.optional(),
  usage: z.enum(['required', 'optional']).optional(),
  model: z.string().optional(),
  maxGapMs: z.number().optional(),
  ttftMs: z.number().optional(),
  ttfotMs: z.number().optional(),
  totalMs: z.number().optional(),
  tokensPerSecond: z.number().optional(),
  certificateMs: z.number().optional(),
});

const reason = z.enum(reasons as [Reason, ...Reason[]]);

/** What the verdict needs besides the exchange. */
export const cassetteNote = z.strictObject({
  run_id: z.string(),
  target: z.string(),
  check: z.string(),
  kind: z.enum(checkKinds),
  model: z.string(),
  label: z.string(),
  wanted: z.enum(['well', 'any']),
  right: right.optional(),
  deadlines: z.record(deadline, z.number()),
  expect: expectations,
  warn: expectations,
  codes: z.record(z.string(), reason),
  /** From the planned start to the moment the request had left, with the connection in it. */
  lead_ms: z.number(),
  /** How a call ended that never left this machine; nothing on the wire tells. */
  unsent: z.strictObject({ kind: reason, detail: z.string().optional() }).optional(),
  deadline: deadline.optional(),
  /** Bytes of the answer that were too many to keep. */
  lost: z.number().optional(),
  reused: z.boolean(),
  most_calls: z.number(),
  certificate_ends_at_ms: z.number().optional(),
  clock_skew_ms: z.number().optional(),
  /** What was said then. */
  reason: z.string().nullable(),
});

export type CassetteNote = z.infer<typeof cassetteNote>;

type Noted = z.infer<typeof expectations>;

/** The same with every key, as a verdict reads it. */
export const expectationsIn = (noted: Noted): Expectations => ({ ...nothing, ...noted });

const nothing: Expectations = {
  finishReason: undefined,
  content: undefined,
  usage: undefined,
  model: undefined,
  maxGapMs: undefined,
  ttftMs: undefined,
  ttfotMs: undefined,
  totalMs: undefined,
  tokensPerSecond: undefined,
  certificateMs: undefined,
};

export interface CassettePlace {
  readonly dir: string;
  /** Files beyond this number are deleted: of the check that has most, and there the densest. */
  readonly keep: number;
}

/** Where failing runs leave theirs; undefined: nowhere. */
export function cassettesOf({ cassettes }: Pick<ProbePlan, 'cassettes'>): Cassettes | undefined {
  const { dir, keep, max_bytes: maxBytes } = cassettes;
  return dir === undefined ? undefined : { dir, keep, maxBytes };
}

/**
 * Writes the calls of a run and returns the file's path; the folder may hold one too many then.
 * @param secrets texts that must not be in it, whatever they look like
 * @throws {UsageError} `no_write`
 */
export function writeCassette(
  place: CassettePlace,
  run: Written,
  calls: readonly Call[],
  secrets: ReadonlySet<string>,
): string {
  const path = join(place.dir, nameOf(run));
  try {
    makeFolder(place.dir, 0o700);
  } catch (error) {
    throw new UsageError('no_write', `${place.dir}: cannot be made (${textOf(error)})`);
  }
  const writer = openCassette(path);
  for (const [at, call] of calls.entries()) writer.append(lineOf(call, at + 1, run, secrets));
  return path;
}

interface Written {
  readonly check: ProbeCheck;
  readonly run: Pick<ProbeRun, 'run_id' | 'reason' | 'started_at_ms'>;
}

/** Sorts by time; the id makes it unique. */
function nameOf({ check, run }: Written): string {
  const at = new Date(run.started_at_ms).toISOString().replace(/[-:]/g, '').replace('.', '-');
  const about = `${check.id}_${run.reason ?? 'good'}`.replace(/[^\w.-]+/g, '_');
  return `${at}_${about}_${run.run_id.slice(0, 8)}.jsonl`;
}

const named = /^(\d{4})(\d\d)(\d\d)T(\d\d)(\d\d)(\d\d)-(\d{3})Z_(.*)_[^_]*\.jsonl$/;

/** Deletes what is too many. @throws {UsageError} `no_write` */
export function removeSurplus({ dir, keep }: CassettePlace): void {
  try {
    for (const name of surplusOf(readdirSync(dir), keep)) rmSync(join(dir, name), { force: true });
  } catch (error) {
    throw new UsageError('no_write', `${dir}: old cassettes cannot be deleted (${textOf(error)})`, { cause: error });
  }
}

/**
 * Pure: the files to delete, so that at most `keep` are left. They are taken from the check that has most, and there where
 * they lie closest together: the first and the last stay, and so does the one that begins an outage.
 */
export function surplusOf(files: readonly string[], keep: number): string[] {
  const kept = files.flatMap(keptIn).sort((a, b) => (a.name < b.name ? -1 : 1));
  const groups = [...Map.groupBy(kept, ({ about }) => about).values()];
  return Array.from({ length: Math.min(mostAtOnce, Math.max(0, kept.length - keep)) }, () => {
    const most = groups.reduce((some, others) => (others.length > some.length ? others : some));
    return most.splice(densestIn(most), 1).map(({ name }) => name);
  }).flat();
}

/** Who lowers `keep` must not hold up a run; the rest goes after the next ones. */
const mostAtOnce = 100;

interface Kept {
  readonly name: string;
  readonly atMs: number;
  /** The check it is of. */
  readonly about: string;
}

function keptIn(name: string): Kept[] {
  const [, year, month, day, hour, minute, second, ms, about] = named.exec(name) ?? [];
  if (about === undefined) return [];
  const atMs = Date.parse(`${year}-${month}-${day}T${hour}:${minute}:${second}.${ms}Z`);
  const why = [...reasons, 'good'].filter(word => about.endsWith(`_${word}`)).toSorted((a, b) => b.length - a.length);
  return [{ name, atMs, about: about.slice(0, about.length - (why[0]?.length ?? 0)) }];
}

/** Where the one before and the one after are the closest; of two, the older one. */
function densestIn(sorted: readonly Kept[]): number {
  const spanOf = (at: number) => (sorted[at + 1]?.atMs ?? 0) - (sorted[at - 1]?.atMs ?? 0);
  return sorted.slice(1, -1).reduce((best, _, at) => (best === 0 || spanOf(at + 1) < spanOf(best) ? at + 1 : best), 0);
}

function lineOf(call: Call, n: number, { check, run }: Written, secrets: ReadonlySet<string>): RecordedExchange {
  const { tape, record, request } = call;
  const { sentMs = record.startMs } = record;
  const base = new URL(check.endpoint.url).pathname.replace(/\/+$/, '');
  const last = tape.lost > 0 ? tape.parts.at(-1)?.atMs : undefined;
  const take = {
    n,
    base,
    wallMs: call.wallMs,
    query: '',
    body: request.body ?? '',
    method: tape.sent?.method ?? 'POST',
    path: tape.sent?.path ?? base,
    headers: Object.entries(tape.sent?.headers ?? {}),
    head: tape.head && { ...tape.head, atMs: tape.head.atMs - sentMs },
    parts: tape.parts.map(({ atMs, bytes }) => ({ atMs: Math.max(0, atMs - sentMs), bytes })),
  };
  return {
    ...exchangeOf(take, endingOf(call), (last ?? record.endMs) - sentMs, new Set(secrets)),
    match: 'shape', // the next run asks with another nonce
    note: noteOf(call, { check, run }),
  };
}

/** How the connection ended, as far as a replay can do it again. */
function endingOf({ record, tape }: Call): RecordedResponse['ending'] {
  const { kind, detail = '' } = record.outcome;
  if (tape.lost > 0 || kind === 'cancelled' || record.deadline !== undefined) return 'aborted';
  if (detail.startsWith('closed ')) return 'fin';
  return record.status === undefined || kind === 'reset' ? 'reset' : 'complete';
}

function noteOf({ label, wanted, right, record, tape }: Call, { check, run }: Written): CassetteNote {
  const { sentMs, intendedMs, outcome, deadline } = record;
  return {
    run_id: run.run_id,
    target: check.target,
    check: check.check,
    kind: check.kind,
    model: check.model,
    label,
    wanted,
    ...(right && { right }),
    deadlines: check.deadlines,
    expect: notedAs(check.expect),
    warn: notedAs(check.warn),
    codes: Object.fromEntries(check.codes),
    lead_ms: Math.round(((sentMs ?? intendedMs) - intendedMs) * 1000) / 1000,
    ...(sentMs === undefined && { unsent: { ...outcome } }),
    ...(deadline && { deadline }),
    ...(tape.lost > 0 && { lost: tape.lost }),
    reused: record.reusedConnection,
    most_calls: check.mostCalls,
    ...(tape.peer?.certificateEndsMs !== undefined && { certificate_ends_at_ms: tape.peer.certificateEndsMs }),
    ...(tape.skewMs !== undefined && { clock_skew_ms: tape.skewMs }),
    reason: run.reason,
  };
}

/** JSON has no undefined, and neither has the note. */
const notedAs = (expect: Expectations): Noted =>
  Object.fromEntries(Object.entries(expect).filter(([, value]) => value !== undefined));
