/** Exchanges as a recorder would have written them. */
import type { RecordedExchange, RecordedResponse } from '../../../src/core/cassette/cassette.ts';
import { fingerprintOf } from '../../../src/core/cassette/fingerprint.ts';
import { base, hello } from './tools.ts';

export interface Parts {
  readonly n?: number;
  readonly at?: string;
  readonly method?: string;
  /** Below the base. */
  readonly path?: string;
  readonly body?: unknown;
  readonly response?: Partial<RecordedResponse>;
}

export function recorded(parts: Parts = {}): RecordedExchange {
  const { n = 1, at = '2026-10-09T04:00:00.000Z', method = 'POST', path = '/chat/completions', body = hello() } = parts;
  const { response = {} } = parts;
  return {
    ...{ version: 1, at, n, base },
    request: { method, path: base + path, query: [], headers: {}, body, fingerprint: fingerprintOf({ body }) },
    response: {
      ...{ status: 200, headMs: 100, headers: ['Content-Type', 'text/event-stream'] },
      ...{ chunks: [{ atMs: 120, text: 'data: 1\n\n' }], ending: 'complete', endMs: 150 },
      ...response,
    },
  };
}
