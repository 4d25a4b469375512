/** Where Alertmanager's webhooks arrive: a real HTTP receiver on this machine, and who was told what and when. */
import { createServer, type IncomingMessage } from 'node:http';
import type { AddressInfo } from 'node:net';
import { text } from 'node:stream/consumers';
import type { Clock } from '../core/clock.ts';

export interface Told {
  readonly alert: string;
  readonly labels: Readonly<Record<string, string>>;
  /** Whose webhook it came to. */
  readonly receiver: string;
  /** When it first arrived, by the drill's clock. */
  readonly atMs: number;
  /** When its end arrived; undefined while it lasts. */
  readonly clearedMs?: number;
}

export interface WebhookReceiver {
  readonly url: string;
  /** Everything that arrived, oldest first; an alert that came twice is there twice. */
  told(): readonly Told[];
  close(): Promise<void>;
}

export async function startReceiver(clock: Clock): Promise<WebhookReceiver> {
  const ledger = createLedger();
  const server = createServer(async (request, response) => {
    try {
      ledger.take(await messageOf(request), clock.now());
      response.end();
    } catch {
      // Not Alertmanager speaking: whoever it is hears so, and the drill goes on.
      response.writeHead(400).end();
    }
  });
  await new Promise<void>(resolve => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  const close = () => {
    const closed = new Promise<void>(resolve => server.close(() => resolve()));
    server.closeAllConnections();
    return closed;
  };
  return { url: `http://127.0.0.1:${port}`, told: ledger.told, close };
}

/** What the drill reads of a webhook of Alertmanager, version 4. */
export interface Message {
  readonly receiver: string;
  readonly alerts: readonly {
    readonly status: 'firing' | 'resolved';
    readonly labels: Readonly<Record<string, string>>;
    readonly fingerprint: string;
  }[];
}

const messageOf = async (request: IncomingMessage) => JSON.parse(await text(request)) as Message;

/** Messages repeat what still fires, so an alert begins with the first and ends with the first that says so. */
export function createLedger() {
  const told: Told[] = [];
  const open = new Map<string, number>();
  const take = ({ receiver, alerts }: Message, nowMs: number) => {
    for (const { status, labels, fingerprint } of alerts) {
      const key = `${receiver} ${fingerprint}`;
      const at = open.get(key);
      if (status === 'firing' && at === undefined) {
        open.set(key, told.length);
        told.push({ alert: labels.alertname ?? '', labels, receiver, atMs: nowMs });
      }
      if (status === 'resolved' && at !== undefined) {
        open.delete(key);
        told[at] = { ...(told[at] as Told), clearedMs: nowMs };
      }
    }
  };
  return { take, told: (): readonly Told[] => told };
}
