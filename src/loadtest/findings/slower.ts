/** What became slower as more was under way: tokens, the first of them, or whole answers. */
import { time } from '../numbers.ts';
import type { Change, Growth } from './growth.ts';
import { type JudgedRun, type Limit, level, type Sighting, under } from './sighting.ts';

export function limitedByCompute(_: JudgedRun, growth: Growth | null): Sighting<Limit> | undefined {
  if (growth === null || growth.itl.ratio < slowerTokens) return undefined;
  return {
    kind: 'limited_by_compute',
    text: `The server’s computing was the limit: ${under(growth)} the time between tokens went ${fromTo(growth.itl)}${also(growth)}.`,
    next: stay(growth, 'add capacity or send shorter requests'),
  };
}

export function limitedByQueue(_: JudgedRun, growth: Growth | null): Sighting<Limit> | undefined {
  if (growth === null || growth.itl.ratio >= slowerTokens || growth.ttft.ratio < slowerFirst || growth.itl.from === 0)
    return undefined;
  return {
    kind: 'limited_by_queue',
    text: `Requests queued at the server: ${under(growth)} the first token went ${fromTo(growth.ttft)}, while tokens kept their pace (${time(growth.itl.to)} apart).`,
    next: stay(growth, 'add capacity; more load only lengthens the queue'),
  };
}

export function limitedByServer(_: JudgedRun, growth: Growth | null): Sighting<Limit> | undefined {
  if (growth === null || growth.itl.from > 0 || growth.e2e.ratio < slowerFirst) return undefined;
  return {
    kind: 'limited_by_server',
    text: `The server was the limit: ${under(growth)} an answer went ${fromTo(growth.e2e)}. Unary answers do not show whether they waited or were computed slowly.`,
    next: stay(growth, 'repeat with --stream to tell a queue from slow computing'),
  };
}

const slowerFirst = 1.5;
const slowerTokens = 1.25;

const fromTo = ({ from, to }: Change) => `from ${time(from)} to ${time(to)}`;

const also = ({ ttft }: Growth) => (ttft.ratio >= slowerFirst ? `, and the first token ${fromTo(ttft)}` : '');

const stay = ({ knee }: Growth, or: string) =>
  knee === null
    ? `Less load keeps it fast; otherwise ${or}.`
    : `Up to about ${level(knee)} under way it stays fast; beyond, ${or}.`;
