/** Settings that mean nothing beside each other. */
import { counted } from '../core/counted.ts';
import { UsageError } from '../core/errors.ts';
import { asFlag } from '../core/spelling.ts';
import { peakOf } from './arrivals.ts';
import type { Measure } from './measures.ts';
import { isClosed, type LoadConfig } from './settings.ts';
import { short } from './slo.ts';
import { parseStages } from './stages.ts';

/** Settings that mean nothing together are a mistake that would be noticed after the run, or never. */
export function refusePairs(config: LoadConfig): void {
  const { agents, redis, workers, as, threshold, slo, stream } = config;
  const seats = isClosed(config) ? peakOf(parseStages(config.concurrency, 1)) : Number.POSITIVE_INFINITY;
  const goodput = threshold.find(({ subject }) => subject.kind === 'rate' && subject.rate === 'goodput');
  const mistakes = [
    agents === undefined && redis !== undefined && '--redis is where agents are found; say how many with --agents N',
    agents !== undefined && redis === undefined && '--agents needs --redis URL, where the agents are found',
    agents !== undefined &&
      workers > 1 &&
      '--workers shares the load on this machine; with --agents leave it out, and pass it to glm-testkit load agent',
    agents !== undefined &&
      as !== undefined &&
      '--as needs every single request, and with --agents those stay where they were made',
    agents !== undefined &&
      agents > seats &&
      `--agents ${agents} cannot share ${counted(seats, 'request')} under way: take at most ${seats}, or raise --concurrency`,
    goodput !== undefined &&
      slo === undefined &&
      `--threshold "${goodput.text}" needs --slo, what a good request keeps`,
    ...(stream ? [] : unmeasured(threshold, slo)),
  ].filter(mistake => mistake !== false);
  if (mistakes.length > 0) throw new UsageError('bad_config', mistakes.join('\n'));
}

/** A unary answer has no tokens in time. A gate on them could never be judged, and an SLO on them would always be kept. */
function unmeasured(threshold: LoadConfig['threshold'], slo: LoadConfig['slo'] = []): string[] {
  const gates = threshold
    .filter(({ subject }) => subject.kind === 'figure' && ofStreams(subject.measure))
    .map(({ text }) => `--threshold "${text}"`);
  const limits = slo.filter(({ measure }) => ofStreams(measure)).map(({ measure }) => `--slo ${short(measure)}`);
  return [...gates, ...limits].map(
    said =>
      `${said} needs streamed answers, and --no-stream asks for whole ones; take e2e or ttfb, or leave out --no-stream`,
  );
}

const ofStreams = (measure: Measure) => /^(ttft_|itl_|tpot_|max_gap_)/.test(measure);

/** What a setting means something beside. */
const company: readonly {
  readonly keys: readonly (keyof LoadConfig)[];
  readonly beside: string;
  readonly there: (config: LoadConfig) => boolean;
}[] = [
  { keys: ['concurrency'], beside: 'no --rate and no --trace', there: isClosed },
  { keys: ['arrival'], beside: '--rate', there: ({ rate }) => rate !== undefined },
  { keys: ['shape'], beside: '--rate and --arrival gamma', there: ({ arrival }) => arrival === 'gamma' },
  { keys: ['speed', 'scale'], beside: '--trace', there: ({ trace }) => trace !== undefined },
  { keys: ['duration'], beside: 'no --trace, which brings its own times', there: ({ trace }) => trace === undefined },
  { keys: ['max_in_flight'], beside: '--rate or --trace', there: config => !isClosed(config) },
  { keys: ['retries', 'backoff'], beside: '--on-limit backoff', there: one => one.on_limit === 'backoff' },
  { keys: ['prefix_tokens'], beside: '--cache shared-prefix', there: ({ cache }) => cache === 'shared-prefix' },
  { keys: ['ca'], beside: 'an https URL', there: ({ url }) => url.startsWith('https:') },
];

/** A flag that does nothing is a run that is not what was meant. A file may hold settings of several runs. */
export function refuseIdle(config: LoadConfig, flags: readonly string[]): void {
  const mistakes = company
    .filter(({ there }) => !there(config))
    .flatMap(({ keys, beside }) =>
      keys.filter(key => flags.includes(key)).map(key => `${asFlag(key)} goes with ${beside}; leave it out`),
    );
  if (mistakes.length > 0) throw new UsageError('bad_config', mistakes.join('\n'));
}
