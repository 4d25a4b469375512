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
import { newEntry } from './entry.ts';
import { createFaultBook } from './faults/book.ts';
import type { Fault } from './faults/fault.ts';
import { createOwnFaults } from './faults/own.ts';
import { struck } from './faults/strike.ts';
import { createBook } from './fixtures/book.ts';
import type { Fixture } from './fixtures/fixture.ts';
import { preflightHeaders } from './headers.ts';
import { createHost } from './host.ts';
import { createJournal, type Journal } from './journal.ts';
import { createLimiter } from './limits.ts';
import type { Meter } from './meter.ts';
import type { Exchange, MockRequest, Played } from './plan.ts';
import { createPrefixCache } from './prefix-cache.ts';
import { businessError, gatewayPage, mockError, type Refusal, springError } from './render/error.ts';
import { createSpareWatch } from './spare.ts';
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
  const spare = createSpareWatch();
  const keys = new Map(config.keys.map(text => parseKey(text)).flatMap(key => (key ? [[key.id, key.secret]] : [])));
  const gate = createGate({
    keys,
    anyKey: config.anyKey,
    expUnit: config.wire.jwtExpUnit,
    signatureCode: config.wire.jwtSignatureCode,
    warn: door.warn ?? (() => {}),
  });
  const host = createHost({ profile: config.profile, gzip: door.gzip });
  const ownFaults = createOwnFaults();
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
    const { request, asked } = ownFaults.of(given);
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

  const reply = (access: Access, call: Call, answer: Endpoint, asked: readonly Fault[]): ReturnType<Endpoint> => {
    if ('code' in access) {
      Object.assign(call.entry, askedIn(call.request.body));
      return businessError(access.code, call.language);
    }
    call.keyId = access.keyId;
    call.entry.keyId = access.keyId;
    const { keyId, random: own } = call;
    if (door.admits?.(keyId) === false) return { silence: 'hang', at: 0 };
    call.entry.spare = spare.sees(call.request, keyId);
    call.shots = state.faults.strike({ keyId, own: asked, model: () => modelNamed(call.request.body), random: own });
    return call.shots.length === 0 && !state.book.has(keyId) ? answer(call) : struck(call, answer);
  };

  const exchange = (call: Call, endpoint: string, answer: Reply | Refusal | Silence): Exchange => {
    if ('silence' in answer) return silent(call, endpoint, answer);
    const plan = 'beats' in answer ? answer : refusalReply(answer);
    const { entry } = call;
    entry.status = plan.status;
    entry.code = plan.code;
    entry.told = plan.extra?.includes('retry-after') ?? false;
    entry.streamed = plan.stream;
    ledger.note(entry);
    door.meter.begin(entry.streamed);
    const timeline = entry.streamed && ++streams <= mostTraced ? [] : undefined;
    return {
      plan: host.planOf(call, plan),
      timeline,
      settle: played => settle(call, endpoint, played, timeline),
    };
  };

  const silent = (call: Call, endpoint: string, { silence, at }: Silence): Exchange => {
    ledger.note(call.entry);
    door.meter.begin(false);
    return { plan: { beats: [{ at, end: silence }] }, settle: played => settle(call, endpoint, played) };
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
    else if (played.ending === 'complete' && entry.status === 200) spare.left(call.keyId, door.clock.now());
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

const noMoments: number[] = [];

/** Streams with a timeline at one time. It lives as long as its stream: of a thousand they would be most of what the collector copies. */
const mostTraced = 100;

/** Browsers ask before they call; the answer forbids it by saying nothing. */
const preflight: Reply = { ...bodyReply(''), headers: preflightHeaders };

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
