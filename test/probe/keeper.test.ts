/** What is known of a check, and what is known no more when it is gone. */
import { expect, test } from 'vitest';
import { createManualClock } from '../../src/core/clock.ts';
import type { KnownContract } from '../../src/probe/contract.ts';
import type { History } from '../../src/probe/history.ts';
import { createKeeper } from '../../src/probe/keeper.ts';
import { newStatus } from '../../src/probe/status.ts';
import { unseen } from '../../src/probe/visit.ts';
import { checkFor } from '../support/probe.ts';
import { runAt } from '../support/probe-runs.ts';

const noon = Date.UTC(2026, 10, 28, 12);

test('a check that goes and returns is what the history says of it, not what was in memory', async () => {
  const check = await checkFor('http://127.0.0.1:1/v4', 'chat_stream');
  const stored: KnownContract = {
    runs: 3,
    frames: null,
    headers: null,
    model: 'glm-4.6',
    fingerprint: 'f1',
    errors: {},
  };
  const history = {
    status: () => ({ ...newStatus(noon), state: 'up', detail: null, heardMs: noon }),
    contract: () => stored,
    record: () => false,
    trouble: 'the disk is full',
  } as Partial<History> as History;
  const changed: string[] = [];
  const keeper = createKeeper(history, createManualClock(noon), {
    changed: (_, { detail }) => changed.push(detail),
    count: () => undefined,
    notStored: () => {},
  });
  const seen = (fingerprint: string) =>
    keeper.keep(check, unseen(runAt(noon, { contract: { frames: null, headers: null, fingerprint, error: null } })));
  keeper.restore(check);
  seen('f2');
  expect(keeper.statusOf(check).detail).toBe('the last run could not be stored');
  keeper.forget(check.id);
  keeper.restore(check);
  expect(keeper.statusOf(check)).toMatchObject({ state: 'up', detail: null });
  seen('f2');
  expect(changed).toEqual(['fingerprint f2 in place of f1', 'fingerprint f2 in place of f1']);
});
