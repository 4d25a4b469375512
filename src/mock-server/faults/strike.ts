/**
 * Faults at work on one request: in place of an answer, or on its way out. What they do to the words happens where those are
 * chosen. A fault counts as struck only where it changed something: the journal, the coverage and the sweep rely on it.
 */
import type { Call, Endpoint, Reply } from '../endpoints/endpoint.ts';
import { turnedAway } from '../endpoints/turned-away.ts';
import type { Beat } from '../plan.ts';
import { noteConversation } from '../question.ts';
import { textOf } from '../scenarios/beats.ts';
import type { Shot } from '../scenarios/scenario.ts';
import { modelIn, parseObject } from '../validate.ts';

export function struck(call: Call, answer: Endpoint): ReturnType<Endpoint> {
  if (call.shots.length > 0) note(call);
  const given = waiting(insteadOf(call), call) ?? answer(call);
  return given instanceof Promise ? given.then(done => rework(done, call)) : rework(given, call);
}

/** Who waits for an answer that never comes is under way all that time, and may be one too many. */
function waiting(given: Given | undefined, call: Call): Given | undefined {
  if (given === undefined || !('silence' in given) || given.silence !== 'hang') return given;
  const { model } = call.entry;
  return (model === undefined ? undefined : turnedAway(model, call)) ?? given;
}

/** A fault may come before the request is read, and the journal has to know what was asked all the same. */
function note(call: Call): void {
  const { entry, request } = call;
  const fields = parseObject(request.body) ?? {};
  entry.model = modelIn(fields);
  entry.stream = fields.stream === true;
  entry.params = Object.keys(fields).slice(0, 64);
  noteConversation(call, fields.messages);
  noteAsked(call, call.shots);
}

/** The faults that are to strike, whether or not they will find something to change. */
export function noteAsked({ entry }: Call, shots: readonly Shot[]): void {
  entry.asked = [...entry.asked, ...shots.map(({ scenario }) => scenario.name)];
}

/** A fault that changed something. */
export function hit({ entry }: Call, { scenario: { name } }: Shot): void {
  if (!entry.faults.includes(name)) entry.faults = [...entry.faults, name];
}

type Given = Awaited<ReturnType<Endpoint>>;

/** What comes in place of an answer, from the first fault that has something; one that spares this request is struck off. */
export function insteadOf(call: Call, from = 0): Given | undefined {
  for (const shot of call.shots.slice(from)) {
    const other = shot.scenario.instead?.(shot, call);
    if (other !== undefined) {
      hit(call, shot);
      call.shots = 'beats' in other ? call.shots : [shot];
      return other;
    }
    if (shot.scenario.instead !== undefined) call.shots = call.shots.filter(kept => kept !== shot);
  }
  return undefined;
}

const rework = (given: Given, call: Call): Given =>
  'beats' in given ? call.shots.reduce((reply, shot) => reworked(reply, shot, call), given) : given;

function reworked(reply: Reply, shot: Shot, call: Call): Reply {
  const change = shot.scenario.reply;
  if (change === undefined) return reply;
  return reply.body === undefined
    ? watched(
        reply,
        given => change(given, shot, call),
        () => hit(call, shot),
      )
    : bodyReworked(reply, change(reply, shot, call), () => hit(call, shot));
}

/** A body is there at once, so what became of it is looked at; what is the same keeps its length. */
function bodyReworked(reply: Reply, changed: Reply, onChange: () => void): Reply {
  if (changed.body === reply.body && changed.at === reply.at) return reply;
  const beats = changed.body === undefined ? [...changed.beats] : [];
  const [only, more] = beats;
  if (only !== undefined && more === undefined && only.at === reply.at && textOf(only) === reply.body) return reply;
  onChange();
  return changed;
}

/** A stream is watched as it passes: the first frame that is not the one that went in, or that is missing, is the change. */
function watched(reply: Reply, change: (reply: Reply) => Reply, onChange: () => void): Reply {
  const inside: Beat[] = []; // went in and have not come out
  let same = true;
  let ended = false;
  const differs = () => {
    same = false;
    onChange();
  };
  const goIn = function* () {
    for (const beat of reply.beats) {
      if (same) inside.push(beat);
      yield beat;
    }
    ended = true;
  };
  const changed = change({ ...reply, beats: { [Symbol.iterator]: goIn } });
  if (changed.at !== reply.at) differs();
  const comeOut = function* () {
    for (const beat of changed.beats) {
      if (same && inside.shift() !== beat) differs();
      yield beat;
    }
    if (same && (!ended || inside.length > 0)) differs();
  };
  return { ...changed, beats: { [Symbol.iterator]: comeOut } };
}
