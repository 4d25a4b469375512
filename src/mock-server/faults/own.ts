/** The faults that a request asks for itself: by a header, or in front of its path. */
import { UsageError } from '../../core/errors.ts';
import { createRecent } from '../../core/recent.ts';
import type { MockRequest } from '../plan.ts';
import { type Fault, parseFaults, splitPath } from './fault.ts';

export interface OwnFaults {
  /** What is asked for, or what is wrong with it; and the request without what asked. */
  of(request: MockRequest): { readonly request: MockRequest; readonly asked: readonly Fault[] | UsageError };
}

/** Remembers what it has read: a client asks for the same faults again and again. */
export function createOwnFaults(): OwnFaults {
  const parsed = createRecent<readonly Fault[] | UsageError>(1000);
  const of: OwnFaults['of'] = request => {
    const header = request.headers[faultHeader];
    if (header === undefined && !request.path.startsWith('/~')) return { request, asked: none };
    const { faults, path } = splitPath(request.path);
    const text = [faults, header ?? ''].filter(part => part !== '').join(';');
    const known = parsed.get(text) ?? read(text);
    parsed.set(text, known);
    return { request: { ...request, path }, asked: known };
  };
  return { of };
}

const faultHeader = 'x-glm-fault';
const none: readonly Fault[] = [];

function read(text: string): readonly Fault[] | UsageError {
  try {
    return parseFaults(text);
  } catch (error) {
    if (error instanceof UsageError) return error;
    throw error;
  }
}
