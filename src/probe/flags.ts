/** The flags of `check`: what to run and how to say it, and a whole config for those who have no file. */
import { z } from 'zod';
import { keyVariables, readKey } from '../core/api-key.ts';
import { baseUrl } from '../core/base-url.ts';
import { checked, readText, whole } from '../core/config.ts';
import { UsageError } from '../core/errors.ts';
import { certificateMistake } from '../core/pem.ts';
import { type CheckKind, checkKinds, deadline, type ProbeFile, probeSchema } from './config.ts';
import { hostName, oneKey } from './endpoint.ts';
import { type ProbePlan, planOf } from './plan.ts';
import { createSecret, type SecretReaders, sourceName } from './secret.ts';

const kinds = z.enum(checkKinds, { error: `knows only ${checkKinds.join(', ')}` });

/** Written as it is checked here and handed on as text: the config's schema reads it again. */
const wait = z.string().superRefine((text, context) => {
  for (const { message } of deadline.safeParse(text).error?.issues ?? []) context.addIssue({ code: 'custom', message });
});

/** Looked into here, so that it is told beside every other flag. */
export const caFile = z.string().superRefine((path, context) => {
  const mistake = mistakeIn(path);
  if (mistake !== undefined) context.addIssue({ code: 'custom', message: `${JSON.stringify(path)} ${mistake}` });
});

function mistakeIn(path: string): string | undefined {
  try {
    return certificateMistake(readText(path));
  } catch (error) {
    if (error instanceof UsageError) return 'is no such file, or cannot be read';
    throw error;
  }
}

export const checkFlags = z.strictObject({
  /** Without a file. */
  url: baseUrl.optional(),
  model: z.string().min(1).optional(),
  check: z.array(kinds).min(1).optional(),
  prompt: z.string().min(1).optional(),
  max_tokens: whole(1, 131_072).optional(),
  timeout: wait.optional(),
  max_gap: wait.optional(),
  ca: caFile.optional(),
  proxy: baseUrl.optional(),
  api_key_file: z.string().optional(),
  /** With one. */
  config: z.string().optional(),
  /** Either way. */
  timing: z.boolean().default(false),
  json: z.boolean().default(false),
  junit: z.string().optional(),
  prom: z.string().optional(),
  record: z.string().optional(),
  fail_on: z.enum(['failure', 'degraded'], { error: 'must be failure or degraded' }).default('failure'),
  exit_style: z.enum(['plain', 'nagios'], { error: 'must be plain or nagios' }).default('plain'),
});

export type CheckFlags = z.infer<typeof checkFlags>;

const usualChecks: readonly CheckKind[] = ['chat', 'chat_stream'];

/**
 * A plan from flags alone, by the same schema as a file.
 * @throws {UsageError} without `--url`, `--model` or a key
 */
export async function planOfFlags(flags: CheckFlags, readers: SecretReaders): Promise<ProbePlan> {
  const { url, model } = flags;
  const missing = [...(url === undefined ? ['--url'] : []), ...(model === undefined ? ['--model'] : [])];
  if (url === undefined || model === undefined)
    throw new UsageError(
      'no_target',
      `options:\n${missing.map(flag => `  ${flag}: is missing; or pass --config FILE`).join('\n')}`,
    );
  const key = keyOf(flags, readers);
  const config = checked(probeSchema, fileOf(flags, url, model), 'options');
  return planOf(config, { ...readers, env: { ...readers.env, [keyVariable]: key } });
}

/** Looked at here, for further on it stands in one variable, wherever it came from. */
function keyOf({ api_key_file: file }: CheckFlags, { env }: SecretReaders): string {
  const key = readKey(env, file);
  const variable = keyVariables.find(name => env[name]?.trim());
  return oneKey(createSecret(sourceName(file === undefined ? { env: variable } : { file }), key)).reveal();
}

const [keyVariable] = keyVariables;

function fileOf(flags: CheckFlags, url: string, model: string): ProbeFile {
  const { prompt, max_tokens, timeout, max_gap, ca, proxy, check = usualChecks } = flags;
  return {
    credentials: { main: { key: { env: keyVariable } } },
    targets: { [hostName(url)]: { url, ...(ca && { ca }), ...(proxy && { proxy: { url: proxy } }) } },
    defaults: {
      model,
      ...(prompt && { prompt }),
      ...(max_tokens && { max_tokens }),
      deadlines: { ...(timeout && { ...sameFor(timeout) }), idle: max_gap ?? '15s' },
    },
    checks: [...new Set(check)].map(kind => ({ kind })),
  };
}

/** A whole call may take this long, and a server that says nothing is to be told from one that never ends. */
const sameFor = (timeout: string) => ({ first_byte: timeout, first_token: timeout, total: timeout });
