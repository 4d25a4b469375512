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
  const cookie = profile === 'cn';
  const forms = { ok: formOf(profile, true), error: formOf(profile, false) };
  const headersOf = ({ wallMs, random }: Call, { headers, type, status }: Reply): string[] => {
    if (headers !== undefined) return [...headers, ...length];
    const list = (status === 200 ? forms.ok : forms.error).slice();
    list[1] = type;
    if (cookie) list[3] = balancerCookie(wallMs, random);
    list[list.length - 3] = completionId(wallMs, random);
    return list;
  };
  const planOf: Host['planOf'] = (call, reply) => {
    const { at, status, body, beats, extra = none } = reply;
    const headers = headersOf(call, reply);
    const head = { at, status, headers };
    if (body === undefined) {
      headers.splice(-2, 2, ...extra);
      return { head, beats };
    }
    const packed = status === 200 && takesGzip(call.request) ? gzip?.(body) : undefined;
    headers[headers.length - 1] = String(packed?.length ?? Buffer.byteLength(body));
    if (extra.length > 0) headers.splice(-2, 0, ...extra);
    if (packed !== undefined) headers.splice(-2, 0, 'content-encoding', 'gzip');
    return { head, beats: [{ at, send: packed ?? body }] };
  };
  return { planOf };
}

/** The headers with empty places for what is a reply's own: filled in, it is one small copy, and not a list that grows. */
const formOf = (profile: Profile, ok: boolean): string[] => [
  ...['content-type', ''],
  ...(profile === 'cn' ? ['set-cookie', ''] : []),
  ...hostHeaders(profile, ok),
  ...['x-log-id', '', ...length],
];

const length = ['content-length', ''];
const none: readonly string[] = [];

const takesGzip = ({ headers }: MockRequest) => gzipWanted.test(headers['accept-encoding'] ?? '');
const gzipWanted = /\bgzip\b(?!\s*;\s*q=0(?:\.0*)?\s*(?:,|$))/;
