import type { LoadPlan } from '../../src/loadtest/config.ts';

/** A small plan, changed where a test needs it. */
export const planOf = (more: Partial<LoadPlan> = {}): LoadPlan => ({
  baseUrl: 'http://127.0.0.1:1/api/paas/v4',
  key: 'canary-id.canary-secret',
  ca: undefined,
  model: 'glm-4.6',
  driver: 'undici',
  seed: 7,
  concurrency: 4,
  durationMs: 60_000,
  warmupMs: 0,
  graceMs: 1000,
  timeoutMs: 5000,
  stream: true,
  maxTokens: 16,
  prompt: 'hi',
  samePrompt: false,
  maxRequests: Number.POSITIVE_INFINITY,
  ...more,
});
