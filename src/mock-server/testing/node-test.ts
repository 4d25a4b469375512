/** `useGlmMock` for node:test, whose assertions take the mock first: `await t.assert.toBeResilient(mock)`. */
import { AssertionError } from 'node:assert';
import { after, afterEach, assert, before, beforeEach } from 'node:test';
import { type MatcherResult, matchers } from '../verdict/matchers.ts';
import type { GlmMatchers } from './glm-matchers.ts';
import { type UsedMock, type UseMockOptions, useMock } from './use-mock.ts';

type Assertions = {
  [Name in keyof GlmMatchers]: (mock: unknown, ...wanted: Parameters<GlmMatchers[Name]>) => Promise<void>;
};

declare module 'node:test' {
  namespace test {
    interface TestContextAssert extends Assertions {}
  }
}

/**
 * One mock for the test file, called at its top.
 * @example
 * const mock = useGlmMock();
 * test('is patient', async t => {
 *   mock.faults('overloaded,first=2');
 *   await ask('你好');
 *   await t.assert.toBeResilient(mock);
 * });
 */
export function useGlmMock(options: UseMockOptions = {}): UsedMock {
  for (const [name, matcher] of Object.entries(matchers)) assert.register(name, asserting(matcher as Matcher));
  return useMock({ beforeAll: before, beforeEach, afterEach, afterAll: after, warn: console.warn }, options);
}

type Matcher = (mock: unknown, ...wanted: unknown[]) => Promise<MatcherResult>;

const asserting =
  (matcher: Matcher) =>
  async (...given: Parameters<Matcher>): Promise<void> => {
    const { pass, message } = await matcher(...given);
    if (!pass) throw new AssertionError({ message: message() });
  };

export { type EgressGuard, type EgressOptions, guardEgress } from './egress.ts';
export type { UsedMock, UseMockOptions } from './use-mock.ts';
