/**
 * Tells people. Whoever calls it never waits: there is a queue for each channel, and what it cannot hold is dropped and
 * counted. What a channel has not taken is owed to it, also by the next life of this program, until it takes that or
 * something newer of the same check. It is told again as soon as the channel takes anything, and else after a while.
 */
import type { Clock } from '../../core/clock.ts';
import { counted } from '../../core/counted.ts';
import { textOf } from '../../core/errors.ts';
import type { Notification } from '../plan.ts';
import { type Alert, reaches } from './alert.ts';
import { type Post, postOf } from './bodies.ts';

/** Sends one message; rejects when it was not taken. */
export type SendPost = (post: Post, timeoutMs: number, stop: AbortSignal) => Promise<void>;

export type NotifyOutcome = 'sent' | 'failed' | 'dropped';

/** An alert that a channel has not taken yet. */
export interface Owed {
  readonly channel: string;
  readonly alert: Alert;
}

/** Remembers longer than the program lives; a `History`. */
export interface AlertLedger {
  owed(): readonly Owed[];
  tell(alert: Alert, channels: readonly string[]): void;
  payOff(owed: Owed): void;
}

export interface Notifier {
  tell(alert: Alert): void;
  /** What was told by an earlier life of this program: from now on only reminded of. */
  resume(alert: Alert): void;
  swap(channels: readonly Notification[]): void;
  /** Of each channel that takes nothing: why, and what waits for it, as a sentence. */
  failing(): string[];
  /** Nothing is sent any more; resolves when nothing is under way. */
  stop(): Promise<void>;
}

export interface NotifierDoor {
  readonly clock: Clock;
  readonly send: SendPost;
  readonly ledger: AlertLedger;
  /** What was told, in today's words; undefined when it is not so any more, or its check is gone or in maintenance. */
  readonly renew: (alert: Alert) => Alert | undefined;
  readonly done: (channel: string, alert: Alert, outcome: NotifyOutcome, why?: string) => void;
}

const mostWaiting = 100;
const attempts = 3;
const retryMs = 10_000;
const remindEveryMs = 15_000;
/** A channel that failed is left alone for so long. */
const owedAgainMs = 300_000;

interface Open {
  readonly alert: Alert;
  /** By channel: when it was told last, and how often. */
  readonly told: Map<string, { atMs: number; times: number }>;
}

export function createNotifier(first: readonly Notification[], door: NotifierDoor): Notifier {
  const { clock, send, ledger, renew, done } = door;
  const ending = new AbortController();
  const queues = new Map<string, Alert[]>();
  const working = new Map<string, Promise<void>>();
  const open = new Map<string, Open>();
  /** By channel and check. */
  const owed = new Map<string, Map<string, Alert>>();
  /** Why a channel took nothing when it was tried last. */
  const complaints = new Map<string, string>();
  /** When a channel that failed is tried again. */
  const againMs = new Map<string, number>();
  let channels = first;

  const owe = (channel: string, alert: Alert) => {
    const alerts = owed.get(channel) ?? new Map<string, Alert>();
    owed.set(channel, alerts.set(alert.id, alert));
  };
  const payOff = (channel: string, alert: Alert) => {
    if (owed.get(channel)?.get(alert.id) !== alert) return;
    owed.get(channel)?.delete(alert.id);
    ledger.payOff({ channel, alert });
  };

  const enqueue = (channel: Notification, alert: Alert) => {
    const queue = queues.get(channel.name) ?? [];
    queues.set(channel.name, queue);
    if (queue.length >= mostWaiting) return done(channel.name, alert, 'dropped', 'too many wait already');
    queue.push(alert);
    if (!working.has(channel.name)) working.set(channel.name, work(channel.name, queue));
  };
  const work = async (name: string, queue: Alert[]) => {
    for (let alert = queue.shift(); alert !== undefined && !ending.signal.aborted; alert = queue.shift()) {
      const channel = channels.find(one => one.name === name);
      if (channel === undefined) continue;
      await deliver(channel, alert);
      if (queue.length === 0) queue.push(...owedTo(name));
    }
    working.delete(name);
  };
  /** Nothing while the channel is left alone. */
  const owedTo = (name: string) =>
    clock.now() < (againMs.get(name) ?? 0) ? [] : [...(owed.get(name)?.values() ?? [])];
  const deliver = async (channel: Notification, alert: Alert) => {
    for (let attempt = 1; ; attempt++) {
      try {
        const options = { url: channel.url.reveal(), secret: channel.secret?.reveal(), nowMs: clock.wall() };
        const post = postOf(renew(alert) ?? alert, { ...options, kind: channel.kind, template: channel.template });
        await send(post, channel.timeout, ending.signal);
        againMs.delete(channel.name);
        complaints.delete(channel.name);
        payOff(channel.name, alert);
        return done(channel.name, alert, 'sent');
      } catch (error) {
        againMs.set(channel.name, clock.now() + owedAgainMs);
        complaints.set(channel.name, textOf(error));
        if (attempt === attempts || ending.signal.aborted) return done(channel.name, alert, 'failed', textOf(error));
        // Told to stop while it waits: the next attempt fails at once.
        await clock.sleep(retryMs, ending.signal).catch(() => {});
      }
    }
  };
  const wants = ({ targets, severity }: Notification, alert: Alert) =>
    reaches(alert.severity, severity) && (targets?.includes(alert.target) ?? true);
  const wanting = (alert: Alert) => channels.filter(channel => wants(channel, alert));
  const begin = (alert: Alert, send: (channel: Notification, alert: Alert) => void) => {
    const told: Open['told'] = new Map();
    for (const channel of wanting(alert)) {
      told.set(channel.name, { atMs: clock.now(), times: 0 });
      send(channel, alert);
    }
    if (alert.kind === 'recovered') open.delete(alert.id);
    else open.set(alert.id, { alert, told });
  };
  const tell = (alert: Alert) => {
    if (ending.signal.aborted) return;
    const names = wanting(alert).map(({ name }) => name);
    ledger.tell(alert, names);
    for (const name of names) owe(name, alert);
    begin(alert, enqueue);
  };
  const resume = (alert: Alert) => begin(alert, () => {});
  const forgetGone = () => {
    for (const [name, alerts] of owed)
      if (!channels.some(channel => channel.name === name))
        for (const alert of [...alerts.values()]) payOff(name, alert);
  };
  /** What nobody is telling already. */
  const tellOwed = () => {
    for (const channel of channels.filter(({ name }) => !working.has(name)))
      for (const alert of owedTo(channel.name)) enqueue(channel, alert);
  };
  const remind = () => {
    for (const { alert, told } of [...open.values()].filter(one => renew(one.alert) !== undefined))
      for (const channel of channels) {
        const last = told.get(channel.name);
        // Nobody can be reminded of what he was not told.
        if (owed.get(channel.name)?.has(alert.id)) continue;
        if (last === undefined || channel.remind === 0 || clock.now() - last.atMs < channel.remind) continue;
        told.set(channel.name, { atMs: clock.now(), times: last.times + 1 });
        enqueue(channel, { ...alert, reminder: last.times + 1 });
      }
    tellOwed();
    timer.set(clock.now() + remindEveryMs);
  };
  const timer = clock.timer(remind);
  if (first.length > 0) timer.set(clock.now() + remindEveryMs);
  for (const { channel, alert } of ledger.owed()) owe(channel, alert);
  forgetGone();
  tellOwed();

  const swap = (next: readonly Notification[]) => {
    channels = next;
    forgetGone();
    if (next.length > 0) timer.set(clock.now() + remindEveryMs);
    else timer.clear();
  };
  const failing = () =>
    channels.flatMap(({ name }) => {
      const why = complaints.get(name);
      const waiting = owed.get(name)?.size ?? 0;
      return why === undefined
        ? []
        : [`notification ${name} fails (${why}); it is still to be told of ${counted(waiting, 'check')}`];
    });
  const stop = async () => {
    ending.abort();
    timer.clear();
    await Promise.allSettled(working.values());
  };
  return { tell, resume, swap, failing, stop };
}
