export type { ScenarioChoice, SweepCase } from './cases.ts';
export type { Ended, SweepCall, SweptClient } from './client.ts';
export type { FailureKind, SweepFailure } from './failure.ts';
export { type SweepReply, textReply, toolReply } from './replies.ts';
export type { SweepReport } from './report.ts';
export { assertSweep, type SweepOptions, sweep } from './sweep.ts';
