/** Checks, plans and doors for tests of the probe. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { newDraft } from '../../src/core/call/record.ts';
import { type Clock, systemClock } from '../../src/core/clock.ts';
import { createRandom } from '../../src/core/random.ts';
import type { Call } from '../../src/probe/checks/check.ts';
import { type CheckKind, type ProbeFile, probeSchema } from '../../src/probe/config.ts';
import { type ProbeCheck, type ProbePlan, planOf } from '../../src/probe/plan.ts';
import type { RunDoor } from '../../src/probe/run.ts';
import { createTape, type Tape } from '../../src/probe/tape.ts';

/** A file with one credential, one target and these checks. */
export const fileOf = (url: string, checks: ProbeFile['checks'], more: Partial<ProbeFile> = {}): ProbeFile => ({
  credentials: { main: { key: { env: 'KEY' } } },
  targets: { home: { url } },
  defaults: { model: 'glm-4.6' },
  ...more,
  checks,
});

export const noFile = (path: string): never => {
  throw new Error(`${path} was read`);
};

export const planFor = (file: ProbeFile, key = 'my-id.my-secret'): Promise<ProbePlan> =>
  planOf(probeSchema.parse(file), { env: { KEY: key }, file: noFile, command: async () => '' });

/** One check of one kind. */
export async function checkFor(
  url: string,
  check: ProbeFile['checks'][number] | CheckKind,
  options: { key?: string; more?: Partial<ProbeFile> } = {},
): Promise<ProbeCheck> {
  const one = typeof check === 'string' ? { kind: check } : check;
  const { checks } = await planFor(fileOf(url, [one], options.more), options.key);
  return checks[0] as ProbeCheck;
}

export const doorFor = (more: Partial<RunDoor> = {}): RunDoor => ({
  clock: systemClock,
  stop: new AbortController().signal,
  random: createRandom('test'),
  ...more,
});

/** A folder that is gone afterwards. */
export function scratch(): { path: string; remove: () => void } {
  const path = mkdtempSync(join(tmpdir(), 'probe-'));
  return { path, remove: () => rmSync(path, { recursive: true, force: true }) };
}

/** A call as a check hands it over, all moments from zero. */
export function callOf(
  record: Partial<Call['record']> = {},
  { tape, ...more }: Partial<Omit<Call, 'tape' | 'record'>> & { tape?: Partial<Tape> } = {},
  clock: Clock = systemClock,
): Call {
  return {
    label: 'chat_stream',
    wanted: 'well',
    request: { kind: 'chat', stream: true, body: '{}' },
    wallMs: 0,
    right: undefined,
    gapsMs: [],
    ...more,
    record: { ...newDraft(0, 0), outcome: { kind: 'ok' }, done: true, finishReason: 'stop', usage, ...record },
    tape: { ...createTape(clock, 0), ...tape },
  };
}

export const usage = { prompt_tokens: 40, completion_tokens: 11, total_tokens: 51 };
