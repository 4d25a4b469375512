/** Plays every wave of faults on a scene of its own. */
import type { Io } from '../core/program.ts';
import type { Fault } from './catalogue.ts';
import { notPlayed, playWave, type Wave } from './play.ts';
import type { DrillReport } from './report.ts';
import { Lost, type Scene } from './scene.ts';
import type { Stage } from './stage.ts';

/** One wave after the other, until told to stop. */
export async function playAll(stage: Stage, io: Io): Promise<DrillReport> {
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
  stage: Stage,
  { io, say }: { io: Io; say: (sentence: string) => void },
): Promise<Wave | undefined> {
  let scene: Scene | undefined;
  try {
    scene = await stage.open(wave);
    return await playWave(wave, scene, { ...stage, say, stop: io.stop });
  } catch (error) {
    if (io.stop.aborted) return undefined; // whatever was under way was broken off by the stop
    if (error instanceof Lost) return notPlayed(wave, scene?.broken() ?? error.message);
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
