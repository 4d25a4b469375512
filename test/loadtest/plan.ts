import type { LoadPlan } from '../../src/loadtest/plan.ts';
import { workloadSchema } from '../../src/loadtest/workload/spec.ts';

const endless = Number.POSITIVE_INFINITY;

/** A closed loop at one level. */
export const closed = (level: number, durationMs: number): Pick<LoadPlan, 'arrivals' | 'concurrency'> => ({
  arrivals: { kind: 'closed', stages: [{ durationMs, from: level, to: level }] },
  concurrency: level,
});

/** Requests at a rate. */
export const open = (
  perSecond: number,
  durationMs: number,
  law: 'constant' | 'poisson' = 'constant',
): Pick<LoadPlan, 'arrivals' | 'concurrency'> => ({
  arrivals: { kind: 'open', law, shape: 1, stages: [{ durationMs, from: perSecond, to: perSecond }] },
  concurrency: 1000,
});

/** A small plan, changed where a test needs it. */
export const planOf = (more: Partial<LoadPlan> = {}): LoadPlan => ({
  baseUrl: 'http://127.0.0.1:1/api/paas/v4',
  key: 'canary-id.canary-secret',
  keys: ['canary-id.canary-secret'],
  jwt: false,
  ca: undefined,
  model: 'glm-4.6',
  driver: 'undici',
  seed: 7,
  ...closed(4, 60_000),
  warmupMs: 0,
  graceMs: 1000,
  timeoutMs: 5000,
  idleMs: 5000,
  stream: true,
  workload: workloadSchema.parse({ kind: 'text', prompt: 'hi', max_tokens: 16, stream: more.stream ?? true }),
  lines: undefined,
  maxRequests: endless,
  policy: { onLimit: 'record', mostRetries: 5, baseMs: 100, capMs: 60_000 },
  budget: { maxTokens: endless, maxCost: endless, price: undefined },
  currency: '',
  slo: [],
  thresholds: [],
  calibrate: false,
  ...more,
});
