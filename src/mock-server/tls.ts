/** Certificates: the user's own, or one made for this run. */
import { generate } from 'selfsigned';
import { readText } from '../core/config.ts';
import { UsageError } from '../core/errors.ts';
import { pairMistake } from '../core/pem.ts';
import type { MockConfig } from './config.ts';

export interface Certificate {
  readonly cert: string;
  readonly key: string;
  /** Whether it was made here: clients must be told to trust it. */
  readonly generated: boolean;
}

/** The certificate to serve with; undefined for plain HTTP. @throws {UsageError} when only half of a pair is named */
export async function certificateFor(config: MockConfig): Promise<Certificate | undefined> {
  const { tls, tlsCert, tlsKey, host } = config;
  if ((tlsCert === undefined) !== (tlsKey === undefined))
    throw new UsageError(
      'half_tls',
      `--tls-cert and --tls-key go together: ${tlsCert === undefined ? '--tls-cert' : '--tls-key'} is missing`,
    );
  if (tlsCert !== undefined && tlsKey !== undefined)
    return usable({ cert: readText(tlsCert), key: readText(tlsKey), generated: false }, tlsCert, tlsKey);
  if (!tls) return undefined;
  const made = await generate([{ name: 'commonName', value: 'glm-testkit mock' }], {
    algorithm: 'sha256',
    extensions: extensions(host),
  });
  return { cert: made.cert, key: made.private, generated: true };
}

function usable(pair: Certificate, certFile: string, keyFile: string): Certificate {
  const mistake = pairMistake(pair.cert, pair.key);
  if (mistake === undefined) return pair;
  const { of, text } = mistake;
  const why = `${of === 'cert' ? certFile : keyFile} ${text}`;
  throw new UsageError('bad_tls', `${certFile} and ${keyFile}: not a certificate with its key (${why})`);
}

const extensions = (host: string) => [
  { name: 'basicConstraints' as const, cA: true },
  {
    name: 'subjectAltName' as const,
    altNames: [
      { type: 2 as const, value: 'localhost' },
      { type: 7 as const, ip: '127.0.0.1' },
      { type: 7 as const, ip: '::1' },
      ...(/^[\d.]+$/.test(host) && host !== '127.0.0.1' && host !== '0.0.0.0' ? [{ type: 7 as const, ip: host }] : []),
    ],
  },
];
