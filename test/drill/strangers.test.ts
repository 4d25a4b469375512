/** Which ill checks of a running stack are none of the drill's. */
import { expect, test } from 'vitest';
import { createStrangers } from '../../src/drill/strangers.ts';

const other = { job: 'glm', instance: 'two:9464', target: 'far', check: 'chat', model: 'glm-4.6' };
const name = 'far/chat/glm-4.6 at two:9464';
const failing = (lastRun: number) => [{ labels: other, value: lastRun }];

test.each<
  [
    string,
    readonly (readonly [readonly { labels: typeof other; value: number }[], number])[],
    readonly string[],
    boolean,
  ]
>([
  [
    'fails, and has not run since',
    [
      [failing(1), 0],
      [failing(1), 60_000],
    ],
    [name],
    true,
  ],
  [
    'failed in a run that may have been under way',
    [
      [failing(1), 0],
      [failing(2), 60_000],
    ],
    [name],
    true,
  ],
  [
    'fails in two more runs',
    [
      [failing(1), 0],
      [failing(2), 1],
      [failing(3), 2],
    ],
    [],
    true,
  ],
  [
    'does not run for ten minutes',
    [
      [failing(1), 0],
      [failing(1), 600_000],
    ],
    [],
    true,
  ],
  [
    'recovers',
    [
      [failing(1), 0],
      [[], 1],
    ],
    [],
    false,
  ],
  [
    'recovers, and fails anew',
    [
      [failing(1), 0],
      [failing(2), 1],
      [[], 2],
      [failing(3), 3],
    ],
    [name],
    true,
  ],
  ['is well', [[[], 0]], [], false],
])('a check that %s', (_, looks, waiting, behind) => {
  const strangers = createStrangers();
  const told = looks.map(([ill, nowMs]) => strangers.look(ill, [], nowMs)).at(-1);
  expect([told, strangers.areBehind({ alertname: 'GlmProbeDown', ...other })]).toEqual([waiting, behind]);
});

test.each<[string, Readonly<Record<string, string>>, boolean]>([
  ['all of its target', { target: 'far', instance: 'two:9464' }, true],
  ['another check', { ...other, check: 'models' }, false],
  ['the same target of another prober', { ...other, instance: 'one:9464' }, false],
  ['a prober', { instance: 'two:9464' }, false],
])('an alert about %s', (_, alert, expected) => {
  const strangers = createStrangers();
  strangers.look(failing(1), [], 0);
  expect(strangers.areBehind(alert)).toBe(expected);
});

test('an alert about a whole target, of which one check is ill and one is well, is nobody’s but the drill’s', () => {
  const strangers = createStrangers();
  strangers.look(failing(1), [{ labels: { ...other, check: 'models' }, value: 1 }], 0);
  expect(strangers.areBehind({ target: 'far', instance: 'two:9464' })).toBe(false);
  expect(strangers.areBehind(other)).toBe(true);
  strangers.look(failing(1), [{ labels: { ...other, target: 'home' }, value: 1 }], 0);
  expect(strangers.areBehind({ target: 'far', instance: 'two:9464' })).toBe(true);
});
