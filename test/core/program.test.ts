import { Command } from 'commander';
import { expect, test } from 'vitest';
import { UsageError } from '../../src/core/errors.ts';
import { exitCodes, type Io, runProgram } from '../../src/core/program.ts';

interface Run {
  readonly code: number;
  readonly out: string;
  readonly err: string;
}

/** A command line with one nested command; `action` is what the command does. */
async function run(argv: readonly string[], action: () => unknown = () => {}): Promise<Run> {
  let out = '';
  let err = '';
  const io: Io = {
    out: text => {
      out += text;
    },
    err: text => {
      err += text;
    },
    env: {},
    stop: new AbortController().signal,
    exitWith: () => {},
  };
  const inner = new Command('mock')
    .description('answers like the API')
    .option('-p, --port <n>', 'where to listen')
    .action(async () => {
      await action();
    });
  const program = new Command('glm-testkit').version('1.2.3').addCommand(inner);
  return { code: await runProgram(program, argv, io), out, err };
}

test('a command that does its work ends with 0 and prints nothing of its own', async () => {
  let port = '';
  const ended = await run(['mock', '--port', '0'], () => {
    port = 'ran';
  });
  expect(ended).toEqual({ code: 0, out: '', err: '' });
  expect(port).toBe('ran');
});

test.each([
  ['an unknown option', ['mock', '--prot', '1'], "unknown option '--prot'"],
  ['an option without its value', ['mock', '--port'], "option '-p, --port <n>' argument missing"],
  ['an unknown command', ['mokc'], "unknown command 'mokc'"],
  ['too many arguments', ['mock', 'extra'], 'too many arguments'],
])('%s is one message on stderr and ends with 2', async (_, argv, message) => {
  const { code, out, err } = await run(argv);
  expect(code).toBe(exitCodes.usage);
  expect(out).toBe('');
  expect(err).toContain(`error: ${message}`);
  expect(err).not.toMatch(/^\s+at /m);
});

test.each([
  [['--help'], 'answers like the API'],
  [['mock', '--help'], 'where to listen'],
  [['help', 'mock'], 'where to listen'],
  [['--version'], '1.2.3'],
])('%j goes to stdout and ends with 0', async (argv, text) => {
  const { code, out, err } = await run(argv);
  expect({ code, err }).toEqual({ code: 0, err: '' });
  expect(out).toContain(text);
});

test('a command line without a command shows the help on stderr and ends with 2', async () => {
  const { code, out, err } = await run([]);
  expect({ code, out }).toEqual({ code: 2, out: '' });
  expect(err).toContain('Usage: glm-testkit');
});

test('a usage error is its sentence without a stack and ends with 2', async () => {
  const ended = await run(['mock'], () => {
    throw new UsageError('bad_config', 'mock.yaml:\n  port: too large');
  });
  expect(ended).toEqual({ code: 2, out: '', err: 'error: mock.yaml:\n  port: too large\n' });
});

test('any other error is a bug and comes through untouched', async () => {
  const bug = new TypeError('undefined is not a function');
  await expect(
    run(['mock'], () => {
      throw bug;
    }),
  ).rejects.toBe(bug);
});
