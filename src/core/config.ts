/** One way for every room to read its settings: defaults < file < environment < flags, all mistakes reported at once. */
import { existsSync } from 'node:fs';
import { parse as parseYaml, YAMLParseError } from 'yaml';
import { z } from 'zod';
import { boundedText } from './bounded-text.ts';
import { inWords } from './config/words.ts';
import { textOf, UsageError } from './errors.ts';
import { asFlag, type Spell } from './spelling.ts';

/**
 * Checks a settings object against a room's schema and freezes it.
 * @param source what to blame in messages: a file's name or `options`
 * @param spell how the user wrote a key: as a flag, or as in the file
 * @throws {UsageError} `bad_config`, one line per mistake
 */
export function checked<S extends z.ZodType>(
  schema: S,
  value: unknown,
  source: string,
  spell: Spell = source === 'options' ? asFlag : String,
): z.infer<S> {
  const unset = unsetIn(value);
  const result = schema.safeParse(value, { reportInput: true, error: issue => inWords(issue, spell) });
  if (result.success && unset.length === 0) return deepFreeze(result.data);
  const isUnset = ({ path }: z.core.$ZodIssue) => unset.some(one => one.path.every((part, i) => part === path[i]));
  const others = (result.error?.issues ?? []).filter(issue => !isUnset(issue));
  const lines = [
    ...unset.map(({ path, sentence }) => `${wherein(path, spell)}${sentence}`),
    ...others.map(issue => describe(issue, value, spell)),
  ];
  const code = others.length === 0 ? 'no_variable' : 'bad_config';
  throw new UsageError(code, `${source}:\n${lines.map(line => `  ${line}`).join('\n')}`);
}

/** Where a server listens. Empty would be every address of the machine. */
export const listenHost = z
  .string()
  .min(1, 'must be an address to listen on, such as 127.0.0.1; 0.0.0.0 is all of them');

/** A whole number, also when it comes as text from a flag. */
export const whole = (low: number, high: number) => {
  const error = `must be a whole number from ${low} to ${high}`;
  return z.coerce.number(error).int(error).min(low, error).max(high, error);
};

type Path = readonly PropertyKey[];

function describe(issue: z.core.$ZodIssue, value: unknown, spell: Spell): string {
  const where = wherein(issue.path, spell);
  if (issue.code.startsWith('invalid') && issue.input === undefined) return `${where}is missing`;
  const silent = issue.code === 'unrecognized_keys' || /key/i.test(String(issue.path[0] ?? ''));
  return `${where}${issue.message}${silent ? '' : found(issue, at(value, issue.path))}`;
}

function wherein(path: Path, spell: Spell): string {
  const [first, ...rest] = path.map(String);
  return first === undefined ? '' : `${placeOf(spell(first), rest)}: `;
}

/** A flag may be given several times, so its value needs no number. */
const placeOf = (name: string, rest: readonly string[]) =>
  [name, ...(name.startsWith('--') ? rest.filter(part => !/^\d+$/.test(part)) : rest)].join('.');

const at = (value: unknown, path: Path): unknown =>
  path.reduce<unknown>((inner, key) => (inner as Record<PropertyKey, unknown> | null | undefined)?.[key], value);

/** What stood there, as it was written, unless it is long or looks like a secret in the wrong place. */
function found(issue: z.core.$ZodIssue, written: unknown): string {
  const there = written ?? issue.input;
  if (there === undefined || typeof there === 'object' || Number.isNaN(there)) return '';
  const text = typeof there === 'string' && /^[\d.]+$/.test(there) ? there : JSON.stringify(there);
  const inUrl = /:\/\/[^/]*@|\?/.test(text);
  const isUrl = issue.code === 'invalid_format' && issue.format === 'url'; // what was meant as one may hold a password
  const looksSecret = /(?=\w*\d)(?=\w*[a-z])\w{12,}|\w\.(?=\S*[a-z])\S{6,}/i.test(text);
  const told = typeof there === 'string' && issue.message.includes(JSON.stringify(there));
  return inUrl || isUrl || looksSecret || told || text.length > 24 ? '' : `, found ${text}`;
}

function deepFreeze<T>(value: T): T {
  if (typeof value !== 'object' || value === null || Object.isFrozen(value)) return value;
  for (const inner of Object.values(value)) deepFreeze(inner);
  return Object.freeze(value);
}

/**
 * Reads a YAML or JSON file and replaces `${NAME}` inside strings from the environment. A variable that is not set is told by
 * `checked`, with all other mistakes of the file.
 * @throws {UsageError} when the file is missing or is not YAML
 */
export function readConfigFile(path: string, env: Readonly<Record<string, string | undefined>>): unknown {
  return expand(parsed(readText(path), path), env, path);
}

function parsed(text: string, path: string): unknown {
  try {
    return parseYaml(text);
  } catch (error) {
    // An unknown alias (`files: *.json` without quotes) is a ReferenceError, and the text is wrong just the same.
    if (error instanceof YAMLParseError || error instanceof ReferenceError)
      throw new UsageError('bad_yaml', `${path}: ${error.message.replace(/:?\n.*/s, '')}`);
    throw error;
  }
}

/**
 * The text of a file the user named.
 * @param flag by which it was named, where only the caller can say that
 * @throws {UsageError} `no_file`, `file_too_large`
 */
export function readText(path: string, flag?: string): string {
  const name = flag === undefined ? path : `${flag}: ${path}`;
  if (!existsSync(path)) throw new UsageError('no_file', `${name}: no such file`);
  try {
    return boundedText(path, name);
  } catch (error) {
    if (error instanceof UsageError) throw error;
    throw new UsageError('no_file', `${name}: cannot be read (${textOf(error)})`);
  }
}

function expand(value: unknown, env: Readonly<Record<string, string | undefined>>, path: string): unknown {
  if (Array.isArray(value)) return value.map(item => expand(item, env, path));
  if (typeof value === 'object' && value !== null) {
    return Object.fromEntries(Object.entries(value).map(([key, inner]) => [key, expand(inner, env, path)]));
  }
  if (typeof value !== 'string') return value;
  return value.replace(/\$\{(\w+)\}/g, (_, name: string) => env[name] ?? `\0${name}\0${path}\0`);
}

interface Unset {
  readonly path: Path;
  readonly sentence: string;
}

/** Where a variable of a file is missing: such a place holds its name and the file's between zero bytes. */
function unsetIn(value: unknown, path: Path = [], seen = new Set<unknown>()): Unset[] {
  if (typeof value === 'object' && value !== null) {
    if (seen.has(value)) return [];
    seen.add(value);
    const keyOf = (key: string) => (Array.isArray(value) ? Number(key) : key);
    return Object.entries(value).flatMap(([key, inner]) => unsetIn(inner, [...path, keyOf(key)], seen));
  }
  if (typeof value !== 'string' || !value.includes('\0')) return [];
  return [...value.matchAll(unsetMark)].map(([, name, file]) => ({
    path,
    sentence: `the environment variable ${name} is not set, which ${file} names`,
  }));
}

const unsetMark = /\0(\w+)\0([^\0]+)\0/g;
