/** The load tester as a library. */

export { isLoopback } from '../core/loopback.ts';
export type { Arrivals, Stage } from './arrivals.ts';
export { type Comparison, compareResults } from './compare.ts';
export { readLoadConfig } from './config.ts';
export type { CreateDriver, Driver, SendOptions } from './drivers/driver.ts';
export { type DriverName, driverNames, drivers } from './drivers/index.ts';
export type { Interval, LedgerClass } from './interval.ts';
export { createLens, type DialectName, dialectNames, type LensResult } from './lens.ts';
export { load, type MeasureOptions } from './load.ts';
export { type Measure, measureNames } from './measures.ts';
export type { LoadPlan } from './plan.ts';
export type { Figure, LoadResult, RawRecord, ThresholdResult, Validity } from './result.ts';
export { type LoadConfig, loadSchema } from './settings.ts';
export { type WorkloadSpec, workloadSchema } from './workload/spec.ts';
export { createWorkload, type Workload } from './workload.ts';
