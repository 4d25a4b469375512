/** `probe serve` without its command line: reads the file, opens the state, probes until it is stopped, and reads the file again. */
import { repeat } from '../core/clock/repeat.ts';
import type { Clock } from '../core/clock.ts';
import { readText } from '../core/config.ts';
import { counted } from '../core/counted.ts';
import { textOf, UsageError } from '../core/errors.ts';
import type { Random } from '../core/random.ts';
import { askReferences, createAskUrl } from './connectivity.ts';
import { type Exporter, startExporter } from './exporter.ts';
import { type History, openHistory } from './history.ts';
import { loadPlan } from './load.ts';
import type { SendPost } from './notify/notifier.ts';
import { createSendPost } from './notify/post.ts';
import { createSendOtlp } from './otlp/push.ts';
import type { ProbePlan } from './plan.ts';
import { runCheck } from './probe.ts';
import { createProber, type Prober } from './prober.ts';
import type { RunCheck } from './run.ts';
import type { SecretReaders } from './secret.ts';
import { keyOf } from './series.ts';
import { keepState, newStateAt } from './state-file.ts';

export interface ServeOptions {
  /** Path of the config. */
  readonly file: string;
  readonly readers: SecretReaders;
  readonly clock: Clock;
  readonly random: Random;
  /** A sentence for whoever runs this. */
  readonly say: (sentence: string) => void;
  /** Another host than loopback without a password. */
  readonly allowOpen?: boolean;
  readonly look?: RunCheck;
  readonly send?: SendPost;
  /** How often the file, and those of the exporter's certificate, are looked at; default 5 s. */
  readonly watchMs?: number;
}

/** A running `probe serve`. */
export interface Serving {
  /** Where the page and the metrics are. */
  readonly url: string;
  /** The plan in use. */
  readonly plan: ProbePlan;
  readonly prober: Prober;
  /** Reads the file again now; false when the old one stays. */
  reload(): Promise<boolean>;
  /** Ends running runs as skipped, closes the state. */
  close(): Promise<void>;
}

/**
 * Probes by a file until it is closed; the file is read again when it changes.
 * @throws {UsageError} for a file, a state or a port that cannot be used
 */
export async function serve(options: ServeOptions): Promise<Serving> {
  const { file, readers, clock, random, say, allowOpen = false, look = runCheck } = options;
  const { send = createSendPost(readers.env) } = options;
  const plan = await loadPlan(file, readers);
  const { history, release, undo } = await openKept(plan);
  const prober = createProber(plan, { clock, random, history, look, send, say, ...waysOut(readers) });
  let exporter: Exporter;
  try {
    exporter = await startExporter(plan.exporter, { prober, history, clock, say }, allowOpen);
  } catch (error) {
    await prober.stop();
    history.close();
    undo();
    throw error;
  }
  void tellSilent(plan, options);
  const reload = createReload(options, prober, exporter);
  const watching = watchFiles(options, prober, reload);
  const close = async () => {
    watching.stop();
    await exporter.close();
    await prober.stop();
    history.close();
    release();
  };
  return {
    url: exporter.url,
    prober,
    reload: () => {
      watching.look();
      return reload();
    },
    close,
    get plan() {
      return prober.plan;
    },
  };
}

interface Kept {
  readonly history: History;
  /** Lets another have the state. */
  readonly release: () => void;
  /** The same, and leaves nothing but a folder behind of a state that was not there before. */
  readonly undo: () => void;
}

/** Kept first: what is found and made after that is nobody else's. */
async function openKept({ state: { path, retention }, checks }: ProbePlan): Promise<Kept> {
  const release = await keepState(path);
  const remove = newStateAt(path);
  const undo = () => {
    remove();
    release();
  };
  let history: History | undefined;
  try {
    history = await openHistory(path, { retentionMs: retention });
    readThrough(history, checks);
    return { history, release, undo };
  } catch (error) {
    history?.close();
    undo();
    throw error;
  }
}

/** What a prober begins with: where that is damaged, nothing is begun. */
function readThrough(history: History, checks: ProbePlan['checks']): void {
  history.owed();
  for (const check of checks) {
    history.tally(keyOf(check));
    for (const part of [history.status, history.contract, history.alert]) part(check.id);
    history.runs(check.id, 1);
  }
}

/** Through the proxy of the environment. */
const waysOut = ({ env }: SecretReaders) => ({ ask: createAskUrl(env), sendOtlp: createSendOtlp(env) });

/** They are asked when a run fails, and then it is too late to find that they are wrong. */
async function tellSilent(
  { reference }: ProbePlan,
  { readers, say }: Pick<ServeOptions, 'readers' | 'say'>,
): Promise<void> {
  if (reference === undefined) return;
  const asked = await askReferences(reference, createAskUrl(readers.env));
  const silent = asked.filter(({ answers }) => !answers).map(({ host }) => host);
  if (silent.length > 0) say(`reference: no answer from ${silent.join(', ')}; see whether reference.urls is right`);
}

/** The whole new plan is made before anything of the old one is touched. */
function createReload({ file, readers, say }: ServeOptions, prober: Prober, exporter: Exporter) {
  let last: Promise<boolean> = Promise.resolve(true);
  const now = async (): Promise<boolean> => {
    try {
      const next = await loadPlan(file, readers);
      const fixed = fixedParts.filter(part => JSON.stringify(part.of(next)) !== JSON.stringify(part.of(prober.plan)));
      for (const { name } of fixed) say(`${name} changes only with a restart`);
      await prober.swap(keepFixed(next, prober.plan));
      exporter.protect(next.exporter);
      void tellSilent(next, { readers, say });
      say(`took ${file}: ${counted(next.checks.length, 'check')}`);
      return true;
    } catch (error) {
      if (!(error instanceof UsageError)) throw error;
      prober.refuse(textOf(error));
      say(`keeps what it has, because the new file is wrong: ${textOf(error)}`);
      return false;
    }
  };
  return (): Promise<boolean> => {
    last = last.then(now);
    return last;
  };
}

const fixedParts = [
  { name: 'state.path', of: ({ state }: ProbePlan) => state.path },
  { name: 'exporter.host', of: ({ exporter }: ProbePlan) => exporter.host },
  { name: 'exporter.port', of: ({ exporter }: ProbePlan) => exporter.port },
  { name: 'exporter.tls', of: ({ exporter }: ProbePlan) => exporter.tls !== undefined },
] as const;

const keepFixed = (next: ProbePlan, { state, exporter }: ProbePlan): ProbePlan => ({
  ...next,
  state: { ...next.state, path: state.path },
  exporter: { ...next.exporter, host: exporter.host, port: exporter.port, tls: tlsFor(next, exporter) },
});

/** Another certificate is taken, but a port that speaks TLS goes on doing so, and one that does not does not begin to. */
const tlsFor = ({ exporter: next }: ProbePlan, now: ProbePlan['exporter']) => now.tls && (next.tls ?? now.tls);

/** Compares texts: what only touches a file changes nothing, and links that a mount swaps are seen as well. */
function watchFiles(
  { file, clock, say, watchMs = 5000 }: ServeOptions,
  prober: Pick<Prober, 'plan'>,
  reload: () => Promise<boolean>,
): Watching {
  const known = new Map<string, string>();
  /** How often in a row a file could not be read. */
  const gone = new Map<string, number>();
  /** What is gone for a moment is being replaced. */
  const missed = (path: string): false => {
    const times = (gone.get(path) ?? 0) + 1;
    gone.set(path, times);
    if (times === 2) say(`${path} cannot be read any more: what it said last goes on`);
    return false;
  };
  const isNew = (path: string): boolean => {
    const text = textAt(path);
    if (text === undefined) return missed(path);
    gone.delete(path);
    if (text === known.get(path)) return false;
    const isFirst = !known.has(path);
    known.set(path, text);
    return !isFirst;
  };
  const look = () => [file, ...Object.values(prober.plan.exporter.tls?.files ?? {})].map(isNew).some(Boolean);
  look();
  const stop = repeat(clock, clock.now(), watchMs, () => {
    if (look()) reload();
  });
  return { look, stop };
}

interface Watching {
  /** Takes note of what the files are now; true when that is new. Whoever reloads anyway need not be told again. */
  look(): boolean;
  stop(): void;
}

function textAt(file: string): string | undefined {
  try {
    return readText(file);
  } catch (error) {
    if (error instanceof UsageError) return undefined;
    throw error;
  }
}
