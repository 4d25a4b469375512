/** The file with everything inherited, chosen and read: a flat list of checks, and what they share. Secrets are closures. */
import { randomUUID } from 'node:crypto';
import { sendable } from '../core/api-key.ts';
import type { DeadlineName } from '../core/call/record.ts';
import { UsageError } from '../core/errors.ts';
import type { Reason } from '../core/outcome.ts';
import { proxyFor } from '../core/proxy.ts';
import { expiryOf, readToken } from '../core/wire/auth.ts';
import { modelOf, type ThinkingRule } from '../core/wire/models.ts';
import type {
  BudgetConfig,
  CheckConfig,
  CheckKind,
  ContentConfig,
  ExpectConfig,
  ExporterConfig,
  MaintenanceConfig,
  NotificationConfig,
  OtlpConfig,
  Price,
  ProbeConfig,
  Settings,
  SliName,
  TargetConfig,
} from './config.ts';
import { pairMistake } from './pem.ts';
import { createSecret, readSecret, type Secret, type SecretReaders } from './secret.ts';

export type Schedule =
  /** `jitter`: largest delay of a start as a share of the interval. */
  | { readonly kind: 'interval'; readonly everyMs: number; readonly jitter: number }
  | { readonly kind: 'cron'; readonly pattern: string; readonly timezone: string };

/** What a run has to hold; times in ms, undefined where nothing is expected. */
export interface Expectations {
  readonly finishReason: readonly string[] | undefined;
  readonly content: ContentConfig | undefined;
  readonly usage: 'required' | 'optional' | undefined;
  readonly model: string | undefined;
  readonly maxGapMs: number | undefined;
  readonly ttftMs: number | undefined;
  readonly ttfotMs: number | undefined;
  readonly totalMs: number | undefined;
  readonly tokensPerSecond: number | undefined;
  readonly certificateMs: number | undefined;
}

export interface Slo {
  readonly sli: SliName;
  /** In (0, 1). */
  readonly objective: number;
  /** For `ttfot` and `stall`. */
  readonly thresholdMs: number | undefined;
}

export type EndpointKind = 'cn' | 'intl' | 'coding' | 'gateway';

/** How to reach a target, and as whom. */
export interface Endpoint {
  readonly target: string;
  readonly url: string;
  readonly kind: EndpointKind;
  /** Name of the credential, for budgets and for one call at a time. */
  readonly credential: string;
  readonly key: Secret;
  readonly mode: 'key' | 'jwt';
  readonly proxy: Secret | undefined;
  /** PEM. */
  readonly ca: string | undefined;
}

/** One check of one model at one target, everything resolved. */
export interface ProbeCheck {
  /** `target/check/model`; unique. */
  readonly id: string;
  readonly target: string;
  /** The label: its name, or its kind. */
  readonly check: string;
  readonly kind: CheckKind;
  readonly model: string;
  readonly vantage: string;
  readonly endpoint: Endpoint;
  readonly schedule: Schedule;
  readonly deadlines: Readonly<Record<DeadlineName, number>>;
  readonly maxTokens: number;
  readonly thinking: 'off' | 'on';
  readonly task: 'arithmetic' | 'echo';
  /** In place of the task. */
  readonly prompt: string | undefined;
  readonly mostCalls: number;
  readonly expect: Expectations;
  readonly warn: Expectations;
  readonly confirm: { readonly runs: number; readonly delayMs: number };
  readonly slo: readonly Slo[];
  readonly severity: 'page' | 'ticket' | 'info';
  readonly tier: string;
  readonly budgetWeight: number;
  readonly price: Price | undefined;
  readonly codes: ReadonlyMap<string, Reason>;
}

export interface Credential {
  readonly name: string;
  readonly callsAtOnce: number;
  readonly budget: BudgetConfig;
  /** When its key, if that is itself a token, ends; ms since 1970. */
  readonly expiresAtMs: number | undefined;
}

export interface Notification extends Omit<NotificationConfig, 'url' | 'secret' | 'name'> {
  readonly name: string;
  readonly url: Secret;
  readonly secret: Secret | undefined;
}

export interface Exporter extends Omit<ExporterConfig, 'bearer' | 'basic' | 'tls'> {
  readonly bearer: Secret | undefined;
  readonly basic: { readonly username: string; readonly password: Secret } | undefined;
  /** PEM; the files they come from are looked at again, for certificates are renewed in place. */
  readonly tls:
    | { readonly files: { readonly cert: string; readonly key: string }; readonly cert: string; readonly key: Secret }
    | undefined;
}

export interface Otlp extends Omit<OtlpConfig, 'headers'> {
  readonly headers: Readonly<Record<string, Secret>>;
}

export interface ProbePlan {
  readonly vantage: string;
  readonly checks: readonly ProbeCheck[];
  readonly credentials: readonly Credential[];
  readonly maintenance: readonly MaintenanceConfig[];
  readonly reference: ProbeConfig['reference'];
  readonly notifications: readonly Notification[];
  readonly exporter: Exporter;
  readonly otlp: Otlp | undefined;
  readonly state: ProbeConfig['state'];
  readonly cassettes: ProbeConfig['cassettes'];
  readonly runsAtOnce: number;
}

/**
 * Reads every secret and file that the config names, and spells every check out.
 * @throws {UsageError} `no_secret`, `no_file`, `bad_key`, `bad_proxy`, `bad_tls`
 */
export async function planOf(config: ProbeConfig, readers: SecretReaders): Promise<ProbePlan> {
  const endpoints = new Map<string, Endpoint>();
  for (const [name, target] of Object.entries(config.targets))
    endpoints.set(name, await endpointOf(name, target, config, readers));
  return {
    vantage: config.vantage,
    checks: outlinesOf(config).map(outline => checkOf(outline, config, endpoints.get(outline.target) as Endpoint)),
    credentials: Object.entries(config.credentials).map(([name, { calls_at_once, budget }]) => ({
      name,
      callsAtOnce: calls_at_once,
      budget,
      expiresAtMs: endOf([...endpoints.values()].find(({ credential }) => credential === name)?.key),
    })),
    maintenance: config.maintenance,
    reference: config.reference,
    notifications: await Promise.all(config.notifications.map(one => notificationOf(one, readers))),
    exporter: await exporterOf(config.exporter, readers),
    otlp: config.otlp && (await otlpOf(config.otlp, readers)),
    state: config.state,
    cassettes: config.cassettes,
    runsAtOnce: config.runs_at_once,
  };
}

function endOf(key: Secret | undefined): number | undefined {
  const exp = key && readToken(key.reveal())?.exp;
  return exp === undefined ? undefined : expiryOf(exp, 'lenient').ms;
}

/** A check spelled out without anything that has to be read: enough to doubt a config offline. */
export interface Outline {
  readonly id: string;
  readonly target: string;
  readonly check: string;
  readonly model: string;
  /** Its place in `checks`. */
  readonly index: number;
  readonly config: CheckConfig;
  readonly settings: Settings;
}

/** Every enabled check × target × model; targets and models that do not exist are left to `validate.ts`. */
export function outlinesOf(config: ProbeConfig): Outline[] {
  return config.checks.flatMap((check, index) => {
    if (!check.enabled) return [];
    return (check.targets ?? Object.keys(config.targets)).flatMap(target => {
      const settings = inherit(config.defaults, config.targets[target]?.defaults ?? {}, check);
      const name = check.name ?? check.kind;
      const models = settings.model === undefined ? [] : [settings.model].flat();
      return models.map(model => ({
        id: `${target}/${name}/${model}`,
        ...{ target, check: name, model, index, config: check, settings },
      }));
    });
  });
}

/** The nearest word wins, key by key also inside `deadlines`, `expect`, `warn`, `confirm` and `slo`. */
function inherit(...levels: readonly Settings[]): Settings {
  return levels.reduce((far, near) => {
    const { interval: _interval, cron: _cron, ...rest } = far;
    const rescheduled = near.interval !== undefined || near.cron !== undefined;
    return {
      ...(rescheduled ? rest : far),
      ...near,
      deadlines: { ...far.deadlines, ...near.deadlines },
      expect: { ...far.expect, ...near.expect },
      warn: { ...far.warn, ...near.warn },
      confirm: { ...far.confirm, ...near.confirm },
      slo: { ...far.slo, ...near.slo },
    };
  }, {});
}

/** What is said when nobody says anything. Times in ms. */
export const standard = {
  intervalMs: 300_000,
  jitter: 0.1,
  confirm: { runs: 2, delayMs: 5000 },
  certificateMs: 14 * 86_400_000,
  mostCalls: 8,
} as const;

/** A body that comes whole has its first byte when the model is done, so only streams can be held to an early one. */
export const standardDeadlines = {
  stream: { connect: 5000, first_byte: 15_000, first_token: 30_000, idle: 15_000, total: 60_000 },
  unary: { connect: 5000, first_byte: 60_000, first_token: 60_000, idle: 60_000, total: 60_000 },
} as const satisfies Record<string, Readonly<Record<DeadlineName, number>>>;

/** Kinds whose calls are streams. */
export const streams: ReadonlySet<CheckKind> = new Set(['chat_stream', 'cached_pair', 'reuse']);

export function deadlinesOf(kind: CheckKind, { deadlines = {} }: Settings): Readonly<Record<DeadlineName, number>> {
  const usual = standardDeadlines[streams.has(kind) ? 'stream' : 'unary'];
  const total = deadlines.total ?? usual.total;
  const within = (name: DeadlineName) => deadlines[name] ?? Math.min(usual[name], total);
  return {
    connect: within('connect'),
    first_byte: within('first_byte'),
    first_token: within('first_token'),
    idle: within('idle'),
    total,
  };
}

export const scheduleOf = ({ interval, cron, timezone = 'UTC', jitter }: Settings): Schedule =>
  cron !== undefined
    ? { kind: 'cron', pattern: cron, timezone }
    : { kind: 'interval', everyMs: interval ?? standard.intervalMs, jitter: jitter ?? standard.jitter };

/** A model that is not in the table is treated by its family's name. */
export const thinkingOf = (model: string): ThinkingRule =>
  modelOf(model)?.thinking ?? (/^glm-5\.3/i.test(model) ? 'always' : 'optional');

/** The least `max_tokens` that leaves room for a visible answer: a model that thinks spends it on thinking first. */
export function tokenFloor(model: string, thinking: 'off' | 'on'): number {
  const rule = thinkingOf(model);
  const thinks = rule === 'always' || rule === 'inline' || (thinking === 'on' && rule !== 'none');
  return thinks ? 1024 : 32;
}

/** Twice the floor. */
export const standardTokens = (model: string, thinking: 'off' | 'on') => 2 * tokenFloor(model, thinking);

function checkOf(
  { id, target, check, model, config: own, settings }: Outline,
  config: ProbeConfig,
  endpoint: Endpoint,
) {
  const { thinking = 'off', severity = 'page', tier = 'canary', confirm = {}, prompt } = settings;
  return {
    ...{
      id,
      target,
      check,
      kind: own.kind,
      model,
      vantage: config.vantage,
      endpoint,
      thinking,
      severity,
      tier,
      prompt,
    },
    schedule: scheduleOf(settings),
    deadlines: deadlinesOf(own.kind, settings),
    maxTokens: settings.max_tokens ?? standardTokens(model, thinking),
    task: settings.task ?? 'arithmetic',
    mostCalls: own.most_calls ?? standard.mostCalls,
    ...expectationsFor(own.kind, settings),
    confirm: {
      runs: confirm.runs ?? standard.confirm.runs,
      delayMs: confirm.delay ?? standard.confirm.delayMs,
    },
    slo: slosOf(settings),
    budgetWeight: settings.budget_weight ?? 1,
    price: config.prices[model],
    codes: new Map(Object.entries(config.codes)),
  } satisfies ProbeCheck;
}

/** What a run must be, and what it should be. */
export const expectationsFor = (kind: CheckKind, { prompt, expect, warn }: Settings) => ({
  expect: expectationsOf(kind, { ...usualExpect(prompt), ...expect }),
  warn: expectationsOf(kind, { ...usualWarn, ...warn }),
});

/** An answer to a prompt of one's own can only be expected to be visible. */
const usualExpect = (prompt: string | undefined): ExpectConfig => ({
  content: prompt === undefined ? 'task' : 'any',
  usage: 'required',
});

const usualWarn: ExpectConfig = { model: 'same', certificate: standard.certificateMs };

function expectationsOf(kind: CheckKind, expect: ExpectConfig): Expectations {
  return {
    finishReason: expect.finish_reason,
    content: expect.content,
    usage: expect.usage,
    model: expect.model,
    maxGapMs: streams.has(kind) ? expect.max_gap : undefined,
    ttftMs: streams.has(kind) ? expect.ttft : undefined,
    ttfotMs: streams.has(kind) ? expect.ttfot : undefined,
    totalMs: expect.total,
    tokensPerSecond: streams.has(kind) ? expect.tokens_per_second : undefined,
    certificateMs: expect.certificate,
  };
}

export function slosOf({ slo = {} }: Settings): Slo[] {
  const { availability, correctness, ttfot, stall } = slo;
  const plain = (sli: SliName, objective: number | undefined): Slo[] =>
    objective === undefined ? [] : [{ sli, objective, thresholdMs: undefined }];
  const timed = (sli: SliName, wanted: { objective: number; threshold: number } | undefined): Slo[] =>
    wanted === undefined ? [] : [{ sli, objective: wanted.objective, thresholdMs: wanted.threshold }];
  return [
    ...plain('availability', availability),
    ...plain('correctness', correctness),
    ...timed('ttfot', ttfot),
    ...timed('stall', stall),
  ];
}

/** The credential a target uses: its own choice, or the only one there is. */
export function credentialOf({ credential }: TargetConfig, { credentials }: ProbeConfig): string | undefined {
  const names = Object.keys(credentials);
  return credential ?? (names.length === 1 ? names[0] : undefined);
}

async function endpointOf(
  name: string,
  target: TargetConfig,
  config: ProbeConfig,
  readers: SecretReaders,
): Promise<Endpoint> {
  const credential = credentialOf(target, config) ?? '';
  const { key, mode } = config.credentials[credential] as ProbeConfig['credentials'][string];
  return {
    target: name,
    url: target.url,
    kind: target.kind ?? endpointKind(target.url),
    credential,
    key: oneKey(await readSecret(key, readers)),
    mode,
    proxy: await proxyOf(target, readers),
    ca: target.ca === undefined ? undefined : readers.file(target.ca),
  };
}

/** @throws {UsageError} `bad_key` */
function oneKey(secret: Secret): Secret {
  if (/\s/.test(sendable(secret.reveal(), secret.source)))
    throw new UsageError(
      'bad_key',
      `the API key in ${secret.source} holds white space; put one key there and nothing else`,
    );
  return secret;
}

async function proxyOf({ url, proxy }: TargetConfig, readers: SecretReaders): Promise<Secret | undefined> {
  if (proxy === 'none') return undefined;
  if (proxy !== undefined && 'url' in proxy) return createSecret('the settings', proxy.url);
  if (proxy !== undefined) return proxyIn(await readSecret(proxy, readers));
  const found = proxyFor(url, readers.env);
  return found === undefined ? undefined : proxyIn(createSecret('HTTPS_PROXY, HTTP_PROXY or ALL_PROXY', found));
}

/** As curl takes it: without a scheme it is http. What is no proxy is not repeated, for it may hold a password. */
function proxyIn({ source, reveal }: Secret): Secret {
  const text = reveal();
  const href = /^[a-z][a-z\d+.-]*:\/\//i.test(text) ? text : `http://${text}`;
  if (!URL.canParse(href) || !/^https?:$/.test(new URL(href).protocol))
    throw new UsageError('bad_proxy', `${source}: is no http(s) proxy such as http://proxy:3128`);
  return createSecret(source, href);
}

/** By the vendor's hosts and paths; glm-api.md §1.1. Anything else is somebody's gateway. */
export function endpointKind(url: string): EndpointKind {
  const { hostname, pathname } = new URL(url);
  if (hostname !== 'open.bigmodel.cn' && hostname !== 'api.z.ai') return 'gateway';
  if (pathname.startsWith('/api/coding/')) return 'coding';
  return hostname === 'api.z.ai' ? 'intl' : 'cn';
}

/** A target's name when nobody gave one: the host, never a URL. `::1` begins with no letter or digit, so it is spelt `0::1`. */
export const hostName = (url: string): string =>
  new URL(url).host.replace(/[[\]]/g, '').replace(/^:/, '0:').toLowerCase().slice(0, 64);

async function notificationOf(config: NotificationConfig, readers: SecretReaders): Promise<Notification> {
  const secret = config.secret && (await readSecret(config.secret, readers));
  return { ...config, name: config.name ?? config.kind, url: await readSecret(config.url, readers), secret };
}

async function otlpOf(config: OtlpConfig, readers: SecretReaders): Promise<Otlp> {
  const headers: Record<string, Secret> = {};
  for (const [name, source] of Object.entries(config.headers)) headers[name] = await readSecret(source, readers);
  return { ...config, headers };
}

async function exporterOf(config: ExporterConfig, readers: SecretReaders): Promise<Exporter> {
  const { basic, tls } = config;
  return {
    ...config,
    bearer: config.bearer && (await readSecret(config.bearer, readers)),
    basic: basic && { username: basic.username, password: await readSecret(basic.password, readers) },
    tls: tls && tlsOf(tls, readers),
  };
}

/**
 * Doubted before, but a renewal may change the files between two looks at them.
 * @throws {UsageError} `bad_tls`
 */
function tlsOf(files: NonNullable<ExporterConfig['tls']>, { file }: SecretReaders): NonNullable<Exporter['tls']> {
  const [cert, key] = [file(files.cert), file(files.key)];
  const mistake = pairMistake(cert, key);
  if (mistake !== undefined)
    throw new UsageError('bad_tls', `exporter.tls.${mistake.of}: ${files[mistake.of]} ${mistake.text}`);
  return { files, cert, key: createSecret(`file ${files.key}`, key) };
}

/** A name for a run; the only thing in a run that is not repeatable, and nothing depends on it. */
export const newRunId = (): string => randomUUID();
