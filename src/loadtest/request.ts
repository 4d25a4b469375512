/** One user request: money set aside, one attempt or several, and an ending in exactly one class. */
import type { CallRecord } from '../core/call/record.ts';
import type { Clock } from '../core/clock.ts';
import type { Random } from '../core/random.ts';
import type { Budget } from './budget.ts';
import { printable } from './codes.ts';
import type { Credentials } from './credentials.ts';
import type { Driver } from './drivers/driver.ts';
import type { LedgerClass } from './interval.ts';
import { measuresOf } from './measures.ts';
import type { Policy } from './policy.ts';
import { meets, type Slo } from './slo.ts';
import { soundOf } from './sound.ts';
import type { Tally } from './tally.ts';
import type { Ask, Workload } from './workload.ts';

/** What a request needs around it. */
export interface RequestDoor {
  readonly driver: Driver;
  readonly clock: Clock;
  readonly tally: Tally;
  readonly workload: Workload;
  readonly credentials: Credentials;
  /** Takes our keys out of what a server says. */
  readonly blot: (record: CallRecord) => CallRecord;
  readonly budget: Budget;
  readonly policy: Policy;
  readonly random: Random;
  readonly slo: Slo;
  /** Aborted when the grace is over: ends what is under way. */
  readonly cut: AbortSignal;
  /** Aborted by Ctrl-C: nobody waits for another attempt any more. */
  readonly stop: AbortSignal;
  /** Aborted when no more requests are started. */
  readonly over: AbortSignal;
  /** No more requests: the reason is `budget` or a refusal, with its business code. */
  readonly halt: (reason: string, code?: string) => void;
  /** Told of every request that ended; only when raw records are wanted. */
  readonly onFinished?: ((finished: Finished) => void) | undefined;
}

export interface Finished {
  readonly n: number;
  readonly ledgerClass: LedgerClass;
  readonly attempts: number;
  readonly intendedMs: number;
  readonly record: CallRecord;
  readonly gapsMs: readonly number[];
}

/** Whose turn it is and whether it counts. */
export interface Slot {
  readonly n: number;
  /** Undefined: as soon as the one before has ended and the budget has room. */
  readonly intendedMs: number | undefined;
  /** False in the warm-up. */
  readonly measured: boolean;
}

/** Never rejects. @returns the last attempt; undefined when there was no money for one */
export async function makeRequest(slot: Slot, door: RequestDoor): Promise<CallRecord | undefined> {
  const { tally, clock, budget, workload } = door;
  let intendedMs = slot.intendedMs ?? clock.now();
  const ask = workload.ask(slot.n);
  if (budget.reserve(ask, slot.intendedMs === undefined) !== 'held') {
    if (!(await setAside(slot, ask, door))) return endUnsent(intendedMs, door);
    intendedMs = slot.intendedMs ?? clock.now();
  }
  tally.flight(1, clock.now());
  const gaps: number[] | undefined = door.onFinished && [];
  const { record, attempts, firstSentMs, reads } = await attemptAll(slot, ask, door, gaps);
  tally.flight(-1, clock.now());
  const ledgerClass = classOf(record, slot, door);
  const good = record.outcome.kind === 'ok' && meets(door.slo, measuresOf(record, intendedMs, firstSentMs));
  tally.end({ ledgerClass, record, intendedMs, firstSentMs, good, reads });
  door.onFinished?.({ n: slot.n, ledgerClass, attempts, intendedMs, record, gapsMs: gaps ?? [] });
  return record;
}

/** Waits for what those under way leave over. A request with a moment of its own is not made late by that: it is not made. */
async function setAside({ intendedMs }: Slot, ask: Ask, { budget, tally, over, halt }: RequestDoor): Promise<boolean> {
  const canWait = intendedMs === undefined;
  let counted = false;
  for (let room = budget.reserve(ask, canWait); room !== 'held'; room = budget.reserve(ask, canWait)) {
    if (room === 'never') halt('budget');
    if (room === 'never' || !canWait) return false;
    if (budget.told && !counted) {
      counted = true;
      tally.budgetWait();
    }
    await budget.settled();
    if (over.aborted) return false;
  }
  return true;
}

function endUnsent(intendedMs: number, { tally }: RequestDoor): undefined {
  tally.end({ ledgerClass: 'unsent', record: undefined, intendedMs, firstSentMs: undefined, good: false, reads: 0 });
}

function classOf({ outcome: { kind } }: CallRecord, { measured }: Slot, { cut }: RequestDoor): LedgerClass {
  if (!measured) return 'warmup';
  return cut.aborted && kind === 'cancelled' ? 'censored' : kind;
}

interface Attempts {
  readonly record: CallRecord;
  readonly attempts: number;
  readonly firstSentMs: number | undefined;
  /** Of the last one, after its first. */
  readonly reads: number;
}

async function attemptAll(slot: Slot, ask: Ask, door: RequestDoor, gaps: number[] | undefined): Promise<Attempts> {
  const { driver, tally, policy, budget, cut } = door;
  const note = gapsInto(gaps, slot.measured ? tally.gap : () => {});
  let reads = 0;
  const onGap = (ms: number) => {
    reads++;
    tally.read();
    note(ms);
  };
  const random = door.random.fork(slot.n);
  let firstSentMs: number | undefined;
  for (let attempt = 1; ; attempt++) {
    const { body } = attempt === 1 ? ask : door.workload.ask(slot.n, attempt - 1);
    reads = 0;
    const authorization = door.credentials.authorization(slot.n); // a token may expire while an attempt is waited for
    const sent = once(tally.sent);
    const record = door.blot(soundOf(await driver.send(body, { signal: cut, onSent: sent, onGap, authorization })));
    if (record.sentMs !== undefined) sent(); // a driver that does not tell in time
    firstSentMs ??= record.sentMs;
    tally.booked(budget.settle(ask, record));
    tally.attempt(record, attempt > 1);
    const decision = policy.after(record, attempt, random);
    if (decision.kind === 'abort') door.halt(record.outcome.kind, record.code && printable(record.code));
    if (decision.kind !== 'wait' || !(await waited(decision.ms, door)) || budget.reserve(ask) !== 'held')
      return { record, attempts: attempt, firstSentMs, reads };
  }
}

function once(fn: () => void): () => void {
  let done = false;
  return () => {
    if (!done) fn();
    done = true;
  };
}

const gapsInto = (gaps: number[] | undefined, note: (ms: number) => void) =>
  gaps === undefined
    ? note
    : (ms: number) => {
        gaps.push(ms);
        note(ms);
      };

/** @returns false when the run ended before the wait did */
async function waited(ms: number, { clock, cut, stop }: RequestDoor): Promise<boolean> {
  try {
    await clock.sleep(ms, AbortSignal.any([cut, stop]));
    return true;
  } catch {
    // The grace is over, or the run was stopped: the refusal stays the request's ending.
    return false;
  }
}
