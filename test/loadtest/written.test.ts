import { expect, test } from 'vitest';
import { writtenSettings } from '../../src/loadtest/written.ts';

const flat = (level: number, durationMs = 2000) => [{ durationMs, from: level, to: level }];

test.each<[string, Record<string, unknown>, Record<string, string>]>([
  ['nothing', {}, {}],
  [
    'plain ones',
    { baseUrl: 'http://x/v4', model: 'glm-4.6', jwt: false },
    { '--url': 'http://x/v4', '--model': 'glm-4.6', '--jwt': 'false' },
  ],
  [
    'times',
    { warmupMs: 0, timeoutMs: 120_000, idleMs: 1500 },
    { '--warmup': '0ms', '--timeout': '2m', '--idle': '1.5s' },
  ],
  ['what is not set', { maxRequests: null }, {}],
  [
    'a policy',
    { policy: { onLimit: 'backoff', mostRetries: 5, baseMs: 1000, capMs: 60_000 } },
    { '--on-limit': 'backoff', '--retries': '5', '--backoff': '1s' },
  ],
  [
    'a budget',
    { budget: { maxTokens: 9, price: { input: 1, output: 2 } }, currency: 'USD' },
    { '--max-tokens-total': '9', '--price of input': '1', '--price of output': '2' },
  ],
  [
    'a closed loop',
    { arrivals: { kind: 'closed', stages: flat(20) }, concurrency: 20 },
    { load: '20 under way for 2s' },
  ],
  [
    'a rate',
    { arrivals: { kind: 'open', law: 'poisson', shape: 1, stages: flat(50, 60_000) } },
    { load: 'poisson arrivals at 50 per second for 1m' },
  ],
  [
    'bursts in stages',
    {
      arrivals: {
        kind: 'open',
        law: 'gamma',
        shape: 0.5,
        stages: [
          { durationMs: 30_000, from: 0, to: 10 },
          { durationMs: 120_000, from: 10, to: 50 },
        ],
      },
    },
    { load: 'gamma arrivals of shape 0.5 at 30s:10,2m:50 per second' },
  ],
  [
    'a trace',
    { arrivals: { kind: 'trace', requests: 1 }, concurrency: 9 },
    { load: 'a trace of 1 request', '--max-in-flight': '9' },
  ],
  [
    'what is said',
    {
      workload: {
        kind: 'synthetic',
        stream: true,
        input_tokens: { kind: 'fixed', tokens: 40 },
        output_tokens: { kind: 'uniform', low: 5, high: 9 },
      },
    },
    { '--input-tokens': '40', '--output-tokens': 'uniform(5,9)' },
  ],
  ['prompts', { workload: { kind: 'lines', file: 'p.jsonl' } }, { '--prompts': 'p.jsonl' }],
  [
    'another version’s',
    { frob: { nice: 1 }, constructor: 'x', workload: 7 },
    { '--frob.nice': '1', '--constructor': 'x' },
  ],
])('settings as they are written: %s', (_, config, written) => {
  expect(Object.fromEntries(writtenSettings(config))).toEqual(written);
});
