/** The settings of the command: its flags above a file, each key named in messages as the user wrote it. */
import { z } from 'zod';
import { checked, readConfigFile } from '../core/config.ts';
import { duration } from '../core/duration.ts';
import { UsageError } from '../core/errors.ts';
import type { Io } from '../core/program.ts';
import { asFlag, asKey, fromKey } from '../core/spelling.ts';
import { mockConfig } from './config.ts';

/** The mock's settings and what only a process has. */
const commandConfig = mockConfig.extend({ grace: duration.prefault('10s'), failOnUnused: z.boolean().default(false) });

export type Flags = Record<string, unknown> & {
  config?: string;
  key?: string[];
  wire?: string[];
  fault?: string[];
  limit?: string[];
  checkConfig?: true;
  failOnUnused?: true;
};

/** @throws {UsageError} with all mistakes at once */
export function settingsOf(
  { config: file, checkConfig: _check, key, wire, fault, limit, ...flags }: Flags,
  { env }: Pick<Io, 'env'>,
): z.infer<typeof commandConfig> {
  const base = file === undefined ? {} : readConfigFile(file, env);
  if (typeof base !== 'object' || base === null || Array.isArray(base))
    throw new UsageError('bad_config', `${file}: must hold settings as key: value`);
  const given = {
    ...flags,
    ...(key && { keys: key }),
    ...(wire && { wire: pairs('wire', wire) }),
    ...(limit && { limits: limitsOf(limit) }),
    ...(fault && { faults: fault }),
  };
  const source = file === undefined ? 'options' : `${file} and options`;
  return checked(commandConfig, { ...camelKeys(base), ...given }, source, name =>
    name in given ? flagOf(name) : asKey(name),
  );
}

const flagOf = (name: string) => (name === 'keys' ? '--key' : asFlag(name).replace(/^--(fault|limit)s/, '--$1'));

/** A file writes `reply_tokens` where the schema says `replyTokens`. */
const camelKeys = (value: object): Record<string, unknown> =>
  Object.fromEntries(
    Object.entries(value).map(([key, inner]) => [
      fromKey(key),
      (key === 'wire' || key === 'limits') && typeof inner === 'object' && inner !== null ? camelKeys(inner) : inner,
    ]),
  );

const examples = { wire: 'rangeCode=1214', limit: 'concurrency=2' } as const;

function pairs(flag: keyof typeof examples, list: readonly string[]): Record<string, string> {
  return Object.fromEntries(
    list.map(text => {
      const at = text.indexOf('=');
      if (at < 1)
        throw new UsageError(`bad_${flag}`, `--${flag} ${text}: write name=value, for example ${examples[flag]}`);
      return [text.slice(0, at), text.slice(at + 1)];
    }),
  );
}

/** Numbers as numbers, `true` as true; the schema says what is wrong with the rest. */
const limitsOf = (list: readonly string[]) =>
  camelKeys(
    Object.fromEntries(
      Object.entries(pairs('limit', list)).map(([name, text]) => [
        name,
        /^\d+(\.\d+)?$/.test(text) && !/window/i.test(name) ? Number(text) : text === 'true' ? true : text,
      ]),
    ),
  );
