/** Where the faults are played, in which waves, and how long anything may take there. */
import type { Clock } from '../core/clock.ts';
import { UsageError } from '../core/errors.ts';
import { attach } from './attached.ts';
import type { StackDoor } from './backstage.ts';
import type { Fault } from './catalogue.ts';
import type { PlayDoor } from './play.ts';
import { findPrograms } from './programs.ts';
import type { Scene } from './scene.ts';
import { openStack } from './stack.ts';

export interface Stage extends Pick<PlayDoor, 'patienceMs' | 'quietMs' | 'lookMs'> {
  /** How many times as fast time goes; null: as it goes there. */
  readonly scale: number | null;
  readonly clock: Clock;
  readonly waves: readonly (readonly Fault[])[];
  open(faults: readonly Fault[]): Promise<Scene>;
}

export interface StageOptions {
  /** Of a stack that already runs; both or none. */
  readonly prometheusUrl: string | undefined;
  readonly mockUrl: string | undefined;
  /** Of a stack of the drill's own. Default 30. */
  readonly scale: number | undefined;
}

export interface StageDoor extends Pick<StackDoor, 'env' | 'clock'> {
  /** The variable PATH. */
  readonly path: string;
}

/** @throws {UsageError} when the options contradict each other or a program is missing */
export function stageFor(faults: readonly Fault[], options: StageOptions, door: StageDoor): Stage {
  const { prometheusUrl, mockUrl, scale } = options;
  if (prometheusUrl === undefined && mockUrl === undefined) return ownStage(faults, scale ?? usualScale, door);
  if (prometheusUrl === undefined || mockUrl === undefined)
    throw new UsageError('bad_stack', '--prometheus-url and --mock-url belong together: one tells, the other plays');
  if (scale !== undefined)
    throw new UsageError('bad_stack', '--scale: a stack that already runs has its own pace; leave it out');
  return attachedStage(faults, { prometheusUrl, mockUrl }, door);
}

/** An hour of the rules' time, and time for programs to do their part. */
const patienceMs = { rules: 3_600_000, programs: 20_000 } as const;

/** An interval of the rules' time; a stack that already runs was quiet before. */
const quietMs = { own: 120_000, attached: 2000 } as const;

const usualScale = 30;

function ownStage(faults: readonly Fault[], scale: number, { path, env, clock }: StageDoor): Stage {
  const programs = findPrograms(path);
  return {
    scale,
    clock,
    waves: wavesOf(faults),
    patienceMs: patienceMs.rules / scale + patienceMs.programs,
    quietMs: quietMs.own / scale,
    lookMs: 100,
    open: wave => openStack(wave, { programs, scale, env, clock }),
  };
}

const attachedStage = (
  faults: readonly Fault[],
  urls: { readonly prometheusUrl: string; readonly mockUrl: string },
  { clock }: StageDoor,
): Stage => ({
  scale: null,
  clock,
  waves: faults.map(fault => [fault]),
  patienceMs: patienceMs.rules + patienceMs.programs,
  quietMs: quietMs.attached,
  lookMs: 1000,
  open: () => attach({ ...urls, clock, faults }),
});

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
