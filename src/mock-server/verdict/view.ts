/** What every rule looks at. */
import { type Call, callsOf } from './attempts.ts';
import type { Finding } from './finding.ts';
import { defaultLimits, type Limits } from './limits.ts';
import type { Word } from './outcome.ts';
import { endMs, inOrder, type Seen } from './seen.ts';

export interface View {
  /** Oldest first. */
  readonly entries: readonly Seen[];
  readonly calls: readonly Call[];
  readonly limits: Limits;
}

export type Rule = (view: View) => Finding[];

export function viewOf(entries: readonly Seen[], limits: Partial<Limits> = {}): View {
  const all = { ...defaultLimits, ...limits };
  return { entries: inOrder(entries), calls: callsOf(entries, all), limits: all };
}

/** Whether the key soon turned to another model, which is as good as a repetition. */
export function failedOver({ entries, limits }: View, entry: Seen): boolean {
  const since = endMs(entry) - limits.overlapMs;
  return entries.some(
    later =>
      later.at >= since &&
      later.at <= endMs(entry) + limits.failoverMs &&
      later.n !== entry.n &&
      later.keyId === entry.keyId &&
      later.method === entry.method &&
      later.model !== undefined &&
      entry.model !== undefined &&
      later.model !== entry.model,
  );
}

/** The replies that were kept though they were bad: the only bad one of their call, its last, and no other model was asked. */
export const keptBad = (view: View, isBad: (word: Word) => boolean): Seen[] =>
  view.calls.flatMap(({ attempts }) => {
    const last = attempts.at(-1);
    if (last === undefined || !isBad(last.word) || failedOver(view, last.entry)) return [];
    return attempts.filter(({ word }) => isBad(word)).length === 1 ? [last.entry] : [];
  });
