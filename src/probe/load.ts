/** From a path to a plan: reads the file, doubts it, resolves it. */
import { dirname, resolve } from 'node:path';
import type { ProbePlan } from './plan.ts';
import { planOf } from './plan.ts';
import type { SecretReaders } from './secret.ts';
import { readProbeFile } from './validate.ts';

/**
 * Reads a probe file, its secrets and its certificates; the state's path counts from the file's folder.
 * @throws {UsageError} with every mistake at once, each with its line and column
 */
export async function loadPlan(path: string, readers: SecretReaders): Promise<ProbePlan> {
  const plan = await planOf(readProbeFile(path, readers), readers);
  // Whoever asks for the status stands in another folder than who serves.
  return { ...plan, state: { ...plan.state, path: resolve(dirname(path), plan.state.path) } };
}
