/** `probe validate`: everything that can be known to be wrong with a file without sending anything, and what it will spend. */
import { Command } from 'commander';
import { z } from 'zod';
import { systemClock } from '../../core/clock.ts';
import { checked, readText } from '../../core/config.ts';
import { exitCodes, type Io } from '../../core/program.ts';
import { configKeys } from '../../core/spelling.ts';
import type { Defect } from '../defect.ts';
import { validationReport } from '../report/validation.ts';
import { lineOf, validate } from '../validate.ts';

const settings = z.strictObject({
  strict: z.boolean().default(false),
  allow_open: z.boolean().default(false),
  json: z.boolean().default(false),
});

export const validateCommand = (io: Io): Command =>
  new Command('validate')
    .description('look for mistakes in a file, offline, and say what it will spend')
    .argument('[file]', 'what to read', 'probe.yaml')
    .option('--strict', 'warnings are mistakes, too')
    .option('--allow-open', 'as for serve: the page may be open to other machines')
    .option('--json', 'print JSON')
    .addHelpText(
      'after',
      '\nExit code: 0 nothing wrong, 2 something is.\n\nExamples:\n  glm-testkit probe validate\n  glm-testkit probe validate probe.yaml --strict --json',
    )
    .action((file: string, flags: Record<string, unknown>) => validateVerb(file, flags, io));

function validateVerb(file: string, flags: Record<string, unknown>, io: Io): void {
  const { strict, json, allow_open: allowOpen } = checked(settings, configKeys(flags), 'options');
  const result = validate(readText(file), { env: io.env, nowMs: systemClock.wall(), allowOpen });
  const wrong = result.defects.filter(({ severity }) => strict || severity === 'error').length;
  if (json) io.out(`${JSON.stringify({ file, defects: result.defects, estimates: result.estimates }, null, 2)}\n`);
  else
    io.out(
      `${result.defects.map(defect => `${complaint(file, defect)}\n`).join('')}${validationReport(file, result, wrong)}`,
    );
  io.exitWith(wrong > 0 ? exitCodes.usage : exitCodes.ok);
}

const complaint = (file: string, defect: Defect) =>
  `${lineOf(file, defect)}${defect.severity === 'warning' ? ' (warning)' : ''}`;
