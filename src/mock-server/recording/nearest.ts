/**
 * Why a request was not found: the recording that comes closest, where it differs, and what would let it through.
 * Says places, never what stood there.
 */
import type { RecordedExchange } from '../../core/cassette/cassette.ts';
import { type CleanBody, steady } from '../../core/cassette/fingerprint.ts';
import { isObject } from '../../core/json-object.ts';
import { streamed } from './match.ts';

/** One sentence. @param path and names in it are free of credentials already */
export function nearestTo(
  exchanges: readonly RecordedExchange[],
  { method, path, clean }: { method: string; path: string; clean: CleanBody },
): string {
  const asked = `${method} ${path}`;
  const alike = exchanges.filter(({ request }) => request.method === method && request.path === path);
  if (alike.length === 0) return `nothing is recorded for ${asked}; ${whatIs(exchanges)}`;
  const places = alike.map(({ request }) => differences(leavesOf(clean), leavesOf(request)));
  const nearest = places.reduce((best, list, i) => (list.length < (places[best] as string[]).length ? i : best), 0);
  const found = alike[nearest] as RecordedExchange;
  const looser = alike.some(({ request }) => streamed(request) === streamed(clean)) ? 'shape' : 'path';
  const where = named(streamFirst(places[nearest] as string[]));
  return `no recorded ${asked} has this body; the nearest came ${found.at} (n ${found.n}) and differs in ${where}; --match ${looser} would let it through`;
}

function whatIs(exchanges: readonly RecordedExchange[]): string {
  const names = new Set(exchanges.map(({ request }) => `${request.method} ${request.path}`));
  if (names.size === 0) return 'the recording is empty';
  return `the recording has ${[...names].slice(0, mostNames).join(', ')}${names.size > mostNames ? ', …' : ''}`;
}

/** The one place that a match by shape looks at must not be among those left out. */
const streamFirst = (places: readonly string[]) =>
  places.toSorted((a, b) => Number(b === 'stream') - Number(a === 'stream'));

const mostNames = 5;

const named = (list: readonly string[]) =>
  list.length > mostNames
    ? `${list.slice(0, mostNames).join(', ')} and ${list.length - mostNames} more`
    : list.join(', ') || 'its kind';

type Leaves = ReadonlyMap<string, string>;

const differences = (a: Leaves, b: Leaves): string[] =>
  [...new Set([...a.keys(), ...b.keys()])].filter(path => a.get(path) !== b.get(path));

function leavesOf(held: { readonly body?: unknown; readonly text?: string | undefined } | undefined): Leaves {
  const leaves = new Map<string, string>();
  if (held?.text !== undefined) leaves.set('the text of the body', held.text);
  else if (held?.body !== undefined) collect(steady(held.body), '', leaves);
  return leaves;
}

function collect(value: unknown, path: string, leaves: Map<string, string>): void {
  if (Array.isArray(value)) for (const [i, item] of value.entries()) collect(item, `${path}[${i}]`, leaves);
  else if (isObject(value))
    for (const [key, inner] of Object.entries(value))
      collect(inner, path === '' ? key.slice(0, 40) : `${path}.${key.slice(0, 40)}`, leaves);
  else leaves.set(path, JSON.stringify(value));
}
