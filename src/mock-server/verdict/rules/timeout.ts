/** Waiting on a reply that had stopped coming. */
import { numbersOf } from '../finding.ts';
import { isHanging } from '../outcome.ts';
import { endMs, type Seen } from '../seen.ts';
import type { Rule } from '../view.ts';

export const noTimeout: Rule = ({ entries, limits }) => {
  const latest = entries.reduce((most, entry) => Math.max(most, endMs(entry)), limits.nowMs);
  const stuck = entries.filter(
    entry => isHanging(entry, limits.scenarios) && waited(entry, latest) > limits.patienceMs,
  );
  if (stuck.length === 0) return [];
  const longest = Math.max(...stuck.map(entry => waited(entry, latest)));
  return [
    {
      code: 'no_timeout',
      severity: 'fail',
      requests: numbersOf(stuck),
      says: `waited ${Math.round(longest / 1000)} s on a reply that had gone silent`,
      advice: `set deadlines for the first byte and between tokens, below ${Math.round(limits.patienceMs / 1000)} s`,
    },
  ];
};

/** A request that is still open has waited until now, or at least until the journal's last event. */
const waited = (entry: Seen, latest: number) => (entry.ending === 'open' ? latest - entry.at : entry.durationMs);
