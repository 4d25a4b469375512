/** From the calls of a run to what people and programs are told. Pure: the same calls give the same verdict again. */
import { type CallRecord, type DeadlineName, e2e, phases, tpot, ttfb, ttft, ttftVisible } from '../core/call/record.ts';
import { formatDuration } from '../core/duration.ts';
import { domainOf, endings, type FaultDomain, type Outcome, type Reason, retryOf } from '../core/outcome.ts';
import { isUntrusted } from '../core/pem.ts';
import type { Usage } from '../core/wire/chat.ts';
import type { Call, Conclusion } from './checks/check.ts';
import type { CheckKind, ContentConfig, Price } from './config.ts';
import { matches } from './pattern.ts';
import type { ProbeCheck } from './plan.ts';
import { resetIn } from './quota.ts';
import type { ProbeRun, RunState, Timing, Warning, WarningKind } from './run.ts';
import type { Expectations } from './settings.ts';
import { jsonMistake, mistakeIn } from './tasks.ts';

export type Fault = Exclude<Reason, 'ok'>;

/** What is wrong with a run, and whose fault it is. */
export interface Verdict {
  readonly state: RunState;
  /** Null when good. */
  readonly reason: Fault | null;
  /** Of an error inside a stream: the domain of what its code stands for. */
  readonly fault_domain: FaultDomain | null;
  /** What the code of an error inside a stream stands for; else null. */
  readonly cause: Fault | null;
  /** The one that fired. */
  readonly deadline: DeadlineName | null;
  /** For people: at most a few sentences, cleaned of secrets only in a `ProbeRun`. */
  readonly detail: string | null;
  readonly warnings: readonly Warning[];
}

/** What of a check the verdict depends on. */
export type Terms = Pick<ProbeCheck, 'kind' | 'model' | 'expect' | 'warn' | 'codes'>;

/** Names what is wrong with a run: the first call that did not end well, else what the check found, else what was expected. */
export function judge(terms: Terms, calls: readonly Call[], conclusion: Conclusion): Verdict {
  const broken = calls.find(call => call.wanted === 'well' && endingOf(call, terms).kind !== 'ok');
  if (broken !== undefined) return verdictOf(explained(endingOf(broken, terms), broken), broken.record.deadline);
  if (conclusion.finding !== undefined) return verdictOf(recoded(conclusion.finding, calls.at(-1), terms));
  const about = (call: Call, found: readonly Warning[]) => (calls.length > 1 ? found.map(labelled(call)) : found);
  const unmet = calls.flatMap(call => about(call, unmetBy(terms.expect, call, terms))).at(0);
  if (unmet !== undefined) return verdictOf({ kind: faultOf(unmet.kind), detail: unmet.detail });
  const warnings = [...calls.flatMap(call => about(call, oddIn(call, terms))), ...(conclusion.warnings ?? [])];
  return { ...good, warnings: distinct(warnings) };
}

/** A run of several calls says which one it means. */
const labelled =
  ({ label }: Call) =>
  ({ kind, detail }: Warning): Warning => ({ kind, detail: `${label}: ${detail}` });

const good = { state: 'good', reason: null, fault_domain: null, cause: null, deadline: null, detail: null } as const;

function verdictOf({ kind, detail, ...outcome }: Outcome, deadline: DeadlineName | null = null): Verdict {
  if (kind === 'ok') return { ...good, warnings: [] };
  const cause = outcome.cause === undefined || outcome.cause === 'ok' ? null : outcome.cause;
  const fault_domain = domainOf(cause ?? kind);
  const state = kind === 'cancelled' ? 'skipped' : fault_domain === 'prober' ? 'unknown' : 'bad';
  return { state, reason: kind, fault_domain, cause, deadline, detail: detail ?? null, warnings: [] };
}

/** How a call ended, by the config's own table of codes, and forgiving what the config forgives. */
function endingOf(call: Call, terms: Terms): Outcome {
  const { outcome } = call.record;
  if (outcome.kind === 'usage_missing' && terms.expect.usage === 'optional') return { kind: 'ok' };
  if (isMisfiled(call)) return { ...outcome, kind: 'answer_in_reasoning' };
  const coding = codingOf(call);
  return coding !== undefined && illegible.has(outcome.kind) ? packed(call, coding) : recoded(outcome, call, terms);
}

/** A gateway's page may be packed as well, and is one all the same. */
function packed({ record: { status, outcome } }: Call, coding: string): Outcome {
  const way = `packed (content-encoding ${coding})`;
  if (status !== 200) return withDetail(outcome, way);
  return { kind: 'contract', detail: `the answer is ${way}, and nobody asked for that` };
}

/** What a packed answer looks like to who does not unpack it. */
const illegible: ReadonlySet<Reason> = new Set(['gateway_error', 'malformed', 'truncated', 'empty']);

function codingOf({ tape: { head } }: Call): string | undefined {
  const at = head?.headers.findIndex((word, i) => i % 2 === 0 && word.toLowerCase() === 'content-encoding') ?? -1;
  const coding = at === -1 ? undefined : head?.headers[at + 1]?.toLowerCase();
  return coding === undefined || coding === 'identity' ? undefined : coding.slice(0, 16);
}

/** A model that came to its end has not run out of tokens while it thought: its parser put the answer in the wrong field. */
function isMisfiled({ record, right }: Call): boolean {
  const { outcome, finishReason, reasoning } = record;
  if (outcome.kind !== 'reasoning_only' || finishReason !== 'stop' || right === undefined) return false;
  return mistakeIn(right, { ...record, text: reasoning }) === undefined;
}

/** The config may know a code better than the table; an error inside a stream stays one, and its code says whose fault it is. */
function recoded(outcome: Outcome, call: Call | undefined, { codes }: Terms): Outcome {
  const code = call?.record.code;
  const known = code === undefined ? undefined : codes.get(code);
  if (known === undefined) return outcome;
  return outcome.kind === 'error_in_stream' ? { ...outcome, cause: known } : { ...outcome, kind: known };
}

/** Tokens live by the server's clock: when ours is off by more than this, an expired one is our own fault. */
const mostSkewMs = 5000;

/** What is known besides: our own clock or the `url` of the target may be to blame, and a limit may say when it ends. */
function explained(outcome: Outcome, { record, request, tape: { skewMs = 0 } }: Call): Outcome {
  const resetMs = resetIn(record);
  if (resetMs !== null) return withDetail(outcome, `resets at ${secondOf(resetMs)}`);
  // Who speaks the API gives a code to what it does not have, and every gateway has chat.
  if (outcome.kind === 'not_found' && request.kind === 'chat' && record.status === 404 && record.code === undefined)
    return withDetail(outcome, 'url has to end as the vendor writes it, such as /api/paas/v4');
  if (outcome.kind !== 'token_expired' || Math.abs(skewMs) <= mostSkewMs) return outcome;
  return { kind: 'internal', detail: `the token is expired because ${skewText(skewMs)}` };
}

const withDetail = (outcome: Outcome, more: string): Outcome => ({
  ...outcome,
  detail: outcome.detail === undefined ? more : `${outcome.detail}, ${more}`,
});

/** `2026-10-12 17:47:29 UTC` */
const secondOf = (ms: number) => `${new Date(ms).toISOString().slice(0, 19).replace('T', ' ')} UTC`;

const skewText = (skewMs: number) =>
  `this clock is ${formatDuration(Math.abs(skewMs))} ${skewMs > 0 ? 'behind' : 'ahead of'} the server’s`;

/** Speed is its own reason, and so is a certificate; everything else is an answer that was not asked for. */
function faultOf(kind: WarningKind): Fault {
  if (kind === 'certificate') return 'tls';
  return slowKinds.has(kind) ? 'slow' : 'wrong_answer';
}

const slowKinds: ReadonlySet<WarningKind> = new Set(['max_gap', 'ttft', 'ttfot', 'total', 'tokens_per_second']);

/** Kinds whose calls bring no answer that could be right or wrong. */
const wordless: ReadonlySet<CheckKind> = new Set(['models', 'auth_rejected', 'concurrency']);

/** Everything that a set of expectations has against a call, the heaviest first. */
function unmetBy(expect: Expectations, call: Call, terms: Terms): Warning[] {
  const answers = wordless.has(terms.kind) || call.request.kind === 'async_chat' || isWaiting(call) ? [] : answerChecks;
  return [...answers, ...otherChecks].flatMap(([kind, look]) => {
    const detail = look(expect, call, terms);
    return detail === undefined ? [] : [{ kind, detail }];
  });
}

const isWaiting = ({ record }: Call) => record.taskStatus === 'PROCESSING';

type Look = (expect: Expectations, call: Call, terms: Terms) => string | undefined;

const answerChecks: readonly (readonly [WarningKind, Look])[] = [
  [
    'content',
    ({ content }, { record, right }) => {
      const mistake = content && contentMistake(content, record, right);
      return mistake && record.finishReason === 'length' ? `${mistake}: it was cut at max_tokens` : mistake;
    },
  ],
  [
    'finish_reason',
    ({ finishReason }, { record: { finishReason: given = 'none' } }) =>
      finishReason === undefined || finishReason.includes(given)
        ? undefined
        : `finish_reason ${given.slice(0, 32)} in place of ${finishReason.join(' or ')}`,
  ],
  ['model', ({ model }, { record }, terms) => modelMistake(model, record, terms.model)],
  ['tokens_per_second', ({ tokensPerSecond: least }, { record }) => tooSlow(least, tokensPerSecond(record))],
  ['ttft', ({ ttftMs }, { record }) => tooLate('first token', ttft(record), ttftMs)],
  ['ttfot', ({ ttfotMs }, { record }) => tooLate('first visible token', ttftVisible(record), ttfotMs)],
  ['max_gap', ({ maxGapMs }, { record }) => tooLate('longest silence', gapOf(record), maxGapMs)],
];

const otherChecks: readonly (readonly [WarningKind, Look])[] = [
  ['total', ({ totalMs }, { record }) => tooLate('whole call', e2e(record), totalMs)],
  ['certificate', ({ certificateMs }, call) => certificateMistake(certificateMs, call)],
];

function contentMistake(content: ContentConfig, record: CallRecord, right: Call['right']): string | undefined {
  const { text = '' } = record;
  if (content === 'any') return undefined;
  if (content === 'task') return right === undefined ? undefined : mistakeIn(right, record);
  if ('json' in content) return jsonMistake(text, content.json);
  if ('text' in content) return text.includes(content.text) ? undefined : 'the answer does not hold the expected text';
  return matches(content.regex, text) ? undefined : 'the answer does not match the expected pattern';
}

function modelMistake(wanted: string | undefined, { model }: CallRecord, asked: string): string | undefined {
  if (wanted === undefined || wanted === 'any' || model === undefined) return undefined;
  const name = wanted === 'same' ? asked : wanted;
  // Resellers were seen to answer in upper case; glm-api.md §3.2.
  return model.toLowerCase() === name.toLowerCase() ? undefined : `${model.slice(0, 64)} answered in place of ${name}`;
}

const tooLate = (what: string, ms: number | undefined, mostMs: number | undefined) =>
  ms === undefined || mostMs === undefined || ms <= mostMs
    ? undefined
    : `${what} after ${formatDuration(ms)}, at most ${formatDuration(mostMs)} expected`;

const tooSlow = (least: number | undefined, rate: number | undefined) =>
  least === undefined || rate === undefined || rate >= least
    ? undefined
    : `${rate.toFixed(1)} tokens per second, at least ${least} expected`;

function certificateMistake(leastMs: number | undefined, { tape, wallMs }: Call): string | undefined {
  const ends = tape.peer?.certificateEndsMs;
  if (leastMs === undefined || ends === undefined || ends - wallMs >= leastMs) return undefined;
  return `the certificate ends in ${((ends - wallMs) / 86_400_000).toFixed(1)} days`;
}

/** What is odd about a call that is good: expectations of `warn`, and what nobody has to ask for. */
function oddIn(call: Call, terms: Terms): Warning[] {
  const { record, tape, request } = call;
  const odd = unmetBy(terms.warn, call, terms);
  const streamed = record.firstEventMs !== undefined && request.stream === true;
  if (streamed && !record.done && record.outcome.kind === 'ok') odd.push({ kind: 'no_done', detail: 'no [DONE]' });
  if (record.finishReason === 'length' && terms.expect.finishReason === undefined && !wordless.has(terms.kind))
    odd.push({ kind: 'finish_reason', detail: 'cut at max_tokens' });
  if (record.outcome.kind === 'usage_missing') odd.push({ kind: 'usage', detail: 'no usage' });
  if (Math.abs(tape.skewMs ?? 0) > mostSkewMs) odd.push({ kind: 'clock_skew', detail: skewText(tape.skewMs ?? 0) });
  return odd;
}

const distinct = (warnings: readonly Warning[]) =>
  warnings.filter(
    ({ kind, detail }, at) => warnings.findIndex(other => other.kind === kind && other.detail === detail) === at,
  );

/** Longest silence in ms once there was a token; the one that a deadline ended has no token behind it. */
export function gapOf({ lastTokenMs, maxGapMs, deadline, endMs }: CallRecord): number | undefined {
  if (lastTokenMs === undefined) return undefined;
  return deadline === undefined ? maxGapMs : Math.max(maxGapMs, endMs - lastTokenMs);
}

/** Undefined when all tokens came in one read: their distance is not known. */
function tokensPerSecond(record: CallRecord): number | undefined {
  const each = tpot(record);
  return each === undefined || each <= 0 ? undefined : 1000 / each;
}

const micro = (ms: number | undefined) => (ms === undefined ? null : Math.round(ms * 1000) / 1000);

/** Times of one call as durations. */
export function timingOf({ record, gapsMs }: Pick<Call, 'record' | 'gapsMs'>): Timing {
  const { dnsMs, tcpMs, tlsMs } = phases(record);
  return {
    dns_ms: micro(dnsMs),
    tcp_ms: micro(tcpMs),
    tls_ms: micro(tlsMs),
    head_ms: micro(ttfb(record)),
    ttft_ms: micro(ttft(record)),
    first_visible_token_ms: micro(ttftVisible(record)),
    max_gap_ms: micro(gapOf(record)),
    gaps_ms: record.lastTokenMs === undefined ? null : gapsMs.map(ms => Math.round(ms * 1000) / 1000),
    total_ms: Math.round(e2e(record) * 1000) / 1000,
    tokens_per_second: micro(tokensPerSecond(record)),
  };
}

/** Tokens of all calls together; null when no call reported any. */
export function usageOf(calls: readonly Call[]): Usage | null {
  const all = calls.flatMap(({ record }) => record.usage ?? []);
  if (all.length === 0) return null;
  const sum = (of: (usage: Usage) => number | undefined) => all.reduce((total, usage) => total + (of(usage) ?? 0), 0);
  const cached = all.some(usage => usage.prompt_tokens_details !== undefined);
  const reasoned = all.some(usage => usage.completion_tokens_details !== undefined);
  return {
    prompt_tokens: sum(usage => usage.prompt_tokens),
    completion_tokens: sum(usage => usage.completion_tokens),
    total_tokens: sum(usage => usage.total_tokens),
    ...(cached && {
      prompt_tokens_details: { cached_tokens: sum(usage => usage.prompt_tokens_details?.cached_tokens) },
    }),
    ...(reasoned && {
      completion_tokens_details: { reasoning_tokens: sum(usage => usage.completion_tokens_details?.reasoning_tokens) },
    }),
  };
}

/** What the tokens cost. Thinking is part of the completion and billed as such. */
export function costOf(usage: Usage | null, price: Price | undefined): ProbeRun['cost'] {
  if (usage === null || price === undefined) return null;
  // More of the prompt than there is cannot come out of a cache.
  const cached = Math.min(usage.prompt_tokens_details?.cached_tokens ?? 0, usage.prompt_tokens);
  const parts =
    (usage.prompt_tokens - cached) * price.input +
    cached * (price.cached_input ?? price.input) +
    usage.completion_tokens * price.output;
  return { amount: Number((parts / 1_000_000).toPrecision(6)), currency: price.currency };
}

const advice = {
  never: 'Repeating the call will not help.',
  backoff: 'It may pass by itself; if it lasts, ask whoever runs the service.',
  after_reset: 'Wait for the limit to reset.',
} as const;

const ownAuthority = 'If the authority of its certificate is one of your own, name it by ca or --ca.';

const notTls =
  'What listens there does not speak TLS: see whether the URL should begin with http:, or name another port.';

const unreached =
  'See whether host and port are right, whether anything listens there, and whether this network lets it through.';

/** What whoever runs the check can do, where that is more than to wait. */
const remedies: Partial<Record<Fault, string>> = {
  auth: 'Give it the right key, or make a new one.',
  token_expired: 'Give it a new token.',
  account_locked: 'Have the account unlocked.',
  balance_exhausted: 'Top up the account, or buy a package.',
  plan_expired: 'Renew the plan.',
  no_permission: 'Use a key whose plan includes this, or ask for another model.',
  fair_use: 'Ask the vendor to lift the limit.',
  model_unavailable: 'Ask for a model that this endpoint has.',
  rate_limited: 'Spread the calls of this key, or ask the vendor for a higher limit.',
  dns: 'See whether the host name in the URL is right, and whether this machine can look up others.',
  tcp: unreached,
  timeout_connect: unreached,
  tls: 'Have the certificate renewed or put right.',
};

type Told = Pick<Verdict, 'reason' | 'fault_domain' | 'detail'> & Partial<Pick<Verdict, 'cause'>>;

/** Two sentences for a person: what it means, and what to do. Null when good. */
export function plainWords({ reason, fault_domain: domain, detail, cause = null }: Told): string | null {
  if (reason === null) return null;
  const meaning = [reason, cause].flatMap(one => (one === null ? [] : endings[one].meaning)).join(': ');
  const precisely = detail === null ? '' : ` [${detail}]`;
  const told = `${reason} (${domain}): ${meaning}${precisely}.`;
  // Whoever kept only the domain of a cause does not know what helps against it.
  const isKnown = cause !== null || domain === domainOf(reason);
  if (!isKnown) return told;
  if (reason === 'tls' && /WRONG_VERSION_NUMBER/.test(detail ?? '')) return `${told} ${notTls}`;
  const trust = reason === 'tls' && isUntrusted(detail ?? '') ? ` ${ownAuthority}` : '';
  return `${told} ${remedies[cause ?? reason] ?? advice[retryOf(cause ?? reason)]}${trust}`;
}
