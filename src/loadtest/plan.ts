/** A run as it is carried out. */
import { createRandom } from '../core/random.ts';
import { type Arrivals, scheduleOf, totalMs } from './arrivals.ts';
import type { BudgetLimits } from './budget.ts';
import type { driverNames } from './drivers/index.ts';
import { named } from './named.ts';
import type { PolicyOptions } from './policy.ts';
import type { Slo } from './slo.ts';
import type { Threshold } from './thresholds.ts';
import type { WorkloadSpec } from './workload/spec.ts';
import { createWorkload, type Workload } from './workload.ts';

/** A run that may be made: secrets and files read, everything chosen. */
export interface LoadPlan {
  readonly baseUrl: string;
  /** The first of `keys`. */
  readonly key: string;
  readonly keys: readonly string[];
  readonly jwt: boolean;
  readonly ca: string | undefined;
  readonly model: string;
  readonly driver: (typeof driverNames)[number];
  readonly seed: number;
  readonly arrivals: Arrivals;
  /** Most connections at once. */
  readonly concurrency: number;
  readonly warmupMs: number;
  readonly graceMs: number;
  readonly timeoutMs: number;
  readonly idleMs: number;
  readonly stream: boolean;
  readonly workload: WorkloadSpec;
  /** What stands in the file that the workload names. */
  readonly lines: string | undefined;
  readonly maxRequests: number;
  readonly policy: PolicyOptions;
  readonly budget: BudgetLimits;
  readonly currency: string;
  readonly slo: Slo;
  readonly thresholds: readonly Threshold[];
  readonly calibrate: boolean;
}

/** What a plan says, request by request. Made once for a plan: a file of prompts may have a hundred thousand lines. */
export function workloadFor({ workload: spec, lines, seed, model }: LoadPlan): Workload {
  const known = made.get(spec);
  if (known?.seed === seed && known.model === model) return known.workload;
  const workload = named(lines === undefined ? 'prompt' : 'prompts', () =>
    createWorkload(spec, { seed, model, ...(lines !== undefined && { text: lines }) }),
  );
  made.set(spec, { seed, model, workload });
  return workload;
}

const made = new WeakMap<WorkloadSpec, { seed: number; model: string; workload: Workload }>();

/** How long requests are started, the warm-up included, ms. */
export const lengthMs = ({ arrivals }: Pick<LoadPlan, 'arrivals'>): number =>
  arrivals.kind === 'trace' ? Math.max(0, arrivals.offsetsMs.at(-1) ?? 0) : totalMs(arrivals.stages);

type Timing = Pick<LoadPlan, 'arrivals' | 'seed' | 'maxRequests'>;

/** When requests are started, ms since the beginning, as the seed has it; none of a closed loop. */
export const momentsOf = (plan: Timing): Float64Array => scheduleFor(plan).subarray(0, plan.maxRequests);

/**
 * All moments that the arrivals have, beyond the limit of requests, too. Drawn once for a plan: a million take a quarter of a
 * second. @throws {UsageError} `too_many_requests`, `bad_shape`
 */
export function scheduleFor({ arrivals, seed }: Omit<Timing, 'maxRequests'>): Float64Array {
  const known = drawn.get(arrivals);
  if (known?.seed === seed) return known.schedule;
  const schedule = scheduleOf(arrivals, createRandom(seed).fork('arrivals'));
  drawn.set(arrivals, { seed, schedule });
  return schedule;
}

const drawn = new WeakMap<Arrivals, { readonly seed: number; readonly schedule: Float64Array }>();
