/** The deadlines of a call: arithmetic on what has happened so far, and one timer that sleeps until the next of them. */
import type { Clock } from '../clock.ts';
import type { CallRecord, DeadlineName } from './record.ts';

/** Milliseconds allowed; one that is left out does not exist. All count from the start, `idle` from the last token. */
export type Deadlines = Readonly<Partial<Record<DeadlineName, number>>>;

/** As much of a record as deadlines look at. */
export type Progress = Pick<CallRecord, 'startMs' | 'sentMs' | 'headMs' | 'firstTokenMs' | 'lastTokenMs'>;

/** @returns the moment the next deadline is due, on the caller's clock; Infinity when there is none. @param stream whether one was asked for */
export function nextDue(progress: Progress, deadlines: Deadlines, stream: boolean): number {
  let due = Number.POSITIVE_INFINITY;
  for (const name of names) due = Math.min(due, dueOf(name, progress, deadlines, stream));
  return due;
}

/** @returns the deadline that passed first; undefined when none has */
export function missedBy(
  nowMs: number,
  progress: Progress,
  deadlines: Deadlines,
  stream: boolean,
): DeadlineName | undefined {
  const due = nextDue(progress, deadlines, stream);
  return due <= nowMs ? names.find(name => dueOf(name, progress, deadlines, stream) === due) : undefined;
}

/** Most specific first: of deadlines that are due at the same moment the first one is named. */
const names = ['connect', 'first_byte', 'first_token', 'total', 'idle'] as const satisfies readonly DeadlineName[];

/** Infinity for a deadline that was met, or that was not set. */
function dueOf(name: DeadlineName, progress: Progress, deadlines: Deadlines, stream: boolean): number {
  const ms = deadlines[name];
  if (ms === undefined || isMet(name, progress, stream)) return Number.POSITIVE_INFINITY;
  return (name === 'idle' ? (progress.lastTokenMs ?? 0) : progress.startMs) + ms;
}

function isMet(name: DeadlineName, { sentMs, headMs, firstTokenMs, lastTokenMs }: Progress, stream: boolean): boolean {
  if (name === 'connect') return sentMs !== undefined;
  if (name === 'first_byte') return headMs !== undefined;
  if (name === 'first_token') return !stream || firstTokenMs !== undefined;
  return name === 'idle' && lastTokenMs === undefined;
}

export interface Watch {
  /** To be called when a deadline comes into being: `idle` does with the first token. */
  again(): void;
  end(): void;
}

export interface Watched {
  readonly progress: Progress;
  readonly deadlines: Deadlines;
  readonly stream: boolean;
  readonly clock: Clock;
  /** Told of each deadline that passes, until the watch is ended. */
  readonly onMissed: (name: DeadlineName) => void;
}

/** One timer for all of them, and not one for each token: it looks at the progress when it wakes. */
export function watchDeadlines({ progress, deadlines, stream, clock, onMissed }: Watched): Watch {
  const again = () => {
    const due = nextDue(progress, deadlines, stream);
    if (due < Number.POSITIVE_INFINITY) timer.set(due);
  };
  const timer = clock.timer(() => {
    const name = missedBy(clock.now(), progress, deadlines, stream);
    if (name === undefined) again();
    else onMissed(name);
  });
  again();
  return { again, end: timer.clear };
}
