/** `useGlmMock` for vitest. The only file that imports vitest. */
import { afterAll, afterEach, beforeAll, beforeEach, expect } from 'vitest';
import { matchers } from '../verdict/matchers.ts';
import type { GlmMatchers } from './glm-matchers.ts';
import { type UsedMock, type UseMockOptions, useMock } from './use-mock.ts';

declare module 'vitest' {
  // The type parameters have to be those of vitest.
  interface Matchers<R extends void | Promise<void> = void | Promise<void>, T = unknown> extends GlmMatchers {}
}

/**
 * One mock for the test file, called at its top.
 * @example
 * const mock = useGlmMock();
 * test('is patient', async () => {
 *   mock.faults('overloaded,first=2');
 *   await ask('你好');
 *   await expect(mock).toBeResilient();
 * });
 */
export function useGlmMock(options: UseMockOptions = {}): UsedMock {
  expect.extend(matchers);
  return useMock({ beforeAll, beforeEach, afterEach, afterAll, warn: console.warn }, options);
}

export { type EgressGuard, type EgressOptions, guardEgress } from './egress.ts';
export type { UsedMock, UseMockOptions } from './use-mock.ts';
