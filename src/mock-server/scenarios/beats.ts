/** What a scenario may do to the frames of a stream. A body counts as one frame. Lazy, so a stream stays a stream. */
import type { Reply } from '../endpoints/endpoint.ts';
import type { Beat } from '../plan.ts';
import type { Params, Scenario } from './scenario.ts';

/** Beats as a generator makes them from a reply's own. */
export type Rework = (beats: Iterable<Beat>) => Iterable<Beat>;

/** A reply whose frames are reworked; a body loses its declared length, because it may no longer be true. */
export function reworked({ body, ...reply }: Reply, rework: Rework): Reply {
  const beats: Iterable<Beat> = body === undefined ? reply.beats : [{ at: reply.at, send: body }];
  return { ...reply, beats: { [Symbol.iterator]: () => rework(beats)[Symbol.iterator]() } };
}

/** The same for streams only: a body is left as it is. */
export const streamOnly = (reply: Reply, rework: Rework): Reply => (reply.stream ? reworked(reply, rework) : reply);

/** Lets `count` frames pass; what comes instead of the rest is up to `then`, told when the last one left. */
export const after = (count: number, then: (at: number, rest: readonly Beat[]) => Iterable<Beat>): Rework =>
  function* (beats) {
    let seen = 0;
    let at = 0;
    const rest: Beat[] = [];
    for (const beat of beats) {
      if (seen++ < count) {
        at = beat.at;
        yield beat;
      } else rest.push(beat);
    }
    yield* then(at, rest);
  };

/** Each frame's text through a function; several texts become several frames at the same time, an unchanged one stays the frame it is. */
export const eachText = (change: (text: string, index: number) => string | readonly string[]): Rework =>
  function* (beats) {
    let index = 0;
    for (const beat of beats) {
      if ('end' in beat || typeof beat.send !== 'string') {
        yield beat;
        continue;
      }
      const texts = [change(beat.send, index++)].flat();
      for (const send of texts) yield texts.length === 1 && send === beat.send ? beat : { at: beat.at, send };
    }
  };

/** What a scenario does when it only writes the frames of a stream otherwise. */
export const framesAs =
  (
    change: (text: string, index: number, params: Params) => string | readonly string[],
  ): NonNullable<Scenario['reply']> =>
  (reply, { params }) =>
    streamOnly(
      reply,
      eachText((text, index) => change(text, index, params)),
    );

/** Frames cut into pieces of bytes that leave `gapMs` apart, so that the network does not join them again. */
export const inPieces = (cut: (bytes: Buffer) => readonly Uint8Array[], gapMs: number): Rework =>
  function* (beats) {
    let free = 0;
    for (const beat of beats) {
      if ('end' in beat) {
        yield { ...beat, at: Math.max(beat.at, free) };
        continue;
      }
      for (const send of cut(Buffer.from(beat.send as string))) {
        const at = Math.max(beat.at, free);
        free = at + gapMs;
        yield { at, send };
      }
    }
  };

export const textOf = (beat: Beat): string => ('send' in beat ? Buffer.from(beat.send as string).toString() : '');

/** Holds everything back. */
export const late = (reply: Reply, ms: number): Reply => ({
  ...reply,
  at: reply.at + ms,
  beats: { [Symbol.iterator]: () => shifted(reply.beats, ms) },
});

function* shifted(beats: Iterable<Beat>, ms: number): Generator<Beat> {
  for (const beat of beats) yield { ...beat, at: beat.at + ms };
}
