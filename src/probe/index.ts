/** Checks of a GLM endpoint, as a library. */
export type { CallRecord } from '../core/call.ts';
export type { FaultDomain, Reason } from '../core/outcome.ts';
export type { Call, Check, CheckDoor, Conclusion } from './checks/check.ts';
export { checks } from './checks/index.ts';
export { type CheckKind, checkKinds, type ProbeConfig, type ProbeFile, probeSchema } from './config.ts';
export { type Confirmed, confirm, type Standing, standingOf } from './confirm.ts';
export { exitCodeOf } from './exit.ts';
export { loadPlan } from './load.ts';
export { createProbeMetrics, type ProbeMetrics } from './metrics.ts';
export { type ProbeCheck, type ProbePlan, planOf } from './plan.ts';
export { runCheck, runChecks } from './probe.ts';
export { countsAgainstSli, isDegraded, type ProbeRun, type RunDoor, sliVerdict } from './run.ts';
export { systemReaders } from './secret.ts';
export { judge, plainWords, type Verdict } from './verdict.ts';
