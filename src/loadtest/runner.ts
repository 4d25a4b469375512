/** The closed loop: a fixed number of requests under way, each followed by the next. */
import type { Clock } from '../core/clock.ts';
import { domainOf } from '../core/outcome.ts';
import type { LoadPlan } from './config.ts';
import type { Driver } from './drivers/driver.ts';
import { createPrompts } from './prompts.ts';
import type { Tally } from './tally.ts';

export interface RunContext {
  readonly driver: Driver;
  readonly clock: Clock;
  /** Aborted: start no more requests, let those under way finish, and report. */
  readonly stop: AbortSignal;
  readonly tally: Tally;
}

/** What only the moment knew: the window in which throughput counts. */
export interface Window {
  /** From the end of the warm-up until no more were started, or until the last answer when a limit of requests ended it. */
  readonly durationMs: number;
  readonly okInWindow: number;
  readonly outputTokensInWindow: number;
  /** Requests under way, averaged over the window. */
  readonly meanInFlight: number;
}

/** A connection that cannot be made is not tried again at once: a closed loop would try ten thousand times a second. */
const pauseMs = 100;

/** Runs a plan until its time or its requests are used up, or it is stopped; then waits out the grace. */
export async function runLoad(plan: LoadPlan, { driver, clock, stop, tally }: RunContext): Promise<Window> {
  const prompts = createPrompts(plan);
  const measureFrom = clock.now() + plan.warmupMs;
  const offerUntil = measureFrom + plan.durationMs;
  const cut = new AbortController();
  const halt = new AbortController(); // no more requests are started
  const meter = createMeter(measureFrom);
  let window: Window | undefined;
  let cancelGrace = () => {};

  const endOffer = () => {
    if (window !== undefined) return;
    window = meter.read(clock.now(), tally);
    halt.abort();
    cancelGrace = clock.at(clock.now() + plan.graceMs, () => cut.abort());
  };
  const moreToSend = () => !halt.signal.aborted && clock.now() < offerUntil && tally.planned < plan.maxRequests;
  const worker = async () => {
    while (moreToSend()) {
      const number = tally.planned++;
      const measured = clock.now() >= measureFrom;
      meter.change(clock.now(), ++tally.inFlight);
      const onGap = measured ? tally.histograms.itl_ms.record : undefined;
      const record = await driver.send(prompts(number), { signal: cut.signal, onGap });
      meter.change(clock.now(), --tally.inFlight);
      tally.file(record, { measured, cut: cut.signal.aborted });
      if (domainOf(record.outcome.kind) === 'network') await pause(clock, halt.signal);
    }
  };

  const cancelOffer = clock.at(offerUntil, endOffer);
  stop.addEventListener('abort', endOffer, { once: true });
  if (stop.aborted) endOffer();
  await Promise.all(Array.from({ length: plan.concurrency }, worker));
  endOffer();
  cancelOffer();
  cancelGrace();
  stop.removeEventListener('abort', endOffer);
  return window ?? meter.read(clock.now(), tally);
}

async function pause(clock: Clock, signal: AbortSignal): Promise<void> {
  try {
    await clock.sleep(pauseMs, signal);
  } catch {
    // Woken because the run ends: that is what the signal is for.
  }
}

/** Averages the requests under way over time. */
function createMeter(fromMs: number) {
  let area = 0;
  let last = fromMs;
  let level = 0;
  const change = (nowMs: number, inFlight: number) => {
    if (nowMs > last) {
      area += level * (nowMs - last);
      last = nowMs;
    }
    level = inFlight;
  };
  const read = (nowMs: number, { ended, outputTokens }: Tally): Window => {
    change(nowMs, level);
    const durationMs = Math.max(0, nowMs - fromMs);
    const meanInFlight = durationMs === 0 ? 0 : area / durationMs;
    return { durationMs, okInWindow: ended.ok, outputTokensInWindow: outputTokens, meanInFlight };
  };
  return { change, read };
}
