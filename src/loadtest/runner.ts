/**
 * Carries arrivals out. Who starts when is decided beforehand; here it only happens, and every request that was planned
 * ends in one class: also those whose time never came.
 */
import { onAbort } from '../core/aborted.ts';
import { repeat } from '../core/clock/repeat.ts';
import type { Cancel, Clock } from '../core/clock.ts';
import { createRandom } from '../core/random.ts';
import { createBlotter } from './blotted.ts';
import { createBudget } from './budget.ts';
import { createCredentials } from './credentials.ts';
import type { Driver } from './drivers/driver.ts';
import type { Halt } from './halt.ts';
import { createHealthMeter, type HealthMeter } from './health.ts';
import type { Interval } from './interval.ts';
import { closedLoop } from './loops/closed.ts';
import { openLoop, type Turns, turnsOf } from './loops/open.ts';
import { createOffer } from './offer.ts';
import { createPacer, type Pacer } from './pacer.ts';
import { type LoadPlan, lengthMs, workloadFor } from './plan.ts';
import { createPolicy } from './policy.ts';
import type { Finished, RequestDoor } from './request.ts';
import type { Shard } from './shard.ts';
import { createTally, type Tally } from './tally.ts';

export interface RunDoor {
  readonly driver: Driver;
  readonly clock: Clock;
  /** Aborted: start no more requests, let those under way finish, and report; when none are started any more, cut them off. */
  readonly stop: AbortSignal;
  readonly shard?: Shard;
  /** Of the plan and the shard, when they were drawn already. */
  readonly turns?: Turns;
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

/** Runs a plan, or one shard of it, until its time or its requests are used up, or it is stopped; then waits out the grace. */
export async function runLoad(plan: LoadPlan, door: RunDoor): Promise<RunEnd> {
  const { clock, shard = { index: 0, count: 1 }, turns = turnsOf(plan, shard) } = door;
  const { startMs = clock.now(), pacer = createPacer({ clock }), health = createHealthMeter() } = door;
  const credentials = await createCredentials({ keys: plan.keys, jwt: plan.jwt, clock });
  if (startMs > clock.now()) await clock.sleep(startMs - clock.now());
  const lateMs = Math.max(0, clock.now() - startMs);
  const tally = createTally(startMs);
  const cut = new AbortController();
  const cutter = createCutter(startMs, { clock, tally, pacer, health, onInterval: door.onInterval });
  const cancels: Cancel[] = [];
  const offer = createOffer(clock, startMs, halt => {
    cutter.cutOnce();
    cancels.push(clock.at(clock.now() + plan.graceMs, () => cut.abort()));
    if (halt !== undefined) door.onHalt?.(halt);
  });
  cancels.push(
    repeat(clock, startMs, intervalMs, cutter.cutOnce),
    ...(plan.warmupMs > 0 ? [clock.at(startMs + plan.warmupMs, cutter.cutOnce)] : []),
    clock.at(startMs + lengthMs(plan), () => offer.end()),
    // Who stops a run that is only waiting for its last answers does not want to wait for them.
    onAbort(door.stop, () => (offer.over ? cut.abort() : offer.end('stopped'))),
  );
  const request: RequestDoor = {
    driver: door.driver,
    clock,
    tally,
    credentials,
    blot: createBlotter(plan.keys),
    workload: workloadFor(plan),
    budget: createBudget(plan.budget),
    policy: createPolicy(plan.policy),
    random: createRandom(plan.seed).fork('retries'),
    slo: plan.slo,
    cut: cut.signal,
    stop: door.stop,
    over: offer.signal,
    halt: offer.end,
    onFinished: door.onFinished,
  };
  const run = { plan, clock, startMs, pacer, tally, request, offer, shard };
  try {
    await (plan.arrivals.kind === 'closed' ? closedLoop(run, plan.arrivals) : openLoop(run, turns));
    offer.end();
    cutter.cut();
  } finally {
    for (const cancel of cancels) cancel();
    credentials.close();
    health.close();
  }
  return { startMs, lateMs, offeredMs: offer.endedMs - startMs, halted: offer.halt };
}

interface CutterDoor {
  readonly clock: Clock;
  readonly tally: Tally;
  readonly pacer: Pacer;
  readonly health: HealthMeter;
  readonly onInterval: (interval: Interval) => void;
}

/** Closes intervals. */
function createCutter(startMs: number, { clock, tally, pacer, health, onInterval }: CutterDoor) {
  let cutMs = startMs;
  const cut = () => {
    const now = clock.now();
    // Of a few milliseconds a process may well be busy all the time: a short interval leaves it to the next to say.
    const tells = now - cutMs >= intervalMs / 2;
    cutMs = now;
    onInterval(tally.cut(now, startMs, tells ? [health.read(pacer.idledMs)] : []));
  };
  /** Two reasons to cut at one moment are one cut. */
  const cutOnce = () => {
    if (clock.now() - cutMs >= shortestMs) cut();
  };
  return { cut, cutOnce };
}
