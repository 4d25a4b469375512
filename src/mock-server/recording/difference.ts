/** Two shapes compared: what a recording promised and a live endpoint does not keep, and what is new. */
import type { Shape } from './shape.ts';

/** `breaking`: a client may fail; `notable`: it may depend on values, look at it; `info`: new or merely different. */
export type Severity = 'breaking' | 'notable' | 'info';

export interface Difference {
  readonly severity: Severity;
  /** What differs: `status`, `code`, `header x-log-id`, `usage.total_tokens`. */
  readonly what: string;
  readonly recorded: string;
  readonly live: string;
}

/** Most severe first. */
export function compare(recorded: Shape, live: Shape): Difference[] {
  const list = [
    ...single('status', recorded.status, live.status, 'breaking'),
    ...single('error code', recorded.code, live.code, 'breaking'),
    ...single('content type', recorded.contentType, live.contentType, 'breaking'),
    ...single('ending', recorded.ending, live.ending, 'breaking'),
    ...single('[DONE] at the end', recorded.done, live.done, 'breaking'),
    ...pathDifferences(recorded.paths, live.paths),
    ...setDifferences('delta', recorded.deltas, live.deltas, 'notable'),
    ...setDifferences('finish reason', recorded.finishes, live.finishes, 'notable'),
    ...setDifferences('header', recorded.headers, live.headers, 'info'),
  ];
  return list.sort((a, b) => rank.indexOf(a.severity) - rank.indexOf(b.severity));
}

const rank: readonly Severity[] = ['breaking', 'notable', 'info'];

const single = (what: string, recorded: unknown, live: unknown, severity: Severity): Difference[] =>
  recorded === live ? [] : [{ severity, what, recorded: String(recorded ?? 'none'), live: String(live ?? 'none') }];

/** A field that is gone or of another type breaks clients; one that is new breaks only strict ones. */
function pathDifferences(recorded: Shape['paths'], live: Shape['paths']): Difference[] {
  const all = [...new Set([...recorded.keys(), ...live.keys()])].sort();
  return all.flatMap((what): Difference[] => {
    const before = recorded.get(what);
    const now = live.get(what);
    if (before === undefined || now === undefined)
      return [{ severity: now ? 'info' : goneSeverity(what), what, recorded: typesOf(before), live: typesOf(now) }];
    const strange = [...now].some(type => !before.has(type));
    return strange ? [{ severity: 'breaking', what, recorded: typesOf(before), live: typesOf(now) }] : [];
  });
}

/** What a model says decides which parts of a message there are: thinking, calls, the inside of a delta. */
const goneSeverity = (path: string): Severity =>
  /^choices\[\]\.(?:delta|message)\.|^usage\..*_details|^web_search/.test(path) ? 'notable' : 'breaking';

const typesOf = (types: ReadonlySet<string> | undefined) =>
  types === undefined ? 'absent' : [...types].sort().join(' or ');

function setDifferences(
  kind: string,
  recorded: ReadonlySet<string>,
  live: ReadonlySet<string>,
  gone: Severity,
): Difference[] {
  const missing = [...recorded].filter(name => !live.has(name));
  const added = [...live].filter(name => !recorded.has(name));
  return [
    ...missing.map(name => ({ severity: gone, what: `${kind} ${name}`, recorded: 'present', live: 'absent' })),
    ...added.map(name => ({ severity: 'info' as const, what: `${kind} ${name}`, recorded: 'absent', live: 'present' })),
  ];
}
