/** `glm-testkit token`: mint the API's JWT, or see what is in one. */
import { text } from 'node:stream/consumers';
import { Command } from 'commander';
import { z } from 'zod';
import { readKey } from './core/api-key.ts';
import { systemClock } from './core/clock.ts';
import { checked } from './core/config.ts';
import { duration, formatDuration } from './core/duration.ts';
import { UsageError } from './core/errors.ts';
import { exitCodes, type Io } from './core/program.ts';
import { expiryOf, inspectToken, mintToken, parseKey } from './core/wire/auth.ts';

const mintSettings = z.object({
  ttl: duration.refine(ms => ms >= 1, 'must be at least 1ms: the API refuses an expired token'),
});

export const command = (io: Io): Command => {
  const token = new Command('token').description('mint or inspect the API’s JWT');
  token
    .command('mint')
    .description('print a JWT for the key in GLM_API_KEY')
    .option('--api-key-file <file>', 'read the key from a file instead of the environment')
    .option('--ttl <duration>', 'lifetime', '210s')
    .option('--typ', 'add "typ":"JWT" to the header, as most libraries do')
    .addHelpText(
      'after',
      '\nExamples:\n  GLM_API_KEY=id.secret glm-testkit token mint\n  glm-testkit token mint --api-key-file key.txt --ttl 30m',
    )
    .action(async (flags: { apiKeyFile?: string; ttl: string; typ?: true }) => {
      const key = parseKey(readKey(io.env, flags.apiKeyFile));
      if (key === undefined)
        throw new UsageError('bad_key', 'the API key is not of the form id.secret, so no JWT can be made from it');
      const jwt = await mintToken(key, {
        nowMs: systemClock.wall(),
        ttlMs: checked(mintSettings, { ttl: flags.ttl }, 'options').ttl,
        typ: flags.typ ?? false,
      });
      io.out(`${jwt}\n`);
    });
  token
    .command('inspect')
    .description('show header, payload and what is odd; nothing is verified. Exit 1 when something is')
    .argument('[jwt]', 'the token; - or nothing reads it from standard input')
    .option('--json', 'print one JSON object')
    .addHelpText(
      'after',
      '\nExamples:\n  glm-testkit token mint | glm-testkit token inspect\n  glm-testkit token inspect --json < token.txt',
    )
    .action(async (jwt: string | undefined, flags: { json?: true }) => {
      const given = jwt === undefined || jwt === '-' ? await text(process.stdin) : jwt;
      const token = given.trim().replace(/^bearer\s+/i, '');
      const { claims, findings } = inspectToken(token, systemClock.wall());
      io.out(
        flags.json
          ? `${JSON.stringify({ header: claims.header, payload: claims.payload, findings })}\n`
          : describe(claims, findings),
      );
      if (findings.length > 0) io.exitWith(exitCodes.failed);
    });
  return token;
};

function describe(
  { header, payload, exp }: ReturnType<typeof inspectToken>['claims'],
  findings: readonly string[],
): string {
  const left = exp === undefined ? '' : `\n${lifetime(expiryOf(exp, 'lenient').ms)}`;
  const odd = findings.length === 0 ? '\nnothing odd\n' : `\n${findings.map(text => `odd: ${text}`).join('\n')}\n`;
  return `header  ${JSON.stringify(header)}\npayload ${JSON.stringify(payload)}${left}${odd}`;
}

/** A number beyond all dates is an expiry, too: some clients send microseconds or worse. */
function lifetime(expMs: number): string {
  const date = new Date(expMs);
  if (Number.isNaN(date.getTime())) return `expires at ${expMs} ms, later than any date`;
  const leftMs = expMs - systemClock.wall();
  return leftMs > 0
    ? `expires ${date.toISOString()} (${formatDuration(leftMs)} left)`
    : `expired ${date.toISOString()}`;
}
