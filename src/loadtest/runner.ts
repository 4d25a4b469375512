/**
 * Carries arrivals out. Who starts when is decided beforehand; here it only happens, and every request that was planned
 * ends in one class: also those whose time never came.
 */
import type { CallRecord } from '../core/call/record.ts';
import type { Cancel, Clock } from '../core/clock.ts';
import { domainOf } from '../core/outcome.ts';
import { createRandom } from '../core/random.ts';
import { type Arrivals, levelAt, scheduleOf, shardOf } from './arrivals.ts';
import { createBudget } from './budget.ts';
import { createCredentials } from './credentials.ts';
import type { Driver } from './drivers/driver.ts';
import type { Halt } from './halt.ts';
import { createHealthMeter, type HealthMeter } from './health.ts';
import type { Interval } from './interval.ts';
import { createPacer, type Pacer } from './pacer.ts';
import { type LoadPlan, lengthMs, workloadFor } from './plan.ts';
import { createPolicy } from './policy.ts';
import { type Finished, makeRequest, type RequestDoor } from './request.ts';
import { createTally, type Tally } from './tally.ts';

/** One process's part of a run. */
export interface Shard {
  readonly index: number;
  readonly count: number;
}

export interface RunDoor {
  readonly driver: Driver;
  readonly clock: Clock;
  /** Aborted: start no more requests, let those under way finish, and report; when none are started any more, cut them off. */
  readonly stop: AbortSignal;
  readonly shard?: Shard;
  /** When to begin, on the clock; now by default. */
  readonly startMs?: number;
  /** Told of every second, in order; the last one closes the run. */
  readonly onInterval: (interval: Interval) => void;
  readonly onFinished?: ((finished: Finished) => void) | undefined;
  /** Told when the run ends early, before what is under way has ended. */
  readonly onHalt?: ((halt: Halt) => void) | undefined;
  readonly pacer?: Pacer;
  readonly health?: HealthMeter;
}

export interface RunEnd {
  /** How late it began against the moment it was told, ms. */
  readonly lateMs: number;
  /** When the run began, on the clock. */
  readonly startMs: number;
  /** When no more requests were started, ms since the beginning. */
  readonly offeredMs: number;
  /** Undefined when it went to its end. */
  readonly halted: Halt | undefined;
}

const intervalMs = 1000;
const shortestMs = 2;
/** How often a closed loop looks whether its level has risen. */
const rampMs = 20;
/** A connection that cannot be made is not tried again at once: a closed loop would try ten thousand times a second. */
const pauseMs = 100;

/** Runs a plan, or one shard of it, until its time or its requests are used up, or it is stopped; then waits out the grace. */
export async function runLoad(plan: LoadPlan, door: RunDoor): Promise<RunEnd> {
  const { clock, startMs = clock.now(), pacer = createPacer({ clock }), health = createHealthMeter() } = door;
  const credentials = await createCredentials({ keys: plan.keys, jwt: plan.jwt, clock });
  if (startMs > clock.now()) await clock.sleep(startMs - clock.now());
  const lateMs = Math.max(0, clock.now() - startMs);
  const tally = createTally(startMs);
  const cut = new AbortController();
  let cutMs = startMs;
  const beat = () => {
    const now = clock.now();
    // Of a few milliseconds a process may well be busy all the time: a short interval leaves it to the next to say.
    const tells = now - cutMs >= intervalMs / 2;
    cutMs = now;
    door.onInterval(tally.cut(now, startMs, tells ? [health.read(pacer.idledMs)] : []));
  };
  /** Two reasons to cut at one moment are one cut. */
  const beatOnce = () => clock.now() - cutMs >= shortestMs && beat();
  const cancels: Cancel[] = [];
  const offer = createOffer(clock, startMs, halt => {
    beatOnce();
    cancels.push(clock.at(clock.now() + plan.graceMs, () => cut.abort()));
    if (halt !== undefined) door.onHalt?.(halt);
  });
  cancels.push(
    repeat(clock, startMs, intervalMs, beatOnce),
    ...(plan.warmupMs > 0 ? [clock.at(startMs + plan.warmupMs, beatOnce)] : []),
    clock.at(startMs + lengthMs(plan), () => offer.end()),
    // Who stops a run that is only waiting for its last answers does not want to wait for them.
    onAbort(door.stop, () => (offer.over ? cut.abort() : offer.end('stopped'))),
  );
  const request: RequestDoor = {
    driver: door.driver,
    clock,
    tally,
    credentials,
    workload: workloadFor(plan),
    budget: createBudget(plan.budget),
    policy: createPolicy(plan.policy),
    random: createRandom(plan.seed).fork('retries'),
    slo: plan.slo,
    cut: cut.signal,
    over: offer.signal,
    halt: offer.end,
    onFinished: door.onFinished,
  };
  const run = { plan, clock, startMs, pacer, tally, request, offer, shard: door.shard ?? { index: 0, count: 1 } };
  await (plan.arrivals.kind === 'closed' ? closedLoop(run, plan.arrivals) : openLoop(run, plan.arrivals));
  offer.end();
  for (const cancel of cancels) cancel();
  credentials.close();
  beat();
  health.close();
  return { startMs, lateMs, offeredMs: offer.endedMs - startMs, halted: offer.halt };
}

/** Whether requests are still being started. It ends once, by time, by a limit or because somebody says so. */
interface Offer {
  end(reason?: string, code?: string): void;
  readonly over: boolean;
  readonly signal: AbortSignal;
  readonly endedMs: number;
  /** Undefined when it ended as planned. */
  readonly halt: Halt | undefined;
}

function createOffer(clock: Clock, startMs: number, onEnd: (halt: Halt | undefined) => void): Offer {
  const halted = new AbortController();
  let endedMs = Number.NaN;
  let halt: Halt | undefined;
  return {
    end: (reason, code) => {
      if (halted.signal.aborted) return;
      endedMs = clock.now();
      if (reason !== undefined) halt = { reason, code, atMs: endedMs - startMs };
      halted.abort();
      onEnd(halt);
    },
    get over() {
      return halted.signal.aborted;
    },
    signal: halted.signal,
    get endedMs() {
      return endedMs;
    },
    get halt() {
      return halt;
    },
  };
}

interface Run {
  readonly plan: LoadPlan;
  readonly clock: Clock;
  readonly startMs: number;
  readonly pacer: Pacer;
  readonly tally: Tally;
  readonly request: RequestDoor;
  readonly offer: Offer;
  readonly shard: Shard;
}

/** A number of seats; on each a request follows the one before. The number may change over time. */
async function closedLoop(run: Run, arrivals: Extract<Arrivals, { kind: 'closed' }>): Promise<void> {
  const { clock, startMs, offer, tally, plan, request, shard } = run;
  const taken = new Map<number, Promise<void>>();
  const level = () => seatsOf(levelAt(arrivals.stages, clock.now() - startMs), shard);
  let next = shard.index;

  const sit = async (seat: number) => {
    while (!offer.over && seat < level()) {
      const n = next;
      next += shard.count;
      if (n >= plan.maxRequests) break;
      tally.plan(1);
      const record = await makeRequest({ n, intendedMs: undefined, measured: isMeasured(run, clock.now()) }, request);
      if (unreachable(record)) await pause(clock, offer.signal);
    }
    taken.delete(seat);
    if (taken.size === 0 && next >= plan.maxRequests) offer.end();
  };
  const fill = () => {
    for (let seat = 0; seat < level() && !offer.over && next < plan.maxRequests; seat++)
      if (!taken.has(seat)) taken.set(seat, sit(seat));
  };
  fill();
  const stopFilling = arrivals.stages.every(({ from, to }) => from === to && from === arrivals.stages[0]?.from)
    ? () => {}
    : repeat(clock, startMs, rampMs, fill);
  await onceAborted(offer.signal);
  stopFilling();
  await Promise.all(taken.values());
}

/** This shard's part of a number: the parts of all shards add up to it. */
export const seatsOf = (level: number, { index, count }: Shard): number =>
  Math.floor((level * (index + 1)) / count) - Math.floor((level * index) / count);

/** Requests start at their moments, whatever became of those before. */
async function openLoop(run: Run, arrivals: Exclude<Arrivals, { kind: 'closed' }>): Promise<void> {
  const { plan, startMs, pacer, tally, offer, shard } = run;
  const whole = scheduleOf(arrivals, createRandom(plan.seed).fork('arrivals'));
  const schedule = whole.subarray(0, plan.maxRequests);
  const limited = schedule.length < whole.length;
  const mine = shardOf(schedule, shard.index, shard.count, plan.seed);
  const moments = Float64Array.from(mine, n => startMs + (schedule[n] ?? 0));
  const flying = createCountdown();
  let fired = 0;

  const fire = (index: number) => {
    fired++;
    tally.plan(1);
    const intendedMs = moments[index] ?? 0;
    const slot = { n: mine[index] ?? 0, intendedMs, measured: isMeasured(run, intendedMs) };
    if (tally.inFlight >= plan.concurrency) return endUnmade(run, slot.measured ? 'shed' : 'warmup');
    flying.add(makeRequest(slot, run.request));
    if (fired === moments.length && limited) offer.end();
  };
  const cancel = pacer.start(moments, index => {
    if (!offer.over) fire(index);
  });
  if (moments.length > 0) await onceAborted(offer.signal);
  cancel();
  // The end of the time is no reason: a moment that a late loop has not come to by then is late, not unsent.
  while (offer.halt === undefined && fired < moments.length) fire(fired);
  tally.plan(moments.length - fired);
  for (let i = fired; i < moments.length; i++) endUnmade(run, 'unsent');
  await flying.none();
}

const endUnmade = ({ tally }: Run, ledgerClass: 'shed' | 'warmup' | 'unsent') =>
  tally.end({ ledgerClass, record: undefined, intendedMs: 0, firstSentMs: undefined, good: false });

const isMeasured = ({ plan, startMs }: Run, intendedMs: number) => intendedMs - startMs >= plan.warmupMs;

const unreachable = (record: CallRecord | undefined) =>
  record !== undefined && domainOf(record.outcome.kind) === 'network';

async function pause(clock: Clock, signal: AbortSignal): Promise<void> {
  try {
    await clock.sleep(pauseMs, signal);
  } catch {
    // Woken because the run ends: that is what the signal is for.
  }
}

/** Calls `fn` at every multiple of a period since `fromMs`; a late call does not move the next. */
function repeat(clock: Clock, fromMs: number, periodMs: number, fn: () => void): Cancel {
  let due = fromMs + periodMs;
  const timer = clock.timer(() => {
    fn();
    while (due <= clock.now()) due += periodMs;
    timer.set(due);
  });
  timer.set(due);
  return timer.clear;
}

function onAbort(signal: AbortSignal, fn: () => void): Cancel {
  if (signal.aborted) fn();
  signal.addEventListener('abort', fn, { once: true });
  return () => signal.removeEventListener('abort', fn);
}

const onceAborted = (signal: AbortSignal) => new Promise<void>(resolve => onAbort(signal, resolve));

/** Waits for promises that come and go, without keeping those that are done. */
function createCountdown() {
  let open = 0;
  let whenNone = () => {};
  const add = (promise: Promise<unknown>) => {
    open++;
    void promise.finally(() => --open === 0 && whenNone());
  };
  const none = () =>
    new Promise<void>(resolve => {
      whenNone = resolve;
      if (open === 0) resolve();
    });
  return { add, none };
}
