/** `glm-testkit mock report` and `mock coverage`: ask a running mock what it saw, and fail a build over it. */
import { Command } from 'commander';
import { z } from 'zod';
import { baseUrl } from '../../core/base-url.ts';
import { asFlag, checked } from '../../core/config.ts';
import { textOf, UsageError } from '../../core/errors.ts';
import { exitCodes, type Io } from '../../core/program.ts';

const common = {
  url: baseUrl,
  key: z.string().optional(),
};
const reportFlags = z.strictObject({ ...common, json: z.boolean().default(false) });
const formats = ['text', 'json', 'junit', 'markdown'] as const;
const coverageFlags = z.strictObject({
  ...common,
  format: z.enum(formats).default('text'),
  minCoverage: z
    .preprocess(
      value => (typeof value === 'string' && value.trim() !== '' ? Number(value) : value),
      z.number().min(0).max(100),
    )
    .optional(),
});

const defaultUrl = 'http://127.0.0.1:4010';

export const reportCommand = (io: Io): Command =>
  new Command('report')
    .description('judge how the clients of a running mock handled what happened to them; exit 1 when badly')
    .option('--url <url>', `the mock (default ${defaultUrl})`)
    .option('--key <id>', 'only the requests of this API key, by its id')
    .option('--json', 'as JSON')
    .action(async (flags: object) => {
      const { url, key, json } = checked(reportFlags, { url: defaultUrl, ...flags }, 'options', asFlag);
      const verdict = JSON.parse(await ask(io, url, 'report', { key })) as { verdict: string };
      io.out(
        json ? `${JSON.stringify(verdict, undefined, 2)}\n` : await ask(io, url, 'report', { key, format: 'text' }),
      );
      if (verdict.verdict === 'fragile') io.exitWith(exitCodes.failed);
    });

export const coverageCommand = (io: Io): Command =>
  new Command('coverage')
    .description('what of the API and of the faults the clients of a running mock exercised')
    .option('--url <url>', `the mock (default ${defaultUrl})`)
    .option('--key <id>', 'only the requests of this API key, by its id')
    .option('--format <form>', `${formats.join(', ')} (default text); markdown goes into a GitHub step summary`)
    .option('--min-coverage <percent>', 'exit 1 when less of the whole was exercised')
    .action(async (flags: object) => {
      const { url, key, format, minCoverage } = checked(
        coverageFlags,
        { url: defaultUrl, ...flags },
        'options',
        asFlag,
      );
      io.out(await ask(io, url, 'coverage', { key, format }));
      if (minCoverage === undefined) return;
      const { percent } = JSON.parse(await ask(io, url, 'coverage', { key })) as { percent: number };
      if (percent >= minCoverage) return;
      io.err(`coverage is ${percent} %, less than the ${minCoverage} % of --min-coverage\n`);
      io.exitWith(exitCodes.failed);
    });

async function ask(
  { env: { GLM_MOCK_ADMIN_TOKEN: token } }: Io,
  url: string,
  what: string,
  query: Readonly<Record<string, string | undefined>>,
): Promise<string> {
  const target = new URL(`/__admin/${what}`, url);
  for (const [name, value] of Object.entries(query)) if (value !== undefined) target.searchParams.set(name, value);
  const headers = token ? { authorization: `Bearer ${token}` } : {};
  const answer = await fetch(target, { headers }).catch(error => {
    throw new UsageError(
      'no_mock',
      `no mock answers at ${target.origin} (${textOf(error.cause ?? error)}); start one, or name it with --url`,
    );
  });
  const text = await answer.text();
  if (answer.status === 403)
    throw new UsageError('no_token', `${target.origin} needs its admin token; set GLM_MOCK_ADMIN_TOKEN`);
  if (!answer.ok)
    throw new UsageError(
      'no_mock',
      `${target.origin} answers ${answer.status} to ${target.pathname}: is it a glm-testkit mock?`,
    );
  return text.endsWith('\n') ? text : `${text}\n`;
}
