/** Checks of a running stack that are ill although the mock plays nothing: what is told of them is none of the drill's. */
import type { Sample } from './prometheus.ts';

type Labels = Sample['labels'];

export interface Strangers {
  /**
   * Takes note of the checks that fail while nothing is played.
   * @param ill each with the moment of its last run
   * @param well those that do not fail
   * @returns those of which it is not known yet whether they will recover
   */
  look(ill: readonly Sample[], well: readonly Sample[], nowMs: number): readonly string[];
  /** Whether an alert is about them and about no check that was well. */
  areBehind(alert: Labels): boolean;
}

/** The last run may have met an earlier fault, and so may one that was under way. */
const runsToRecover = 2;
/** For a check that does not run. */
const patienceMs = 600_000;

export function createStrangers(): Strangers {
  const known = new Map<string, Ill>();
  let others: readonly Sample[] = [];
  const look: Strangers['look'] = (ill, well, nowMs) => {
    others = well;
    const now = new Map(ill.filter(isCheck).map(sample => [keyOf(sample.labels), sample]));
    for (const key of known.keys()) if (!now.has(key)) known.delete(key);
    for (const [key, { labels, value }] of now) {
      const { runs, sinceMs, lastRun } = known.get(key) ?? { runs: 0, sinceMs: nowMs, lastRun: value };
      known.set(key, { labels, sinceMs, lastRun: value, runs: runs + Number(value !== lastRun) });
    }
    return [...known.values()].filter(one => !isStranger(one, nowMs)).map(({ labels }) => nameOf(labels));
  };
  const areBehind = (alert: Labels) =>
    isCheck({ labels: alert }) &&
    [...known.values()].some(({ labels }) => isAbout(alert, labels)) &&
    !others.some(({ labels }) => isAbout(alert, labels));
  return { look, areBehind };
}

interface Ill {
  readonly labels: Labels;
  readonly sinceMs: number;
  readonly lastRun: number;
  /** That failed since it was first seen. */
  readonly runs: number;
}

const isStranger = ({ runs, sinceMs }: Ill, nowMs: number) => runs >= runsToRecover || nowMs - sinceMs >= patienceMs;

const isCheck = ({ labels }: Pick<Sample, 'labels'>) => labels.target !== undefined;

const parts = ['job', 'instance', 'target', 'check', 'model'] as const;

const keyOf = (labels: Labels) => JSON.stringify(parts.map(part => labels[part]));

/** An alert may be about all checks of a target. */
const isAbout = (alert: Labels, labels: Labels) =>
  parts.every(part => alert[part] === undefined || alert[part] === labels[part]);

/** `home/chat/glm-4.6 at prober:9464`, of what the labels name; empty when they name no target. */
export function nameOf({ target, check, model, instance }: Labels): string {
  if (target === undefined) return '';
  const path = [target, check, model].filter(part => part !== undefined).join('/');
  return instance === undefined ? path : `${path} at ${instance}`;
}
