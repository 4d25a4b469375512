import { expect, test } from 'vitest';
import { fingerprintOf } from '../../src/mock-server/fingerprint.ts';

const bodyOf = (fields: object) => JSON.stringify({ model: 'glm-4.6', ...fields });

test.each([
  ['its own name', { request_id: 'one' }, { request_id: 'two' }],
  ['a date in the name of its user', { user_id: 'eve 2026-11-23 01:43:15' }, { user_id: 'eve 2026-11-24 10:00:00' }],
  ['the moment it was sent', { sent_at: 1795369395123 }, { sent_at: 1795369400456 }],
])('an attempt that differs in %s is the same request', (_, one, other) => {
  expect(fingerprintOf(bodyOf(one))).toBe(fingerprintOf(bodyOf(other)));
});

test.each([
  ['another question', { prompt: 'tea' }, { prompt: 'cake' }],
  ['another user', { user_id: 'eve' }, { user_id: 'bob' }],
  ['a date in its words', { prompt: 'on 2026-11-23' }, { prompt: 'on 2026-11-24' }],
  ['no body', {}, { prompt: '' }],
])('%s is another request', (_, one, other) => {
  expect(fingerprintOf(bodyOf(one))).not.toBe(fingerprintOf(bodyOf(other)));
});

test('the order in which bodies come changes nothing, long and empty ones among them', () => {
  const bodies = ['', bodyOf({ prompt: 'tea' }), bodyOf({ prompt: 'long '.repeat(2000) }), bodyOf({ prompt: 'cake' })];
  const first = bodies.map(fingerprintOf);
  expect([...bodies, ...bodies].map(fingerprintOf)).toEqual([...first, ...first]);
  expect(bodies.toReversed().map(fingerprintOf)).toEqual(first.toReversed());
  expect(new Set(first).size).toBe(bodies.length);
});
