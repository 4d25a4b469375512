/** Faults at work on one request: in place of an answer, or on its way out. What they do to the words happens where those are chosen. */
import type { Call, Endpoint, Reply } from '../endpoints/endpoint.ts';
import type { Shot } from '../scenarios/scenario.ts';
import { modelIn, parseObject } from '../validate.ts';

export function struck(call: Call, answer: Endpoint): ReturnType<Endpoint> {
  if (call.shots.length > 0) note(call);
  const given = insteadOf(call) ?? answer(call);
  return given instanceof Promise ? given.then(done => rework(done, call)) : rework(given, call);
}

/** A fault may come before the request is read, and the journal has to know what was asked all the same. */
function note({ entry, request }: Call): void {
  const fields = parseObject(request.body) ?? {};
  entry.model = modelIn(fields);
  entry.params = Object.keys(fields).slice(0, 64);
}

type Given = Awaited<ReturnType<Endpoint>>;

/** What comes in place of an answer, from the first fault that has something; one that spares this request is struck off. */
export function insteadOf(call: Call, from = 0): Given | undefined {
  for (const shot of call.shots.slice(from)) {
    const other = shot.scenario.instead?.(shot, call);
    if (other !== undefined) {
      call.shots = 'beats' in other ? call.shots : [shot];
      return other;
    }
    if (shot.scenario.instead !== undefined) call.shots = call.shots.filter(kept => kept !== shot);
  }
  return undefined;
}

/** The names of the faults that had their way: not those at a position that the stream never came to. */
export const struckNames = ({ shots, entry }: Call, beats = Number.POSITIVE_INFINITY): string[] =>
  shots
    .filter(({ scenario, params }) => !entry.stream || scenario.defaults?.after === undefined || params.after <= beats)
    .map(({ scenario }) => scenario.name);

const rework = (given: Given, call: Call): Given =>
  'beats' in given ? call.shots.reduce((reply, shot) => reworked(reply, shot, call), given) : given;

const reworked = (reply: Reply, shot: Shot, call: Call): Reply => shot.scenario.reply?.(reply, shot, call) ?? reply;
