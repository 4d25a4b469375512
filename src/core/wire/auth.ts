/**
 * The API's two credentials: the key itself (`id.secret`), or a short-lived JWT signed with the secret half.
 * Source: glm-api.md §6. The JWT differs from the usual: header `sign_type: SIGN`, `exp` and `timestamp` in milliseconds.
 */
import { base64url, compactVerify, decodeJwt, decodeProtectedHeader, SignJWT } from 'jose';
import { UsageError } from '../errors.ts';

export interface ApiKey {
  readonly id: string;
  readonly secret: string;
}

/** The two halves of `id.secret`, or undefined when the text is not of that shape. */
export function parseKey(text: string): ApiKey | undefined {
  const [id, secret, ...more] = text.split('.');
  return id && secret && more.length === 0 ? { id, secret } : undefined;
}

const secretOf = (key: ApiKey) => new TextEncoder().encode(key.secret);

export interface TokenOptions {
  /** Wall time the token is minted at, ms since 1970. */
  readonly nowMs: number;
  /** Lifetime in ms; the vendor's Python SDK uses 210 s. */
  readonly ttlMs?: number;
  /** Adds `"typ":"JWT"` to the header, as most libraries do. */
  readonly typ?: boolean;
}

/** Mints the API's JWT: HS256 over `{api_key, exp, timestamp}`. */
export function mintToken(key: ApiKey, { nowMs, ttlMs = 210_000, typ = false }: TokenOptions): Promise<string> {
  return new SignJWT({ api_key: key.id, exp: nowMs + ttlMs, timestamp: nowMs })
    .setProtectedHeader({ alg: 'HS256', sign_type: 'SIGN', ...(typ ? { typ: 'JWT' } : {}) })
    .sign(secretOf(key));
}

/** Whether the token was signed with this key's secret, whatever it says. */
export async function signedBy(token: string, key: ApiKey): Promise<boolean> {
  try {
    await compactVerify(token, secretOf(key), { algorithms: ['HS256'] });
    return true;
  } catch {
    // Any failure of jose means the same to a caller: not signed by this key.
    return false;
  }
}

export interface TokenClaims {
  readonly header: Readonly<Record<string, unknown>>;
  readonly payload: Readonly<Record<string, unknown>>;
  readonly apiKey: string | undefined;
  readonly exp: number | undefined;
}

/** Header and payload without verifying anything; undefined when the text is no JWT. */
export function readToken(token: string): TokenClaims | undefined {
  try {
    const header = decodeProtectedHeader(token);
    const payload: Record<string, unknown> = decodeJwt(token);
    const { api_key: apiKey, exp } = payload;
    return {
      header: header as Record<string, unknown>,
      payload,
      apiKey: typeof apiKey === 'string' ? apiKey : undefined,
      exp: typeof exp === 'number' ? exp : undefined,
    };
  } catch {
    // jose throws on anything that is not a JWT, and that is the answer.
    return undefined;
  }
}

/**
 * The token's expiry in ms since 1970. `ms-only` reads the number as written; `lenient` takes one too small to be
 * milliseconds (before 1973) as seconds, which the vendor's own TypeScript SDK sends (§6, unresolved).
 */
export function expiryOf(exp: number, unit: 'ms-only' | 'lenient'): { ms: number; seconds: boolean } {
  const seconds = unit === 'lenient' && exp < 1e11;
  return { ms: seconds ? exp * 1000 : exp, seconds };
}

/** What is odd about a token, in sentences for people. Never contains the signature or a secret. */
export function inspectToken(token: string, nowMs: number): { claims: TokenClaims; findings: string[] } {
  const claims = readToken(token);
  if (claims === undefined)
    throw new UsageError('not_a_jwt', 'the text is not a JWT: expected three base64url parts joined by dots');
  return { claims, findings: [...headerFindings(claims.header), ...payloadFindings(claims, nowMs)] };
}

function headerFindings(header: Readonly<Record<string, unknown>>): string[] {
  const findings: string[] = [];
  if (header.alg !== 'HS256') findings.push(`header.alg is ${JSON.stringify(header.alg)}; the API expects "HS256"`);
  if (header.sign_type !== 'SIGN')
    findings.push(`header.sign_type is ${JSON.stringify(header.sign_type)}; the API expects "SIGN"`);
  return findings;
}

function payloadFindings({ apiKey, exp, payload }: TokenClaims, nowMs: number): string[] {
  const findings: string[] = [];
  if (apiKey === undefined)
    findings.push('payload.api_key is missing; it must hold the part of the key before the dot');
  if (typeof payload.timestamp !== 'number')
    findings.push('payload.timestamp is missing; it must hold the current time in milliseconds');
  if (exp === undefined) return [...findings, 'payload.exp is missing; it must hold the expiry in milliseconds'];
  const { ms, seconds } = expiryOf(exp, 'lenient');
  if (seconds) findings.push('payload.exp is in seconds; the API documents milliseconds (multiply by 1000)');
  if (ms > nowMs + 1000 * 365 * 86_400_000)
    findings.push('payload.exp is more than 1000 years ahead; it looks like microseconds');
  if (ms <= nowMs) findings.push(`expired ${Math.round((nowMs - ms) / 1000)} s ago`);
  return findings;
}

/** A key of the usual shape (32 hex digits, a dot, 16 alphanumerics) from seeded chance. For tests only: not a secret. */
export function testKey(random: () => number): string {
  const bytes = (count: number) => Uint8Array.from({ length: count }, () => Math.floor(random() * 256));
  const id = Array.from(bytes(16), byte => byte.toString(16).padStart(2, '0')).join('');
  return `${id}.${base64url.encode(bytes(24)).replace(/[-_]/g, 'x').slice(0, 16)}`;
}
