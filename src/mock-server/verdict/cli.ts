/** `glm-testkit mock report` and `mock coverage`: ask a running mock what it saw, and fail a build over it. */
import { rootCertificates } from 'node:tls';
import { Command } from 'commander';
import { Agent, request } from 'undici';
import { z } from 'zod';
import { baseUrl } from '../../core/base-url.ts';
import { checked } from '../../core/config.ts';
import { codeOf, textOf, UsageError } from '../../core/errors.ts';
import { plainLines } from '../../core/one-line.ts';
import { isUntrusted, readAuthority } from '../../core/pem.ts';
import { exitCodes, type Io } from '../../core/program.ts';
import { asFlag } from '../../core/spelling.ts';
import type { Coverage } from './coverage.ts';
import { severities } from './finding.ts';
import { passes } from './report.ts';
import type { Verdict } from './resilience.ts';

const common = {
  url: baseUrl,
  ca: z.string().optional(),
  key: z.string().trim().min(1, 'must name an API key by its id').optional(),
};
const reportFlags = z.strictObject({
  ...common,
  json: z.boolean().default(false),
  failOn: z.enum(severities).default('fail'),
});
const formats = ['text', 'json', 'junit', 'markdown'] as const;
const percentage = 'must be a number from 0 to 100';
const coverageFlags = z.strictObject({
  ...common,
  format: z.enum(formats).default('text'),
  minCoverage: z
    .preprocess(
      value => (typeof value === 'string' && value.trim() !== '' ? Number(value) : value),
      z.number(percentage).min(0, percentage).max(100, percentage),
    )
    .optional(),
});

const defaultUrl = 'http://127.0.0.1:4010';

export const reportCommand = (io: Io): Command =>
  new Command('report')
    .description(
      'judge how the clients of a running mock handled what happened to them; exit 1 when badly, 3 when it saw no request',
    )
    .option('--url <url>', `the mock (default ${defaultUrl})`)
    .option('--ca <file>', 'PEM of a certificate authority to trust as well')
    .option('--key <id>', 'only the requests of this API key, by its id')
    .option('--fail-on <severity>', 'the mildest finding that counts as badly: fail (default), warn or unproven')
    .option('--json', 'as JSON')
    .addHelpText(
      'after',
      '\nfail: the requests prove it. warn: probably wrong. unproven: right or wrong by what the client made of an answer, which\n' +
        'no request shows; run the client through sweep() for that.\n\n' +
        'Examples:\n  glm-testkit mock report --fail-on warn\n  glm-testkit mock report --url http://127.0.0.1:4010 --json',
    )
    .action(async (flags: object) => {
      const { url, ca, key, json, failOn } = checked(reportFlags, { url: defaultUrl, ...flags }, 'options', asFlag);
      const mock = mockAt(url, ca, io);
      const verdict = JSON.parse(await mock.ask('report', { key })) as Verdict;
      io.out(
        json
          ? `${JSON.stringify(verdict, undefined, 2)}\n`
          : plainLines(await mock.ask('report', { key, format: 'text' })),
      );
      if (!passes(verdict, failOn)) io.exitWith(exitCodes.failed);
      else if (verdict.requests === 0) {
        io.err('the mock saw no request, so there was nothing to judge: do the clients use its base URL?\n');
        io.exitWith(exitCodes.unmeasurable);
      }
    });

/** A whole key holds a secret, which belongs neither into a URL nor into a message. */
const idOf = (key: string) => key.split('.')[0] ?? '';

export const coverageCommand = (io: Io): Command =>
  new Command('coverage')
    .description('what of the API and of the faults the clients of a running mock exercised since it started')
    .option('--url <url>', `the mock (default ${defaultUrl})`)
    .option('--ca <file>', 'PEM of a certificate authority to trust as well')
    .option('--key <id>', 'only the requests of this API key, by its id')
    .option('--format <form>', `${formats.join(', ')} (default text); markdown goes into a GitHub step summary`)
    .option('--min-coverage <percent>', 'exit 1 when less of the whole was exercised')
    .action(async (flags: object) => {
      const { url, ca, key, format, minCoverage } = checked(
        coverageFlags,
        { url: defaultUrl, ...flags },
        'options',
        asFlag,
      );
      const mock = mockAt(url, ca, io);
      const { percent } = JSON.parse(await mock.ask('coverage', { key })) as Coverage;
      io.out(await mock.ask('coverage', { key, format }));
      if (minCoverage === undefined || percent >= minCoverage) return;
      io.err(`coverage is ${percent} %, less than the ${minCoverage} % of --min-coverage\n`);
      io.exitWith(exitCodes.failed);
    });

/** A running mock, over its admin API. */
function mockAt(url: string, caFile: string | undefined, { env: { GLM_MOCK_ADMIN_TOKEN: token } }: Io) {
  const ca = caFile === undefined ? undefined : [...rootCertificates, readAuthority(caFile)];
  const headers = token ? { authorization: `Bearer ${token}` } : {};
  const ask = async (what: string, query: Readonly<Record<string, string | undefined>>): Promise<string> => {
    const target = new URL(`/__admin/${what}`, url);
    for (const [name, value] of Object.entries(query))
      if (value !== undefined) target.searchParams.set(name, name === 'key' ? idOf(value) : value);
    const dispatcher = new Agent({ connect: { ...(ca && { ca }) } });
    const answer = await request(target, { headers, dispatcher }).catch(error => {
      throw unreached(error, target.origin);
    });
    const text = await answer.body.text();
    await dispatcher.close();
    return readable(answer.statusCode, text, target);
  };
  return { ask };
}

function unreached(error: Error, origin: string): UsageError {
  const code = codeOf(error) ?? '';
  if (isUntrusted(code))
    return new UsageError(
      'bad_ca',
      `the certificate of ${origin} is of no authority that is known here (${code}); name its authority with --ca FILE, which a mock with --tls prints as "trust" when it starts`,
    );
  return new UsageError(
    'no_mock',
    `no mock answers at ${origin} (${textOf(error.cause ?? error)}); start one, or name it with --url`,
  );
}

/** @throws {UsageError} when it is no answer to the question */
function readable(status: number, text: string, target: URL): string {
  if (status === 403)
    throw new UsageError('no_token', `${target.origin} needs its admin token; set GLM_MOCK_ADMIN_TOKEN`);
  if (status === 400) throw new UsageError('bad_query', `${target.origin} says: ${reasonIn(text)}`);
  if (status !== 200)
    throw new UsageError(
      'no_mock',
      `${target.origin} answers ${status} to ${target.pathname}: is it a glm-testkit mock?`,
    );
  return text.endsWith('\n') ? text : `${text}\n`;
}

const refusal = z.object({ error: z.object({ message: z.string() }) });

/** Why the mock refuses a question. */
function reasonIn(text: string): string {
  try {
    return refusal.parse(JSON.parse(text)).error.message;
  } catch {
    // Not the mock's own words: shown as they are, in short.
    return text.slice(0, 200);
  }
}
