/** A mock in this process: engine, meter and server put together. */
import { type Clock, systemClock } from '../core/clock.ts';
import type { Metrics } from '../core/registry.ts';
import { packageVersion } from '../core/version.ts';
import { createAside } from './admin/aside.ts';
import type { AdminSource } from './admin/routes.ts';
import type { MockConfig } from './config.ts';
import { createEngine, type Engine } from './engine.ts';
import { loadFixtures } from './fixtures/load.ts';
import type { JournalEntry } from './journal.ts';
import { createMeter, type Meter } from './meter.ts';
import { gzip, serveNode } from './node.ts';
import type { TaskStore } from './tasks.ts';
import type { Certificate } from './tls.ts';

/** A running mock. */
export interface Mock {
  /** Origin, such as `http://127.0.0.1:4010`. */
  readonly url: string;
  /** What a client takes for its base URL: `url` with `/api/paas/v4`. */
  readonly baseUrl: string;
  /** A key that is accepted. */
  readonly apiKey: string;
  /** The generated certificate in PEM, when there is one: clients must be told to trust it. */
  readonly certificate: string | undefined;
  /** What was asked and how it ended, oldest first. */
  journal(): Promise<JournalEntry[]>;
  /** The Prometheus exposition, as `/metrics` gives it. */
  metrics(): Promise<string>;
  /** Stops accepting, lets running answers end, then breaks what is left. Default 1000 ms. */
  close(options?: { graceMs?: number }): Promise<void>;
}

/** What a process that shares its port with others does differently. */
export interface Share {
  readonly label: string;
  readonly tasks: TaskStore;
  readonly source: (own: AdminSource) => AdminSource;
  /** Given the registry, so that the primary can add up all of them. */
  readonly registry: (registry: Metrics['registry']) => void;
}

export interface MockDoor {
  readonly clock?: Clock;
  /** Told about odd but tolerated things, one sentence each. */
  readonly warn?: (sentence: string) => void;
  readonly share?: Share;
  /** Asked about each request by the id of its key; see the engine's. */
  readonly admits?: (keyId: string) => boolean;
  /** Serves HTTPS with it; see `certificateFor`. */
  readonly certificate?: Certificate;
  /** Lets other machines use the admin API. */
  readonly adminToken?: string;
}

/** @param config complete settings, with at least one key */
export async function startMock(
  config: MockConfig,
  { clock = systemClock, warn, share, admits, certificate, adminToken }: MockDoor = {},
): Promise<{ mock: Mock; engine: Engine }> {
  const { fixtures, warnings } = loadFixtures(config.fixtures);
  for (const warning of warnings) warn?.(warning);
  const meter = createMeter({ version: packageVersion(), profile: config.profile, era: config.era });
  const engine = createEngine(config, {
    clock,
    meter,
    gzip,
    fixtures,
    ...(warn === undefined ? {} : { warn }),
    ...(admits === undefined ? {} : { admits }),
    ...(share === undefined ? {} : { label: share.label, tasks: share.tasks }),
  });
  const own = sourceOf(engine, meter);
  const source = share?.source(own) ?? own;
  share?.registry(meter.metrics.registry);
  const { host, port, maxBodyBytes } = config;
  const server = await serveNode(engine, {
    host,
    port,
    maxBodyBytes,
    tls: certificate,
    clock,
    lateness: meter.lateness,
    aside: createAside({ source, token: adminToken }),
  });
  const url = urlOf(config, server.port);
  const mock: Mock = {
    url,
    baseUrl: `${url}/api/paas/v4`,
    apiKey: config.keys[0] ?? '',
    certificate: certificate?.generated ? certificate.cert : undefined,
    journal: source.journal,
    metrics: async () => (await source.metrics()).text,
    close: ({ graceMs = 1000 } = {}) => server.close(graceMs),
  };
  return { mock, engine };
}

/** What the admin API shows of one process. */
const sourceOf = ({ journal, ledger, control, wall }: Engine, { metrics }: Meter): AdminSource => ({
  metrics: async () => ({ text: await metrics.text(), type: metrics.contentType }),
  journal: async () => journal.entries(),
  history: async key => journal.history(key),
  exercised: async key => ledger.exercised(key),
  timeline: journal.timeline,
  control: async command => control.apply(command),
  state: async () => control.state(),
  wall,
  keyId: control.keyId,
});

/** The address to show for a listening mock. */
export function urlOf({ host, tls, tlsCert }: MockConfig, port: number): string {
  const shown = host === '0.0.0.0' || host === '::' ? '127.0.0.1' : host;
  return `${tls || tlsCert ? 'https' : 'http'}://${shown.includes(':') ? `[${shown}]` : shown}:${port}`;
}
