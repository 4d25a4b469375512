/** How well this process could measure: what of its time was busy, how late its timers were, what the collector and the host took. */
import { readFileSync } from 'node:fs';
import { monitorEventLoopDelay, PerformanceObserver, performance } from 'node:perf_hooks';
import type { Health } from './interval.ts';

export interface HealthMeter {
  /** What happened since the last reading. @param idledMs busy waiting of the pacer so far, which is idleness in truth */
  read(idledMs: number): Health;
  close(): void;
}

/** Timers are looked at this often, ms; their own granularity is taken off what they show. */
const resolutionMs = 10;
/** So many timers tell which was the latest of twenty. */
const fewest = 20;

/** What Node knows of timers since it was last asked, in ns. */
export type LoopDelay = Pick<
  ReturnType<typeof monitorEventLoopDelay>,
  'enable' | 'disable' | 'reset' | 'count' | 'max' | 'percentile'
>;

/** @param delay the timers of this process by default */
export function createHealthMeter(delay: LoopDelay = monitorEventLoopDelay({ resolution: resolutionMs })): HealthMeter {
  delay.enable();
  let gc = { ms: 0, maxMs: 0 };
  const observer = new PerformanceObserver(list => {
    for (const { duration } of list.getEntries()) gc = { ms: gc.ms + duration, maxMs: Math.max(gc.maxMs, duration) };
  });
  observer.observe({ entryTypes: ['gc'] });
  let loop = performance.eventLoopUtilization();
  let idled = 0;
  let cpu = readCpu();

  const read: HealthMeter['read'] = idledMs => {
    const now = performance.eventLoopUtilization();
    const { active, idle } = performance.eventLoopUtilization(now, loop);
    const busy = Math.max(0, active - (idledMs - idled));
    const cpuNow = readCpu();
    const health: Health = {
      elu: active + idle === 0 ? 0 : Math.min(1, busy / (active + idle)),
      lagMs: lateBy(delay.max),
      ...(delay.count >= fewest && { lagP95Ms: lateBy(delay.percentile(95)) }),
      gcMs: gc.ms,
      gcMaxMs: gc.maxMs,
      steal: stealOf(cpu, cpuNow),
    };
    delay.reset();
    gc = { ms: 0, maxMs: 0 };
    loop = now;
    idled = idledMs;
    cpu = cpuNow;
    return health;
  };
  const close = () => {
    delay.disable();
    observer.disconnect();
  };
  return { read, close };
}

const lateBy = (ns: number) => Math.max(0, ns / 1e6 - resolutionMs);

interface Cpu {
  readonly all: number;
  readonly stolen: number;
}

/** The machine's processor time so far, in ticks: Linux alone tells. */
function readCpu(): Cpu | undefined {
  try {
    const [, ...ticks] = (readFileSync('/proc/stat', 'utf8').split('\n')[0] ?? '').split(/\s+/).map(Number);
    return { all: ticks.slice(0, 8).reduce((sum, tick) => sum + tick, 0), stolen: ticks[7] ?? 0 };
  } catch {
    // No /proc here: what the host took stays unknown.
    return undefined;
  }
}

function stealOf(before: Cpu | undefined, after: Cpu | undefined): number | undefined {
  if (before === undefined || after === undefined) return undefined;
  return after.all === before.all ? 0 : (after.stolen - before.stolen) / (after.all - before.all);
}

/** Several readings as one: how busy on average, and the worst of everything else. */
export const worstOf = (readings: readonly Health[]): Health => ({
  elu: readings.reduce((sum, { elu }) => sum + elu, 0) / Math.max(1, readings.length),
  lagMs: Math.max(0, ...readings.map(({ lagMs }) => lagMs)),
  gcMs: readings.reduce((sum, { gcMs }) => sum + gcMs, 0),
  gcMaxMs: Math.max(0, ...readings.map(({ gcMaxMs }) => gcMaxMs)),
  steal: readings.every(({ steal }) => steal === undefined)
    ? undefined
    : Math.max(...readings.map(({ steal = 0 }) => steal)),
});
