/**
 * How a fault is asked for: `stall`, `stall,after=5,for=60s`, `overloaded,first=2`, `1302,rate=0.2`. The same words go
 * into a flag, a header, a path, a fixture and the admin API, so that clients nobody can change can have faults too.
 */
import { parseDuration } from '../../core/duration.ts';
import { UsageError } from '../../core/errors.ts';
import { nearestName } from '../../core/nearest-name.ts';
import { safeDecode } from '../safe-decode.ts';
import { scenarioNamed, scenarios } from '../scenarios/index.ts';
import type { Choice, Params, Scenario, Shot } from '../scenarios/scenario.ts';

/** Which requests a fault strikes. All that are given must hold. */
export interface When {
  /** Share of requests, drawn under the seed. */
  readonly rate: number;
  /** Only the n-th request, counted from 1, per key. */
  readonly nth: number | undefined;
  /** Only the first n requests, per key. */
  readonly first: number | undefined;
  readonly model: string | undefined;
}

export interface Fault extends Shot {
  /** As it was asked for; counters hang on it. */
  readonly text: string;
  readonly when: When;
}

const nothing: Params = { after: 0, for: 0, code: '', status: 0, marker: '', value: '' };

/** What every fault takes besides its own parameters, with an example and what it means. */
export const conditions = {
  rate: ['0.2', 'this share of requests, drawn under the seed'],
  nth: ['3', 'only the third request, counted for each key'],
  first: ['2', 'only the first two requests, counted for each key'],
  model: ['glm-4.6', 'only requests for this model'],
} as const satisfies Readonly<Record<keyof When, readonly [example: string, meaning: string]>>;

/**
 * Reads one or several faults, joined by `;`.
 * @throws {UsageError} `bad_fault`, with all mistakes at once
 */
export function parseFaults(text: string): Fault[] {
  const mistakes: string[] = [];
  const faults = text
    .split(';')
    .map(part => part.trim())
    .filter(part => part !== '')
    .map(part => readFault(part, mistakes));
  if (faults.length === 0) mistakes.push(`"${text.slice(0, 40)}" names no fault; ${hint}`);
  if (mistakes.length > 0) throw new UsageError('bad_fault', mistakes.join('; '));
  return faults.filter(fault => fault !== undefined);
}

/** What is wrong with faults that a fixture names, continuing a sentence that names its key. */
export function faultMistake(text: string): string | undefined {
  try {
    parseFaults(text);
    return undefined;
  } catch (error) {
    if (!(error instanceof UsageError)) throw error;
    return `is wrong: ${error.message}`;
  }
}

const hint = 'glm-testkit mock scenarios lists them all';

function readFault(text: string, mistakes: string[]): Fault | undefined {
  const [name = '', ...pairs] = text.split(',').map(part => part.trim());
  const scenario = scenarioNamed(name);
  if (scenario === undefined) {
    mistakes.push(`no fault is called "${name.slice(0, 40)}"${near(name)}; ${hint}`);
    return undefined;
  }
  const given = new Map<string, string>();
  for (const pair of pairs) {
    const at = pair.indexOf('=');
    const key = at < 0 ? pair : pair.slice(0, at);
    if (at < 1) mistakes.push(`${scenario.name}: "${pair.slice(0, 40)}" is not name=value`);
    else if (given.has(key)) mistakes.push(`${scenario.name}: ${key} is given twice`);
    else given.set(key, pair.slice(at + 1));
  }
  if (given.has('nth') && given.has('first'))
    mistakes.push(
      `${scenario.name}: nth and first do not go together: nth=3 is the third request, first=2 the first two`,
    );
  const read = reader(scenario, given, mistakes);
  return { text, scenario, params: paramsOf(scenario, read), when: whenOf(scenario, read) };
}

interface Read {
  number(key: string, low: number, high: number, whole: boolean): number | undefined;
  duration(key: string): number | undefined;
  text(key: string, choice?: Choice): string | undefined;
}

function reader(scenario: Scenario, given: ReadonlyMap<string, string>, mistakes: string[]): Read {
  const allowed = [...Object.keys(scenario.defaults ?? {}), ...Object.keys(conditions)];
  for (const key of given.keys()) {
    if (!allowed.includes(key))
      mistakes.push(
        `${scenario.name}: no parameter is called "${key.slice(0, 40)}"; allowed are ${allowed.join(', ')}`,
      );
  }
  const wrong = (key: string, wanted: string) => {
    mistakes.push(`${scenario.name}: ${key} must be ${wanted}, not "${given.get(key)?.slice(0, 40)}"`);
    return undefined;
  };
  return {
    number: (key, low, high, whole) => {
      const text = given.get(key);
      if (text === undefined) return undefined;
      const value = Number(text);
      const good = text.trim() !== '' && value >= low && value <= high && (!whole || Number.isInteger(value));
      return good ? value : wrong(key, `a ${whole ? 'whole ' : ''}number from ${low} to ${high}`);
    },
    duration: key => {
      const text = given.get(key);
      if (text === undefined) return undefined;
      if (text === 'forever') return Number.POSITIVE_INFINITY;
      try {
        return parseDuration(text);
      } catch {
        return wrong(key, 'a duration such as 300ms or 60s, or forever');
      }
    },
    text: (key, choice) => {
      const text = given.get(key);
      if (text === undefined || (choice === undefined ? text !== '' : fits(text, choice))) return text;
      return wrong(key, choice === undefined ? 'a text that is not empty' : wordsFor(choice));
    },
  };
}

const fits = (text: string, choice: Choice) =>
  'values' in choice
    ? choice.values.includes(text)
    : /^\d{1,9}$/.test(text) && Number(text) >= choice.least && Number(text) <= choice.most;

const wordsFor = (choice: Choice) =>
  'values' in choice
    ? (choice.wanted ?? choice.values.join(' or '))
    : `a whole number from ${choice.least} to ${choice.most}`;

function paramsOf({ defaults = {}, choices = {} }: Scenario, read: Read): Params {
  const base = { ...nothing, ...defaults };
  return {
    after: read.number('after', 0, 1_000_000, true) ?? base.after,
    for: read.duration('for') ?? base.for,
    code: read.text('code', choices.code) ?? base.code,
    status: read.number('status', 400, 599, true) ?? base.status,
    marker: read.text('marker') ?? base.marker,
    value: read.text('value', choices.value) ?? base.value,
  };
}

function whenOf({ rate = 1 }: Scenario, read: Read): When {
  return {
    rate: read.number('rate', 0, 1, false) ?? rate,
    nth: read.number('nth', 1, 1_000_000_000, true),
    first: read.number('first', 1, 1_000_000_000, true),
    model: read.text('model'),
  };
}

/** The name that was probably meant. */
function near(name: string): string {
  const found = nearestName(
    name.toLowerCase(),
    scenarios.map(scenario => scenario.name),
  );
  return found === undefined ? '' : `, perhaps "${found}"`;
}

/** A prefix of the path, `/~stall,after=5/api/paas/v4/…`: the faults and the path without them. */
export function splitPath(path: string): { readonly faults: string; readonly path: string } {
  const found = /^\/~([^/]+)(?=\/)/.exec(path);
  if (found === null) return { faults: '', path };
  const rest = splitPath(path.slice(found[0].length));
  const own = safeDecode(found[1] ?? '');
  return { faults: rest.faults === '' ? own : `${own};${rest.faults}`, path: rest.path };
}
