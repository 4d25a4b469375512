/** `glm-testkit load relens`: another tool's figures from requests that are already paid for. */
import { existsSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { Command } from 'commander';
import { UsageError } from '../../core/errors.ts';
import type { Io } from '../../core/program.ts';
import { createLens, dialectNamed, dialectNames } from '../lens.ts';
import { outNames } from '../out-names.ts';
import { readRecords } from '../records.ts';
import { lensText } from '../report/lens.ts';

export const relensCommand = (io: Io) =>
  new Command('relens')
    .description('judge the requests of an earlier run by the definitions of other tools')
    .argument('<result>', 'the folder that load run -o wrote, or its requests.ndjson')
    .option('--as <tool>', `one of ${dialectNames.join(', ')}; all of them by default`)
    .option('--json', 'print JSON')
    .addHelpText(
      'after',
      '\nExamples:\n  glm-testkit load relens result\n  glm-testkit load relens result --as vllm --json',
    )
    .action((path: string, flags: { as?: string; json?: true }) => relens(path, flags, io));

async function relens(path: string, { as, json }: { as?: string; json?: true }, io: Io): Promise<void> {
  const lenses = (as === undefined ? dialectNames : [dialectNamed(as)]).map(createLens);
  const onCut = (where: string) => io.err(`${where} was cut off and is left out\n`);
  for await (const record of readRecords(fileIn(path), onCut)) for (const lens of lenses) lens.add(record);
  if (lenses[0]?.read().requests === 0) throw new UsageError('bad_records', `${path} holds no measured request`);
  const results = lenses.map(lens => lens.read());
  const unsaid = as === undefined ? undefined : results[0]?.unsaid;
  if (unsaid !== undefined)
    throw new UsageError(
      'bad_records',
      `${path}: --as ${as}: ${unsaid}; leave --as out to see who has figures of them`,
    );
  io.out(json ? `${JSON.stringify(results, null, 2)}\n` : `${results.map(lensText).join('\n\n')}\n`);
}

function fileIn(path: string): string {
  if (!existsSync(path)) throw new UsageError('no_file', `${path}: no such file or folder; load run -o writes one`);
  if (!statSync(path).isDirectory()) return path;
  const file = join(path, outNames.records);
  if (existsSync(file)) return file;
  throw new UsageError(
    'no_file',
    `${file}: no such file; load run -o writes it, but not with --agents, where single requests stay where they were made`,
  );
}
