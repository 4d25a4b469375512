/** What goes into `authorization`: keys in turn, as they are or as tokens that are renewed before they expire. */
import type { Clock } from '../core/clock.ts';
import { UsageError } from '../core/errors.ts';
import { mintToken, parseKey } from '../core/wire/auth.ts';

export interface Credentials {
  /** For request number `n`; at once, because tokens are minted ahead of time. */
  authorization(n: number): string;
  close(): void;
}

export interface CredentialOptions {
  readonly keys: readonly string[];
  /** Send JWTs signed with the keys' secrets instead of the keys. */
  readonly jwt: boolean;
  readonly clock: Clock;
}

/** Lifetime of a token in ms, as the vendor's Python SDK has it, and how long one is used. */
const tokenTtlMs = 210_000;
const renewMs = 120_000;

/** @throws {UsageError} `bad_key` when a token cannot be made from a key */
export async function createCredentials({ keys, jwt, clock }: CredentialOptions): Promise<Credentials> {
  if (!jwt) {
    const headers = keys.map(key => `Bearer ${key}`);
    return { authorization: n => headers[n % headers.length] ?? '', close: () => {} };
  }
  const parsed = keys.map(key => parseKey(key) ?? refuse());
  const mint = () => Promise.all(parsed.map(key => mintToken(key, { nowMs: clock.wall(), ttlMs: tokenTtlMs })));
  let tokens = await mint();
  const renew = async () => {
    tokens = await mint();
    timer.set(clock.now() + renewMs);
  };
  const timer = clock.timer(() => void renew());
  timer.set(clock.now() + renewMs);
  return { authorization: n => `Bearer ${tokens[n % tokens.length]}`, close: timer.clear };
}

function refuse(): never {
  throw new UsageError(
    'bad_key',
    'the API key is not of the form id.secret, so no JWT can be signed with it; use the whole key or leave out --jwt',
  );
}
