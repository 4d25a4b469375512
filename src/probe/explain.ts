/** Judges a cassette again, offline: by the rules of today, by another config, on another machine. */
import { z } from 'zod';
import type { CallRecord } from '../core/call/record.ts';
import { reread } from '../core/call/reread.ts';
import type { CallKind } from '../core/call.ts';
import { type RecordedExchange, readCassette } from '../core/cassette/cassette.ts';
import { UsageError } from '../core/errors.ts';
import { type CassetteNote, cassetteNote, expectationsIn } from './cassette.ts';
import type { Call } from './checks/check.ts';
import { checks } from './checks/index.ts';
import type { ProbeCheck, ProbePlan } from './plan.ts';
import { deadlinesOf } from './settings.ts';
import type { Tape } from './tape.ts';
import { judge, type Terms, type Verdict } from './verdict.ts';

export interface Explanation {
  readonly note: CassetteNote;
  readonly calls: readonly Call[];
  readonly verdict: Verdict;
  readonly readings: Readonly<Record<string, number>>;
}

/**
 * @param plan whose expectations, deadlines and codes are to be used, by the id of the check; else those of then
 * @throws {UsageError} `bad_cassette`
 */
export function explain(path: string, plan?: ProbePlan): Explanation {
  const { exchanges } = readCassette(path);
  const noted = exchanges.map(exchange => ({ exchange, note: noteOf(exchange, path) }));
  const [first] = noted;
  if (first === undefined) throw new UsageError('bad_cassette', `${path}: holds no exchange`);
  const { note } = first;
  const terms = termsOf(note, plan);
  const calls = noted.map(one => callOf(one.exchange, one.note, terms.deadlines));
  const conclusion = checks[note.kind].conclude?.(calls, terms) ?? {};
  return { note, calls, verdict: judge(terms, calls, conclusion), readings: conclusion.readings ?? {} };
}

function noteOf({ note, n }: RecordedExchange, path: string): CassetteNote {
  const result = cassetteNote.safeParse(note);
  if (result.success) return result.data;
  const why = note === undefined ? 'it has no note' : z.prettifyError(result.error).replaceAll('\n', ' ');
  throw new UsageError(
    'bad_cassette',
    `${path}: exchange ${n} was not recorded by the probe (${why}); mock replay plays it`,
  );
}

type Known = Terms & Pick<ProbeCheck, 'mostCalls' | 'deadlines'>;

/** The plan's check of the same id, or what held then. */
function termsOf(note: CassetteNote, plan?: ProbePlan): Known {
  const { target, check, kind, model, most_calls: mostCalls } = note;
  const known = plan?.checks.find(({ id }) => id === `${target}/${check}/${model}`);
  const [expect, warn] = [expectationsIn(note.expect), expectationsIn(note.warn)];
  const codes = new Map(Object.entries(note.codes));
  return known ?? { kind, model, mostCalls, deadlines: allOf(kind, note.deadlines), expect, warn, codes };
}

const allOf = (kind: ProbeCheck['kind'], noted: CassetteNote['deadlines']) => ({ ...deadlinesOf(kind, {}), ...noted });

function callOf(exchange: RecordedExchange, note: CassetteNote, deadlines: ProbeCheck['deadlines']): Call {
  const { body = {}, path } = exchange.request;
  const kind = kindOf(path);
  const stream = (body as { stream?: unknown }).stream === true;
  const record = reread(exchange, { expects: expects[kind], leadMs: note.lead_ms, deadlines });
  return {
    label: note.label,
    wanted: note.wanted,
    right: note.right,
    wallMs: Date.parse(exchange.at),
    gapsMs: [],
    request: { kind, stream, body: JSON.stringify(body) },
    record: { ...record, reusedConnection: note.reused, ...unsentOf(note), ...cutOf(record, note) },
    tape: tapeOf(exchange, note),
  };
}

const expects = { chat: 'completion', models: 'list', async_chat: 'task', async_result: 'task' } as const;

function kindOf(path: string): CallKind {
  if (path.endsWith('/models')) return 'models';
  if (path.endsWith('/async/chat/completions')) return 'async_chat';
  return path.includes('/async-result/') ? 'async_result' : 'chat';
}

/** Nothing left this machine, so nothing was recorded; what was said then is all there is. */
const unsentOf = ({ unsent, deadline }: CassetteNote): Partial<CallRecord> =>
  unsent === undefined
    ? {}
    : { sentMs: undefined, deadline, outcome: { kind: unsent.kind, ...(unsent.detail && { detail: unsent.detail }) } };

/** Nobody hung up: the rest was too long to keep. */
const cutOf = ({ outcome, bytes }: CallRecord, { lost = 0 }: CassetteNote): Partial<CallRecord> =>
  lost === 0 || outcome.kind !== 'cancelled'
    ? {}
    : {
        outcome: {
          ...outcome,
          detail: `kept are the first ${bytes} bytes, and ${lost} more came: raise cassettes.max_bytes`,
        },
      };

function tapeOf(
  { request }: RecordedExchange,
  { certificate_ends_at_ms, clock_skew_ms, lost = 0 }: CassetteNote,
): Tape {
  const peer = { address: undefined, port: undefined, certificateEndsMs: certificate_ends_at_ms };
  const silent = () => {};
  return {
    trace: { sent: silent, head: silent, data: silent },
    sent: request,
    head: undefined,
    peer,
    parts: [],
    lost,
    skewMs: clock_skew_ms,
  };
}
