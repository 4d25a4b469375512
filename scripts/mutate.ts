/**
 * `npm run test:mutation [text]`: alters one fact of the wire at a time and expects a test to fail. With a text, only
 * mutations whose fact or file contains it. Exit 1 when a mutation survives, 2 when one cannot be applied.
 */
import { spawn } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { availableParallelism, tmpdir } from 'node:os';
import { join } from 'node:path';
import { ledger } from '../test/conformance/ledger.ts';
import { type Mutation, mutations } from './mutations.ts';

const root = new URL('..', import.meta.url).pathname;

const everywhere = ['test/conformance', 'test/core/wire', 'test/mock-server/wire'];

/** Where a mutation is expected to die, by the ledger, and then where else it may. */
function stagesOf(number: number): string[][] {
  const named = ledger.find(({ id }) => id === mutations[number]?.fact)?.test?.file;
  return named === undefined ? [everywhere] : [[named], everywhere];
}

type Verdict =
  | { readonly kind: 'killed'; readonly by: string }
  | { readonly kind: 'survived' }
  | { readonly kind: 'broken'; readonly why: string };

/** Sentences about mutations that do not fit the source any more. */
function misfits(): string[] {
  return mutations.flatMap(({ fact, file, find }) => {
    const times = readFileSync(join(root, file), 'utf8').split(find).length - 1;
    return times === 1 ? [] : [`${fact}: ${JSON.stringify(find)} occurs ${times} times in ${file}, expected once`];
  });
}

interface Report {
  readonly testResults: readonly {
    readonly message: string;
    readonly assertionResults: readonly { readonly status: string; readonly fullName: string }[];
  }[];
}

/** One run of vitest. @param number the mutation's place in the list; undefined for none */
async function run(number: number | undefined, folders: readonly string[], folder: string): Promise<Verdict> {
  const file = join(folder, `${number ?? 'none'}.json`);
  const mutation = number === undefined ? {} : { GLM_MUTATION: String(number) };
  const vitest = join(root, 'node_modules/vitest/vitest.mjs');
  const options = ['--config', 'scripts/mutation.config.ts', '--reporter=json', `--outputFile=${file}`];
  const child = spawn(process.execPath, [vitest, 'run', ...options, '--passWithNoTests', ...folders], {
    cwd: root,
    env: { ...process.env, ...mutation },
    stdio: ['ignore', 'ignore', 'pipe'],
  });
  let complaint = '';
  child.stderr.on('data', part => {
    complaint += part;
  });
  const code = await new Promise(resolve => child.once('close', resolve));
  if (code === 0) return { kind: 'survived' };
  return judge(JSON.parse(readFileSync(file, 'utf8')) as Report, complaint);
}

/** A failed test kills; a file that could not even be loaded says that the mutation is nonsense. */
function judge({ testResults }: Report, complaint: string): Verdict {
  const failed = testResults.flatMap(result => result.assertionResults).find(({ status }) => status === 'failed');
  if (failed !== undefined) return { kind: 'killed', by: failed.fullName.trim() };
  const unloaded = testResults.find(({ message }) => message !== '')?.message ?? complaint;
  return { kind: 'broken', why: unloaded.trim().split('\n')[0] ?? 'no test failed' };
}

async function judgeAll(chosen: readonly number[], folder: string): Promise<Map<number, Verdict>> {
  const verdicts = new Map<number, Verdict>();
  const waiting = [...chosen];
  const worker = async () => {
    for (let number = waiting.shift(); number !== undefined; number = waiting.shift()) {
      let verdict: Verdict = { kind: 'survived' };
      for (const folders of stagesOf(number))
        if (verdict.kind === 'survived') verdict = await run(number, folders, folder);
      verdicts.set(number, verdict);
      tell(verdicts.size, chosen.length, number, verdict);
    }
  };
  await Promise.all(Array.from({ length: Math.max(1, availableParallelism()) }, worker));
  return verdicts;
}

function tell(done: number, of: number, number: number, verdict: Verdict): void {
  const { fact } = mutations[number] as Mutation;
  const how = verdict.kind === 'killed' ? `killed by: ${verdict.by}` : verdict.kind.toUpperCase();
  process.stderr.write(`${String(done).padStart(3)}/${of} ${fact.padEnd(28)} ${how}\n`);
}

const describe = ({ fact, file, find, replace }: Mutation) =>
  `${fact} in ${file}\n    ${JSON.stringify(find)}\n  → ${JSON.stringify(replace)}`;

async function main(filter: string): Promise<number> {
  const unfit = misfits();
  if (unfit.length > 0) {
    process.stderr.write(`mutations that no longer fit the source:\n${unfit.join('\n')}\n`);
    return 2;
  }
  const chosen = mutations.flatMap(({ fact, file }, i) => (`${fact} ${file}`.includes(filter) ? [i] : []));
  const folder = mkdtempSync(join(tmpdir(), 'glm-mutation-'));
  try {
    const untouched = await run(undefined, everywhere, folder);
    if (untouched.kind === 'survived') return report(await judgeAll(chosen, folder));
    process.stderr.write(`tests fail without any mutation: ${JSON.stringify(untouched)}\n`);
    return 2;
  } finally {
    rmSync(folder, { recursive: true });
  }
}

function report(verdicts: ReadonlyMap<number, Verdict>): number {
  const of = (kind: Verdict['kind']) => [...verdicts].filter(([, verdict]) => verdict.kind === kind);
  for (const [number, verdict] of [...of('survived'), ...of('broken')]) {
    const why = verdict.kind === 'broken' ? ` (${verdict.why})` : '';
    process.stdout.write(`${verdict.kind}: ${describe(mutations[number] as Mutation)}${why}\n`);
  }
  const [killed, survived, broken] = [of('killed').length, of('survived').length, of('broken').length];
  process.stdout.write(`${killed} killed, ${survived} survived, ${broken} broken, of ${verdicts.size}\n`);
  return broken > 0 ? 2 : survived > 0 ? 1 : 0;
}

process.exitCode = await main(process.argv[2] ?? '');
