/** Which part of the API a test suite exercised. */
import { endpointOf } from './endpoint.ts';
import type { Seen } from './seen.ts';
import { type SectionName, sections, type Universe } from './universe.ts';

export interface Section {
  readonly name: SectionName;
  /** In the order of the universe. */
  readonly seen: readonly string[];
  readonly missing: readonly string[];
  /** 0–100, rounded down: 100 means all. An empty section is covered. */
  readonly percent: number;
}

export interface Coverage {
  readonly percent: number;
  readonly sections: readonly Section[];
}

/** Names that were met, by section. */
export type Exercised = Readonly<Record<SectionName, readonly string[]>>;

/** Of a list of requests; names that the universe does not hold are not counted. */
export const coverage = (entries: readonly Seen[], universe: Universe): Coverage =>
  coverageOf(
    Object.fromEntries(sections.map(name => [name, entries.flatMap(namesIn[name])])) as unknown as Exercised,
    universe,
  );

/** The same from names. */
export function coverageOf(exercised: Exercised, universe: Universe): Coverage {
  const parts = sections.map(name => sectionOf(name, universe[name], exercised[name]));
  const seen = parts.reduce((sum, part) => sum + part.seen.length, 0);
  const missing = parts.reduce((sum, part) => sum + part.missing.length, 0);
  return { percent: share(seen, missing), sections: parts };
}

function sectionOf(name: SectionName, all: readonly string[], met: readonly string[]): Section {
  const names = new Set(met);
  const seen = all.filter(one => names.has(one));
  const missing = all.filter(one => !names.has(one));
  return { name, seen, missing, percent: share(seen.length, missing.length) };
}

const share = (seen: number, missing: number) =>
  seen + missing === 0 ? 100 : Math.floor((100 * seen) / (seen + missing));

const some = (name: string | undefined) => (name === undefined ? [] : [name]);

/** What one request exercises of each section. */
export const namesIn: Readonly<Record<SectionName, (entry: Seen) => readonly string[]>> = {
  endpoints: entry => some(endpointOf(entry)),
  parameters: entry => entry.params,
  'finish reasons': entry => some(entry.finish),
  codes: entry => [entry.code],
  'delta kinds': entry => (entry.streamed ? entry.kinds : []),
  faults: entry => entry.faults,
};
