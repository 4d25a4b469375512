/**
 * When may time jump? When nothing is under way in real time: the event loop has handled no event (socket, pipe,
 * thread) for a millisecond and two turns, no file or name is being looked up, and nothing is on its way between two sockets
 * of this process.
 */

import { performance } from 'node:perf_hooks';
import type { Traffic } from './traffic.ts';

/** Answers that come from a thread of Node's pool, however long it takes. */
const underWay = /^(FSReq|GetAddrInfo|GetNameInfo|QueryReq)/;

const native = { setTimeout, setImmediate };

/** Calls `then` once, when the process has become idle. Does not keep the process alive. */
export function whenIdle(then: () => void, quietMs: number, traffic: Traffic): void {
  const seen = events();
  const quiet = () => events() === seen && !busy() && !traffic.underWay();
  const look = () => (quiet() ? then() : whenIdle(then, quietMs, traffic));
  const twoTurns = () => native.setImmediate(() => native.setImmediate(look));
  native.setTimeout(twoTurns, quietMs).unref();
}

const events = () => performance.nodeTiming.uvMetricsInfo.events;
const busy = () => process.getActiveResourcesInfo().some(name => underWay.test(name));
