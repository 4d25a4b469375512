/** `probe explain`: what was wrong with a run, judged again from what it left behind. */
import { Command } from 'commander';
import { z } from 'zod';
import { redactText } from '../../core/cassette/redaction.ts';
import { checked, readText } from '../../core/config.ts';
import { UsageError } from '../../core/errors.ts';
import { oneLine } from '../../core/one-line.ts';
import type { Io } from '../../core/program.ts';
import { exitCodeOf } from '../exit.ts';
import { type Explanation, explain } from '../explain.ts';
import { logOf, messageOf } from '../log.ts';
import type { ProbePlan } from '../plan.ts';
import { plainWords } from '../verdict.ts';
import { planIn } from './config-option.ts';

const settings = z.strictObject({ config: z.string().optional(), json: z.boolean().default(false) });

export const explainCommand = (io: Io): Command =>
  new Command('explain')
    .description('judge a cassette, or the runs that check --json printed, again and offline')
    .argument('<file>', 'a cassette, or JSON with runs that name theirs')
    .option('-c, --config <file>', 'judge by the expectations, deadlines and codes of this file')
    .option('--json', 'print JSON')
    .addHelpText(
      'after',
      '\nExit code: as check.\n\nExamples:\n  glm-testkit probe explain cassettes/20261128T163623-506Z_cn_chat_stream_glm-4.6_stalled_63330cea.jsonl\n  glm-testkit probe explain results.json -c probe.yaml',
    )
    .action((file: string, flags: Record<string, unknown>) => explainVerb(file, flags, io));

async function explainVerb(file: string, flags: Record<string, unknown>, io: Io): Promise<void> {
  const { config, json } = checked(settings, flags, 'options');
  const plan = config === undefined ? undefined : await planIn(config);
  const told = cassettesIn(file).map(path => ({ path, ...explain(path, plan as ProbePlan) }));
  io.out(json ? `${JSON.stringify({ explanations: told.map(plain) }, null, 2)}\n` : told.map(paragraph).join('\n'));
  io.exitWith(exitCodeOf(told.map(({ verdict }) => verdict)));
}

const runs = z.looseObject({ results: z.array(z.looseObject({ cassette: z.string().nullable() })) });
const oneRun = z.looseObject({ run_id: z.string(), cassette: z.string().nullable() });

/** The file itself, or the cassettes that the runs in it name. */
function cassettesIn(file: string): string[] {
  const value = jsonIn(readText(file));
  const several = runs.safeParse(value);
  const single = oneRun.safeParse(value);
  if (!several.success && !single.success) return [file];
  const named = (several.success ? several.data.results : [single.data]).flatMap(run => run?.cassette ?? []);
  if (named.length === 0)
    throw new UsageError('no_cassette', `${file}: none of its runs left a cassette; run check with --record FOLDER`);
  return named;
}

/** A cassette of one line is JSON, too, but has no runs in it. */
function jsonIn(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    // JSON Lines: a cassette.
    return undefined;
  }
}

type Told = Explanation & { readonly path: string };

const plain = ({ path, note, calls, verdict, readings }: Told) => ({
  cassette: path,
  target: note.target,
  check: note.check,
  model: note.model,
  said_then: note.reason,
  ...verdict,
  message: verdict.reason === null ? null : saidIn(calls),
  readings,
});

/** The last of them that says anything; the first broken one ended the run. */
const saidIn = (calls: Explanation['calls']) =>
  calls
    .map(({ record }) => messageOf(record, text => oneLine(redactText(text))))
    .findLast(message => message !== null) ?? null;

function paragraph({ path, note, calls, verdict }: Told): string {
  const title = `${note.target}/${note.check}/${note.model}  ${path}`;
  const then = note.reason ?? 'good';
  const now = verdict.reason ?? 'good';
  const changed = then === now ? [] : [`then it was called ${then}, now ${now}`];
  const words = plainWords(verdict) ?? 'good';
  return `${[title, '', ...logOf(calls, verdict, redactText).slice(0, -1), '', words, ...changed].map(oneLine).join('\n')}\n`;
}
