/** A stack that already runs: its Prometheus is asked what fires, and the mock that its prober watches plays the fault. */
import type { Clock } from '../core/clock.ts';
import { UsageError } from '../core/errors.ts';
import { burns, type Fault } from './catalogue.ts';
import { faultText, setFaults } from './mock.ts';
import { type Asked, askPrometheus, reach } from './prometheus.ts';
import { type Alert, Lost, type Said, type Scene } from './scene.ts';
import { createStrangers, nameOf, type Strangers } from './strangers.ts';

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
  const strangers = createStrangers();
  const firing = async () => (await prometheus.firing()).filter(labels => !strangers.areBehind(labels));
  const watch = createWatch(await firing(), clock);
  const { begin, end, close } = createPlayer(mock);
  return {
    unrest: () => unrestOf(prometheus, strangers, clock),
    begin,
    end,
    alerts: async () => watch(await firing()),
    said: () => saidOf(prometheus),
    firing: async () => (await firing()).map(({ alertname = '' }) => alertname),
    broken: () => undefined,
    close,
  };
}

type Labels = Readonly<Record<string, string>>;

/** Prometheus only says what fires now. @returns takes note of that, and gives back everything that came since the start */
function createWatch(atStart: readonly Labels[], clock: Clock) {
  const seen: (Alert & { readonly key: string })[] = [];
  // What an earlier drill spent of a budget burns on for hours.
  const lasting = new Set(atStart.filter(({ alertname = '' }) => burns.includes(alertname)).map(keyOf));
  return (alerts: readonly Labels[]): readonly Alert[] => {
    const firing = new Map(alerts.map(labels => [keyOf(labels), labels]));
    for (const key of lasting) if (!firing.delete(key)) lasting.delete(key);
    // What goes on is not new.
    for (const [at, alert] of seen.entries())
      if (alert.clearedMs === undefined && !firing.delete(alert.key)) seen[at] = { ...alert, clearedMs: clock.now() };
    for (const [key, labels] of firing) seen.push({ key, ...alertOf(labels), atMs: clock.now() });
    return seen;
  };
}

/** Several checks may set off the same alert. */
const keyOf = (labels: Labels) => JSON.stringify(Object.entries(labels).sort());

const alertOf = (labels: Labels) => ({
  name: labels.alertname ?? '',
  about: undefined,
  to: undefined,
  of: nameOf(labels),
});

/** Plays on the mock, and leaves it without a fault. */
function createPlayer(mock: string): Pick<Scene, 'begin' | 'end' | 'close'> {
  let playing = false;
  const set = async (faults: readonly string[]) => {
    playing ||= faults.length > 0; // also when nobody hears that it began
    await setFaults(mock, faults);
    playing = faults.length > 0;
  };
  return {
    begin: async ({ play }) => {
      if (play.kind === 'scenario') await set([faultText(play, 1)]);
    },
    end: () => set([]),
    close: async () => {
      if (playing) await set([]);
    },
  };
}

async function unrestOf(prometheus: Asked, strangers: Strangers, clock: Clock): Promise<string | undefined> {
  const well = await prometheus.query('glm_probe_success == 1');
  if (well.length === 0) return 'no check of a prober is good there';
  const waiting = strangers.look(await prometheus.query(lastRunOfIll), well, clock.now());
  if (waiting.length === 0) return undefined;
  return `${waiting.join(', ')} ${waiting.length > 1 ? 'fail' : 'fails'} there; two more runs tell whether it is about the mock`;
}

const lastRunOfIll =
  'glm_probe_last_run_timestamp_seconds and on (job, instance, target, check, model) (glm_probe_success == 0)';

/** The reason that most runs fail with. */
async function saidOf(prometheus: Asked): Promise<Said | undefined> {
  const failing = await prometheus.query('increase(glm_probe_failures_total[5m]) > 0');
  const labels = failing.toSorted((a, b) => b.value - a.value)[0]?.labels;
  return labels && { state: 'failing', reason: labels.reason ?? null, domain: labels.fault_domain ?? null };
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
