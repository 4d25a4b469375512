/** `glm-testkit load compare`: is the second run slower than the first, or is it noise? */
import { existsSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { Command } from 'commander';
import { z } from 'zod';
import { checked, readText, whole } from '../../core/config.ts';
import { UsageError } from '../../core/errors.ts';
import { exitCodes, type Io } from '../../core/program.ts';
import { configKeys } from '../../core/spelling.ts';
import { appendText } from '../append.ts';
import { type Comparison, compareResults } from '../compare.ts';
import { measureNames } from '../measures.ts';
import { comparisonMarkdown, comparisonText } from '../report/comparison.ts';
import { type LoadResult, resultVersion } from '../result.ts';
import { measureOf, short } from '../slo.ts';

const known = measureNames.map(short).join(', ');

const compareSchema = z.strictObject({
  /** Figures to compare; those that people wait for by default. */
  measure: z.array(z.string().transform(name => measureOf(name) ?? z.NEVER)).optional(),
  seed: whole(0, 0xffff_ffff).default(1),
  json: z.boolean().default(false),
  summary: z.string().optional(),
});

export const compareCommand = (io: Io) =>
  new Command('compare')
    .description('say whether the second run is slower than the first, or whether that is noise')
    .argument('<a>', 'baseline: the folder that load run -o wrote, or its result.json')
    .argument('<b>', 'the run to judge')
    .option('--measure <name>', `compare this figure only; repeatable: ${known}`, collect)
    .option('--seed <n>', 'of the draws that tell noise (default: 1)')
    .option('--json', 'print JSON')
    .option('--summary <file>', 'add the table in Markdown, such as $GITHUB_STEP_SUMMARY')
    .addHelpText(
      'after',
      '\nExit code: 0 same or better, 1 a regression, 2 wrong usage, 3 inconclusive.\n\nExamples:\n  glm-testkit load compare baseline candidate\n  glm-testkit load compare baseline/result.json candidate/result.json \\\n    --measure ttft_content --json',
    )
    .action((a: string, b: string, flags: Record<string, unknown>) => compare(a, b, flags, io));

const collect = (value: string, all: readonly string[] = []) => [...all, value];

function compare(a: string, b: string, flags: Record<string, unknown>, io: Io): void {
  refuseUnknown(flags.measure);
  const { measure: measures, seed, json, summary } = checked(compareSchema, configKeys(flags), 'options');
  const [before, after] = [readResult(a), readResult(b)];
  refuseSame(before, after);
  const comparison = compareResults(before, after, { seed, ...(measures && { measures }) });
  io.out(json ? `${JSON.stringify(comparison, null, 2)}\n` : `${comparisonText(comparison)}\n`);
  if (summary !== undefined) appendText(summary, comparisonMarkdown(comparison));
  io.exitWith(exitCodeOf(comparison));
}

function refuseUnknown(names: unknown): void {
  const unknown = (Array.isArray(names) ? (names as string[]) : []).filter(name => measureOf(name) === undefined);
  if (unknown.length === 0) return;
  throw new UsageError(
    'bad_measure',
    `--measure knows ${known}; found ${unknown.map(name => `"${name.slice(0, 40)}"`).join(', ')}`,
  );
}

/** @throws {UsageError} `no_file`, `bad_result` */
function readResult(path: string): LoadResult {
  if (!existsSync(path)) throw new UsageError('no_file', `${path}: no such file or folder; load run -o writes one`);
  const file = statSync(path).isDirectory() ? join(path, 'result.json') : path;
  const result = parsed(readText(file));
  if (comparable.safeParse(result).success) return result as LoadResult;
  const { data } = versioned.safeParse(result);
  const found = data === undefined || data.version === resultVersion ? '' : `, found version ${data.version}`;
  throw new UsageError('bad_result', `${file} is not a result of load run (version ${resultVersion})${found}`);
}

/** A run is as good as itself for ever: whoever asks that by a slip would never be told of a regression. */
function refuseSame(a: LoadResult, b: LoadResult): void {
  if (a.run_id !== b.run_id) return;
  throw new UsageError('same_run', `a and b are the same run, ${a.run_id}; give a baseline and a run to judge`);
}

const versioned = z.looseObject({ version: z.number() });

/** What is read of a result; the rest may be as it is. */
const comparable = z.looseObject({
  tool: z.literal('glm-testkit'),
  version: z.literal(resultVersion),
  run_id: z.string(),
  started_at: z.string(),
  doubts: z.array(z.string()),
  validity: z.enum(['VALID', 'SUSPECT', 'INVALID']),
  config: z.looseObject({}),
  environment: z.looseObject({}),
  whole: z.looseObject({ from_s: z.number(), to_s: z.number() }),
  load: z.looseObject({ kind: z.string() }),
  steady: z.nullable(z.looseObject({ from_s: z.number(), to_s: z.number() })),
  intervals: z.array(
    z.looseObject({
      fromMs: z.number(),
      toMs: z.number(),
      planned: z.number(),
      outputTokens: z.number(),
      answered: z.number(),
      reads: z.number(),
      ended: z.record(z.string(), z.number()),
      histograms: z.record(z.string(), z.array(z.number())),
    }),
  ),
});

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    // No JSON is no result either.
    return undefined;
  }
}

const exitCodeOf = ({ verdict }: Comparison) =>
  ({
    same: exitCodes.ok,
    improvement: exitCodes.ok,
    regression: exitCodes.failed,
    inconclusive: exitCodes.unmeasurable,
  })[verdict];
