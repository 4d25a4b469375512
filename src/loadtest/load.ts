/** One run from plan to summary: opens the driver, runs, closes, sums up. */
import { type Clock, systemClock } from '../core/clock.ts';
import type { LoadPlan } from './config.ts';
import type { CreateDriver } from './drivers/driver.ts';
import { drivers } from './drivers/index.ts';
import { createExporter } from './exporter.ts';
import { createLoadMetrics, type LoadMetrics } from './metrics.ts';
import { runLoad } from './runner.ts';
import { type LoadSummary, summarise } from './summary.ts';
import { createTally } from './tally.ts';

export interface LoadOptions {
  readonly clock?: Clock;
  /** Aborting it starts no more requests, waits out the grace and still reports. */
  readonly stop?: AbortSignal;
  /** Serve `/metrics` here while running; 0 for any free port. */
  readonly metricsPort?: number | undefined;
  /** Told where the metrics are. */
  readonly onMetrics?: (url: string) => void;
  /** In place of the plan's driver. */
  readonly createDriver?: CreateDriver;
}

export interface LoadResult {
  readonly summary: LoadSummary;
  readonly metrics: LoadMetrics;
}

/** @example const { summary } = await load(plan); summary.metrics.ttft_any_ms.p99 */
export async function load(plan: LoadPlan, options: LoadOptions = {}): Promise<LoadResult> {
  const { clock = systemClock, stop = new AbortController().signal, createDriver = drivers[plan.driver] } = options;
  const tally = createTally();
  const metrics = createLoadMetrics(tally, { scenario: 'closed', model: plan.model });
  const exporter = options.metricsPort === undefined ? undefined : await createExporter(metrics, options.metricsPort);
  if (exporter !== undefined) options.onMetrics?.(exporter.url);
  const driver = createDriver(plan, clock);
  try {
    const window = await runLoad(plan, { driver, clock, stop, tally });
    metrics.finish(window);
    return { summary: summarise(plan, tally, window), metrics };
  } finally {
    await driver.close();
    await exporter?.close();
  }
}
