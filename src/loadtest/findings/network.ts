import { counted } from '../../core/counted.ts';
import { failuresOf } from '../ledger.ts';
import { count, time } from '../numbers.ts';
import { isNoticeable, type JudgedRun, type Limit, ofAll, type Sighting } from './sighting.ts';

/** Connections failed, or were opened again and again. */
export function limitedByNetwork(result: JudgedRun): Sighting<Limit> | undefined {
  return brokenNetwork(result) ?? unkeptConnections(result);
}

function brokenNetwork({ ledger }: JudgedRun): Sighting<Limit> | undefined {
  const broken = failuresOf(ledger).filter(({ domain }) => domain === 'network');
  const failed = broken.reduce((sum, one) => sum + one.count, 0);
  if (!isNoticeable(failed, { ledger })) return undefined;
  return {
    kind: 'limited_by_network',
    text: `Connections failed: ${ofAll(failed, { ledger })} ended as ${broken.map(({ name }) => name).join(', ')}.`,
    next:
      steps[broken[0]?.name ?? ''] ??
      'Check the way to the endpoint (proxy, firewall, connection limits) before loading it again.',
  };
}

/** What is to be done about the most frequent ending, where it says so itself. */
const steps: Readonly<Partial<Record<string, string>>> = {
  tls: 'Check that --url has the name the certificate was made for, that its port speaks TLS, and that an authority of your own is named by --ca.',
  dns: 'Check the name in --url: it does not resolve from this machine.',
  tcp: 'Check that the endpoint runs, and the host and port in --url: nobody takes the connection.',
};

/** Endings at which this program closes the connection. */
const deadlines = ['timeout_total', 'timeout_first_byte', 'timeout_first_token', 'stalled'] as const;

function unkeptConnections({ load, connections, metrics, whole, ledger }: JudgedRun): Sighting<Limit> | undefined {
  const answer = (metrics.ttfb_ms ?? metrics.e2e_from_send_ms)?.p50 ?? 0;
  const connect = metrics.connect_ms?.p50 ?? 0;
  // As many as were under way at once had to be opened, and one for each that a deadline of our own closed; the rest replaced others.
  const replaced =
    connections.opened - whole.in_flight_max - deadlines.reduce((sum, name) => sum + (ledger[name] ?? 0), 0);
  if (!(replaced > load.sent / 2 && load.sent >= 20 && connect > answer / 5)) return undefined;
  return {
    kind: 'limited_by_network',
    text: `Connections were not kept: ${count(connections.opened)} were opened for ${counted(load.sent, 'request')}, ${time(connect)} each.`,
    next: 'Find out who closes them (a proxy, keep-alive limits): each costs a handshake.',
  };
}
