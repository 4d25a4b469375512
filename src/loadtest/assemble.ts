/** From what was counted to what is said: numbers, whether they may be believed, gates, and words. Pure. */
import { findingsOf } from './findings/findings.ts';
import { isRefusal } from './halt.ts';
import { judgedOf } from './ledger.ts';
import { type Measured, measuredOf, type RunFacts } from './measured.ts';
import type { LoadPlan } from './plan.ts';
import { type LoadResult, resultVersion } from './result.ts';
import { judge } from './thresholds.ts';
import { judgeValidity } from './validity.ts';

export interface Circumstances {
  readonly toolVersion: string;
  readonly runId: string;
  /** ms since 1970. */
  readonly startedAt: number;
  readonly scheduleHash: string;
  readonly environment: Readonly<Record<string, string | number>>;
}

export function assemble(plan: LoadPlan, facts: RunFacts, circumstances: Circumstances): LoadResult {
  const measured = measuredOf(plan, facts);
  const body = { ...headOf(plan, circumstances), ...believed(plan, facts, measured), ...measured };
  const gated = { ...body, ...gatesOf(plan, facts, body) };
  return { ...gated, findings: findingsOf(gated) };
}

const headOf = (plan: LoadPlan, { toolVersion, runId, startedAt, scheduleHash, environment }: Circumstances) => ({
  version: resultVersion,
  tool: 'glm-testkit' as const,
  tool_version: toolVersion,
  run_id: runId,
  started_at: new Date(startedAt).toISOString(),
  seed: plan.seed,
  schedule_hash: scheduleHash,
  config: configOf(plan),
  environment,
});

/** The plan without its secrets. */
function configOf({
  key: _key,
  keys,
  ca: _ca,
  seed: _seed,
  workload,
  thresholds,
  arrivals,
  budget,
  ...plan
}: LoadPlan) {
  const limits = Object.fromEntries(Object.entries(budget).filter(([, value]) => value !== Number.POSITIVE_INFINITY));
  return {
    ...plan,
    keys: keys.length,
    maxRequests: Number.isFinite(plan.maxRequests) ? plan.maxRequests : null,
    budget: limits,
    arrivals: arrivals.kind === 'trace' ? { kind: 'trace', requests: arrivals.offsetsMs.length } : arrivals,
    workload,
    thresholds: thresholds.map(({ text }) => text),
  };
}

const believed = (
  { calibrate }: LoadPlan,
  { intervals, before, after, gone = 0 }: RunFacts,
  { metrics, ledger: { planned, shed = 0 }, little }: Measured,
) => {
  // Over the ends of a window some requests reach; over those of the run none.
  const audit = little && { ...little, disagreement: little.whole_run };
  return judgeValidity({
    intervals,
    metrics,
    before,
    after,
    calibrated: calibrate,
    shed,
    planned,
    gone,
    little: audit,
  });
};

type Ungated = Omit<LoadResult, 'thresholds' | 'verdict' | 'findings'>;

function gatesOf(
  { thresholds }: LoadPlan,
  { gone = 0 }: RunFacts,
  body: Ungated,
): Pick<LoadResult, 'thresholds' | 'verdict'> {
  const judged = thresholds.map(threshold => judge(threshold, body));
  return {
    thresholds: judged.map(({ measurable: _, ...said }) => said),
    verdict: gone > 0 ? 'not_measurable' : verdictOf(body, judged),
  };
}

/** No gate is passed on figures that cannot be believed, nor on a part of the run that was asked for. */
function verdictOf(
  { validity, ledger, load }: Ungated,
  judged: readonly { readonly ok: boolean; readonly measurable: boolean }[],
): LoadResult['verdict'] {
  if (judged.some(({ ok, measurable }) => !ok && measurable)) return validity === 'INVALID' ? 'not_measurable' : 'fail';
  if ((nothingWell(ledger) || isRefused(load)) && validity !== 'INVALID') return 'fail';
  const unsure = validity === 'INVALID' || load.halted === 'stopped' || judged.some(({ measurable }) => !measurable);
  if (judged.length > 0 && unsure) return 'not_measurable';
  if (ledger.ok === 0) return 'fail';
  return judged.length > 0 ? 'pass' : 'ungated';
}

/** Requests came to their end, and none of them well. */
const nothingWell = (ledger: LoadResult['ledger']) => ledger.ok === 0 && judgedOf({ ledger }) > 0;

/** The run that was asked for did not take place. */
const isRefused = ({ halted }: LoadResult['load']) => halted !== undefined && isRefusal(halted);
