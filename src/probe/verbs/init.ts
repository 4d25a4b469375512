/** `probe init`: writes a first file; asks on a terminal for what no flag said. */
import { existsSync } from 'node:fs';
import { createInterface } from 'node:readline/promises';
import { Command } from 'commander';
import { z } from 'zod';
import { baseUrl } from '../../core/base-url.ts';
import { systemClock } from '../../core/clock.ts';
import { checked } from '../../core/config.ts';
import { codeOf, UsageError } from '../../core/errors.ts';
import type { Io } from '../../core/program.ts';
import { configKeys } from '../../core/spelling.ts';
import { writeTextfile } from '../../core/textfile.ts';
import { type CheckKind, checkKinds } from '../config.ts';
import { endpointKind, hostName } from '../endpoint.ts';
import { initialFile, type Region, regions } from '../init.ts';
import { type Ask, type Asked, askAll, intervalRule, isInterval, isVariable, variableRule } from '../questions.ts';
import { validate } from '../validate.ts';

const regionNames = Object.keys(regions) as [Region, ...Region[]];

const settings = z.strictObject({
  region: z.enum(regionNames, { error: `must be one of ${regionNames.join(', ')}` }).optional(),
  url: baseUrl.optional(),
  model: z.string().min(1).optional(),
  key_env: z.string().refine(isVariable, variableRule).optional(),
  interval: z.string().refine(isInterval, intervalRule).optional(),
  check: z.array(z.enum(checkKinds, { error: `knows only ${checkKinds.join(', ')}` })).optional(),
  out: z.string().min(1).default('probe.yaml'),
  force: z.boolean().default(false),
});

const append = (value: string, list: readonly string[] = []) => [...list, value];

/** @param ask by default the terminal; undefined: nobody is there, and what no flag says is as usual */
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
      '\nOn a terminal it asks for what no flag says; Ctrl-C leaves, and nothing is written.\n\nExamples:\n  glm-testkit probe init\n  glm-testkit probe init --region intl --model glm-4.6 --interval 5m --out probe.yaml',
    )
    .action((flags: Record<string, unknown>) => initVerb(flags, io, ask));

const usualChecks: readonly CheckKind[] = ['chat_stream', 'auth_rejected'];

/** As after a second Ctrl-C: 128 and the number of SIGINT. */
const left = 130;

async function initVerb(flags: Record<string, unknown>, io: Io, ask: Ask | undefined): Promise<void> {
  const given = checked(settings, configKeys(flags), 'options');
  const { out, force, check = usualChecks } = given;
  if (existsSync(out) && !force)
    throw new UsageError('file_exists', `${out}: is there already; pass --force to write over it, or --out FILE`);
  const said = await askAll(saidBy(given), {
    ask: ask ?? (async (_, usual) => usual),
    say: sentence => io.err(`${sentence}\n`),
    doubt: asked => (ask === undefined ? undefined : mistakesOf(asked, check)[0]),
  });
  if (said === undefined) {
    io.err('\nnothing is written\n');
    return io.exitWith(left);
  }
  // Flags may not fit together: nobody is handed a file that has to be mended first.
  const mistakes = mistakesOf(said, check);
  if (mistakes.length > 0)
    throw new UsageError('bad_answers', `${out} is not written; it would say\n  ${mistakes.join('\n  ')}`);
  writeTextfile(out, textFor(said, check));
  io.out(`${out} written; next: glm-testkit probe validate ${out}\n`);
}

function saidBy({ url, region, model, key_env: keyEnv, interval }: z.infer<typeof settings>): Partial<Asked> {
  const endpoint = url ?? (region && regions[region]);
  return {
    ...(endpoint && { url: endpoint }),
    ...(model && { model }),
    ...(keyEnv && { keyEnv }),
    ...(interval && { interval }),
  };
}

const textFor = (said: Asked, checks: readonly CheckKind[]) =>
  initialFile({ ...said, target: targetOf(said.url), checks });

function mistakesOf(said: Asked, checks: readonly CheckKind[]): string[] {
  const { defects } = validate(textFor(said, checks), { env: { [said.keyEnv]: 'x' }, nowMs: systemClock.wall() });
  const errors = defects.filter(({ severity }) => severity === 'error');
  return errors.map(({ key, message }) => `${key}: ${message}`);
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
    try {
      return (await lines.question(`${question} [${usual}] `)).trim() || usual;
    } catch (error) {
      // Ctrl-C and Ctrl-D: the answer is that there is none.
      if (codeOf(error) === 'ABORT_ERR') return undefined;
      throw error;
    } finally {
      lines.close();
    }
  };
}
