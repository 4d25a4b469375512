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

type Rolled = ReturnType<typeof roll>;

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

test('an agent that falls silent for 15 s under load is lost, and its part with it', async () => {
  const { clock, report, finish, told, complete, close } = roll();
  for (const member of [0, 1]) report(member, { kind: 'ready' });
  clock.advance(14_000);
  report(0, { kind: 'interval', interval });
  clock.advance(1000);
  expect(told).not.toContain('lost 1');
  clock.advance(3000);
  expect(told).toContain('lost 1');
  expect(told).not.toContain('lost 0');
  finish(0, result);
  const { gone, intervals } = await complete;
  expect(gone).toBe(1);
  expect(totalOf(intervals).ended.lost).toBe(shareOf(plan, { index: 1, count: 2 }));
  close();
});

test.each([
  {
    what: 'is not ready within a minute',
    go: ({ clock }: Rolled) => clock.advance(62_000),
    said: 'agent 2 of 2 was not ready within 60 s: it went away, or is busy with another run; its part is lost and is not made again',
  },
  {
    what: 'goes away before it is ready',
    go: ({ stall }: Rolled) => stall(1),
    said: 'agent 2 of 2 went away; its part is lost and is not made again',
  },
])('an agent that $what is lost alone: those who waited for it begin', async ({ go, said }) => {
  const rolled = roll();
  const { clock, report, finish, told, complete, close } = rolled;
  report(0, { kind: 'ready' });
  go(rolled);
  expect(told).toEqual([said, 'lost 1', 'ready']);
  clock.advance(12_000);
  report(0, { kind: 'interval', interval });
  finish(0, result);
  expect(told.slice(3)).toEqual(['1 of 2 agents finished; each began at most 0.7 ms off the common moment']);
  expect((await complete).gone).toBe(1);
  close();
});

test('under load a lock that was not renewed takes nobody out who still tells seconds', async () => {
  const { report, finish, stall, told, complete, close } = roll();
  for (const member of [0, 1]) report(member, { kind: 'ready' });
  stall(1);
  for (const member of [0, 1]) finish(member, result);
  expect(told).not.toContain('lost 1');
  expect((await complete).gone).toBe(0);
  close();
});

test('of agents that all went away it is not said how exactly they began', async () => {
  const { lose, told, complete, close } = roll();
  for (const member of [0, 1]) lose(member);
  await complete;
  expect(told.at(-1)).toBe('0 of 2 agents finished');
  close();
});
