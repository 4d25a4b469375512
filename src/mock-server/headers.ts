/** Response headers as recorded; glm-api.md §5.2. No `Retry-After` and no rate-limit headers, because none were ever seen. */
import type { Random } from '../core/random.ts';
import { sameAgain } from '../core/same-again.ts';
import { hex } from '../core/wire/ids.ts';

export type Profile = 'cn' | 'intl';

/** Names and values in turn, as `node:http` takes them; a name may come again. */
export type HeaderList = readonly string[];

const origins = ['vary', 'Origin', 'vary', 'Access-Control-Request-Method', 'vary', 'Access-Control-Request-Headers'];
const always = ['strict-transport-security', 'max-age=31536000; includeSubDomains'];

/** What the host adds to a 200 (`compressible`) or to an error, beside content type, cookie and log id. */
export function hostHeaders(profile: Profile, compressible: boolean): HeaderList {
  const encoding = compressible ? ['vary', 'Accept-Encoding'] : [];
  const own = profile === 'intl' ? ['server', 'nginx'] : [];
  return [...own, ...always, ...encoding, ...origins, ...origins];
}

/** The load balancer's cookie, anew in every answer of the Chinese host: a node, the time, a counter, a mark and chance. */
export function balancerCookie(wallMs: number, random: Random): string {
  const count = String(Math.floor(random() * 10_000)).padStart(4, '0');
  return `acw_tc=276082b5${thirteenDigits(Math.floor(wallMs))}${count}e7e5d${hex(random, 32)};path=/;HttpOnly;Max-Age=1800`;
}

const thirteenDigits = sameAgain((ms: number) => String(ms).padStart(13, '0'));

/** A CORS preflight is answered with 200 and nothing that allows anything (§5.2). */
export const preflightHeaders: HeaderList = ['vary', 'Origin'];
