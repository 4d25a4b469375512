/** `probe init`: writes a first file; asks on a terminal for what no flag said. */
import { existsSync } from 'node:fs';
import { createInterface } from 'node:readline/promises';
import { Command } from 'commander';
import { z } from 'zod';
import { baseUrl } from '../../core/base-url.ts';
import { systemClock } from '../../core/clock.ts';
import { checked } from '../../core/config.ts';
import { UsageError } from '../../core/errors.ts';
import type { Io } from '../../core/program.ts';
import { configKeys } from '../../core/spelling.ts';
import { writeTextfile } from '../../core/textfile.ts';
import { type CheckKind, checkKinds } from '../config.ts';
import { initialFile, type Region, regions } from '../init.ts';
import { endpointKind, hostName } from '../plan.ts';
import { validate } from '../validate.ts';

/** Asks a question; undefined: nobody is there to answer. */
export type Ask = (question: string, usual: string) => Promise<string>;

const regionNames = Object.keys(regions) as [Region, ...Region[]];

const settings = z.strictObject({
  region: z.enum(regionNames, { error: `must be one of ${regionNames.join(', ')}` }).optional(),
  url: baseUrl.optional(),
  model: z.string().min(1).optional(),
  key_env: z
    .string()
    .regex(/^[A-Za-z_]\w*$/, 'must be the name of an environment variable; the key itself does not belong here')
    .optional(),
  interval: z
    .string()
    .regex(/^\d+(?:\.\d+)?[smhd]$/, 'must be a duration such as 5m')
    .optional(),
  check: z.array(z.enum(checkKinds, { error: `knows only ${checkKinds.join(', ')}` })).optional(),
  out: z.string().min(1).default('probe.yaml'),
  force: z.boolean().default(false),
});

const append = (value: string, list: readonly string[] = []) => [...list, value];

/** @param ask by default the terminal, when there is one */
export const initCommand = (io: Io, ask: Ask | undefined = terminal()): Command =>
  new Command('init')
    .description('write a first file with its reasons beside it')
    .option('--region <name>', `${regionNames.join(', ')}; or say --url`)
    .option('--url <base>', 'base URL of a gateway of your own')
    .option('--model <id>', 'model to ask (default: glm-4.6)')
    .option('--key-env <name>', 'environment variable that holds the key (default: GLM_API_KEY)')
    .option('--interval <duration>', 'from start to start (default: 5m)')
    .option('--check <name>', 'kind of check; may be repeated (default: chat_stream and auth_rejected)', append)
    .option('--out <file>', 'where to write (default: probe.yaml)')
    .option('--force', 'write over a file that is there')
    .addHelpText(
      'after',
      '\nExamples:\n  glm-testkit probe init\n  glm-testkit probe init --region intl --model glm-4.6 --interval 5m --out probe.yaml',
    )
    .action((flags: Record<string, unknown>) => initVerb(flags, io, ask));

const usualChecks: readonly CheckKind[] = ['chat_stream', 'auth_rejected'];

async function initVerb(flags: Record<string, unknown>, io: Io, ask: Ask | undefined): Promise<void> {
  const given = checked(settings, configKeys(flags), 'options');
  if (existsSync(given.out) && !given.force)
    throw new UsageError('file_exists', `${given.out}: is there already; pass --force to write over it, or --out FILE`);
  const answer = async (question: string, usual: string) => (ask === undefined ? usual : await ask(question, usual));
  const url = given.url ?? regions[given.region ?? (await regionFrom(answer))];
  const answers = {
    target: targetOf(url),
    url,
    model: given.model ?? (await answer('Which model?', 'glm-4.6')),
    keyEnv: given.key_env ?? (await answer('Which environment variable holds the key?', 'GLM_API_KEY')),
    interval: given.interval ?? (await answer('How often?', '5m')),
    checks: given.check ?? usualChecks,
  };
  const text = initialFile(answers);
  doubted(text, answers.keyEnv, given.out);
  writeTextfile(given.out, text);
  io.out(`${given.out} written; next: glm-testkit probe validate ${given.out}\n`);
}

/** Answers may not fit together: nobody is handed a file that has to be mended first. */
function doubted(text: string, keyEnv: string, out: string): void {
  const { defects } = validate(text, { env: { [keyEnv]: 'x' }, nowMs: systemClock.wall() });
  const errors = defects.filter(({ severity }) => severity === 'error');
  if (errors.length === 0) return;
  const lines = errors.map(({ key, message }) => `  ${key}: ${message}`);
  throw new UsageError('bad_answers', `${out} is not written; it would say\n${lines.join('\n')}`);
}

async function regionFrom(ask: Ask): Promise<Region> {
  const said = await ask(`Which endpoint (${regionNames.join(', ')})?`, 'cn');
  return checked(z.enum(regionNames, { error: `must be one of ${regionNames.join(', ')}` }), said, 'region');
}

/** A label: the vendor's two hosts have names that people know. */
function targetOf(url: string): string {
  const names = { cn: 'bigmodel', intl: 'zai', coding: 'coding', gateway: '' } as const;
  return names[endpointKind(url)] || hostName(url);
}

function terminal(): Ask | undefined {
  if (!process.stdin.isTTY || !process.stdout.isTTY) return undefined;
  return async (question, usual) => {
    const lines = createInterface({ input: process.stdin, output: process.stdout });
    const said = (await lines.question(`${question} [${usual}] `)).trim();
    lines.close();
    return said || usual;
  };
}
