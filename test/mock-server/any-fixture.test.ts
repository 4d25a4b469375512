/** Ten thousand requests over random fixtures, faults and limits: every one gets a plan that ends, and nothing is thrown. */
import { expect, test } from 'vitest';
import { createRandom, int, pick, type Random } from '../../src/core/random.ts';
import type { FixtureInput } from '../../src/mock-server/index.ts';
import { scenarios } from '../../src/mock-server/scenarios/index.ts';
import { base, createTestEngine } from '../support/mock-engine.ts';

const words = ['tea', '茶', '😀', 'weather in Oslo', '\\{{', '/x/', '', 'a'.repeat(300)] as const;
const models = ['glm-4.6', 'glm-4.5-flash', 'glm-4v', 'glm-5', 'nope'] as const;
const maybe = <T>(random: Random, value: T) => (random() < 0.4 ? { value } : {}).value;

function fixtureOf(random: Random): FixtureInput {
  const word = () => pick(random, words) || 'x';
  const match = {
    model: maybe(random, pick(random, models)),
    last_user: maybe(random, random() < 0.3 ? '/(t.a|茶)/' : word()),
    turn: maybe(random, 1 + int(random, 3)),
    stream: maybe(random, random() < 0.5),
  };
  const fault = maybe(random, faultOf(random));
  const reply = () => ({
    content: random() < 0.3 ? 'said {{last_user}} by {{model}}' : word(),
    ...(random() < 0.3 && { reasoning: word() }),
    ...(random() < 0.3 && { tool_calls: [{ name: 'f', arguments: { text: word() } }] }),
    ...(fault && { fault }),
  });
  const given = Object.fromEntries(Object.entries(match).filter(([, value]) => value !== undefined));
  const endings = ['repeat_last', 'loop', 'error', 'next'] as const;
  return random() < 0.2
    ? { match: given, reply: { error: { code: pick(random, ['1305', '1113', '1234', '1301']) } } }
    : { match: given, replies: Array.from({ length: 1 + int(random, 3) }, reply), on_exhausted: pick(random, endings) };
}

const faultOf = (random: Random) => {
  const { name, defaults = {} } = pick(random, scenarios);
  const position = 'after' in defaults ? `,after=${int(random, 30)}` : '';
  return `${name}${position},rate=${random().toFixed(2)}`;
};

const requestOf = (random: Random) => ({
  model: pick(random, models),
  ...(random() < 0.5 && { stream: true }),
  ...(random() < 0.3 && { max_tokens: 1 + int(random, 40) }),
  ...(random() < 0.3 && { tools: [{ type: 'function', function: { name: 'f', parameters: { type: 'object' } } }] }),
  messages: Array.from({ length: 1 + 2 * int(random, 3) }, (_, i) => ({
    role: i % 2 === 0 ? 'user' : 'assistant',
    content: pick(random, words),
  })),
});

const seeds = Array.from({ length: 100 }, (_, seed) => [seed] as const);

test.each(seeds)('a hundred requests over what seed %i makes up', async seed => {
  const random = createRandom(`any fixture ${seed}`);
  const unmatched = pick(random, ['fallback', 'error'] as const);
  const { engine, key, clock } = createTestEngine({ unmatched, limits: { concurrency: 50, overloadRate: 0.1 } });
  const fixtures = Array.from({ length: int(random, 20) }, () => fixtureOf(random));
  engine.control.apply({ kind: 'fixtures', fixtures });
  for (let i = 0; i < 100; i++) {
    const exchange = await engine.handle({
      method: 'POST',
      path: `${random() < 0.2 ? `/~${encodeURIComponent(faultOf(random))}` : ''}${base}/chat/completions`,
      headers: { authorization: `Bearer ${key}` },
      body: JSON.stringify(requestOf(random)),
      arrivedMs: clock.now(),
    });
    const beats = [...exchange.plan.beats];
    const silent = exchange.plan.head === undefined;
    expect(silent ? beats.length : (exchange.plan.head?.status ?? 0)).toBeGreaterThan(0);
    exchange.settle({ ending: 'complete', headSent: !silent, beats: beats.length, bytes: 1, worstLatenessMs: 0 });
  }
  expect(engine.control.state().in_flight).toEqual([]);
  expect(engine.journal.entries()).toHaveLength(100);
});
