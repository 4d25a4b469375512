/** The one option of all verbs that need a file, and what it names. */
import { Option } from 'commander';
import { systemClock } from '../../core/clock.ts';
import { UsageError } from '../../core/errors.ts';
import { exitCodes, type Io } from '../../core/program.ts';
import { loadPlan } from '../load.ts';
import type { Overview } from '../overview.ts';
import type { ProbePlan } from '../plan.ts';
import { sealedReaders } from '../secret.ts';
import { storedOverview } from '../stored.ts';

/** `--config`, by default the file that `init` writes. */
export const configOption = (says = 'the file that serve runs with'): Option =>
  new Option('-c, --config <file>', says).default('probe.yaml');

/**
 * The plan of a verb that calls nobody: its secrets and certificates are not read.
 * @throws {UsageError} for a file that cannot be used
 */
export const planIn = (file: string): Promise<ProbePlan> => loadPlan(file, sealedReaders);

/** The overview that `serve` left for the checks of a file; undefined, told and exit code 3 where there is none yet. */
export async function overviewIn(file: string, io: Io): Promise<Overview | undefined> {
  const plan = await planIn(file).catch(withOtherWay);
  try {
    return await storedOverview(plan, systemClock);
  } catch (error) {
    if (!(error instanceof UsageError) || error.code !== 'no_state') throw error;
    io.err(`error: ${error.message}\n`);
    io.exitWith(exitCodes.unmeasurable);
    return undefined;
  }
}

/** A `serve` that runs goes on with what it read before the mistake was made. */
function withOtherWay(error: unknown): never {
  if (!(error instanceof UsageError) || error.code !== 'bad_config') throw error;
  const way =
    'Where the state is, is not known until that is put right; a serve that runs shows it at the URL it printed.';
  throw new UsageError(error.code, `${error.message}\n${way}`, { cause: error });
}
