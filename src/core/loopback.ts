/** Which addresses lead no further than this machine. Where load may go without a yes depends on it, so there is one answer. */
import { isIP } from 'node:net';

/** @param host as `URL.hostname` or a setting writes it, IPv6 with brackets or without */
export function isLoopback(host: string): boolean {
  const name = host.toLowerCase().replace(/^\[|\]$/g, '');
  return name === 'localhost' || name === '::1' || (isIP(name) === 4 && name.startsWith('127.'));
}
