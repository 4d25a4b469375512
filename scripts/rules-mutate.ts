/** `npm run test:rules:mutation`: alters one thing at a time in the rule files; a test of theirs has to fail for each. */
import { cpSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { availableParallelism, tmpdir } from 'node:os';
import { join } from 'node:path';
import { type Mutant, mutantsOf } from './rules/mutants.ts';
import { tool } from './rules/promtool.ts';

const rules = new URL('../dashboards/rules/', import.meta.url).pathname;
const only = process.argv[2];

interface Work extends Mutant {
  readonly file: string;
}

const work: Work[] = readdirSync(rules)
  .filter(name => name.endsWith('.yml') && (only === undefined || name === `${only}.yml`))
  .flatMap(file => mutantsOf(readFileSync(join(rules, file), 'utf8')).map(mutant => ({ file, ...mutant })));
const total = work.length;
/** What killed last is asked first: the next mutant is mostly of the same rule. */
const killers = new Map<string, string>();
const survivors: string[] = [];
const started = performance.now();

await Promise.all(Array.from({ length: availableParallelism() }, worker));
for (const one of survivors.sort()) process.stdout.write(`survived: ${one}\n`);
const seconds = ((performance.now() - started) / 1000).toFixed(0);
process.stdout.write(`${total - survivors.length} of ${total} mutants of the rules killed in ${seconds} s\n`);
process.exitCode = survivors.length === 0 ? 0 : 1;

/** Each has a copy of the folder, for the tests name the rules beside them. */
async function worker(): Promise<void> {
  const folder = mkdtempSync(join(tmpdir(), 'rules-'));
  cpSync(rules, folder, { recursive: true });
  for (let mutant = work.shift(); mutant !== undefined; mutant = work.shift())
    if (!(await isKilled(folder, mutant))) survivors.push(`${mutant.file} ${mutant.what}`);
  rmSync(folder, { recursive: true });
}

async function isKilled(folder: string, { file, text }: Work): Promise<boolean> {
  const whole = join(folder, file);
  writeFileSync(whole, text);
  try {
    for (const name of testsOf(file)) {
      if ((await tool('promtool', ['test', 'rules', join(folder, 'tests', name)])).ok) continue;
      killers.set(file, name);
      return true;
    }
    return false;
  } finally {
    writeFileSync(whole, readFileSync(join(rules, file), 'utf8'));
  }
}

function testsOf(file: string): string[] {
  const tests = join(rules, 'tests');
  const own = readdirSync(tests).filter(name => readFileSync(join(tests, name), 'utf8').includes(`../${file}`));
  const last = killers.get(file);
  return last === undefined ? own : [last, ...own.filter(name => name !== last)];
}
