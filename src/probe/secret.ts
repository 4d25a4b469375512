/** Secrets come from the environment, a file or a command, and live in closures: nothing that is printed can hold one. */
import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { z } from 'zod';
import { readText } from '../core/config.ts';
import { UsageError } from '../core/errors.ts';

/** A secret that was read. Printing, logging or serialising it shows `***`. */
export interface Secret {
  /** Where it came from, without its value: `env GLM_API_KEY`. */
  readonly source: string;
  /** The value, for the one place that needs it. */
  reveal(): string;
}

const refused = (issue: { readonly input: unknown }) =>
  typeof issue.input === 'string'
    ? 'a secret may not stand in this file; write { env: NAME }, { file: PATH } or { command: [PROGRAM, ARGUMENT] }'
    : undefined;

const ways = z.strictObject(
  {
    /** Name of an environment variable. */
    env: z.string().min(1).optional(),
    /** Path of a file that holds the secret and nothing else. */
    file: z.string().min(1).optional(),
    /** A program with its arguments that prints the secret; no shell is involved. */
    command: z.array(z.string()).min(1).optional(),
  },
  { error: refused },
);

/** @param names of all that may stand in its place */
const exactlyOne = (names: string) =>
  ways.refine(
    source => Object.values(source).filter(value => value !== undefined).length === 1,
    `needs exactly one of ${names}`,
  );

/** Where a secret is: exactly one of the three. */
export const secretSource = exactlyOne('env, file and command');

/** The same for a URL that may be none and then stands there itself. */
export const secretUrlSource = exactlyOne('url, env, file and command');

export type SecretSource = z.infer<typeof secretSource>;

/** How the outside world is asked; given by parameter, so that tests need neither files nor programs. */
export interface SecretReaders {
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly file: (path: string) => string;
  readonly command: (argv: readonly string[]) => Promise<string>;
  /** Nothing is asked: secrets and files stay empty. Default: false. */
  readonly sealed?: boolean;
}

/** Reads secrets from `env`, files and the output of programs. */
export const systemReaders = (env: SecretReaders['env']): SecretReaders => ({ env, file: readText, command: run });

/** For whoever calls nobody, and may be on call without the keys. */
export const sealedReaders: SecretReaders = { env: {}, file: () => '', command: async () => '', sealed: true };

/** @throws {UsageError} `no_secret`, naming the source and never a value */
export async function readSecret(source: SecretSource, readers: SecretReaders): Promise<Secret> {
  const name = sourceName(source);
  if (readers.sealed) return createSecret(name, '');
  const value = (await textAt(source, readers)).trim();
  if (value === '') throw new UsageError('no_secret', `${name}: ${source.env ? 'is not set' : 'is empty'}`);
  return createSecret(name, value);
}

/** A secret from a value that is already at hand. @param source what to call it in messages */
export function createSecret(source: string, value: string): Secret {
  const secret = { source, reveal: () => value, toString: () => '***', toJSON: () => '***' };
  return Object.freeze(secret);
}

/** A source as people read it. */
export const sourceName = ({ env, file, command = [] }: SecretSource): string =>
  env !== undefined ? `env ${env}` : file !== undefined ? `file ${file}` : `command ${command[0]}`;

async function textAt({ env, file, command = [] }: SecretSource, readers: SecretReaders): Promise<string> {
  if (env !== undefined) return (Object.hasOwn(readers.env, env) && readers.env[env]) || '';
  return file !== undefined ? readers.file(file) : readers.command(command);
}

const longestRunMs = 10_000;

async function run([program = '', ...args]: readonly string[]): Promise<string> {
  try {
    return (await promisify(execFile)(program, args, { timeout: longestRunMs })).stdout;
  } catch {
    // What the program printed may hold the secret, so it is not repeated.
    throw new UsageError('no_secret', `command ${program}: failed, or took longer than ${longestRunMs / 1000} s`);
  }
}
