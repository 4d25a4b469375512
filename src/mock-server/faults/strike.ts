/** Faults at work on one request: in place of an answer, or on its way out. What they do to the words happens where those are chosen. */
import type { Call, Endpoint, Reply } from '../endpoints/endpoint.ts';
import type { Shot } from '../scenarios/scenario.ts';

export function struck(call: Call, answer: Endpoint): ReturnType<Endpoint> {
  call.entry.faults = call.shots.map(({ scenario }) => scenario.name);
  for (const shot of call.shots) {
    const other = shot.scenario.instead?.(shot, call);
    if (other !== undefined) return other;
  }
  const given = answer(call);
  return given instanceof Promise ? given.then(done => rework(done, call)) : rework(given, call);
}

type Given = Awaited<ReturnType<Endpoint>>;

const rework = (given: Given, call: Call): Given =>
  'beats' in given ? call.shots.reduce((reply, shot) => reworked(reply, shot, call), given) : given;

const reworked = (reply: Reply, shot: Shot, call: Call): Reply => shot.scenario.reply?.(reply, shot, call) ?? reply;
