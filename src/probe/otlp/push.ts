/** Sends the book to a collector again and again, never on the probe's path. */
import { repeat } from '../../core/clock/repeat.ts';
import type { Clock } from '../../core/clock.ts';
import { textOf } from '../../core/errors.ts';
import type { Otlp } from '../plan.ts';
import type { ProbeRun } from '../run.ts';
import type { SecretReaders } from '../secret.ts';
import { type Letter, type Patience, postOut } from '../way-out.ts';
import { createBook } from './book.ts';

export interface Pusher {
  record(run: ProbeRun, url: string): void;
  /** Sends once more what there is, and ends. */
  stop(): Promise<void>;
}

export type OtlpPost = Letter & Patience;

/** Rejects when it was not taken. */
export type SendOtlp = (post: OtlpPost) => Promise<void>;

export interface PusherDoor {
  readonly clock: Clock;
  readonly send?: SendOtlp | undefined;
  readonly done: (outcome: 'sent' | 'failed', why?: string) => void;
}

/** Whoever ends this program waits no longer than this for an export, and twice when one is under way. */
const mostLastMs = 2000;

/** @param vantage where this prober stands */
export function createPusher(
  otlp: Otlp,
  vantage: string,
  { clock, send = createSendOtlp({}), done }: PusherDoor,
): Pusher {
  const { url, interval, timeout: timeoutMs, convention, provider } = otlp;
  const book = createBook({ convention, provider, vantage, openedAtMs: clock.wall() });
  const ending = new AbortController();
  let sending: Promise<void> | undefined;

  const push = async (how: Patience) => {
    const secrets = Object.entries(otlp.headers).map(([name, secret]) => [name, secret.reveal()]);
    const headers = { 'content-type': 'application/json', ...Object.fromEntries(secrets) };
    try {
      await send({ url, headers, body: book.body(clock.wall()), ...how });
      done('sent');
    } catch (error) {
      done('failed', textOf(error));
    }
  };
  /** One at a time: what a slow collector misses is in the next one, because sums go on. */
  const pushOnce = () => {
    sending ??= push({ timeoutMs, stop: ending.signal }).finally(() => {
      sending = undefined;
    });
    return sending;
  };
  const stopPushing = repeat(clock, clock.now(), interval, pushOnce);
  const stop = async () => {
    stopPushing();
    const patience = clock.timer(() => ending.abort());
    patience.set(clock.now() + mostLastMs);
    await sending;
    patience.clear();
    await push({ timeoutMs: Math.min(timeoutMs, mostLastMs) });
  };
  return { record: book.record, stop };
}

/** @param env names the proxy */
export const createSendOtlp =
  (env: SecretReaders['env']): SendOtlp =>
  async one => {
    await postOut(one, env, one);
  };
