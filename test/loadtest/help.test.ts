import { expect, test } from 'vitest';
import { command } from '../../src/loadtest/cli.ts';
import { loadSchema } from '../../src/loadtest/settings.ts';
import { run } from '../support/io.ts';

const helpOf = async (verb: string) => (await run(command, ['load', verb, '--help'], { env: {} })).out;

test.each(['run', 'capacity', 'compare', 'relens', 'agent'])('the help of load %s fits 80 columns', async verb => {
  const help = await helpOf(verb);
  expect(help).toContain('Examples:');
  for (const line of help.split('\n')) expect(line.length).toBeLessThanOrEqual(80);
});

test('the help says of every number its default, as the schema has it', async () => {
  const text = (await helpOf('run')).replace(/\s+/g, ' ');
  const read = loadSchema.parse({ url: 'http://127.0.0.1/v4', model: 'x' });
  const standards = [
    ['--concurrency <n>', read.concurrency],
    ['--shape <k>', read.shape],
    ['--speed <x>', read.speed],
    ['--scale <x>', read.scale],
    ['--max-in-flight <n>', read.max_in_flight],
    ['--retries <n>', read.retries],
    ['--workers <n>', read.workers],
    ['--on-limit <what>', read.on_limit],
    ['--timeout <duration>', `${read.timeout / 1000}s`],
    ['--idle <duration>', `${read.idle / 1000}s`],
    ['--grace <duration>', `${read.grace / 1000}s`],
    ['--backoff <duration>', `${read.backoff / 1000}s`],
  ] as const;
  for (const [flag, standard] of standards)
    expect(text.slice(text.indexOf(flag)).split(' --')[0]).toContain(`(default: ${standard})`);
});
