/** What the host in front of the service makes of a reply: its headers, a packed body, a length. */
import { completionId } from '../core/wire/ids.ts';
import type { Call, Reply } from './endpoints/endpoint.ts';
import { balancerCookie, hostHeaders, type Profile } from './headers.ts';
import type { MockRequest, ReplyPlan } from './plan.ts';

export interface HostOptions {
  readonly profile: Profile;
  /** Compresses a body; left out where the transport does not compress. */
  readonly gzip: ((body: string) => Uint8Array | undefined) | undefined;
}

export interface Host {
  /** What is to be played. */
  planOf(call: Call, reply: Reply): ReplyPlan;
}

export function createHost({ profile, gzip }: HostOptions): Host {
  const fixed = { ok: hostHeaders(profile, true), error: hostHeaders(profile, false) };
  const headersOf = ({ wallMs, random }: Call, { headers, type, status, extra = none }: Reply): string[] => {
    if (headers !== undefined) return [...headers];
    const list = ['content-type', type];
    if (profile === 'cn') list.push('set-cookie', balancerCookie(wallMs, random));
    list.push(...(status === 200 ? fixed.ok : fixed.error), 'x-log-id', completionId(wallMs, random), ...extra);
    return list;
  };
  const planOf: Host['planOf'] = (call, reply) => {
    const { at, status, body, beats } = reply;
    const headers = headersOf(call, reply);
    const head = { at, status, headers };
    if (body === undefined) return { head, beats };
    const packed = status === 200 && takesGzip(call.request) ? gzip?.(body) : undefined;
    if (packed !== undefined) headers.push('content-encoding', 'gzip');
    headers.push('content-length', String(packed?.length ?? Buffer.byteLength(body)));
    return { head, beats: [{ at, send: packed ?? body }] };
  };
  return { planOf };
}

const none: readonly string[] = [];

const takesGzip = ({ headers }: MockRequest) => gzipWanted.test(headers['accept-encoding'] ?? '');
const gzipWanted = /\bgzip\b(?!\s*;\s*q=0(?:\.0*)?\s*(?:,|$))/;
