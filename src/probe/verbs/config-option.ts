/** The one option of all verbs that need a file, and what it names. */
import { Option } from 'commander';
import type { Io } from '../../core/program.ts';
import { loadPlan } from '../load.ts';
import type { ProbePlan } from '../plan.ts';
import { systemReaders } from '../secret.ts';

/** `--config`, by default the file that `init` writes. */
export const configOption = (says = 'the file that serve runs with'): Option =>
  new Option('-c, --config <file>', says).default('probe.yaml');

/** @throws {UsageError} for a file that cannot be used */
export const planIn = (file: string, { env }: Pick<Io, 'env'>): Promise<ProbePlan> =>
  loadPlan(file, systemReaders(env));
