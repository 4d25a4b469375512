/**
 * Who may call: the 401 cases, each with its own code; glm-api.md §5.4, §6. A raw key is judged at once; a JWT's
 * signature takes a promise the first time it is seen, because jose is asynchronous, and is remembered afterwards.
 */
import { createRecent } from '../core/recent.ts';
import { expiryOf, parseKey, readToken, signedBy, type TokenClaims } from '../core/wire/auth.ts';

/** The caller's key id, or the business code of the 401. */
export type Access = { readonly keyId: string } | { readonly code: string };

export interface AccessRules {
  /** Secrets by key id. */
  readonly keys: ReadonlyMap<string, string>;
  /** Accept any well-formed key, and tokens of any key. */
  readonly anyKey: boolean;
  readonly expUnit: 'ms-only' | 'lenient';
  /** What a wrong signature is called; not recorded (§5.4). */
  readonly signatureCode: '1000' | '1002' | '1004';
  /** Told once per key that sends odd tokens, in a sentence without secrets. */
  readonly warn: (sentence: string) => void;
}

export interface Gate {
  /** @param nowMs wall time, for the token's expiry */
  check(authorization: string | undefined, nowMs: number): Access | Promise<Access>;
}

const remembered = 10_000;

export function createGate(rules: AccessRules): Gate {
  const verified = createRecent<TokenClaims>(remembered);
  const warned = createRecent<true>(remembered);
  const seenKeys = createRecent<Access>(remembered); // headers that held a good raw key

  const ofKey = (id: string, secret: string): Access => {
    const expected = rules.keys.get(id);
    return expected === secret || (expected === undefined && rules.anyKey) ? { keyId: id } : { code: '1000' };
  };
  const ofClaims = ({ apiKey = '', exp }: TokenClaims, nowMs: number): Access => {
    if (exp === undefined) return { code: '1000' };
    const { ms, seconds } = expiryOf(exp, rules.expUnit);
    if (seconds && warned.get(apiKey) === undefined) {
      warned.set(apiKey, true);
      rules.warn(`a JWT of key ${apiKey} has exp in seconds; the API documents milliseconds`);
    }
    return ms <= nowMs ? { code: '1003' } : { keyId: apiKey };
  };
  const ofToken = (token: string, nowMs: number): Access | Promise<Access> => {
    const seen = verified.get(token);
    if (seen !== undefined) return ofClaims(seen, nowMs);
    const claims = readToken(token);
    if (claims === undefined) return { code: '401' };
    const id = claims.apiKey ?? '';
    const secret = rules.keys.get(id);
    // An id with a dot is a whole key that was put in the wrong place: it must not get into journal and warnings.
    if (secret === undefined) return rules.anyKey && /^[^.]+$/.test(id) ? ofClaims(claims, nowMs) : { code: '1000' };
    return signedBy(token, { id, secret }).then(good => {
      if (!good) return { code: rules.signatureCode };
      verified.set(token, claims);
      return ofClaims(claims, nowMs);
    });
  };
  const check: Gate['check'] = (authorization, nowMs) => {
    const seen = authorization === undefined ? undefined : seenKeys.get(authorization);
    return seen ?? judge(authorization, nowMs);
  };
  const judge: Gate['check'] = (authorization, nowMs) => {
    const token = authorization?.replace(/^\s*bearer(\s+|$)/i, '').trim();
    if (!token) return { code: '1001' };
    const key = parseKey(token);
    if (key !== undefined) {
      const access = ofKey(key.id, key.secret);
      if ('keyId' in access) seenKeys.set(authorization ?? '', access);
      return access;
    }
    return token.split('.').length === 3 ? ofToken(token, nowMs) : { code: '401' };
  };
  return { check };
}
