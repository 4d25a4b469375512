/** Where a process gets its time from, and what stands there while time is virtual. */
import { createRequire, syncBuiltinESMExports } from 'node:module';
import net from 'node:net';
import { promisify } from 'node:util';
import { virtualDate } from './date.ts';
import { createPatch } from './patch.ts';
import { timerPromises } from './promises.ts';
import type { Schedule } from './schedule.ts';
import { type Timeout, timeoutPrototype } from './timeout.ts';

const require = createRequire(import.meta.url);
const timers = require('node:timers') as typeof import('node:timers');
const promises = require('node:timers/promises') as typeof import('node:timers/promises');

/** @returns what puts everything back */
export function replaceTime(schedule: Schedule, now: () => number, wall: () => number): () => void {
  const patch = createPatch();
  const soft = timerPromises(schedule);
  const { wait, ...softTimers } = soft;
  const hard = hardTimers(schedule, soft.setTimeout);
  for (const name of ['setTimeout', 'setInterval'] as const) {
    patch.set(globalThis, name, hard[name]);
    patch.set(timers, name, hard[name]);
    patch.set(promises, name, softTimers[name]);
  }
  patch.set(promises.scheduler, 'wait', wait);
  patch.set(timeoutPrototype, 'refresh', function (this: Timeout) {
    return schedule.refresh(this);
  });
  patch.set(net.Socket.prototype, 'setTimeout', socketTimeout(net.Socket.prototype.setTimeout, schedule));
  patch.set(AbortSignal, 'timeout', signalTimeout(schedule));
  patch.set(performance, 'now', now);
  patch.set(globalThis, 'Date', virtualDate(wall));
  syncBuiltinESMExports();
  return () => {
    patch.undo();
    syncBuiltinESMExports();
  };
}

type Callback = (...args: never[]) => void;

function hardTimers(schedule: Schedule, promised: unknown) {
  const timer =
    (every: boolean) =>
    (fn: Callback, ms?: number, ...args: unknown[]) =>
      schedule.add(fn, ms, args, every);
  return {
    setTimeout: Object.assign(timer(false), { [promisify.custom]: promised }),
    setInterval: timer(true),
  };
}

/** A socket's time-out is an internal timer that activity refreshes: refreshing it once makes it virtual. */
function socketTimeout(original: net.Socket['setTimeout'], schedule: Schedule) {
  return function (this: net.Socket, ms: number, callback?: () => void): net.Socket {
    original.call(this, ms, callback);
    const timer = ms > 0 ? internalTimer(this) : undefined;
    if (timer) schedule.refresh(timer);
    return this;
  };
}

function internalTimer(socket: net.Socket): Timeout | undefined {
  const key = Object.getOwnPropertySymbols(socket).find(({ description }) => description === 'kTimeout');
  return key && (socket as unknown as Record<symbol, Timeout | undefined>)[key];
}

/** Node's own uses a timer that nobody can reach. */
const signalTimeout =
  (schedule: Schedule) =>
  (ms: number): AbortSignal => {
    const controller = new AbortController();
    const reason = () => new DOMException('The operation was aborted due to timeout', 'TimeoutError');
    schedule.add(() => controller.abort(reason()), ms, [], false).unref();
    return controller.signal;
  };
