/** Stages as they are written: `30s:10,2m:50,30s:0`, as k6 users know them. */
import { parseDuration } from '../core/duration.ts';
import { UsageError } from '../core/errors.ts';
import type { Stage } from './arrivals.ts';

const highest = 1_000_000;
const example = 'write a level such as 10, or DURATION:LEVEL parts such as 30s:10,2m:50,30s:0';

/**
 * Each `DURATION:LEVEL` goes to that level in that time, from 0 or from the level before; a duration of 0 jumps. A bare
 * level in front is where the first part begins; alone, it lasts the whole run.
 * @param durationMs of the run, for a bare level
 * @throws {UsageError} `bad_stages` with every mistake
 */
export function parseStages(text: string, durationMs?: number): readonly Stage[] {
  const parts = text.split(',').map(part => part.trim());
  const bare = parts[0] !== undefined && isNumber(parts[0]) ? parts.shift() : undefined;
  const start = bare === undefined ? 0 : readLevel(bare);
  const steps = parts.map(readStep);
  const mistakes = [start, ...steps].filter(result => typeof result === 'string');
  if (mistakes.length > 0) throw bad(text, mistakes);
  const stages = joined(Number(start), steps as readonly Step[], durationMs);
  const mistake = mistakeOf(stages);
  if (mistake !== undefined) throw bad(text, [mistake]);
  return stages;
}

const bad = (text: string, mistakes: readonly string[]) =>
  new UsageError('bad_stages', `stages "${text.slice(0, 60)}": ${mistakes.join('; ')}; ${example}`);

const isNumber = (text: string) => text !== '' && Number.isFinite(Number(text));

interface Step {
  readonly durationMs: number;
  readonly to: number;
}

/** The level, or what is wrong with it. */
function readLevel(text: string): number | string {
  const level = /^\d+(\.\d+)?$/.test(text) ? Number(text) : Number.NaN;
  return level <= highest
    ? level
    : `"${text.slice(0, 24)}" is not a level from 0 to ${highest.toLocaleString('en-US')}`;
}

function readStep(text: string): Step | string {
  const [, time, level, ...rest] = /^([^:]*):([^:]*)$/.exec(text) ?? [];
  if (time === undefined || level === undefined || rest.length > 0)
    return `"${text.slice(0, 24)}" is not DURATION:LEVEL`;
  const durationMs = readTime(time);
  const to = readLevel(level.trim());
  const mistakes = [durationMs, to].filter(result => typeof result === 'string');
  return mistakes.length > 0 ? mistakes.join('; ') : { durationMs: Number(durationMs), to: Number(to) };
}

function readTime(text: string): number | string {
  try {
    return parseDuration(text);
  } catch (error) {
    if (error instanceof UsageError) return `"${text.slice(0, 24)}" is not a duration`;
    throw error;
  }
}

function joined(start: number, steps: readonly Step[], runMs: number | undefined): readonly Stage[] {
  if (steps.length === 0) return [{ durationMs: runMs ?? Number.NaN, from: start, to: start }];
  // A jump changes where the next part begins, and takes no time of its own.
  return steps
    .map(({ durationMs, to }, i) => ({ durationMs, from: steps[i - 1]?.to ?? start, to }))
    .filter(({ durationMs }) => durationMs > 0);
}

function mistakeOf(stages: readonly Stage[]): string | undefined {
  if (stages.some(({ durationMs }) => Number.isNaN(durationMs))) return 'a bare level needs the duration of the run';
  if (stages.length === 0) return 'take no time at all';
  return stages.every(({ from, to }) => from === 0 && to === 0) ? 'never leave 0' : undefined;
}
