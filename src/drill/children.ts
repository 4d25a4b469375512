/** Programs that the drill starts. However the drill ends, they end before it, and its folder goes. */
import { spawn } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Clock } from '../core/clock.ts';
import { codeOf, UsageError } from '../core/errors.ts';

export interface Child {
  readonly name: string;
  /** Waits for a line on either output. @throws {UsageError} `no_start` with its last words when it ends first */
  says(pattern: RegExp): Promise<RegExpExecArray>;
  signal(name: NodeJS.Signals): void;
  /** Asks it to end, and insists after a while. */
  end(): Promise<void>;
  /** Its last words, once it has ended without being asked. */
  died(): string | undefined;
}

export interface Children {
  /** Of this drill alone. */
  readonly folder: string;
  start(name: string, command: readonly string[], env: Readonly<Record<string, string | undefined>>): Child;
  /** What one of them said when it died. */
  died(): string | undefined;
  endAll(): Promise<void>;
}

/** How long a program may take to end by itself, and to say its first words. */
const patienceMs = { end: 5000, start: 60_000 } as const;

/** @throws {UsageError} `no_folder` */
export function createChildren(clock: Clock): Children {
  const folder = makeFolder();
  const children: (Child & { kill(): void })[] = [];
  // A second Ctrl-C leaves no time to ask.
  const atExit = () => {
    for (const child of children) child.kill();
    removeFolder(folder);
  };
  process.once('exit', atExit);
  return {
    folder,
    start: (name, command, env) => {
      const child = startChild(name, command, { clock, env, folder });
      children.push(child);
      return child;
    },
    died: () => children.map(child => child.died()).find(words => words !== undefined),
    endAll: async () => {
      await Promise.all(children.map(child => child.end()));
      process.off('exit', atExit);
      removeFolder(folder);
    },
  };
}

function makeFolder(): string {
  try {
    return mkdtempSync(join(tmpdir(), 'glm-testkit-drill-'));
  } catch (error) {
    throw new UsageError(
      'no_folder',
      `${tmpdir()}: no folder for the drill can be made there (${codeOf(error)}); let TMPDIR name one that can be written to`,
      { cause: error },
    );
  }
}

/** What was killed a moment ago may still write its last file. */
const removeFolder = (folder: string) =>
  rmSync(folder, { recursive: true, force: true, maxRetries: 5, retryDelay: 50 });

interface ChildDoor {
  readonly clock: Clock;
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly folder: string;
}

function startChild(name: string, [program = '', ...args]: readonly string[], { clock, env, folder }: ChildDoor) {
  const child = spawn(program, args, { env, cwd: folder, stdio: ['ignore', 'pipe', 'pipe'] });
  const ear = listen(child);
  let asked = false;
  const end = async () => {
    asked = true;
    if (ear.over()) return;
    child.kill('SIGTERM');
    const cancel = clock.at(clock.now() + patienceMs.end, () => child.kill('SIGKILL'));
    await ear.ended;
    cancel();
  };
  return {
    name,
    says: (pattern: RegExp) => hear(name, pattern, ear, clock),
    signal: (signal: NodeJS.Signals) => void child.kill(signal),
    end,
    died: () => (ear.over() && !asked ? `${name} ended (${ear.how()}): ${lastLine(ear.text())}` : undefined),
    kill: () => void child.kill('SIGKILL'),
  };
}

type Ear = ReturnType<typeof listen>;

/** What a program says on both outputs, and whether it has ended. */
function listen(child: ReturnType<typeof spawn>) {
  const listeners = new Set<() => void>();
  let text = '';
  let over = false;
  /** The signal or the exit code. */
  let how = 'it could not be run';
  const tell = () => {
    for (const listener of listeners) listener();
  };
  for (const stream of [child.stdout, child.stderr])
    stream?.setEncoding('utf8').on('data', (more: string) => {
      text = (text + more).slice(-mostHeard);
      tell();
    });
  const ended = new Promise<void>(resolve => {
    const end = () => {
      over = true;
      tell();
      resolve();
    };
    child.once('exit', (code, signal) => {
      how = signal ?? `exit code ${code}`;
    });
    child.once('error', end).once('close', end);
  });
  return { listeners, ended, text: () => text, over: () => over, how: () => how };
}

const hear = (name: string, pattern: RegExp, ear: Ear, clock: Clock) =>
  new Promise<RegExpExecArray>((resolve, reject) => {
    const settle = (act: () => void) => {
      ear.listeners.delete(look);
      cancel();
      act();
    };
    const fail = (why: string) => settle(() => reject(new UsageError('no_start', `${name} did not start${why}`)));
    const look = () => {
      const found = pattern.exec(ear.text());
      if (found !== null) settle(() => resolve(found));
      else if (ear.over()) fail(`: ${lastLine(ear.text())}`);
    };
    const cancel = clock.at(clock.now() + patienceMs.start, () => fail(' within a minute'));
    ear.listeners.add(look);
    look();
  });

const mostHeard = 64 * 1024;

const lastLine = (text: string) => text.trimEnd().split('\n').at(-1)?.slice(0, 400) || 'it said nothing';
