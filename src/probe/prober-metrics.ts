/** The metrics that belong to no single run: what a plan says, and what depends on the present. */
import type { Clock } from '../core/clock.ts';
import type { Metrics } from '../core/registry.ts';
import type { Budget } from './budget.ts';
import { maintenanceUntil } from './maintenance.ts';
import type { ProbeMetrics } from './metrics.ts';
import type { NotifyOutcome } from './notify/notifier.ts';
import type { ProbeCheck, ProbePlan } from './plan.ts';
import type { Status } from './status.ts';

/** What belongs to no check exists at zero, too; a plan that was taken is the one that is in use. */
export function showPlan(
  { metrics }: ProbeMetrics,
  { notifications, credentials, otlp }: ProbePlan,
  clock: Clock,
): void {
  if (otlp !== undefined)
    for (const outcome of ['sent', 'failed']) metrics.zero('glm_probe_otlp_exports_total', { outcome });
  for (const { name: credential, expiresAtMs: ends } of credentials)
    if (ends !== undefined) metrics.set('glm_probe_credential_expiry_timestamp_seconds', { credential }, ends / 1000);
  metrics.zero('glm_probe_schedule_lag_seconds', {});
  metrics.zero('glm_probe_event_loop_stalls_total', {});
  metrics.zero('glm_probe_clock_steps_total', {});
  metrics.zero('glm_probe_history_failures_total', {});
  for (const { name } of notifications)
    for (const outcome of ['sent', 'failed', 'dropped'] satisfies NotifyOutcome[])
      metrics.zero('glm_probe_notifications_total', { channel: name, outcome });
  metrics.set('glm_probe_config_last_reload_successful', {}, 1);
  metrics.set('glm_probe_config_last_reload_success_timestamp_seconds', {}, clock.wall() / 1000);
}

/** A key that is gone ends no more. */
export function forgetPlan({ metrics }: ProbeMetrics, { credentials }: ProbePlan): void {
  for (const { name } of credentials)
    metrics.remove('glm_probe_credential_expiry_timestamp_seconds', { credential: name });
}

export interface Present {
  readonly plan: ProbePlan;
  readonly nowMs: number;
  readonly statusOf: (check: ProbeCheck) => Status;
  readonly nextOf: (id: string) => number | undefined;
  readonly remaining: Budget['remaining'];
  /** A reference URL answers. */
  readonly online: boolean;
}

/** Brings up to date what changes while nothing runs. */
export function showPresent(counted: ProbeMetrics, present: Present): Metrics {
  const { metrics } = counted;
  const { plan, remaining, online } = present;
  for (const check of plan.checks) showCheck(counted, check, present);
  for (const { name: credential } of plan.credentials)
    for (const [budget, ratio] of Object.entries(remaining(credential)))
      metrics.set('glm_probe_budget_remaining_ratio', { credential, budget }, ratio);
  if (plan.reference !== undefined) metrics.set('glm_probe_connectivity', {}, Number(online));
  return metrics;
}

function showCheck(counted: ProbeMetrics, one: ProbeCheck, { plan, nowMs, statusOf, nextOf }: Present): void {
  const { id, target, check, model } = one;
  counted.show(one, statusOf(one));
  const open = maintenanceUntil(plan.maintenance, one, nowMs) !== undefined;
  counted.metrics.set('glm_probe_maintenance', { target, check }, Number(open));
  const next = nextOf(id);
  if (next !== undefined)
    counted.metrics.set('glm_probe_next_run_timestamp_seconds', { target, check, model }, next / 1000);
}
