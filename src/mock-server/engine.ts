/**
 * Decides what is answered. `handle` is synchronous and free of I/O; only a JWT seen for the first time makes it a
 * promise. What it remembers (tasks, prefixes, used request ids, the journal) lives here and nowhere else.
 */
import type { Clock } from '../core/clock.ts';
import { UsageError } from '../core/errors.ts';
import { createRandom } from '../core/random.ts';
import { createRecent } from '../core/recent.ts';
import { parseKey } from '../core/wire/auth.ts';
import type { Language } from '../core/wire/errors.ts';
import { completionId } from '../core/wire/ids.ts';
import { isModel } from '../core/wire/models.ts';
import { type Access, createGate } from './access.ts';
import type { MockConfig } from './config.ts';
import { type Control, createControl } from './control.ts';
import {
  bodyReply,
  type Call,
  type Endpoint,
  type Reply,
  refusalReply,
  type Silence,
  type State,
} from './endpoints/endpoint.ts';
import { find } from './endpoints/table.ts';
import { createFaultBook } from './faults/book.ts';
import { type Fault, parseFaults, splitPath } from './faults/fault.ts';
import { struck } from './faults/strike.ts';
import { fingerprintOf } from './fingerprint.ts';
import { createBook } from './fixtures/book.ts';
import type { Fixture } from './fixtures/fixture.ts';
import { balancerCookie, hostHeaders, preflightHeaders } from './headers.ts';
import { createJournal, type Journal, type JournalEntry } from './journal.ts';
import { lookAtUrl } from './key-in-url.ts';
import { createLimiter } from './limits.ts';
import type { Meter } from './meter.ts';
import type { Exchange, Head, MockRequest, Played } from './plan.ts';
import { createPrefixCache } from './prefix-cache.ts';
import { businessError, gatewayPage, mockError, type Refusal, springError } from './render/error.ts';
import { createTaskStore, type TaskStore } from './tasks.ts';
import { createUnfinished } from './unfinished.ts';
import { askedIn, modelNamed } from './validate.ts';
import { createArchive } from './verdict/archive.ts';
import { createLedger, type Ledger } from './verdict/ledger.ts';

export interface Engine {
  handle(request: MockRequest): Exchange | Promise<Exchange>;
  /** Answers a body that was too large to be read. */
  tooLarge(request: MockRequest): Exchange;
  readonly journal: Journal;
  /** What has been exercised since the start. */
  readonly ledger: Ledger;
  readonly control: Control;
  /** Wall time, ms since 1970. */
  readonly wall: () => number;
}

export interface EngineDoor {
  readonly clock: Clock;
  readonly meter: Meter;
  /** Compresses a body when the client asks, or says nothing and it leaves as it is; left out where the transport does not compress. */
  readonly gzip?: (body: string) => Uint8Array | undefined;
  readonly warn?: (sentence: string) => void;
  /** None by default. */
  readonly fixtures?: readonly Fixture[];
  /** Tasks shared with other processes; its own by default. */
  readonly tasks?: TaskStore;
  /** Asked about each request by the id of its key; one that is not admitted gets no answer. All are by default. */
  readonly admits?: (keyId: string) => boolean;
  /** Sets this process's ids apart from those of others with the same seed. */
  readonly label?: string;
}

/** @throws nothing of its own: a failure here is our bug */
export function createEngine(config: MockConfig, door: EngineDoor): Engine {
  const random = createRandom(config.seed);
  const { fixtures = [] } = door;
  const journal = createJournal(config.journalSize, createArchive());
  const ledger = createLedger();
  const state: State = {
    tasks: door.tasks ?? createTaskStore(),
    prefixes: createPrefixCache(config.cacheDelay),
    read: createRecent(1000),
    said: new WeakMap(),
    limiter: createLimiter(config.limits),
    faults: createFaultBook(config.faults),
    book: createBook(fixtures),
    usedIds: createRecent(100_000),
    unfinished: createUnfinished(),
  };
  const free = createRecent<number | undefined>(10_000); // when a connection of a key was last left free
  const keys = new Map(config.keys.map(text => parseKey(text)).flatMap(key => (key ? [[key.id, key.secret]] : [])));
  const gate = createGate({
    keys,
    anyKey: config.anyKey,
    expUnit: config.wire.jwtExpUnit,
    signatureCode: config.wire.jwtSignatureCode,
    warn: door.warn ?? (() => {}),
  });
  const parsed = createRecent<readonly Fault[] | UsageError>(1000);
  const { label = '' } = door;
  let count = 0;
  let streams = 0; // that are open

  const handle: Engine['handle'] = request => {
    const { call, asked } = open(request);
    if (asked instanceof UsageError) return exchange(call, 'other', mockError('mock_bad_fault', asked.message));
    const endpoint = find(request.method, call.request.path);
    if (endpoint.kind === 'gateway') return exchange(call, 'other', gatewayPage(405, 'Not Allowed'));
    if (endpoint.kind === 'preflight') return exchange(call, 'other', preflight);
    if (endpoint.kind === 'spring')
      return exchange(call, 'other', springError(endpoint.status, call.wallMs, endpoint.path));
    const access = gate.check(request.headers.authorization, call.wallMs);
    const answer =
      access instanceof Promise
        ? access.then(granted => reply(granted, call, endpoint.answer, asked))
        : reply(access, call, endpoint.answer, asked);
    if (!(answer instanceof Promise)) return exchange(call, endpoint.name, answer);
    return answer.then(given => exchange(call, endpoint.name, given));
  };

  const open = (given: MockRequest): { call: Call; asked: readonly Fault[] | UsageError } => {
    const n = ++count;
    const wallMs = door.clock.wall();
    const { request, asked } = askedOf(given);
    // A body takes its time: the request arrived when its headers did, and its duration counts from there.
    const since = door.clock.now() - request.arrivedMs;
    const entry = newEntry(n, Math.floor(wallMs - since), request, keys);
    journal.add(entry);
    const language = languageFor(config, request);
    const own = random.fork(label + n);
    const call = {
      request,
      keyId: '',
      language,
      wallMs,
      random: own,
      seed: random,
      config,
      state,
      entry,
      shots: none,
      leave: undefined,
      generated: undefined,
    };
    return { call, asked };
  };

  /** The faults a request asks for itself, and the request without what asked for them. */
  const askedOf = (request: MockRequest): { request: MockRequest; asked: readonly Fault[] | UsageError } => {
    const header = request.headers[faultHeader];
    if (header === undefined && !request.path.startsWith('/~')) return { request, asked: noFaults };
    const { faults, path } = splitPath(request.path);
    const text = [faults, header ?? ''].filter(part => part !== '').join(';');
    const known = parsed.get(text) ?? readFaults(text);
    parsed.set(text, known);
    return { request: { ...request, path }, asked: known };
  };

  const reply = (access: Access, call: Call, answer: Endpoint, asked: readonly Fault[]): ReturnType<Endpoint> => {
    if ('code' in access) {
      Object.assign(call.entry, askedIn(call.request.body));
      return businessError(access.code, call.language);
    }
    call.keyId = access.keyId;
    call.entry.keyId = access.keyId;
    const { keyId, random: own } = call;
    if (door.admits?.(keyId) === false) return { silence: 'hang', at: 0 };
    call.entry.spare = isSpare(call.request, keyId);
    call.shots = state.faults.strike({ keyId, own: asked, model: () => modelNamed(call.request.body), random: own });
    return call.shots.length === 0 && !state.book.has(keyId) ? answer(call) : struck(call, answer);
  };

  /** A connection that is opened although another was left free, and not so long ago that it would have been given up. */
  const isSpare = ({ reused, openedMs, arrivedMs }: MockRequest, keyId: string): boolean => {
    const freeMs = free.get(keyId);
    free.set(keyId, undefined); // one request may take it, whether or not it did; what comes at the same time may not
    return reused === false && freeMs !== undefined && (openedMs ?? 0) > freeMs && arrivedMs - freeMs < idleMs;
  };

  const exchange = (call: Call, endpoint: string, answer: Reply | Refusal | Silence): Exchange => {
    if ('silence' in answer) return silent(call, endpoint, answer);
    const plan = 'beats' in answer ? answer : refusalReply(answer);
    const { entry } = call;
    entry.status = plan.status;
    entry.code = plan.code;
    entry.told = plan.extra?.includes('retry-after') ?? false;
    entry.streamed = plan.stream;
    const head = { at: plan.at, status: plan.status, headers: headersOf(call, plan) };
    ledger.note(entry);
    door.meter.begin(entry.streamed);
    const timeline = entry.streamed && ++streams <= mostTraced ? [] : undefined;
    return {
      plan: withBody(head, plan, call.request),
      timeline,
      settle: played => settle(call, endpoint, played, timeline),
    };
  };

  const silent = (call: Call, endpoint: string, { silence, at }: Silence): Exchange => {
    ledger.note(call.entry);
    door.meter.begin(false);
    return { plan: { beats: [{ at, end: silence }] }, settle: played => settle(call, endpoint, played) };
  };

  const { profile } = config;
  const fixed = { ok: hostHeaders(profile, true), error: hostHeaders(profile, false) };
  const headersOf = ({ wallMs, random: own }: Call, plan: Reply): string[] => {
    if (plan.headers !== undefined) return [...plan.headers];
    const list = ['content-type', plan.type];
    if (profile === 'cn') list.push('set-cookie', balancerCookie(wallMs, own));
    list.push(...(plan.status === 200 ? fixed.ok : fixed.error), 'x-log-id', completionId(wallMs, own));
    if (plan.extra !== undefined) list.push(...plan.extra);
    return list;
  };

  const withBody = (head: Head & { headers: string[] }, plan: Reply, request: MockRequest): Exchange['plan'] => {
    if (plan.body === undefined) return { head, beats: plan.beats };
    const asked = plan.status === 200 && takesGzip.test(request.headers['accept-encoding'] ?? '');
    const packed = asked ? door.gzip?.(plan.body) : undefined;
    if (packed !== undefined) head.headers.push('content-encoding', 'gzip');
    head.headers.push('content-length', String(packed?.length ?? Buffer.byteLength(plan.body)));
    return { head, beats: [{ at: plan.at, send: packed ?? plan.body }] };
  };

  const settle = (call: Call, endpoint: string, played: Played, timeline: number[] = noMoments) => {
    const { entry, request } = call;
    call.leave?.();
    entry.ending = played.ending;
    entry.beats = played.beats;
    entry.bytes = played.bytes;
    entry.durationMs = door.clock.now() - request.arrivedMs;
    entry.worstLatenessMs = played.worstLatenessMs;
    if (entry.streamed) streams--;
    if (timeline.length > 0) journal.trace(entry.n, timeline);
    if (played.ending === 'client_gone') entry.tokensAfterHangUp = unheard(call, played);
    else if (played.ending === 'complete' && entry.status === 200) free.set(call.keyId, door.clock.now());
    if (call.shots.length > 0) ledger.note(entry); // a fault may have struck on the way
    door.meter.end(entry, endpoint, labelOf(entry.model, config), played);
  };

  const tooLarge = (request: MockRequest) =>
    exchange(open(request).call, 'other', gatewayPage(413, 'Request Entity Too Large'));
  return {
    handle,
    tooLarge,
    journal,
    ledger,
    wall: door.clock.wall,
    control: createControl({ ...state, fixtures, journal, ledger, keys, anyKey: config.anyKey, random }),
  };
}

const faultHeader = 'x-glm-fault';
const noFaults: readonly Fault[] = [];
const noMoments: number[] = [];

/** Streams with a timeline at one time. It lives as long as its stream: of a thousand they would be most of what the collector copies. */
const mostTraced = 100;

function readFaults(text: string): readonly Fault[] | UsageError {
  try {
    return parseFaults(text);
  } catch (error) {
    if (error instanceof UsageError) return error;
    throw error;
  }
}

/** Browsers ask before they call; the answer forbids it by saying nothing. */
const preflight: Reply = { ...bodyReply(''), headers: preflightHeaders };

const takesGzip = /\bgzip\b(?!\s*;\s*q=0(?:\.0*)?\s*(?:,|$))/;

/** English when asked for, else the host's own language; glm-api.md §5.7. */
const languageFor = (config: MockConfig, { headers }: MockRequest): Language =>
  /^\s*en\b/i.test(headers['accept-language'] ?? '') || config.profile === 'intl' ? 'en' : 'zh';

/** A client chooses the model's name, so only known ones become a label. */
const labelOf = (model: string | undefined, config: MockConfig) =>
  model === undefined ? 'none' : isModel(model) || config.models.includes(model) ? model : 'other';

const none: readonly never[] = [];

/** Tokens that a service goes on generating for nobody. */
const unheard = ({ entry, generated }: Call, played: Played): number =>
  generated === undefined ? 0 : Math.max(0, Math.round(entry.completionTokens - generated(played, entry.durationMs)));

/** undici, like others, gives an idle connection up after 4 s. */
const idleMs = 4_000;

function newEntry(
  n: number,
  at: number,
  { method, path, body, headers, connection, reused, openedMs, arrivedMs, query = '' }: MockRequest,
  keys: ReadonlyMap<string, string>,
): JournalEntry {
  const seen = lookAtUrl(path.slice(0, 256), query, keys);
  // Field by field: a spread costs as much as all the rest of the entry.
  return {
    n,
    at,
    method,
    path: seen.path,
    keyInUrl: seen.keyInUrl,
    keyId: undefined,
    model: undefined,
    stream: false,
    streamed: false,
    status: 0,
    code: 'none',
    ending: 'open',
    promptTokens: 0,
    completionTokens: 0,
    beats: 0,
    bytes: 0,
    durationMs: 0,
    worstLatenessMs: 0,
    strict: none,
    connection: connection ?? 0,
    reused: reused ?? false,
    connectionMs: openedMs === undefined ? 0 : arrivedMs - openedMs,
    spare: false,
    fingerprint: fingerprintOf(body),
    question: 0,
    turn: 0,
    attempt: attemptOf(headers),
    carries: none,
    params: none,
    finish: undefined,
    kinds: none,
    toolCalls: none,
    answeredTools: none,
    answerDigests: none,
    asked: none,
    faults: none,
    told: false,
    tokensAfterHangUp: 0,
    fixture: undefined,
  };
}

/** The clients that Stainless generates, `openai` among them, count their retries for the server. */
function attemptOf({ 'x-stainless-retry-count': text }: MockRequest['headers']): number | undefined {
  return text !== undefined && /^\d{1,3}$/.test(text) ? Number(text) : undefined;
}
