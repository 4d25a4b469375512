import { expect, test } from 'vitest';
import { createManualClock } from '../../../src/core/clock.ts';
import { createRoll } from '../../../src/loadtest/cluster/roll.ts';
import { shareOf } from '../../../src/loadtest/cluster/share.ts';
import { mergeIntervals, totalOf } from '../../../src/loadtest/total.ts';
import { open, planOf } from '../plan.ts';

const plan = planOf(open(10, 10_000));
const result = {
  before: null,
  after: null,
  end: { startMs: 0, lateMs: 0.5, offeredMs: 10_000, halted: undefined },
  clockErrorMs: 0.2,
};
const interval = { ...mergeIntervals([]), fromMs: 0, toMs: 1000, planned: 5, ended: { ok: 5 } };

/** A roll of two agents, and what it told. */
function roll() {
  const clock = createManualClock();
  const told: string[] = [];
  const agents = createRoll(plan, {
    clock,
    agents: 2,
    say: line => told.push(line),
    onReady: () => told.push('ready'),
    onLost: member => told.push(`lost ${member}`),
  });
  return { clock, told, ...agents };
}

test('all begin when the last is ready, and the run is complete when the last has finished', async () => {
  const { report, finish, told, complete, close } = roll();
  report(0, { kind: 'ready' });
  expect(told).toEqual([]);
  report(1, { kind: 'ready' });
  expect(told).toEqual(['ready']);
  finish(0, result);
  finish(1, result);
  expect(told.at(-1)).toBe('2 of 2 agents finished; each began at most 0.7 ms off the common moment');
  expect((await complete).gone).toBe(0);
  close();
});

test.each([
  { what: 'never gets ready within a minute', ready: [0], heardMs: 60_000, lostMs: 62_000 },
  { what: 'falls silent for 15 s under load', ready: [0, 1], heardMs: 15_000, lostMs: 17_000 },
])('an agent that $what is lost, and its part with it', async ({ ready, heardMs, lostMs }) => {
  const { clock, report, finish, told, complete, close } = roll();
  for (const member of ready) report(member, { kind: 'ready' });
  clock.advance(heardMs - 1000);
  report(0, { kind: 'interval', interval });
  clock.advance(1000);
  expect(told).not.toContain('lost 1');
  clock.advance(lostMs - heardMs);
  expect(told).toContain('lost 1');
  expect(told).not.toContain('lost 0');
  finish(0, result);
  const { gone, intervals } = await complete;
  expect(gone).toBe(1);
  expect(totalOf(intervals).ended.lost).toBe(shareOf(plan, { index: 1, count: 2 }));
  close();
});
