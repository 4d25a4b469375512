/** A stack that already runs: its Prometheus is asked what fires, and the mock that its prober watches plays the fault. */
import type { Clock } from '../core/clock.ts';
import { UsageError } from '../core/errors.ts';
import { burns, type Fault } from './catalogue.ts';
import { faultText, setFaults } from './mock-admin.ts';
import { type Asked, askPrometheus, reach } from './prometheus.ts';
import { type Alert, Lost, type Scene } from './scene.ts';

export interface AttachedDoor {
  readonly prometheusUrl: string;
  readonly mockUrl: string;
  readonly clock: Clock;
  /** Everything that will be played. */
  readonly faults: readonly Fault[];
}

/**
 * Everything goes at the pace of the rules that are loaded there.
 * @throws {UsageError} when one of the two does not answer, is something else, or could never tell
 */
export async function attach({ prometheusUrl, mockUrl, clock, faults }: AttachedDoor): Promise<Scene> {
  const mock = new URL(mockUrl).origin;
  await reach('--prometheus-url', prometheusUrl, '/-/ready');
  await reach('--mock-url', mock, '/__admin/state');
  const prometheus = askPrometheus(prometheusUrl);
  await expectRules(faults, prometheus, prometheusUrl);
  const seen: Alert[] = [];
  const names = async () => new Set((await prometheus.firing()).map(({ alertname = '' }) => alertname));
  // What an earlier drill spent of a budget burns on for hours.
  const lasting = new Set([...(await names())].filter(name => burns.includes(name)));
  /** Adds what began and marks what ended since the last look. */
  const look = async () => {
    const firing = await names();
    for (const name of lasting) if (!firing.delete(name)) lasting.delete(name);
    const open = new Set<string>();
    for (const [at, alert] of seen.entries()) {
      if (alert.clearedMs !== undefined) continue;
      if (firing.has(alert.name)) open.add(alert.name);
      else seen[at] = { ...alert, clearedMs: clock.now() };
    }
    for (const name of firing)
      if (!open.has(name)) seen.push({ name, about: undefined, to: undefined, atMs: clock.now() });
    return seen;
  };
  let playing = false;
  const set = async (faults: readonly string[]) => {
    playing ||= faults.length > 0; // also when nobody hears that it began
    await setFaults(mock, faults);
    playing = faults.length > 0;
  };
  return {
    unrest: async () => {
      const runs = await prometheus.query('glm_probe_success == 1');
      return runs.length === 0 ? 'no check of a prober is good there' : undefined;
    },
    begin: fault => (fault.play.kind === 'scenario' ? set([faultText(fault.play, 1)]) : Promise.resolve()),
    end: () => set([]),
    alerts: look,
    said: async () => {
      const failing = await prometheus.query('increase(glm_probe_failures_total[5m]) > 0');
      const labels = failing.toSorted((a, b) => b.value - a.value)[0]?.labels;
      return labels && { state: 'failing', reason: labels.reason ?? null, domain: labels.fault_domain ?? null };
    },
    firing: async () => (await prometheus.firing()).map(({ alertname = '' }) => alertname),
    broken: () => undefined,
    close: async () => {
      if (playing) await set([]);
    },
  };
}

/** An alert that is not loaded is one that nobody would wait for. */
async function expectRules(faults: readonly Fault[], prometheus: Asked, url: string): Promise<void> {
  const loaded = await prometheus.alerts().catch((error: unknown) => {
    throw error instanceof Lost ? new UsageError('no_answer', `--prometheus-url ${error.message}`) : error;
  });
  const missing = new Set(faults.map(({ alert }) => alert).filter(alert => !loaded.has(alert)));
  if (missing.size > 0)
    throw new UsageError(
      'no_rules',
      `--prometheus-url ${url}: has no rule for ${[...missing].join(', ')}; write the rules with glm-testkit probe rules and name them under rule_files`,
    );
}

/** Faults that the mock alone can play, on any check. */
export const playsAnywhere = ({ play, check }: Fault): boolean => play.kind === 'scenario' && check === undefined;
