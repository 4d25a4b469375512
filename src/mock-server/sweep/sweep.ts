/**
 * The fault sweep: a client, once with a sound answer and then under every fault at every position of that answer, in
 * virtual time. What it makes of each is held against what it made of the sound one.
 */
import { isDeepStrictEqual } from 'node:util';
import { parseDuration } from '../../core/duration.ts';
import { textOf, UsageError } from '../../core/errors.ts';
import type { MockOptions } from '../config.ts';
import { openMock, type TestMock } from '../create-mock.ts';
import type { JournalEntry } from '../journal.ts';
import { useVirtualTime } from '../virtual-time.ts';
import { casesOf, chosen, type ScenarioChoice, type SweepCase } from './cases.ts';
import { callOnce, type Ended, type SweptClient } from './client.ts';
import { complaint, type Expectation } from './expectation.ts';
import { type Complaint, failuresOf } from './failure.ts';
import { createLeash, type Leash } from './leash.ts';
import { type SweepReply, textReply } from './replies.ts';
import { reportOf, type SweepReport } from './report.ts';
import { createTurnstile, type Turnstile } from './turnstile.ts';

/** What is swept, with which answers, and how patiently. */
export interface SweepOptions<T> {
  /** Names or ids of scenarios, or a choice among them. Default: all. */
  readonly scenarios?: ScenarioChoice;
  /** Where faults with a position strike, in frames. Default: everywhere, from 0 to the number of frames. */
  readonly positions?: readonly number[];
  /** The answer; several for a client that asks more than once per call. Default `textReply`; see `toolReply`. */
  readonly reply?: SweepReply | readonly SweepReply[];
  /** How long a call may take, in virtual time. Default `3m`: less than the five minutes after which fetch gives up by itself. */
  readonly limit?: string;
  /** How many requests one call may make before it counts as endless and gets no more answers. Default 200. */
  readonly maxRequests?: number;
  /** Calls at once. Default 256; 1 for a client that has state. */
  readonly concurrency?: number;
  /** When two results say the same. Default: deep equality. */
  readonly same?: (one: T, other: T) => boolean;
  /** Takes a TypeError of the client's own for a way to give up. Default false. */
  readonly mayCrash?: boolean;
  /** Judges in place of the sweep: what is wrong, nothing, or the sweep's own opinion, which it is given. */
  readonly expect?: (tried: SweepCase, ended: Ended<T>, opinion: string | undefined) => string | undefined;
  /** Settings of the mock. Its pace is 1 ms per frame unless said. */
  readonly mock?: Omit<MockOptions, 'workers' | 'faults' | 'fixtures'>;
}

/**
 * Runs a client through the faults.
 * @example const report = await sweep(async ({ baseUrl, apiKey, signal }) => ask({ baseUrl, apiKey, signal }));
 * @throws {UsageError} when the client cannot cope with a sound answer, or an option is wrong
 */
export async function sweep<T>(client: SweptClient<T>, options: SweepOptions<T> = {}): Promise<SweepReport> {
  const list = chosen(options.scenarios);
  const startMs = realNow();
  const time = useVirtualTime();
  const turnstile = createTurnstile(options.maxRequests);
  const settings = { timing: 'ttft=1ms,itl=1ms', journalSize: 20_000, ...options.mock };
  const mock = await openMock(settings, turnstile).catch(error => {
    time.restore();
    throw error;
  });
  const leashes: Leash[] = [];
  try {
    const call = caller(mock, client, turnstile, leashes, options);
    const { sound, frames } = await soundCall(mock, call, options);
    const cases = casesOf(list, options.positions ?? [...Array(frames + 1).keys()]);
    const tried = await tryAll(cases, call, sound, options);
    const spared = sparedIn(tried);
    const complaints = [...tried.map(complaintOf), ...unmet(tried, spared, options)].filter(one => one !== undefined);
    const failures = failuresOf(complaints, options);
    const realMs = realNow() - startMs;
    return reportOf({ cases: cases.length, failures, spared, frames, realMs, virtualMs: time.elapsedMs() });
  } finally {
    // A client that goes on for ever waits for an answer here; of a closed port it would ask without pause.
    if (!leashes.some(leash => leash.isSlipped())) await mock.close({ graceMs: 0 });
    time.restore();
  }
}

/**
 * The same, as a test wants it.
 * @throws {Error} with the whole report when the client failed anywhere
 */
export async function assertSweep<T>(client: SweptClient<T>, options?: SweepOptions<T>): Promise<SweepReport> {
  const report = await sweep(client, options);
  if (report.failures.length > 0) throw new Error(report.text());
  return report;
}

/** The one clock that virtual time leaves alone. */
const realNow = () => Number(process.hrtime.bigint()) / 1e6;

type Call<T> = (fault: string, name: string) => Promise<Made<T>>;

/** How a call ended, and whether its fault met it. */
interface Made<T> {
  readonly ended: Ended<T>;
  readonly met: Met;
}

/** `absent`: no request came with the key of the call, or none asked for its fault. `spared`: there was nothing to change. */
type Met = 'absent' | 'spared' | 'struck';

/** Each call has a key of its own: what it was sent and how often it was struck concerns nobody else. */
function caller<T>(
  mock: TestMock,
  client: SweptClient<T>,
  turnstile: Turnstile,
  leashes: Leash[],
  { reply = textReply, limit = '3m' }: SweepOptions<T>,
) {
  const limitMs = parseDuration(limit);
  const inTurn = Array.isArray(reply); // then each call begins with the first
  if (!inTurn) mock.on({}, reply);
  const call: Call<T> = async (fault, name) => {
    const key = mock.key(name);
    if (inTurn) key.on({}, reply);
    const baseUrl = fault === '' ? mock.baseUrl : `${mock.url}/~${fault}/api/paas/v4`;
    const leash = createLeash();
    leashes.push(leash);
    const ended = await callOnce(
      client,
      { baseUrl, apiKey: key.apiKey, fault },
      leash,
      limitMs,
      turnstile.closed(key.id),
    );
    if (ended.kind === 'hung' || ended.kind === 'endless') turnstile.shut(key.id);
    return { ended, met: metBy(key.requests()) };
  };
  return call;
}

function metBy(requests: readonly JournalEntry[]): Met {
  if (requests.some(({ faults }) => faults.length > 0)) return 'struck';
  return requests.some(({ asked }) => asked.length > 0) ? 'spared' : 'absent';
}

/** Twice: a result that differs by itself could be held against nothing. */
async function soundCall<T>(mock: TestMock, call: Call<T>, options: SweepOptions<T>) {
  const sound = resultOf((await call('', 'sound')).ended);
  const requests = mock.requests();
  const frames = Math.max(0, ...requests.map(({ beats }) => beats));
  if (frames === 0) throw new UsageError('no_request', 'the client asked nothing of the base URL that it was given');
  if (!requests.some(({ keyId }) => keyId === mock.key('sound').id))
    throw new UsageError(
      'no_request',
      'the client does not use the apiKey that it is given, by which its calls are told apart',
    );
  if (!sameOf(options)(sound, resultOf((await call('', 'sound again')).ended)))
    throw new UsageError(
      'unsteady_result',
      'the client returned two different results for the same answer; leave out ids and times, or set `same`',
    );
  return { sound, frames };
}

function resultOf<T>(ended: Ended<T>): T {
  if (ended.kind === 'result') return ended.result;
  const why = { hung: 'it did not come back', endless: 'it asks again and again' };
  const [says, cause] = ended.kind === 'error' ? [textOf(ended.error), ended.error] : [why[ended.kind], undefined];
  throw new UsageError('not_sound', `the client fails on a sound answer: ${says}`, { cause });
}

const sameOf = <T>({ same = isDeepStrictEqual }: SweepOptions<T>): Expectation<T>['same'] => same;

async function tryAll<T>(cases: readonly SweepCase[], call: Call<T>, sound: T, options: SweepOptions<T>) {
  const { concurrency = 256, mayCrash = false, expect = (_, __, opinion) => opinion } = options;
  const expected: Expectation<T> = { sound, mayCrash, same: sameOf(options) };
  const all: Tried[] = [];
  const rest = cases.entries();
  const worker = async () => {
    for (const [n, tried] of rest) {
      const { ended, met } = await call(tried.fault, tried.fault);
      const says = met === 'absent' ? undefined : expect(tried, ended, complaint(tried, ended, expected));
      all[n] = { tried, met, says };
    }
  };
  await Promise.all(Array.from({ length: concurrency }, worker));
  return all; // in the order of the catalogue
}

interface Tried {
  readonly tried: SweepCase;
  readonly met: Met;
  /** What the client did wrong. */
  readonly says: string | undefined;
}

function complaintOf({ tried, met, says }: Tried): Complaint | undefined {
  if (met === 'absent') return { kind: 'no_request', tried, says: stale };
  return says === undefined ? undefined : { kind: 'client', tried, says };
}

const stale =
  'no request came to the base URL and with the key of this call, so nothing was tested: the client kept those of an earlier call';

/** Scenarios whose requests came, and that changed nothing at any position. */
function sparedIn(all: readonly Tried[]): string[] {
  const groups = Map.groupBy(all, ({ tried }) => tried.scenario.name);
  return [...groups].flatMap(([name, group]) => (group.every(({ met }) => met === 'spared') ? [name] : []));
}

/** Scenarios that were asked for by name, or all that there were, and that changed nothing. */
function unmet<T>(all: readonly Tried[], spared: readonly string[], { scenarios }: SweepOptions<T>): Complaint[] {
  const byName = Array.isArray(scenarios);
  if (!byName && all.some(({ met }) => met !== 'spared')) return [];
  const says = 'the fault changed nothing of the answer that this client asks for, so nothing was tested';
  return all.flatMap(({ tried }) =>
    spared.includes(tried.scenario.name) ? [{ kind: 'not_struck' as const, tried, says }] : [],
  );
}
