/** A new connection for every call: TCP and TLS are paid for each time, and ports run out. */
import { numbersOf } from '../finding.ts';
import type { Limits } from '../limits.ts';
import { endMs, type Seen } from '../seen.ts';
import type { Rule } from '../view.ts';

/** Only a warning: a test that builds a new client each time looks the same. */
export const connectionPerCall: Rule = ({ entries, limits }) => {
  const visible = entries.filter(({ connection }) => connection > 0);
  const keys = [...Map.groupBy(visible, ({ keyId }) => keyId ?? '').values()];
  const lavish = keys.filter(group => isLavish(group, limits)).flat();
  if (lavish.length === 0) return [];
  return [
    {
      code: 'connection_per_call',
      severity: 'warn',
      requests: numbersOf(lavish),
      says: `${lavish.length} requests, one after the other, came over as many connections`,
      advice: 'keep one client with keep-alive for all calls',
    },
  ];
};

/** Enough requests found a connection that was free, and none took it. */
function isLavish(group: readonly Seen[], limits: Limits): boolean {
  if (new Set(group.map(({ connection }) => connection)).size < group.length) return false;
  const pairs = group.slice(1).map((entry, i) => ({ entry, before: group[i] as Seen }));
  if (pairs.some(({ entry, before }) => endMs(before) > entry.at + limits.overlapMs)) return false;
  return pairs.filter(({ entry, before }) => wasFree(before, entry, limits)).length >= limits.poolRequests - 1;
}

/** A hang-up or a cut ends its connection, and a long pause may. */
const wasFree = (before: Seen, entry: Seen, { idleMs }: Limits) =>
  before.ending === 'complete' && entry.at - endMs(before) < idleMs;
