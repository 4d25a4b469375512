/** The endpoint a journaled request meant. */
import { find } from '../endpoints/table.ts';
import type { Seen } from './seen.ts';

/** Its name in the table, such as `/chat/completions`; undefined for anything else. */
export function endpointOf({ method, path }: Pick<Seen, 'method' | 'path'>): string | undefined {
  const found = find(method, path.replace(/^(?:\/~[^/]+)+(?=\/)/, '')); // faults asked for in the path
  return found.kind === 'endpoint' ? found.name : undefined;
}
