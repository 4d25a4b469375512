/** What is wrong with a setting, in the same words in every room. */
import { z } from 'zod';
import { nearestName } from '../nearest-name.ts';
import type { Spell } from '../spelling.ts';

/** What zod finds, in plain words; undefined where the schema or zod itself has some. */
export function inWords(issue: z.core.$ZodRawIssue, spell: Spell = String): string | undefined {
  switch (issue.code) {
    case 'invalid_type':
      return kinds[issue.expected] && `must be ${kinds[issue.expected]}`;
    case 'invalid_value':
      return `must be ${either(issue.values.map(String))}`;
    case 'too_small':
      return limitOf(issue.origin, issue.inclusive ? 'at least' : 'above', issue.minimum);
    case 'too_big':
      return limitOf(issue.origin, issue.inclusive ? 'at most' : 'below', issue.maximum);
    case 'unrecognized_keys':
      return unknownKeys(issue.keys, allowedIn(issue.inst), (issue.path ?? []).length === 0 ? spell : String);
    default:
      return undefined;
  }
}

const kinds: Readonly<Record<string, string>> = {
  string: 'a text',
  number: 'a number',
  int: 'a whole number',
  boolean: 'true or false',
  array: 'a list',
  object: 'a group of keys with values',
  record: 'a group of keys with values',
};

const either = (values: readonly string[]) => (values.length > 2 ? `one of ${values.join(', ')}` : values.join(' or '));

function limitOf(origin: string, bound: string, limit: number | bigint): string | undefined {
  if (origin === 'number' || origin === 'int') return `must be ${bound} ${limit}`;
  const [one, many] = units[origin] ?? [];
  return many && `must have ${bound} ${limit} ${Number(limit) === 1 ? one : many}`;
}

const units: Readonly<Record<string, readonly [string, string]>> = {
  string: ['character', 'characters'],
  array: ['entry', 'entries'],
};

const allowedIn = (inst: unknown): string[] => (inst instanceof z.ZodObject ? Object.keys(inst.shape) : []);

/** All that are allowed, unless they are many and it is clear what was meant. */
function unknownKeys(keys: readonly string[], allowed: readonly string[], spell: Spell): string {
  const near = keys.map(key => nearestName(key, allowed));
  const names = keys.map((key, i) => spell(key) + (near[i] === undefined ? '' : ` (perhaps ${spell(near[i])})`));
  const clear = allowed.length === 0 || (allowed.length > 12 && !near.includes(undefined));
  const list = clear ? '' : `; allowed: ${allowed.map(spell).join(', ')}`;
  return `unknown ${keys.length > 1 ? 'keys' : 'key'} ${names.join(', ')}${list}`;
}
