/** The API key of a client program: from a file or the environment, never from a flag, where `ps` shows it. */
import { existsSync } from 'node:fs';
import { readText } from './config.ts';
import { UsageError } from './errors.ts';

/** Where client programs look for the API key, in this order. */
export const keyVariables = ['GLM_API_KEY', 'ZHIPUAI_API_KEY', 'ZAI_API_KEY'] as const;

/** By which every program is told the key's file. */
const flag = '--api-key-file';

/**
 * From the file when it is named, else from the environment.
 * @throws {UsageError} `no_key` when there is none; `no_file`; `bad_key` when it cannot be sent
 */
export function readKey(env: Readonly<Record<string, string | undefined>>, file?: string): string {
  const key = file === undefined ? keyVariables.map(name => env[name]?.trim()).find(Boolean) : keyIn(file);
  if (key) return sendable(key, file === undefined ? 'the environment' : `${file}, which ${flag} names,`);
  const where = file === undefined ? `none of ${keyVariables.join(', ')} is set` : `${file} is empty`;
  throw new UsageError('no_key', `no API key: ${where}; set GLM_API_KEY or pass ${flag} FILE`);
}

/** Who gives the key where its file's name belongs must not find it in a log. */
function keyIn(file: string): string {
  if (looksLikeKey(file) && !existsSync(file))
    throw new UsageError(
      'no_file',
      `${flag}: no such file, and what stands there looks like the key itself, so it is not repeated; put it into a file, or into ${keyVariables[0]}`,
    );
  return readText(file, flag).trim();
}

/** As it is, in quotes, behind `Bearer` or a name, a token made from it, or several in a row. A path with folders is none. */
const looksLikeKey = (text: string) =>
  /\bbearer\s/i.test(text) ||
  text.split(/[\s"'`=:,;]+/).some(word => /^[\w.-]+$/.test(word) && /\w{20}|\.[\w-]{8}/.test(word));

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
