/** The file with everything inherited, chosen and read: a flat list of checks, and what they share. Secrets are closures. */
import type { DeadlineName } from '../core/call/record.ts';
import { UsageError } from '../core/errors.ts';
import type { Reason } from '../core/outcome.ts';
import { pairMistake } from '../core/pem.ts';
import { expiryOf, readToken } from '../core/wire/auth.ts';
import type {
  BudgetConfig,
  CheckKind,
  ExporterConfig,
  MaintenanceConfig,
  NotificationConfig,
  OtlpConfig,
  Price,
  ProbeConfig,
} from './config.ts';
import { type Endpoint, endpointOf } from './endpoint.ts';
import { type Outline, outlinesOf } from './outline.ts';
import { createSecret, readSecret, type Secret, type SecretReaders } from './secret.ts';
import {
  deadlinesOf,
  type Expectations,
  expectationsFor,
  type Schedule,
  type Slo,
  scheduleOf,
  slosOf,
  standard,
  standardTokens,
} from './settings.ts';

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

/** A probe file with its secrets read and its checks spelled out; durations in ms. */
export interface ProbePlan {
  /** Where this prober stands. */
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
  /** Runs at the same time, over all credentials: 1 to 64, by default 4. */
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

function checkOf(
  { id, target, check, model, config: own, settings }: Outline,
  config: ProbeConfig,
  endpoint: Endpoint,
) {
  const { thinking = 'off', severity = 'page', tier = 'canary', confirm = {}, prompt } = settings;
  return {
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
    tls: readers.sealed ? undefined : tls && tlsOf(tls, readers),
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
