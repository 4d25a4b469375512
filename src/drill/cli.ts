/** `glm-testkit drill`: plays faults, and sees that the right alert comes and goes. */
import { Command } from 'commander';
import { z } from 'zod';
import { baseUrl } from '../core/base-url.ts';
import { type Clock, systemClock } from '../core/clock.ts';
import { checked, whole } from '../core/config.ts';
import { UsageError } from '../core/errors.ts';
import { configKeys } from '../core/flags.ts';
import { exitCodes, type Io } from '../core/program.ts';
import { suggestion } from '../probe/suggest.ts';
import { attach, playsAnywhere } from './attached.ts';
import { type Fault, faults } from './catalogue.ts';
import { type PlayDoor, playWave, unplayed, type Wave } from './play.ts';
import { findPrograms } from './programs.ts';
import { type DrillReport, isProven, jsonOf, listing, listingJson, tableOf } from './report.ts';
import { Lost, type Scene } from './scene.ts';
import { openStack } from './stack.ts';

const settings = z.strictObject({
  all: z.boolean().default(false),
  list: z.boolean().default(false),
  json: z.boolean().default(false),
  scale: whole(1, 60).optional(),
  prometheus_url: baseUrl.optional(),
  mock_url: baseUrl.optional(),
});

type Settings = z.infer<typeof settings>;

const usualScale = 30;

const notes = `
Starts mock, probe, Prometheus and Alertmanager on free ports of this machine, with the shipped rules and routes, only
faster. Nothing may fire while all is well. Then it plays the faults, waits until each one's alert reaches a webhook,
ends them, and waits until each alert is resolved. Needs Prometheus and Alertmanager on PATH.

With --prometheus-url it starts nothing: it plays one fault after the other on the mock that your prober watches, and
asks your Prometheus what fires, at the pace of your rules.

Exit 1: an alert did not come or did not clear, or a wrong one came.

Examples:
  glm-testkit drill
  glm-testkit drill truncated account-overdue --json
  glm-testkit drill overloaded --prometheus-url http://127.0.0.1:9090 --mock-url http://127.0.0.1:4010`;

export const command = (io: Io): Command =>
  new Command('drill')
    .description('play faults, and see that the right alert comes and goes')
    .argument('[fault...]', 'what to play (default: one fault for each fault domain)')
    .option('--all', 'play every fault')
    .option('--list', 'only show which faults there are')
    .option('--json', 'print one JSON object')
    .option('--scale <n>', 'how many times as short windows and intervals are (default 30)')
    .option('--prometheus-url <url>', 'a Prometheus that already runs, with your rules')
    .option('--mock-url <url>', 'the mock that your prober watches')
    .addHelpText('after', notes)
    .action((names: string[], flags: Record<string, unknown>) => drill(names, flags, io));

async function drill(names: readonly string[], flags: Record<string, unknown>, io: Io): Promise<void> {
  const given = checked(settings, configKeys(flags), 'options');
  if (given.list) return io.out(list(names, given));
  const stage = stageFor(chosenFaults(names, given), given, io);
  const report = await playAll(stage, { ...io, stop: stopOf(io) });
  io.out(given.json ? jsonOf(report) : tableOf(report));
  if (!isProven(report)) io.exitWith(exitCodes.failed);
}

function list(names: readonly string[], { json }: Settings): string {
  if (names.length > 0) throw new UsageError('bad_faults', '--list shows every fault: name none beside it');
  return json ? listingJson() : listing();
}

/** A terminal that is closed ends a drill as well: Prometheus and Alertmanager only read their files again then. */
function stopOf({ stop, onHangup }: Io): AbortSignal {
  const hangup = new AbortController();
  onHangup?.(() => hangup.abort());
  return AbortSignal.any([stop, hangup.signal]);
}

/** @throws {UsageError} with every name that is no fault */
function chosenFaults(names: readonly string[], { all, prometheus_url: attached }: Settings): readonly Fault[] {
  if (all && names.length > 0) throw new UsageError('bad_faults', '--all plays every fault: name none beside it');
  const possible = attached === undefined ? faults : faults.filter(playsAnywhere);
  if (all) return possible;
  if (names.length === 0) return possible.filter(({ usual }) => usual);
  const wrong = names.flatMap(name => mistakeIn(name, possible));
  if (wrong.length > 0) throw new UsageError('unknown_fault', wrong.join('\n  '));
  return possible.filter(({ name }) => names.includes(name));
}

function mistakeIn(name: string, possible: readonly Fault[]): string[] {
  if (possible.some(fault => fault.name === name)) return [];
  if (faults.some(fault => fault.name === name))
    return [`${name}: needs a stack of the drill's own; leave --prometheus-url out`];
  const near = suggestion(
    name,
    possible.map(fault => fault.name),
  );
  return [`${name}: is not a fault${near || '; glm-testkit drill --list shows them'}`];
}

type Wait = Pick<PlayDoor, 'patienceMs' | 'quietMs' | 'lookMs'>;

interface Stage extends Wait {
  /** null: its own. */
  readonly scale: number | null;
  readonly clock: Clock;
  readonly waves: readonly (readonly Fault[])[];
  open(faults: readonly Fault[]): Promise<Scene>;
}

/** An hour of the rules' time, and time for programs to do their part. */
const patienceMs = { rules: 3_600_000, programs: 20_000 } as const;

/** An interval of the rules' time; a stack that already runs was quiet before. */
const quietMs = { here: 120_000, there: 2000 } as const;

function stageFor(faults: readonly Fault[], given: Settings, io: Io): Stage {
  const { prometheus_url: prometheusUrl, mock_url: mockUrl, scale = usualScale } = given;
  const clock = systemClock;
  if ((prometheusUrl === undefined) !== (mockUrl === undefined))
    throw new UsageError('bad_stack', '--prometheus-url and --mock-url belong together: one tells, the other plays');
  if (prometheusUrl !== undefined && mockUrl !== undefined) {
    if (given.scale !== undefined)
      throw new UsageError('bad_stack', '--scale: a stack that already runs has its own pace; leave it out');
    return {
      ...{ scale: null, clock, waves: faults.map(fault => [fault]) },
      ...{ patienceMs: patienceMs.rules + patienceMs.programs, quietMs: quietMs.there, lookMs: 1000 },
      open: () => attach({ prometheusUrl, mockUrl, clock, faults }),
    };
  }
  const programs = findPrograms(io.env.PATH ?? '');
  return {
    ...{ scale, clock, waves: wavesOf(faults) },
    ...{ patienceMs: patienceMs.rules / scale + patienceMs.programs, quietMs: quietMs.here / scale, lookMs: 100 },
    open: wave => openStack(wave, { programs, scale, env: io.env, clock }),
  };
}

/** More at once would make the probe's own measurements doubtful on a small machine. */
const mostAtOnce = 8;

/** Faults share a stack, unless one needs a stack in which nobody else probes. */
function wavesOf(chosen: readonly Fault[]): readonly (readonly Fault[])[] {
  const groups = Map.groupBy(chosen, ({ name, alone }) => (alone ? name : ''));
  return [...groups.values()].flatMap(group =>
    Array.from({ length: Math.ceil(group.length / mostAtOnce) }, (_, at) =>
      group.slice(at * mostAtOnce, (at + 1) * mostAtOnce),
    ),
  );
}

async function playAll(stage: Stage, io: Io): Promise<DrillReport> {
  const { waves } = stage;
  const done: Wave[] = [];
  const say = (sentence: string) => io.err(`${sentence}\n`);
  for (const [at, wave] of waves.entries()) {
    if (io.stop.aborted) break;
    say(`${waves.length > 1 ? `${at + 1} of ${waves.length}: ` : ''}${wave.map(({ name }) => name).join(', ')}`);
    const played = await playOne(wave, stage, { io, say });
    if (played !== undefined) done.push(played);
  }
  const left = waves.slice(done.length).flatMap(wave => wave.map(({ name }) => name));
  return { scale: stage.scale, waves: done, left };
}

/** @returns undefined when told to stop */
async function playOne(
  wave: readonly Fault[],
  { open, clock, patienceMs, quietMs, lookMs }: Stage,
  { io, say }: { io: Io; say: (sentence: string) => void },
): Promise<Wave | undefined> {
  let scene: Scene | undefined;
  try {
    scene = await open(wave);
    return await playWave(wave, scene, { clock, say, stop: io.stop, patienceMs, quietMs, lookMs });
  } catch (error) {
    if (io.stop.aborted) return undefined; // whatever was under way was broken off by the stop
    if (error instanceof Lost) return unplayed(wave, scene?.broken() ?? error.message);
    throw error;
  } finally {
    if (scene !== undefined) await strike(scene, say);
  }
}

/** What is gone cannot be tidied up, and does not hide what the drill found. */
async function strike(scene: Scene, say: (sentence: string) => void): Promise<void> {
  try {
    await scene.close();
  } catch (error) {
    if (!(error instanceof Lost)) throw error;
    say(`perhaps the fault is still on: ${error.message}`);
  }
}
