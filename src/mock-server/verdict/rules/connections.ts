/** A new connection for every call: TCP and TLS are paid for each time, and ports run out. */
import { type Finding, numbersOf } from '../finding.ts';
import type { Seen } from '../seen.ts';
import type { Rule } from '../view.ts';

/** What runs side by side needs connections of its own; only those count that were opened beside a free one. */
export const connectionPerCall: Rule = ({ entries, limits }) => {
  const spare = entries.filter(entry => entry.spare);
  const keys = Map.groupBy(spare, ({ keyId }) => keyId ?? '');
  return [...keys.values()].filter(group => group.length >= limits.poolRequests - 1).map(findingOf);
};

const findingOf = (spare: readonly Seen[]): Finding => ({
  code: 'connection_per_call',
  severity: 'fail',
  requests: numbersOf(spare),
  says: `${spare.length} requests opened a connection although one had just been left free`,
  advice: 'keep one client with keep-alive for all calls, and read every answer to its end',
});
