/** `useGlmMock` for jest. The only file that imports jest; its globals are taken from there, because they can be switched off. */
import { afterAll, afterEach, beforeAll, beforeEach, expect } from '@jest/globals';
import { matchers } from '../verdict/matchers.ts';
import type { GlmMatchers } from './glm-matchers.ts';
import { type UsedMock, type UseMockOptions, useMock } from './use-mock.ts';

// For those who import from @jest/globals; the type parameters have to be those of jest.
declare module 'expect' {
  interface Matchers<R extends void | Promise<void>, T = unknown> extends GlmMatchers {}
}

// For those who use the globals, with @types/jest.
declare global {
  namespace jest {
    // biome-ignore lint/complexity/noBannedTypes: interfaces merge only with the very parameters of @types/jest
    interface Matchers<R, T = {}> extends GlmMatchers {}
  }
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
