/** What the documents say is true: commands, flags, defaults, metrics, links, and every snippet that this machine can run. */
import { type ExecFileException, execFile, execFileSync } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join, normalize } from 'node:path';
import { pathToFileURL } from 'node:url';
import { Command } from 'commander';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { parseDuration } from '../src/core/duration.ts';
import { catalogue } from '../src/core/metrics.ts';
import { domainOf, endings, reasons, retryOf } from '../src/core/outcome.ts';
import { exitCodes, type Io, runProgram } from '../src/core/program.ts';
import { command as demo } from '../src/demo.ts';
import { command as drill } from '../src/drill/cli.ts';
import { command as load } from '../src/loadtest/cli.ts';
import { loadSchema } from '../src/loadtest/settings.ts';
import { command as mock } from '../src/mock-server/cli.ts';
import { mockConfig } from '../src/mock-server/config.ts';
import { createMock, type Mock, presets } from '../src/mock-server/index.ts';
import { parseTiming } from '../src/mock-server/timing.ts';
import { command as probe } from '../src/probe/cli.ts';
import { checkKinds, type ProbeFile, probeSchema } from '../src/probe/config.ts';
import { command as token } from '../src/token.ts';
import {
  anchorOf,
  blocksOf,
  codeSpansOf,
  commandsOf,
  headingsOf,
  linksOf,
  rowsOf,
  withoutComments,
  wordsOf,
} from './support/markdown.ts';

const root = join(import.meta.dirname, '..');
const rooms = ['mock-server', 'probe', 'loadtest', 'drill', 'core'] as const;
const roomPage = (room: (typeof rooms)[number]) => `src/${room}/README.md`;
const files = ['README.md', 'README.zh-CN.md', 'CONTRIBUTING.md', 'CHANGELOG.md', ...rooms.map(roomPage)];
const read = (path: string) => readFileSync(join(root, path), 'utf8');
const readmes = ['README.md', 'README.zh-CN.md'] as const;

const silent: Io = {
  out: () => {},
  err: () => {},
  env: {},
  stop: new AbortController().signal,
  exitWith: () => {},
};

/** The program as src/cli.ts joins it. `act` replaces what the verbs do. */
function program(io: Io, act?: () => void): Command {
  const whole = new Command('glm-testkit').version('0');
  for (const verb of [mock, probe, load, drill, demo, token]) whole.addCommand(verb(io));
  const tame = (command: Command) => {
    // A verb with options of its own does something by itself, too.
    if (command.commands.length === 0 || command.options.length > 0) command.action(() => act?.());
    for (const inner of command.commands) tame(inner);
  };
  if (act !== undefined) tame(whole);
  return whole;
}

/** The commands of one verb, itself included. */
const family = (verb: Command): Command[] => [verb, ...verb.commands.flatMap(family)];
const flagsOf = (commands: readonly Command[]) =>
  commands.flatMap(({ options }) => options.flatMap(({ short, long }) => [short, long])).filter(flag => flag != null);

// ── commands ──

/** How a document calls the program. */
const callers = [/^npm run -s cli -- /, /^npx glm-testkit /, /^node src\/cli\.ts /, /^glm-testkit /];

/** Single commands of a shell line, without assignments in front of them. */
const parts = (line: string) => line.split(/\s(?:&&|\|)\s/).map(part => part.trim().replace(/^(?:[A-Z_]+=\S* )+/, ''));

/** The arguments of a call of the program; undefined for other commands. */
function argumentsOf(part: string): string[] | undefined {
  const caller = callers.find(start => start.test(part));
  return caller === undefined ? undefined : wordsOf(part.replace(caller, ''));
}

const shellLines = files.flatMap(file =>
  blocksOf(read(file))
    .filter(({ language }) => language === 'sh')
    .flatMap(commandsOf)
    .map(line => ({ file, line })),
);

test('every shell block holds something to run', () => {
  expect(shellLines.length).toBeGreaterThan(15);
});

const calls = shellLines.flatMap(({ file, line }) =>
  parts(line).flatMap(part => {
    const argv = argumentsOf(part);
    return argv === undefined ? [] : [{ file, part, argv }];
  }),
);

test.each(calls)('$file: the program understands $part', async ({ argv }) => {
  let ran = 0;
  const said: string[] = [];
  const io = { ...silent, err: (text: string) => said.push(text) };
  const code = await runProgram(
    program(io, () => ran++),
    argv,
    io,
  );
  expect({ code, ran, said }).toEqual({ code: exitCodes.ok, ran: 1, said: [] });
});

const scripts: Readonly<Record<string, string>> = JSON.parse(read('package.json')).scripts;

/** Named in the documents and on their way into the tree; a name leaves this list when it has arrived. */
const coming = new Set(['bench:mock', 'ledger', 'test:mutation', 'docs/fidelity.md']);

test.each(files)('%s: every npm script exists', file => {
  const page = read(file);
  const named = [...page.matchAll(/npm (?:run (?:-s )?)?([a-z][a-z:-]*)/g)].flatMap(([whole, name = '']) =>
    whole.includes(' run ') || name === 'test' ? [name] : [],
  );
  expect(named.filter(name => !Object.hasOwn(scripts, name) && !coming.has(name))).toEqual([]);
});

/** Flags of other programs that the documents mention. */
const foreign = new Set(['--cacert']);

test.each(files)('%s: every flag in prose belongs to the program', file => {
  const known = new Set(flagsOf(family(program(silent))));
  const shown = codeSpansOf(read(file)).flatMap(span => span.match(/(?<=^|\s)--[a-z][a-z-]*/g) ?? []);
  expect(shown.filter(flag => !known.has(flag) && !foreign.has(flag))).toEqual([]);
});

test('every verb is in both root pages', () => {
  const verbs = program(silent).commands.map(command => command.name());
  for (const file of readmes) {
    const page = read(file);
    expect(verbs.filter(verb => !page.includes(verb))).toEqual([]);
  }
});

// ── settings ──

const probeFile: ProbeFile = {
  credentials: { main: { key: { env: 'GLM_API_KEY' } } },
  targets: { here: { url: 'http://a' } },
  checks: [{ kind: 'chat' }],
};

const settings = [
  { room: 'mock-server', verb: mock, schema: mockConfig, given: {}, spell: camel },
  { room: 'probe', verb: probe, schema: probeSchema, given: probeFile, spell: String },
  { room: 'loadtest', verb: load, schema: loadSchema, given: { url: 'http://a', model: 'm' }, spell: String },
] as const;

function camel(key: string): string {
  return key.replace(/_(\w)/g, (_, c: string) => c.toUpperCase());
}

/** Settings with a table of their own. */
const nested = new Set(['wire', 'limits', 'defaults', 'exporter', 'state', 'cassettes']);

const bare = (cell = '') => cell.replaceAll('`', '');

/** The table of settings: the one whose first column is `key`. */
function settingRows(page: string): string[][] {
  const rows = rowsOf(page);
  const from = rows.findIndex(([first]) => first === 'key');
  const rest = rows.slice(from + 2);
  const end = rest.findIndex(([first = '']) => !/^`[a-z_]+`$/.test(first));
  return end < 0 ? rest : rest.slice(0, end);
}

/** A default as the table writes it, in the form that the schema holds. */
function defaultOf(key: string, cell: string): unknown {
  if (cell === '–') return undefined;
  const text = bare(cell);
  if (key === 'timing') return parseTiming(text);
  if (key === 'check') return text.split(',');
  if (text === 'true' || text === 'false') return text === 'true';
  if (/^\d+(ms|s|m|h)$/.test(text)) return parseDuration(text);
  return /^\d+$/.test(text) && key !== 'era' && key !== 'concurrency' ? Number(text) : text;
}

test.each(settings)('$room: the table holds every setting with its default', ({ room, schema, given, spell }) => {
  const rows = settingRows(read(roomPage(room)));
  const keys = rows.map(([key]) => spell(bare(key)));
  expect(keys.toSorted()).toEqual(Object.keys(schema.shape).toSorted());
  const defaults: Readonly<Record<string, unknown>> = schema.parse(given);
  for (const [key = '', , cell = ''] of rows) {
    const name = spell(bare(key));
    const held = name in given || nested.has(name) ? undefined : defaults[name];
    const expected = isEmpty(held) ? undefined : held;
    if (!nested.has(name)) expect({ [name]: defaultOf(bare(key), cell) }).toEqual({ [name]: expected });
  }
});

/** A list or a table that nothing is in. */
const isEmpty = (held: unknown) => typeof held === 'object' && held !== null && Object.keys(held).length === 0;

test('the probe’s page lists every kind of check', () => {
  const rows = rowsOf(read(roomPage('probe'))).map(([name]) => bare(name));
  expect(checkKinds.filter(kind => !rows.includes(kind))).toEqual([]);
});

test.each(settings)('$room: the page names every flag of the program', ({ room, verb }) => {
  const page = read(roomPage(room));
  expect(flagsOf(family(verb(silent))).filter(flag => !page.includes(`\`${flag}\``))).toEqual([]);
});

test('the mock’s page lists every wire switch with its default', () => {
  const wire: Readonly<Record<string, string>> = mockConfig.parse({}).wire;
  const rows = rowsOf(read(roomPage('mock-server'))).filter(([name]) => Object.hasOwn(wire, bare(name)));
  expect(Object.fromEntries(rows.map(([name, value]) => [bare(name), bare(value)]))).toEqual(wire);
});

test('the mock’s page lists every preset with its pace', () => {
  const rows = rowsOf(read(roomPage('mock-server'))).filter(([name]) => Object.hasOwn(presets, bare(name)));
  expect(Object.fromEntries(rows.map(([name, pace]) => [bare(name), bare(pace)]))).toEqual(presets);
});

test('the core’s page lists every ending, its fault and what to do next', () => {
  const rows = rowsOf(read(roomPage('core'))).filter(([name]) => Object.hasOwn(endings, bare(name)));
  expect(rows).toEqual(
    reasons.map(reason => [
      `\`${reason}\``,
      domainOf(reason) ?? '–',
      reason === 'ok' ? '–' : retryOf(reason),
      endings[reason].meaning,
    ]),
  );
});

// ── metrics ──

test.each(files)('%s: every metric that is named exists', file => {
  const named = read(file).match(/glm_(?:mock|probe|load)_[a-z_]*[a-z]/g) ?? [];
  const known = (name: string) => Object.hasOwn(catalogue, name.replace(/_(bucket|sum|count)$/, ''));
  expect(named.filter(name => !known(name))).toEqual([]);
});

test.each([
  ['mock-server', 'glm_mock_'],
  ['probe', 'glm_probe_'],
  ['loadtest', 'glm_load_'],
] as const)('%s: the page lists every metric %s…', (room, start) => {
  const page = read(roomPage(room));
  const own = Object.keys(catalogue).filter(name => name.startsWith(start));
  expect(own.filter(name => !page.includes(`| \`${name}\` |`))).toEqual([]);
});

// ── links and languages ──

test.each(files)('%s: every link within the repository leads somewhere', file => {
  const broken = linksOf(read(file)).filter(target => {
    if (/^https?:/.test(target)) return false;
    const [path = '', anchor] = target.split('#');
    const found = path === '' ? file : normalize(join(dirname(file), path));
    if (!existsSync(join(root, found))) return !coming.has(found);
    return anchor !== undefined && !headingsOf(read(found)).some(({ text }) => anchorOf(text) === anchor);
  });
  expect(broken).toEqual([]);
});

test('both root pages have the same headings, blocks and links', () => {
  const [english, chinese] = readmes.map(read) as [string, string];
  const shape = (page: string) => ({
    levels: headingsOf(page).map(({ level }) => level),
    blocks: blocksOf(page).map(withoutComments),
    links: linksOf(page).filter(target => !/^README/.test(target)),
    rows: rowsOf(page).length,
  });
  expect(shape(chinese)).toEqual(shape(english));
  expect(linksOf(english)[0]).toBe('README.zh-CN.md');
  expect(linksOf(chinese)[0]).toBe('README.md');
});

test('every import that the documents show is exported by the package', () => {
  const { exports } = JSON.parse(read('package.json')) as { exports: Record<string, unknown> };
  const shown = files.flatMap(file => read(file).match(/glm-testkit\/[a-z-]+/g) ?? []);
  expect(shown.length).toBeGreaterThan(0);
  expect(shown.filter(name => !Object.hasOwn(exports, name.replace('glm-testkit', '.')))).toEqual([]);
});

// ── snippets, run against a mock of this process ──

const shownUrl = 'http://127.0.0.1:4010';
const shownKey = 'my-id.my-secret';
let target: Mock;
let folder: string;

beforeAll(async () => {
  target = await createMock({ keys: [shownKey] });
  mkdirSync(join(root, '.tmp'), { recursive: true });
  folder = mkdtempSync(join(root, '.tmp', 'docs-'));
});
afterAll(async () => {
  await target.close();
  rmSync(folder, { recursive: true });
});

const onMock = (text: string) => text.replaceAll(shownUrl, target.url);

/** Package names become the sources they are built from. */
const onSource = (text: string) =>
  text.replace(/'glm-testkit\/([a-z-]+)'/g, (_, name: string) => {
    const { exports } = JSON.parse(read('package.json')) as { exports: Record<string, { default: string }> };
    const built = exports[`./${name}`]?.default ?? '';
    const source = built.replace('./dist', './src').replace(/js$/, 'ts');
    return `'${pathToFileURL(join(root, source)).href}'`;
  });

interface Ended {
  readonly code: number;
  readonly out: string;
  readonly err: string;
}

const execute = (command: string, args: readonly string[], options: { cwd?: string } = {}): Promise<Ended> =>
  new Promise(resolve => {
    const env = { ...process.env, NODE_NO_WARNINGS: '1', NO_COLOR: '1', GLM_API_KEY: shownKey };
    execFile(command, args, { ...options, env }, (error: ExecFileException | null, out, err) =>
      resolve({ code: error === null ? 0 : Number(error.code ?? 1), out, err }),
    );
  });

const snippets = files
  .filter(file => file !== 'README.zh-CN.md') // its blocks are compared with the English ones
  .flatMap(file => blocksOf(read(file)).map(({ language, text }, at) => ({ file, language, text, at })));

const isVitest = (text: string) => text.includes("from 'vitest'");
const javascript = snippets.filter(({ language, text }) => language === 'js' && !isVitest(text));

/** What a snippet prints, by a word in it. */
const prints: readonly [word: string, out: string][] = [
  ['createManualClock', 'true\n'],
  ['sweep', "[ 'network-error-finish' ]\n"],
  ['spec-17', 'Sunny in Beijing. 3\n'],
  ['createMock', '2 + 3 = 5.\n200 complete\n'],
  ['', '2 + 3 = 5.\n'],
];

test.each(javascript)('$file, block $at runs', { timeout: 60_000 }, async ({ text, at }) => {
  const path = join(folder, `block-${at}-${text.length}.mjs`);
  writeFileSync(path, onSource(onMock(text)));
  const expected = prints.find(([word]) => text.includes(word))?.[1];
  expect(await execute(process.execPath, [path])).toEqual({ code: 0, out: expected, err: '' });
});

test('the snippets for vitest pass', { timeout: 60_000 }, async () => {
  const tests = snippets.filter(({ text }) => isVitest(text));
  expect(tests.length).toBeGreaterThan(0);
  for (const { text, at } of tests) writeFileSync(join(folder, `block-${at}.test.mjs`), onSource(text));
  const vitest = join(root, 'node_modules/vitest/vitest.mjs');
  const { code, out, err } = await execute(process.execPath, [vitest, 'run', '--root', folder], { cwd: folder });
  expect(code, `${out}${err}`).toBe(0);
});

const has = (command: string, ...args: string[]) => {
  try {
    execFileSync(command, args, { stdio: 'ignore' });
    return true;
  } catch {
    // Not installed here, or without the module: the test is skipped and says so.
    return false;
  }
};

test.skipIf(!has('curl', '--version'))('the curl line gets the answer', async () => {
  const line = shellLines.find(({ line }) => line.startsWith('curl '))?.line ?? '';
  const { code, out } = await execute('sh', ['-c', onMock(line)]);
  expect(code).toBe(0);
  expect(JSON.parse(out).choices[0].message.content).toBe('2 + 3 = 5.');
});

test.skipIf(!has('python3', '-c', 'import requests'))('the Python snippet prints the answer', async () => {
  const text = snippets.find(({ language }) => language === 'python')?.text ?? '';
  expect(await execute('python3', ['-c', onMock(text)])).toEqual({ code: 0, out: '2 + 3 = 5.\n', err: '' });
});

test('the Java snippet asks the same of the same place', () => {
  const text = snippets.find(({ language }) => language === 'java')?.text ?? '';
  const [, question = ''] = /question = "(.*)";/.exec(text) ?? [];
  const asked = { model: 'glm-4.6', messages: [{ role: 'user', content: 'What is 2 + 3?' }] };
  expect(JSON.parse(question.replaceAll('\\"', '"'))).toEqual(asked);
  expect(text).toContain(`"${shownUrl}/api/paas/v4/chat/completions"`);
});

const clientCalls = calls
  .filter(({ file, argv: [, inner = ''] }) => file !== 'README.zh-CN.md' && ['check', 'run'].includes(inner))
  .map(({ file, argv }) => ({ file, argv, shown: argv.join(' ') }));

test.each(clientCalls)('$file: “$shown” works', async ({ argv }) => {
  const shorter: Readonly<Record<string, string>> = { '-d': '1s', '-o': join(folder, 'result') };
  const short = argv.map((word, at) => shorter[argv[at - 1] ?? ''] ?? onMock(word));
  let out = '';
  let set: number | undefined;
  const io: Io = {
    ...silent,
    env: { GLM_API_KEY: shownKey },
    out: text => {
      out += text;
    },
    exitWith: code => {
      set = code;
    },
  };
  expect(await runProgram(program(io), short, io)).toBe(exitCodes.ok);
  expect(set).toBe(exitCodes.ok);
  expect(out).toMatch(/good/);
});

test('the token commands work as a pipe', { timeout: 60_000 }, async () => {
  const line = shellLines.find(({ line }) => line.includes('token mint'))?.line ?? '';
  const cli = `'${process.execPath}' '${join(root, 'src/cli.ts')}'`;
  const { code, out, err } = await execute('sh', ['-c', line.replaceAll('npm run -s cli --', cli)]);
  expect({ code, err }).toEqual({ code: 0, err: '' });
  expect(out).toMatch(/"api_key":"my-id"/);
  expect(out).toMatch(/nothing odd/);
});

test('the rooms with pages are the rooms there are', () => {
  const folders = readdirSync(join(root, 'src'), { withFileTypes: true }).filter(entry => entry.isDirectory());
  expect(folders.map(({ name }) => name).toSorted()).toEqual([...rooms].toSorted());
});
