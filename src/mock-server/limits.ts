/**
 * Limits that behave as the service's do: refused at once and never queued, counted for each key (and model, where the
 * service does so); glm-api.md §7. Off by default; settable while the mock runs.
 */
import { z } from 'zod';
import { whole } from '../core/config.ts';
import { duration } from '../core/duration.ts';
import type { Random } from '../core/random.ts';
import { createRecent, type Recent } from '../core/recent.ts';
import { createFlights } from './flights.ts';

const many = whole(1, 1_000_000_000);

export const limitsConfig = z.strictObject({
  /** Requests in flight for one key and model; one more is answered with 429/1302. */
  concurrency: whole(1, 1_000_000).optional(),
  /** Requests of one key and model in any minute; 1302. */
  requestsPerMinute: many.optional(),
  /** Tokens, read and written, of one key and model in any minute; 1302. */
  tokensPerMinute: many.optional(),
  /** Share of requests that are refused for overload, whoever asks; 1305. */
  overloadRate: z.number().min(0).max(1).default(0),
  /** Requests of one key in a plan window, which begins with its first request; 1308 with the reset time. */
  planRequests: many.optional(),
  planWindow: duration.prefault('5h'),
  /** Requests of one key in seven days; 1310 with the reset time. */
  weeklyRequests: many.optional(),
  /** Tokens that a key may spend before it is overdue; 1113. */
  balance: whole(0, 1_000_000_000).optional(),
  /** Send `Retry-After` with 429. The service never does: a client that needs it is broken against it. */
  retryAfter: z.boolean().default(false),
});

export type Limits = z.infer<typeof limitsConfig>;

export interface Visitor {
  readonly keyId: string;
  readonly model: string;
  readonly wallMs: number;
  readonly random: Random;
}

/** Why somebody is turned away. */
export interface Turned {
  readonly code: '1113' | '1302' | '1305' | '1308' | '1310';
  /** When it may work again, in ms from now; 0 where nobody knows. */
  readonly resetMs: number;
  /** How long the window is that is used up. */
  readonly windowMs: number;
  /** Seconds for `Retry-After`, when it was asked for. */
  readonly retryAfter: number | undefined;
}

export interface Limiter {
  /** Lets a request in and counts it, or says why not. One that was let in must `leave`. Windows count while anything is limited. */
  enter(visitor: Visitor): Turned | undefined;
  leave(visitor: Pick<Visitor, 'keyId' | 'model'>): void;
  /** Notes what an answer costs. */
  spend(visitor: Visitor, tokens: number): void;
  set(limits: Limits): void;
  readonly limits: Limits;
  /** Whether anything is limited. */
  readonly on: boolean;
  /** Requests in flight, by key id and model. */
  inFlight(): { readonly keyId: string; readonly model: string; readonly count: number }[];
  /** Windows and spent balances begin anew, of one key or of all; then the limits are those of the start again. Requests in flight stay. */
  reset(keyId?: string): void;
}

const minute = 60_000;
const week = 7 * 24 * 3_600_000;

export function createLimiter(initial: Limits): Limiter {
  let limits = initial;
  let on = limitsAnything(initial);
  const flights = createFlights();
  let accounts = createRecent<Account>(10_000);

  const accountOf = (keyId: string): Account => {
    const known = accounts.get(keyId) ?? newAccount();
    accounts.set(keyId, known);
    return known;
  };
  /** Clients may name any model where that is allowed, so these are forgotten too. */
  const modelOf = ({ models }: Account, model: string): ModelAccount => {
    const known = models.get(model) ?? { requests: createWindow(), tokens: createWindow() };
    models.set(model, known);
    return known;
  };
  const refusal = (visitor: Visitor): Omit<Turned, 'retryAfter'> | undefined => {
    const { wallMs } = visitor;
    const key = accountOf(visitor.keyId);
    const own = modelOf(key, visitor.model);
    if (limits.balance !== undefined && key.spent >= limits.balance) return { code: '1113', resetMs: 0, windowMs: 0 };
    if (flights.of(visitor) >= (limits.concurrency ?? Number.POSITIVE_INFINITY))
      return { code: '1302', resetMs: 1000, windowMs: 0 };
    const minuteLeft = Math.max(
      own.requests.wait(wallMs, minute, limits.requestsPerMinute),
      own.tokens.wait(wallMs, minute, limits.tokensPerMinute),
    );
    if (minuteLeft > 0) return { code: '1302', resetMs: minuteLeft, windowMs: minute };
    const planLeft = key.plan.wait(wallMs, limits.planWindow, limits.planRequests);
    if (planLeft > 0) return { code: '1308', resetMs: planLeft, windowMs: limits.planWindow };
    const weekLeft = key.week.wait(wallMs, week, limits.weeklyRequests);
    if (weekLeft > 0) return { code: '1310', resetMs: weekLeft, windowMs: week };
    if (limits.overloadRate > 0 && visitor.random.fork('overload')() < limits.overloadRate)
      return { code: '1305', resetMs: 0, windowMs: 0 };
    return undefined;
  };
  const count = (visitor: Visitor) => {
    const { wallMs } = visitor;
    const key = accountOf(visitor.keyId);
    modelOf(key, visitor.model).requests.add(wallMs, minute, 1);
    key.plan.add(wallMs, limits.planWindow, 1);
    key.week.add(wallMs, week, 1);
  };
  const enter: Limiter['enter'] = visitor => {
    const turned = on ? refusal(visitor) : undefined;
    if (turned === undefined) {
      flights.begin(visitor);
      if (on) count(visitor);
      return undefined;
    }
    return { ...turned, retryAfter: limits.retryAfter ? Math.max(1, Math.ceil(turned.resetMs / 1000)) : undefined };
  };
  const spend: Limiter['spend'] = (visitor, tokens) => {
    const key = accountOf(visitor.keyId);
    key.spent += tokens;
    modelOf(key, visitor.model).tokens.add(visitor.wallMs, minute, tokens);
  };
  const set: Limiter['set'] = next => {
    limits = next;
    on = limitsAnything(next);
  };
  const reset: Limiter['reset'] = keyId => {
    if (keyId === undefined) {
      accounts = createRecent(10_000);
      set(initial);
    } else accounts.set(keyId, newAccount());
  };
  return {
    enter,
    leave: flights.end,
    spend,
    set,
    get on() {
      return on;
    },
    get limits() {
      return limits;
    },
    inFlight: flights.list,
    reset,
  };
}

const limitsAnything = ({ planWindow: _, retryAfter: __, overloadRate, ...most }: Limits) =>
  overloadRate > 0 || Object.values(most).some(value => value !== undefined);

interface ModelAccount {
  readonly requests: Window;
  readonly tokens: Window;
}

interface Account {
  readonly models: Recent<ModelAccount>;
  readonly plan: Window;
  readonly week: Window;
  spent: number;
}

const newAccount = (): Account => ({
  models: createRecent(100),
  plan: createWindow(),
  week: createWindow(),
  spent: 0,
});

interface Window {
  /** How long until there is room again; 0 when there is some now. */
  wait(nowMs: number, lengthMs: number, most: number | undefined): number;
  add(nowMs: number, lengthMs: number, amount: number): void;
}

/** A window that opens with its first use and is empty again when its time is over, as the service's reset times suggest. */
function createWindow(): Window {
  let opened = Number.NEGATIVE_INFINITY;
  let used = 0;
  const wait: Window['wait'] = (nowMs, lengthMs, most) => {
    if (most === undefined || used < most) return 0;
    return Math.max(0, opened + lengthMs - nowMs);
  };
  const add: Window['add'] = (nowMs, lengthMs, amount) => {
    if (nowMs >= opened + lengthMs) {
      opened = nowMs;
      used = 0;
    }
    used += amount;
  };
  return { wait, add };
}
