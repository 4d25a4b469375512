/** The probe's file for a drill: one target, one key and one check for each fault, as a user would watch an endpoint every two minutes. */
import type { ProbeFile } from '../probe/config.ts';
import type { Fault } from './catalogue.ts';
import { shorter } from './scale.ts';

/** In the world's times; three runs of `total` and their pauses fit into an interval. */
const usual = {
  interval: '2m',
  confirm: { runs: 2, delay: '5s' },
  deadlines: { connect: '30s', first_byte: '30s', first_token: '30s', idle: '20s', total: '30s' },
} as const;

export interface Site {
  /** How many times as fast time goes. */
  readonly scale: number;
  /** Where a fault's endpoint is. */
  readonly baseUrlOf: (fault: Fault) => string;
  /** Which means our own network is up. */
  readonly reference?: string;
  /** Where its `/metrics` is; 0 takes a free port. */
  readonly port: number;
  /** Path of the state. */
  readonly state: string;
}

/** The environment variable that holds the key of a fault's target. */
export const keyVariable = (fault: Fault) => `DRILL_KEY_${fault.name.replaceAll('-', '_').toUpperCase()}`;

export function probeFile(faults: readonly Fault[], { scale, baseUrlOf, reference, port, state }: Site): ProbeFile {
  const { interval, confirm, deadlines } = usual;
  return {
    credentials: Object.fromEntries(faults.map(fault => [fault.name, { key: { env: keyVariable(fault) } }])),
    targets: Object.fromEntries(
      faults.map(fault => [fault.name, { url: baseUrlOf(fault), credential: fault.name }] as const),
    ),
    defaults: {
      model: 'glm-4.6',
      interval: shorter(interval, scale),
      jitter: '0%',
      confirm: { runs: confirm.runs, delay: shorter(confirm.delay, scale) },
      deadlines: Object.fromEntries(Object.entries(deadlines).map(([name, text]) => [name, shorter(text, scale)])),
    },
    checks: faults.map(({ name, check = {} }) => ({
      kind: 'chat_stream',
      targets: [name],
      slo: { availability: '99%' },
      ...scaledCheck(check, scale),
    })),
    ...(reference !== undefined && { reference: { urls: [reference], timeout: '500ms' } }),
    runs_at_once: 64,
    exporter: { port },
    state: { path: state },
  };
}

/** Every text in it that is a duration, shortened. */
function scaledCheck(check: NonNullable<Fault['check']>, scale: number): NonNullable<Fault['check']> {
  const text = JSON.stringify(check).replace(
    /"(\d+(?:ms|s|m|h))"/g,
    (_, found: string) => `"${shorter(found, scale)}"`,
  );
  return JSON.parse(text) as NonNullable<Fault['check']>;
}
