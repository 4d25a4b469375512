/**
 * The codes of this toolkit's own mock, as data. No API sends them: they say that the mock had nothing to answer with, and
 * whoever started the mock has to do something. Only an upstream that mock record cannot reach counts as an outage.
 */
import type { Reason } from '../outcome.ts';

export interface MockCode {
  readonly reason: Reason;
  /** What is wrong and what to do, after a colon. */
  readonly remedy: string;
}

/** By code. */
export const mockCodes = {
  mock_no_fixture: {
    reason: 'not_found',
    remedy: 'the mock has no fixture for this request; add one, or start it without --unmatched error',
  },
  mock_no_recording: {
    reason: 'not_found',
    remedy: 'the recording has no such request; mock replay warns which is nearest and which --match lets it through',
  },
  mock_bad_fault: {
    reason: 'bad_request',
    remedy: 'the mock knows no fault of this name; mock scenarios lists them',
  },
  mock_body_too_large: {
    reason: 'bad_request',
    remedy: 'mock record and mock replay take no body of more than 32 MiB; send a smaller one',
  },
  mock_upstream_unreachable: {
    reason: 'tcp',
    remedy: 'mock record cannot reach its upstream; look at its --upstream',
  },
} as const satisfies Record<`mock_${string}`, MockCode>;

/** What a code of the mock's own means, also one of a later version; undefined for every other code. */
export function mockCode(code: string): MockCode | undefined {
  if (!code.startsWith('mock_')) return undefined;
  return Object.hasOwn(mockCodes, code) ? mockCodes[code as keyof typeof mockCodes] : unknown;
}

const unknown: MockCode = {
  reason: 'bad_request',
  remedy: 'the mock refused the request itself; its answer says why',
};
