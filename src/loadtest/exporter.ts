/** `/metrics` of a run under way, on this machine only. */
import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { textOf, UsageError } from '../core/errors.ts';
import type { LoadMetrics } from './metrics.ts';

export interface Exporter {
  readonly url: string;
  close(): Promise<void>;
}

/** @param port 0 for any free one @throws {UsageError} `port_taken` */
export async function createExporter({ text, contentType }: LoadMetrics, port: number): Promise<Exporter> {
  const server = createServer(async (request, response) => {
    if (request.url !== '/metrics') return response.writeHead(404).end();
    response.writeHead(200, { 'content-type': contentType });
    return response.end(await text());
  });
  try {
    server.listen(port, '127.0.0.1');
    await once(server, 'listening');
  } catch (error) {
    throw new UsageError('port_taken', `--metrics-port ${port}: ${textOf(error)}`, { cause: error });
  }
  const close = async () => {
    const closed = once(server, 'close');
    server.close();
    server.closeAllConnections();
    await closed;
  };
  return { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/metrics`, close };
}
