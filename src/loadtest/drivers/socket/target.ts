/** Where requests go: how to open a connection there, and the bytes of a request. */
import { connect as connectTcp, isIP, type OnReadOpts, type Socket } from 'node:net';
import { connect as connectTls, createSecureContext, rootCertificates } from 'node:tls';
import { UsageError } from '../../../core/errors.ts';
import { certificateMistake } from '../../../core/pem.ts';

export interface Target {
  /** Whether the connection is encrypted. */
  readonly secure: boolean;
  /** Begins to open a connection. Names are resolved by the system, each time. */
  open(onread: OnReadOpts): Socket;
  /** A whole request. @returns undefined when `authorization` cannot be a header */
  request(body: string, authorization: string): string | undefined;
}

export interface TargetOptions {
  /** Up to and without `/chat/completions`. */
  readonly baseUrl: string;
  /** Whether the answer is to be a stream. */
  readonly stream: boolean;
  /** PEM of a certificate authority trusted besides the built-in ones. */
  readonly ca?: string | undefined;
}

/** @throws {UsageError} `bad_ca` when `ca` is no certificate */
export function targetOf({ baseUrl, stream, ca }: TargetOptions): Target {
  const url = new URL(baseUrl);
  const secure = url.protocol === 'https:';
  return { secure, open: secure ? opensTls(url, ca) : opensTcp(url), request: requestWriter(url, stream) };
}

/** What undici does as well: small writes are not held back, and a dead peer is noticed some day. */
const tcp = { noDelay: true, keepAlive: true, keepAliveInitialDelay: 60_000 };

/** `URL` puts IPv6 addresses in brackets; sockets want them bare. */
const hostOf = ({ hostname }: URL) => hostname.replace(/^\[|\]$/g, '');

function opensTcp(url: URL): Target['open'] {
  const where = { host: hostOf(url), port: Number(url.port || 80) };
  return onread => connectTcp({ ...tcp, ...where, onread });
}

/**
 * Certificates are always verified, whatever NODE_TLS_REJECT_UNAUTHORIZED says; no session is resumed, so every handshake
 * is a whole one. The certificates of authorities are read once and not for every connection.
 */
function opensTls(url: URL, ca: string | undefined): Target['open'] {
  const host = hostOf(url);
  const secureContext = contextOf(ca);
  const where = { host, port: Number(url.port || 443), servername: isIP(host) === 0 ? host : '' };
  // Node takes `onread` for TLS too, as long as it opens the socket itself (doc/api/tls.md); its type does not know.
  return onread =>
    connectTls({
      ...tcp,
      ...where,
      secureContext,
      rejectUnauthorized: true,
      ALPNProtocols: ['http/1.1'],
      ...{ onread },
    });
}

function contextOf(ca: string | undefined) {
  if (ca === undefined) return createSecureContext();
  const mistake = certificateMistake(ca);
  if (mistake !== undefined) throw new UsageError('bad_ca', `what --ca names ${mistake}`);
  return createSecureContext({ ca: [...rootCertificates, ca] });
}

/** No `accept-encoding`: a compressed stream would be measured by its deflate blocks. */
function requestWriter({ host, pathname }: URL, stream: boolean): Target['request'] {
  const path = `${pathname.replace(/\/+$/, '')}/chat/completions`;
  const accept = stream ? 'text/event-stream' : 'application/json';
  const begin = `POST ${path} HTTP/1.1\r\nhost: ${host}\r\nconnection: keep-alive\r\nauthorization: `;
  const middle = `\r\nuser-agent: glm-testkit\r\ncontent-type: application/json\r\naccept: ${accept}\r\ncontent-length: `;
  let checked = ''; // nearly all requests bring the same one
  return (body, authorization) => {
    if (authorization !== checked && !/^[\t\x20-\x7e]*$/.test(authorization)) return undefined;
    checked = authorization;
    return `${begin}${authorization}${middle}${Buffer.byteLength(body)}\r\n\r\n${body}`;
  };
}
