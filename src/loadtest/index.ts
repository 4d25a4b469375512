/** The load tester as a library. */
export { isLoopback, type LoadConfig, type LoadPlan, loadSchema, readLoadConfig } from './config.ts';
export type { CreateDriver, Driver, SendOptions } from './drivers/driver.ts';
export { type DriverName, driverNames, drivers } from './drivers/index.ts';
export { type LoadOptions, type LoadResult, load } from './load.ts';
export { createPrompts } from './prompts.ts';
export { type RunContext, runLoad, type Window } from './runner.ts';
export { exitCodeOf, failuresOf, type Ledger, type LoadSummary, summarise, type Throughput } from './summary.ts';
export { createTally, type Tally } from './tally.ts';
