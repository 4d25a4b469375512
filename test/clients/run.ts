/**
 * Runs the client programs of the languages named on the command line (default: all) against a mock started here.
 * Prints one line per program, and everything a program said when it failed or with --verbose.
 * What Python and Java need is installed into a temporary folder, or into CLIENTS_DIR, which is kept.
 */
import { spawn } from 'node:child_process';
import { mkdirSync, mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { parseArgs } from 'node:util';
import { createMock } from '../../src/mock-server/index.ts';

interface Program {
  readonly name: string;
  readonly command: string;
  readonly args: readonly string[];
  readonly cwd: string;
}

const here = import.meta.dirname;

/** Per language: what must be run first, then the programs. */
const languages: Readonly<Record<string, (dir: string) => { before: Program[]; programs: Program[] }>> = {
  curl: () => ({
    before: ['curl', 'jq', 'openssl'].map(tool => step(tool, [tool === 'openssl' ? 'version' : '--version'], here)),
    programs: filesIn('curl', /^(?!lib).*\.sh$/).map(file => ({
      name: `curl/${file}`,
      command: 'bash',
      args: [file],
      cwd: join(here, 'curl'),
    })),
  }),
  javascript: () => ({
    before: [],
    programs: [
      { name: 'javascript/fetch.mjs', command: process.execPath, args: ['fetch.mjs'], cwd: join(here, 'javascript') },
      {
        name: 'javascript/*.test.ts',
        command: process.execPath,
        args: ['node_modules/vitest/vitest.mjs', 'run', 'test/clients/javascript'],
        cwd: join(here, '../..'),
      },
    ],
  }),
  python: dir => {
    const cwd = join(here, 'python');
    const venv = (name: string) => join(dir, `venv${name}`);
    const install = (name: string) => [
      step('python3', ['-m', 'venv', venv(name)], cwd),
      step(join(venv(name), 'bin/pip'), ['install', '-q', '-r', `requirements${name}.txt`], cwd),
    ];
    const python = (file: string) => join(venv(file === 'zhipuai_sdk.py' ? '-zhipuai' : ''), 'bin/python');
    return {
      before: [...install(''), ...install('-zhipuai')],
      programs: filesIn('python', /_.*\.py$/).map(file => ({
        name: `python/${file}`,
        command: python(file),
        args: ['-B', file],
        cwd,
      })),
    };
  },
  java: () => {
    const cwd = join(here, 'java');
    const java = (module: string, main: string) => ({
      name: `java/${module}`,
      command: 'java',
      args: ['-cp', `${module}/target/classes:${module}/target/dependency/*`, main],
      cwd,
    });
    return {
      before: [step('mvn', ['-q', '-B', '-ntp', '-Dstyle.color=never', 'process-classes'], cwd)],
      programs: [java('okhttp', 'OkHttpChat'), java('zai-sdk', 'ZaiSdk')],
    };
  },
  pytest: dir => {
    const cwd = join(here, 'pytest');
    const bin = join(dir, 'venv-pytest', 'bin');
    return {
      before: [
        step('python3', ['-m', 'venv', join(dir, 'venv-pytest')], cwd),
        step(join(bin, 'pip'), ['install', '-q', '-r', 'requirements.txt'], cwd),
      ],
      programs: [
        { name: 'pytest', command: join(bin, 'python'), args: ['-B', '-m', 'pytest', '-p', 'no:cacheprovider'], cwd },
      ],
    };
  },
  junit: () => ({
    before: [],
    programs: [
      { name: 'junit', command: 'mvn', args: ['-B', '-ntp', '-Dstyle.color=never', 'test'], cwd: join(here, 'junit') },
    ],
  }),
};

const step = (command: string, args: readonly string[], cwd: string): Program => ({
  name: [command, ...args].join(' '),
  command,
  args,
  cwd,
});

const filesIn = (folder: string, pattern: RegExp) =>
  readdirSync(join(here, folder))
    .filter(file => pattern.test(file))
    .sort();

/** Exit code and everything said on both streams. */
function run({ command, args, cwd }: Program, env: NodeJS.ProcessEnv): Promise<{ code: number; said: string }> {
  return new Promise(resolve => {
    const child = spawn(command, args, { cwd, env, stdio: ['ignore', 'pipe', 'pipe'] });
    let said = '';
    const hear = (text: Buffer) => {
      said += text;
    };
    child.stdout.on('data', hear);
    child.stderr.on('data', hear);
    child.once('error', error => resolve({ code: 127, said: `cannot start ${command}: ${error.message}\n` }));
    child.once('close', code => resolve({ code: code ?? 1, said }));
  });
}

/** True when it passed; says so in one line. */
async function report(program: Program, env: NodeJS.ProcessEnv, quiet: boolean): Promise<boolean> {
  const start = performance.now();
  const { code, said } = await run(program, env);
  const seconds = ((performance.now() - start) / 1000).toFixed(1);
  if (code !== 0) console.log(`FAILED  ${program.name} (exit ${code})`);
  else if (!quiet) console.log(`passed  ${program.name} (${seconds} s)`);
  if (code !== 0 || verbose) console.log(said);
  return code === 0;
}

const { values, positionals } = parseArgs({
  options: { verbose: { type: 'boolean', short: 'v', default: false } },
  allowPositionals: true,
});
const { verbose } = values;
const chosen = positionals.length > 0 ? positionals : Object.keys(languages);
const unknown = chosen.find(name => !Object.hasOwn(languages, name));
if (unknown !== undefined) {
  console.error(`no clients in ${unknown}; choose among ${Object.keys(languages).join(', ')}`);
  process.exit(2);
}

const kept = process.env.CLIENTS_DIR;
const dir = kept === undefined ? mkdtempSync(join(tmpdir(), 'glm-clients-')) : resolve(kept);
mkdirSync(dir, { recursive: true });
const mock = await createMock({ timing: 'ttft=20ms,itl=2ms' });
// What programs that start a mock of their own call in place of npx glm-testkit.
const testkit = `${process.execPath} ${join(here, '../../src/cli.ts')}`;
const env = { ...process.env, GLM_BASE_URL: mock.baseUrl, GLM_API_KEY: mock.apiKey, GLM_TESTKIT: testkit };
let failures = 0;
try {
  for (const name of chosen) {
    const { before, programs } = languages[name]!(dir);
    let ready = true;
    for (const program of before) ready = ready && (await report(program, env, true));
    if (!ready) failures++;
    else for (const program of programs) if (!(await report(program, env, false))) failures++;
  }
} finally {
  await mock.close();
  if (kept === undefined) rmSync(dir, { recursive: true, force: true });
}
if (failures > 0) {
  console.error(`${failures} failed`);
  process.exitCode = 1;
}
