/** A connection through a proxy: CONNECT for http and https alike, so that the endpoint's own handshake stays visible. */
import { connect as connectTcp, type Socket } from 'node:net';
import { connect as connectTls } from 'node:tls';
import { codeOf } from '../errors.ts';

export interface TunnelOptions {
  /** May hold a user and a password. */
  readonly proxy: string;
  readonly hostname: string;
  readonly port: number;
  /** PEMs trusted for a proxy that is spoken to over TLS; undefined: the built-in ones. */
  readonly ca: readonly string[] | undefined;
}

/**
 * Opens a tunnel. The socket is returned at once, so that its phases can be watched.
 * @param ready told once: the error, whose code says what the proxy did (`PROXY_407`, `PROXY_ECONNREFUSED`), or null
 */
export function openTunnel(options: TunnelOptions, ready: (error: Error | null) => void): Socket {
  const proxy = new URL(options.proxy);
  const secure = proxy.protocol === 'https:';
  const host = proxy.hostname.replace(/^\[|\]$/g, '');
  const port = Number(proxy.port || (secure ? 443 : 80));
  const socket = secure
    ? connectTls({ host, port, servername: host, ...(options.ca && { ca: [...options.ca] }) })
    : connectTcp({ host, port });
  let head = '';
  const settle = (error: Error | null) => {
    socket.off('data', read).off('error', broke).off('end', hungUp);
    if (error !== null) socket.destroy();
    ready(error);
  };
  const hungUp = () => settle(proxyError('CLOSED'));
  // Its bare code would read as the endpoint's.
  const broke = (error: Error) => settle(proxyError(codeOf(error) ?? 'BROKEN'));
  const read = (bytes: Buffer) => {
    head += bytes.toString('latin1');
    const end = head.indexOf('\r\n\r\n');
    if (end < 0 && head.length < mostHead) return;
    const status = end < 0 ? undefined : /^HTTP\/1\.[01] (\d{3})/.exec(head)?.[1];
    if (!status?.startsWith('2')) return settle(proxyError(status ?? 'NOT_HTTP'));
    // Nobody behind a tunnel speaks before the client does: this is a page of the proxy's own, such as its login.
    settle(head.length > end + 4 ? proxyError('NO_TUNNEL') : null);
  };
  socket.once(secure ? 'secureConnect' : 'connect', () => socket.write(requestOf(proxy, options)));
  return socket.on('data', read).once('error', broke).once('end', hungUp);
}

/** More bytes than any proxy says before the blank line. */
const mostHead = 16_384;

const proxyError = (how: string) => Object.assign(new Error('the proxy refused'), { code: `PROXY_${how}` });

function requestOf({ username, password }: URL, { hostname, port }: TunnelOptions): string {
  const to = `${hostname}:${port}`;
  const login = Buffer.from(`${decodeURIComponent(username)}:${decodeURIComponent(password)}`).toString('base64');
  const authorization = username === '' ? '' : `Proxy-Authorization: Basic ${login}\r\n`;
  return `CONNECT ${to} HTTP/1.1\r\nHost: ${to}\r\n${authorization}\r\n`;
}
