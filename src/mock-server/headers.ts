/** Response headers as recorded; glm-api.md §5.2. No `Retry-After` and no rate-limit headers, because none were ever seen. */
import type { Random } from '../core/random.ts';

export type Profile = 'cn' | 'intl';

/** Names and values in turn, as `node:http` takes them; a name may come again. */
export type HeaderList = readonly string[];

const origins = ['vary', 'Origin', 'vary', 'Access-Control-Request-Method', 'vary', 'Access-Control-Request-Headers'];
const always = ['strict-transport-security', 'max-age=31536000; includeSubDomains'];

/** What the host adds to a 200 (`compressible`) or to an error, beside content type and log id. */
export function hostHeaders(profile: Profile, compressible: boolean, cookie: string): HeaderList {
  const encoding = compressible ? ['vary', 'Accept-Encoding'] : [];
  const own =
    profile === 'intl' ? ['server', 'nginx'] : ['set-cookie', `acw_tc=${cookie};path=/;HttpOnly;Max-Age=1800`];
  return [...own, ...always, ...encoding, ...origins, ...origins];
}

/** The load balancer's cookie: 60 hex digits. */
export function balancerCookie(random: Random): string {
  let text = '';
  while (text.length < 60) text += ((random() * 0x1_0000_0000) >>> 0).toString(16).padStart(8, '0');
  return text.slice(0, 60);
}
