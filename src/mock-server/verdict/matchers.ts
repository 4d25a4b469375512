/**
 * Matchers for `expect.extend`, in the shape that vitest and jest share.
 * @example
 * expect.extend(matchers);
 * await expect(mock).toHaveReceivedChat({ model: 'glm-4.6', times: 2 });
 */
import { setTimeout as pause } from 'node:timers/promises';
import { UsageError } from '../../core/errors.ts';
import { callsOf } from './attempts.ts';
import { endpointOf } from './endpoint.ts';
import { requestLines } from './line.ts';
import { labelOf } from './outcome.ts';
import { type AssertOptions, assess } from './report.ts';
import type { Gone } from './resilience.ts';
import type { Seen } from './seen.ts';

/** Anything with a journal: a mock over HTTP, or the one behind MSW. */
export interface JournalSource {
  journal(): readonly Seen[] | Promise<readonly Seen[]>;
  /** What a verdict reads, where more is kept than the journal. */
  history?(): { readonly entries: readonly Seen[] } & Gone;
}

export interface MatcherResult {
  readonly pass: boolean;
  readonly message: () => string;
}

export interface ReceivedChat {
  readonly model?: string;
  /** Exactly so many; at least one by default. */
  readonly times?: number;
  readonly stream?: boolean;
  /** A key, or only its id. */
  readonly key?: string;
}

export async function toHaveReceivedChat(mock: unknown, wanted: ReceivedChat = {}): Promise<MatcherResult> {
  const { times, key, model, stream } = known('toHaveReceivedChat', wanted, chatOptions);
  const { entries, scope } = await chatsOf(mock);
  const keyId = key?.split('.')[0];
  const found = entries.filter(
    entry =>
      (model === undefined || entry.model === model) &&
      (stream === undefined || entry.stream === stream) &&
      (keyId === undefined || entry.keyId === keyId),
  );
  return resultOf(found.length, times, `chat requests${filterText({ model, stream, key: keyId })}`, scope);
}

export interface Aborted {
  /** At least so many chunks had been sent. */
  readonly afterChunk?: number;
  /** Exactly so many; at least one by default. */
  readonly times?: number;
  /** No later than this after the request came in. */
  readonly withinMs?: number;
}

export async function toHaveAborted(mock: unknown, wanted: Aborted = {}): Promise<MatcherResult> {
  const { afterChunk, withinMs, times } = known('toHaveAborted', wanted, abortOptions);
  const isWanted = (entry: Seen) =>
    entry.ending === 'client_gone' &&
    entry.beats >= (afterChunk ?? 0) &&
    entry.durationMs <= (withinMs ?? Number.POSITIVE_INFINITY);
  const enough = (entries: readonly Seen[]) => entries.filter(isWanted).length >= (times ?? 1);
  const { entries, scope } = await chatsWhen(mock, entries => enough(entries) || !entries.some(isOpen));
  const found = entries.filter(isWanted);
  return resultOf(found.length, times, `aborted requests${filterText({ afterChunk, withinMs })}`, scope);
}

export interface Retried {
  /** Only repetitions that followed this business code, HTTP status (`HTTP 503`) or outcome (`truncated`). */
  readonly after?: string;
  /** Exactly so many repetitions, over all calls; at least one by default. */
  readonly times?: number;
}

export async function toHaveRetried(mock: unknown, wanted: Retried = {}): Promise<MatcherResult> {
  const { after, times } = known('toHaveRetried', wanted, retryOptions);
  const { entries, scope } = await chatsOf(mock);
  const befores = callsOf(entries).flatMap(({ attempts }) => attempts.slice(0, -1));
  const found = befores.filter(
    ({ entry, word }) => after === undefined || after === word || after === labelOf(entry, word),
  );
  return resultOf(found.length, times, `repetitions${filterText({ after })}`, scope);
}

/** Fails with the report of `assertResilient`. */
export async function toBeResilient(mock: unknown, options: AssertOptions = {}): Promise<MatcherResult> {
  const { entries, ...gone } = await historyOf(mock);
  const { pass, report } = assess(entries, { ...gone, ...options });
  return { pass, message: () => (pass ? `expected the client not to be resilient\n${report}` : report) };
}

/** For `expect.extend` of vitest and jest. */
export const matchers = { toHaveReceivedChat, toHaveAborted, toHaveRetried, toBeResilient };

// The compiler knows the options of those who write types; the others are told.
const chatOptions = { model: true, times: true, stream: true, key: true } satisfies Record<keyof ReceivedChat, true>;
const abortOptions = { afterChunk: true, times: true, withinMs: true } satisfies Record<keyof Aborted, true>;
const retryOptions = { after: true, times: true } satisfies Record<keyof Retried, true>;

/** @throws {UsageError} `unknown_option`: a misspelt one would match everything */
function known<T extends object>(matcher: string, wanted: T, allowed: Readonly<Record<keyof T, true>>): T {
  const unknown = Object.keys(wanted).filter(name => !Object.hasOwn(allowed, name));
  if (unknown.length === 0) return wanted;
  const names = Object.keys(allowed).join(', ');
  throw new UsageError('unknown_option', `${matcher} has no option ${unknown.join(', ')}; it has ${names}`);
}

interface Chats {
  readonly entries: readonly Seen[];
  readonly scope: readonly Seen[];
}

const isOpen = ({ ending }: Seen) => ending === 'open';

/** The mock hears of a hang-up some ms after the client's abort: looks again until then, half a second at most. */
async function chatsWhen(mock: unknown, isThere: (entries: readonly Seen[]) => boolean): Promise<Chats> {
  for (let left = 50; ; left--) {
    const chats = await chatsOf(mock);
    if (isThere(chats.entries) || left === 0) return chats;
    await pause(10);
  }
}

async function chatsOf(mock: unknown): Promise<Chats> {
  const scope = await entriesOf(mock);
  return { entries: scope.filter(entry => endpointOf(entry) === '/chat/completions'), scope };
}

async function entriesOf(mock: unknown): Promise<readonly Seen[]> {
  return sourceOf(mock).journal();
}

async function historyOf(mock: unknown): Promise<{ readonly entries: readonly Seen[] } & Gone> {
  const source = sourceOf(mock);
  return source.history?.() ?? { entries: await source.journal() };
}

/** @throws {UsageError} `not_a_mock`: a failing result would pass under `.not` */
function sourceOf(mock: unknown): JournalSource {
  if (isSource(mock)) return mock;
  throw new UsageError('not_a_mock', 'expect() was not given a mock: pass what createMock() returned');
}

const isSource = (value: unknown): value is JournalSource =>
  typeof value === 'object' && value !== null && 'journal' in value && typeof value.journal === 'function';

function resultOf(found: number, times: number | undefined, what: string, scope: readonly Seen[]): MatcherResult {
  const pass = times === undefined ? found > 0 : found === times;
  const wanted = `${pass ? 'other than ' : ''}${times ?? 'at least 1'}`;
  return { pass, message: () => `expected ${wanted} ${what}, found ${found} among\n${requestLines(scope)}` };
}

function filterText(filters: Readonly<Record<string, unknown>>): string {
  const given = Object.entries(filters).filter(([, value]) => value !== undefined);
  return given.length === 0 ? '' : ` with ${given.map(([name, value]) => `${name} ${String(value)}`).join(', ')}`;
}
