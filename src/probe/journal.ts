/** What the prober tells of itself: a count for machines, and a sentence for whoever runs it where there is something to do. */
import { textOf } from '../core/errors.ts';
import type { ContractChange } from './contract.ts';
import type { ProbeMetrics } from './metrics.ts';
import type { Alert } from './notify/alert.ts';
import { titleOf } from './notify/bodies.ts';
import type { NotifyOutcome } from './notify/notifier.ts';
import type { ProbeCheck } from './plan.ts';
import type { Status } from './status.ts';
import { plainWords } from './verdict.ts';

export interface Journal {
  /** The event loop was too late to measure. */
  late(): void;
  /** The clock was set, or the machine slept. */
  stepped(ms: number): void;
  /** A service is in another state than before. */
  turned(check: ProbeCheck, status: Status): void;
  /** A service answers in another shape than before. */
  changed(check: ProbeCheck, change: ContractChange): void;
  notStored(check: ProbeCheck, why: string | undefined): void;
  /** A bug of this program showed while a run was made or filed. */
  broken(check: ProbeCheck, error: unknown): void;
  notified(channel: string, alert: Alert, outcome: NotifyOutcome, why?: string): void;
  exported(outcome: 'sent' | 'failed', why?: string): void;
}

export const createJournal = (counted: ProbeMetrics, say: (sentence: string) => void): Journal => ({
  late: () => counted.metrics.inc('glm_probe_event_loop_stalls_total'),
  stepped: ms => {
    say(`the clock was set or the machine slept (${Math.round(ms)} ms): finding the schedule again`);
    counted.metrics.inc('glm_probe_clock_steps_total');
  },
  turned: ({ id }, status) => say(turnOf(id, status)),
  changed: (check, change) => {
    counted.changed(check, change);
    say(`the contract of ${check.id} changed: ${change.detail}`);
  },
  notStored: ({ id }, why) => {
    counted.metrics.inc('glm_probe_history_failures_total');
    say(`a run of ${id} could not be stored: ${why}`);
  },
  broken: ({ id }, error) => say(`a run of ${id} could not be filed, which is a bug: ${textOf(error)}`),
  notified: (channel, alert, outcome, why) => {
    counted.metrics.inc('glm_probe_notifications_total', { channel, outcome });
    if (outcome !== 'sent') say(`notification ${channel} ${outcome} (${titleOf(alert)}): ${why ?? 'no reason given'}`);
  },
  exported: (outcome, why) => {
    counted.metrics.inc('glm_probe_otlp_exports_total', { outcome });
    if (why !== undefined) say(`otlp export failed: ${why}`);
  },
});

/** `bigmodel/chat/glm-4.6 is down: stalled (provider): … (run 5f6e…)` */
function turnOf(id: string, status: Status): string {
  const { state, runId } = status;
  const why = plainWords({ ...status, fault_domain: status.domain }) ?? status.detail;
  return `${id} is ${state}${why === null ? '' : `: ${why}`}${runId === null ? '' : ` (run ${runId})`}`;
}
