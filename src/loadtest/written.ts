/** The settings of a stored run as flags write them: for people who never saw the names inside. */
import { counted } from '../core/counted.ts';
import { formatDuration } from '../core/duration.ts';
import { isObject } from '../core/json-object.ts';
import { asFlag, asKey } from '../core/spelling.ts';
import { rate } from './numbers.ts';

/** Every setting by its name; a file of another version may hold some that are not known here, by their paths. */
export function writtenSettings(config: Readonly<Record<string, unknown>>): Map<string, string> {
  const { arrivals, concurrency, workload, ...rest } = config;
  const isClosed = isObject(arrivals) && arrivals.kind === 'closed'; // then the load says it
  const said = isObject(workload) ? Object.entries(workload) : [];
  const settings = [
    ...Object.entries(rest).flatMap(([name, value]) => leaves(value, name)),
    ...leaves(isClosed ? undefined : concurrency, 'concurrency'),
    ...said.flatMap(([name, value]) => leaves(isObject(value) ? spreadText(value) : value, `workload.${name}`)),
    ...(arrivals === undefined
      ? []
      : [['arrivals', isObject(arrivals) ? loadText(arrivals) : String(arrivals)] as const]),
  ];
  return new Map(
    settings.flatMap(([path, value]) => {
      const name = Object.hasOwn(names, path) ? names[path] : asFlag(asKey(path.replace(/^workload\./, '')));
      return name === undefined ? [] : [[name, /\wMs$/.test(path) ? lasting(value) : value] as const];
    }),
  );
}

/** What does not follow from its path; undefined is what another setting says as well. */
const names: Readonly<Record<string, string | undefined>> = {
  arrivals: 'load',
  concurrency: '--max-in-flight',
  baseUrl: '--url',
  keys: 'number of API keys',
  warmupMs: '--warmup',
  graceMs: '--grace',
  timeoutMs: '--timeout',
  idleMs: '--idle',
  currency: undefined,
  'policy.onLimit': '--on-limit',
  'policy.mostRetries': '--retries',
  'policy.baseMs': '--backoff',
  'policy.capMs': undefined,
  'budget.maxTokens': '--max-tokens-total',
  'budget.maxCost': '--max-cost',
  'budget.price.input': '--price of input',
  'budget.price.output': '--price of output',
  'workload.kind': undefined,
  'workload.stream': undefined,
  'workload.file': '--prompts',
};

type Setting = readonly [path: string, value: string];

/** `policy.onLimit`: every plain value by its path; what is not set is not there. */
function leaves(value: unknown, path: string): Setting[] {
  if (value === null || value === undefined) return [];
  if (typeof value !== 'object') return [[path, String(value)]];
  return Object.entries(value).flatMap(([key, inner]) => leaves(inner, `${path}.${key}`));
}

const lasting = (value: string) => (Number.isFinite(Number(value)) ? formatDuration(Number(value)) : value);

/** `40`, `uniform(50,400)`: a length as it is asked for. */
function spreadText({ kind, ...values }: Readonly<Record<string, unknown>>): string {
  const list = Object.values(values).join(',');
  return kind === 'fixed' ? list : `${kind}(${list})`;
}

/** `20 under way for 10s`, `poisson arrivals at 30s:10,2m:50 per second`. */
function loadText({ kind, stages, law, shape, requests }: Readonly<Record<string, unknown>>): string {
  if (kind === 'trace') return `a trace of ${counted(Number(requests), 'request')}`;
  const levels = Array.isArray(stages) ? stagesText(stages.filter(isObject)) : ['', ''];
  if (kind === 'closed') return `${levels[0]} under way${levels[1]}`;
  return `${law} arrivals${law === 'gamma' ? ` of shape ${shape}` : ''} at ${levels[0]} per second${levels[1]}`;
}

function stagesText(stages: readonly Readonly<Record<string, unknown>>[]): readonly [levels: string, time: string] {
  const [first] = stages;
  if (stages.length === 1 && first?.from === first?.to)
    return [rate(Number(first?.to)), ` for ${formatDuration(Number(first?.durationMs))}`];
  return [stages.map(({ durationMs, to }) => `${formatDuration(Number(durationMs))}:${to}`).join(','), ''];
}
