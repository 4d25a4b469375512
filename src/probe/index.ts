/** Scheduled checks of a GLM endpoint, as a library. */
export type { CallRecord } from '../core/call.ts';
export type { FaultDomain, Reason } from '../core/outcome.ts';
export type { Check, CheckContext } from './checks/check.ts';
export { type CheckName, checkNames, checks } from './checks/index.ts';
export { type ProbeConfig, probeSchema, readProbeConfig, type Target } from './config.ts';
export { createProbeMetrics, type ProbeMetrics } from './metrics.ts';
export { type RunOptions, runChecks } from './probe.ts';
export { type CheckResult, exitCodeOf, judge, plainWords, type Timing } from './verdict.ts';
