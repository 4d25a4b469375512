import { expect, test } from 'vitest';
import { classify, domainOf } from '../../../src/core/outcome.ts';
import { businessCode } from '../../../src/core/wire/errors.ts';
import { mockCode, mockCodes } from '../../../src/core/wire/mock-codes.ts';

const ending = (code: string) =>
  classify({
    ...{ status: 418, code, parsed: true, errorInStream: false, finishReason: undefined },
    ...{ visible: false, reasoned: false, usage: false },
  });

test.each([...Object.keys(mockCodes), 'mock_of_tomorrow', 'mock_', 'mock_constructor'])(
  '%s is not filed as the provider’s fault, and says what to do',
  code => {
    const { kind, detail } = ending(code);
    expect(['client', 'network']).toContain(domainOf(kind));
    expect(detail).toBe(`HTTP 418, code ${code}: ${mockCode(code)?.remedy}`);
    expect(businessCode(code)).toBeUndefined();
  },
);

test.each(['mocked', 'Mock_no_fixture', '1302', 'constructor', ''])('%j is no code of the mock', code => {
  expect(mockCode(code)).toBeUndefined();
});

test('a code without end is cut', () => {
  expect(ending(`mock_${'x'.repeat(10_000)}`).detail?.length).toBeLessThan(150);
});

test('what only a recorder’s upstream can cause is the network’s, the rest is the client’s', () => {
  const others = Object.entries(mockCodes).filter(([, { reason }]) => domainOf(reason) !== 'client');
  expect(others.map(([code]) => code)).toEqual(['mock_upstream_unreachable']);
});
