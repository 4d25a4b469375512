/**
 * When may time jump? When nothing is under way in real time: the event loop has handled no event (socket, pipe,
 * thread) for a millisecond and two turns, no file or name is being looked up, and nothing is on its way between two sockets
 * of this process.
 */
import { performance } from 'node:perf_hooks';
import type { Traffic } from './traffic.ts';

/** Answers that come from a thread of Node's pool, however long it takes. */
const underWay = /^(?:FSReq|GetAddrInfo|GetNameInfo|QueryReq)/;
/** Those, and callbacks of the next turn. */
const underWayOrNext = /^(?:FSReq|GetAddrInfo|GetNameInfo|QueryReq|Immediate)/;

const native = { setTimeout, setImmediate };

/** Calls `then` once, when the process has become idle. Does not keep the process alive. */
export function whenIdle(then: () => void, quietMs: number, traffic: Traffic): void {
  const seen = events();
  const look = () =>
    seen === events() && !busy(underWay) && !traffic.underWay() ? then() : whenIdle(then, quietMs, traffic);
  native.setTimeout(() => twoTurns(look), quietMs).unref();
}

/**
 * The same without the millisecond, for steps so small that it does not matter what a thread does meanwhile: sockets and
 * callbacks have nothing left to do. Sleeps as `whenIdle` does when that takes long.
 */
export function whenStill(then: () => void, quietMs: number, traffic: Traffic, tries = 20): void {
  if (tries === 0) return whenIdle(then, quietMs, traffic);
  const seen = events();
  const look = () =>
    seen === events() && !busy(underWayOrNext) && !traffic.underWay()
      ? then()
      : whenStill(then, quietMs, traffic, tries - 1);
  twoTurns(look);
}

const twoTurns = (then: () => void) => native.setImmediate(() => native.setImmediate(then));
const events = () => performance.nodeTiming.uvMetricsInfo.events;
const busy = (what: RegExp) => process.getActiveResourcesInfo().some(name => what.test(name));
