/**
 * Matchers for `expect.extend`, in the shape that vitest and jest share.
 * @example
 * expect.extend(matchers);
 * await expect(mock).toHaveReceivedChat({ model: 'glm-4.6', times: 2 });
 */
import { UsageError } from '../../core/errors.ts';
import { callsOf } from './attempts.ts';
import { endpointOf } from './endpoint.ts';
import { requestLines } from './line.ts';
import { labelOf } from './outcome.ts';
import { type AssertOptions, assess } from './report.ts';
import type { Seen } from './seen.ts';

/** Anything with a journal: a mock over HTTP, or the one behind MSW. */
export interface JournalSource {
  journal(): readonly Seen[] | Promise<readonly Seen[]>;
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
  const { times, key, model, stream } = wanted;
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
  const { afterChunk, withinMs, times } = wanted;
  const { entries, scope } = await chatsOf(mock);
  const found = entries.filter(
    entry =>
      entry.ending === 'client_gone' &&
      entry.beats >= (afterChunk ?? 0) &&
      entry.durationMs <= (withinMs ?? Number.POSITIVE_INFINITY),
  );
  return resultOf(found.length, times, `aborted requests${filterText({ afterChunk, withinMs })}`, scope);
}

export interface Retried {
  /** Only repetitions that followed this business code, HTTP status (`HTTP 503`) or outcome (`truncated`). */
  readonly after?: string;
  /** Exactly so many repetitions, over all calls; at least one by default. */
  readonly times?: number;
}

export async function toHaveRetried(mock: unknown, { after, times }: Retried = {}): Promise<MatcherResult> {
  const { entries, scope } = await chatsOf(mock);
  const befores = callsOf(entries).flatMap(({ attempts }) => attempts.slice(0, -1));
  const found = befores.filter(
    ({ entry, word }) => after === undefined || after === word || after === labelOf(entry, word),
  );
  return resultOf(found.length, times, `repetitions${filterText({ after })}`, scope);
}

/** Fails with the report of `assertResilient`. */
export async function toBeResilient(mock: unknown, options: AssertOptions = {}): Promise<MatcherResult> {
  const { pass, report } = assess(await entriesOf(mock), options);
  return { pass, message: () => (pass ? `expected the client not to be resilient\n${report}` : report) };
}

export const matchers = { toHaveReceivedChat, toHaveAborted, toHaveRetried, toBeResilient };

async function chatsOf(mock: unknown): Promise<{ entries: readonly Seen[]; scope: readonly Seen[] }> {
  const scope = await entriesOf(mock);
  return { entries: scope.filter(entry => endpointOf(entry) === '/chat/completions'), scope };
}

/** @throws {UsageError} `not_a_mock`: a failing result would pass under `.not` */
async function entriesOf(mock: unknown): Promise<readonly Seen[]> {
  if (isSource(mock)) return mock.journal();
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
