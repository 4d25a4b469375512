/** One way for every room to read its settings: defaults < file < environment < flags, all mistakes reported at once. */
import { existsSync } from 'node:fs';
import { parse as parseYaml, YAMLParseError } from 'yaml';
import { z } from 'zod';
import { boundedText } from './bounded-text.ts';
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
  const result = schema.safeParse(value, { reportInput: true });
  if (result.success) return deepFreeze(result.data);
  const lines = result.error.issues.map(issue => `  ${describe(issue, spell)}`);
  throw new UsageError('bad_config', `${source}:\n${lines.join('\n')}`);
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

function describe(issue: z.core.$ZodIssue, spell: Spell): string {
  const [first, ...rest] = issue.path.map(String);
  const where = first === undefined ? '' : `${placeOf(spell(first), rest)}: `;
  if (issue.code.startsWith('invalid') && issue.input === undefined) return `${where}is missing`;
  if (issue.code !== 'unrecognized_keys')
    return `${where}${issue.message}${first !== undefined && /key/i.test(first) ? '' : found(issue)}`;
  const keys = issue.keys.map(key => (first === undefined ? spell(key) : key));
  return `${where}unknown ${keys.length > 1 ? 'keys' : 'key'} ${keys.join(', ')}`;
}

/** A flag may be given several times, so its value needs no number. */
const placeOf = (name: string, rest: readonly string[]) =>
  [name, ...(name.startsWith('--') ? rest.filter(part => !/^\d+$/.test(part)) : rest)].join('.');

/** What stood there, unless it is long or looks like a secret in the wrong place. */
function found(issue: z.core.$ZodIssue): string {
  const { input, message } = issue;
  if (input === undefined || typeof input === 'object' || Number.isNaN(input)) return '';
  const text = JSON.stringify(input);
  const inUrl = /:\/\/[^/]*@|\?/.test(text);
  const isUrl = issue.code === 'invalid_format' && issue.format === 'url'; // what was meant as one may hold a password
  const secretive = inUrl || isUrl || text.length > 24 || /(?=\w*\d)(?=\w*[a-z])\w{12,}/i.test(text);
  return secretive || message.includes(text) ? '' : `, found ${text}`;
}

function deepFreeze<T>(value: T): T {
  if (typeof value !== 'object' || value === null || Object.isFrozen(value)) return value;
  for (const inner of Object.values(value)) deepFreeze(inner);
  return Object.freeze(value);
}

/**
 * Reads a YAML or JSON file and replaces `${NAME}` inside strings from the environment.
 * @throws {UsageError} when the file is missing, is not YAML, or names a variable that is not set
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

/** The text of a file the user named. @throws {UsageError} `no_file`, `file_too_large` */
export function readText(path: string): string {
  if (!existsSync(path)) throw new UsageError('no_file', `${path}: no such file`);
  try {
    return boundedText(path);
  } catch (error) {
    if (error instanceof UsageError) throw error;
    throw new UsageError('no_file', `${path}: cannot be read (${textOf(error)})`);
  }
}

function expand(value: unknown, env: Readonly<Record<string, string | undefined>>, path: string): unknown {
  if (Array.isArray(value)) return value.map(item => expand(item, env, path));
  if (typeof value === 'object' && value !== null) {
    return Object.fromEntries(Object.entries(value).map(([key, inner]) => [key, expand(inner, env, path)]));
  }
  if (typeof value !== 'string') return value;
  return value.replace(/\$\{(\w+)\}/g, (_, name: string) => {
    const found = env[name];
    if (found === undefined)
      throw new UsageError('no_variable', `${path}: the environment variable ${name} is not set`);
    return found;
  });
}
