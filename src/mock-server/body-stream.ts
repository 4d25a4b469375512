/** The body of a plan as a web stream that is pulled: nothing is produced for a reader that does not read. */
import type { Cancel, Clock } from '../core/clock.ts';
import type { Beat, Exchange } from './plan.ts';

export function createBodyStream(exchange: Exchange, arrivedMs: number, clock: Clock) {
  const iterator = exchange.plan.beats[Symbol.iterator]();
  const encoder = new TextEncoder();
  const played = { headSent: false, beats: 0, bytes: 0, worstLatenessMs: 0 };
  let controller: ReadableStreamDefaultController<Uint8Array> | undefined;
  let onLost = () => {};
  let cancel: Cancel | undefined;
  let settled = false;

  const settle = (ending: 'complete' | 'client_gone' | 'cut') => {
    if (settled) return;
    settled = true;
    cancel?.();
    iterator.return?.();
    exchange.settle({ ending, ...played });
  };
  const gone = (reason: unknown) => {
    if (settled) return;
    settle('client_gone');
    if (controller === undefined) onLost();
    else controller.error(reason);
  };
  const breakOff = () => {
    settle('cut');
    if (controller === undefined) onLost();
    else
      controller.error(
        new TypeError('terminated', { cause: Object.assign(new Error('other side closed'), { code: 'ECONNRESET' }) }),
      );
  };
  const send = (beat: Extract<Beat, { send: unknown }>) => {
    const bytes = typeof beat.send === 'string' ? encoder.encode(beat.send) : beat.send;
    played.beats++;
    played.bytes += bytes.length;
    played.worstLatenessMs = Math.max(played.worstLatenessMs, clock.now() - arrivedMs - beat.at);
    controller?.enqueue(bytes);
  };
  const play = (beat: Beat, next: () => void) => {
    if ('send' in beat) {
      send(beat);
      next();
    } else if (beat.end !== 'hang') breakOff();
  };
  const pull = () =>
    new Promise<void>(next => {
      const step = iterator.next();
      if (step.done) {
        settle('complete');
        controller?.close();
        return next();
      }
      const due = arrivedMs + step.value.at;
      if (due <= clock.now()) return play(step.value, next);
      // MSW in Node holds the head back until it has a chunk: an empty one lets the head leave before the first wait.
      if (played.beats === 0) controller?.enqueue(nothing);
      cancel = clock.at(due, () => play(step.value, next));
    });
  const open = () => {
    played.headSent = true;
    return new ReadableStream<Uint8Array>({
      start: given => {
        controller = given;
      },
      pull,
      cancel: () => settle('client_gone'),
    });
  };
  /** Before any head: the first beat says how the connection ends. */
  const endWithoutHead = () => {
    const step = iterator.next();
    const beat = step.done ? undefined : step.value;
    if (beat !== undefined && 'end' in beat && beat.end === 'hang') return;
    if (beat === undefined || beat.at <= clock.now() - arrivedMs) breakOff();
    else cancel = clock.at(arrivedMs + beat.at, breakOff);
  };
  return {
    open,
    gone,
    endWithoutHead,
    lost: (fn: () => void) => {
      onLost = fn;
    },
    waitFor: (timer: Cancel) => {
      cancel = timer;
    },
  };
}

const nothing = new Uint8Array(0);
