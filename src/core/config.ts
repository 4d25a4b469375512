/** One way for every room to read its settings: defaults < file < environment < flags, all mistakes reported at once. */
import { existsSync, readFileSync } from 'node:fs';
import { parse as parseYaml, YAMLParseError } from 'yaml';
import { z } from 'zod';
import { textOf, UsageError } from './errors.ts';

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

/** A whole number, also when it comes as text from a flag. */
export const whole = (low: number, high: number) => {
  const error = `must be a whole number from ${low} to ${high}`;
  return z.coerce.number(error).int(error).min(low, error).max(high, error);
};

/** How a key of a schema is spelled where the user wrote it. */
export type Spell = (key: string) => string;

/** `max_gap` and `maxGap` are the flag `--max-gap`. */
export const asFlag: Spell = key => `--${key.replace(/[A-Z]/g, c => `-${c.toLowerCase()}`).replaceAll('_', '-')}`;

/** `maxGap` is the key `max_gap` of a file. */
export const asKey: Spell = key => key.replace(/[A-Z]/g, c => `_${c.toLowerCase()}`);

/** The other way: `max_gap`, in a file, is the schema's `maxGap`; so is `max-gap`. */
export const fromKey: Spell = key => key.replace(/[-_](\w)/g, (_, c: string) => c.toUpperCase());

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
function found({ input, message }: z.core.$ZodIssue): string {
  if (input === undefined || typeof input === 'object' || Number.isNaN(input)) return '';
  const text = JSON.stringify(input);
  const inUrl = /:\/\/[^/]*@|\?/.test(text);
  const secretive = inUrl || text.length > 24 || /(?=\w*\d)(?=\w*[a-z])\w{12,}/i.test(text);
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

/** The text of a file the user named. @throws {UsageError} `no_file` */
export function readText(path: string): string {
  if (!existsSync(path)) throw new UsageError('no_file', `${path}: no such file`);
  try {
    return readFileSync(path, 'utf8');
  } catch (error) {
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

/** Where client programs look for the API key, in this order. */
export const keyVariables = ['GLM_API_KEY', 'ZHIPUAI_API_KEY', 'ZAI_API_KEY'] as const;

/**
 * The API key of a client program: from a file, else from the environment; never from a flag, where `ps` shows it.
 * @throws {UsageError} `no_key` when there is none; `bad_key` when it cannot be sent
 */
export function readKey(env: Readonly<Record<string, string | undefined>>, file?: string): string {
  const key = file === undefined ? keyVariables.map(name => env[name]?.trim()).find(Boolean) : readText(file).trim();
  if (key) return sendable(key, file ?? 'the environment');
  const where = file === undefined ? `none of ${keyVariables.join(', ')} is set` : `${file} is empty`;
  throw new UsageError('no_key', `no API key: ${where}; set GLM_API_KEY or pass --api-key-file FILE`);
}

/**
 * A key that a header can carry. Several in a row are separated by white space.
 * @param where what to call it in messages @throws {UsageError} `bad_key`, without the key
 */
export function sendable(key: string, where: string): string {
  if (/^[\x21-\x7e\s]+$/.test(key)) return key;
  throw new UsageError(
    'bad_key',
    `the API key in ${where} holds a character that no HTTP header can carry; only ASCII letters, digits and signs are allowed: copy it again`,
  );
}
