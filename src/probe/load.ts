/** From a path to a plan: reads the file, doubts it, resolves it. */
import type { ProbePlan } from './plan.ts';
import { planOf } from './plan.ts';
import type { SecretReaders } from './secret.ts';
import { readProbeFile } from './validate.ts';

/**
 * Reads a probe file, its secrets and its certificates.
 * @throws {UsageError} with every mistake at once, each with its line and column
 */
export async function loadPlan(path: string, readers: SecretReaders): Promise<ProbePlan> {
  return planOf(readProbeFile(path, readers.env), readers);
}
