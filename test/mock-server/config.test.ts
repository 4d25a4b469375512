import { expect, test } from 'vitest';
import { checked } from '../../src/core/config.ts';
import { mockConfig } from '../../src/mock-server/config.ts';

test('codes of digits may stand without quotes in a file', () => {
  const config = checked(mockConfig, { era: 2025, wire: { rangeCode: 1214, jwtSignatureCode: 1002 } }, 'mock.yaml');
  expect([config.era, config.wire.rangeCode, config.wire.jwtSignatureCode]).toEqual(['2025', '1214', '1002']);
});

test('a content type that no header can carry is refused', () => {
  expect(() => checked(mockConfig, { wire: { sseContentType: 'a\nb' } }, 'mock.yaml')).toThrow(/printable ASCII/);
});
