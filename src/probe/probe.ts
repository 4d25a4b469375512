/** One look at one check: makes its calls, judges them, and leaves a cassette when it failed. */
import { randomUUID } from 'node:crypto';
import { inEverySpelling, redactText } from '../core/cassette/redaction.ts';
import { textOf, UsageError } from '../core/errors.ts';
import { oneLine } from '../core/one-line.ts';
import { parseKey } from '../core/wire/auth.ts';
import { removeSurplus, writeCassette } from './cassette.ts';
import type { Call } from './checks/check.ts';
import { checks } from './checks/index.ts';
import { contractOf } from './contract.ts';
import { logOf, messageOf } from './log.ts';
import type { ProbeCheck } from './plan.ts';
import { usedUpIn } from './quota.ts';
import { type ProbeRun, type RunCheck, type RunDoor, runVersion, type SkipReason, type Timing } from './run.ts';
import { costOf, judge, timingOf, usageOf, type Verdict } from './verdict.ts';

/** @example const run = await runCheck(plan.checks[0], { clock: systemClock, stop, random: createRandom(freshSeed()) }) */
export const runCheck: RunCheck = async (check, door) => {
  const about = { run_id: newRunId(), started_at_ms: door.clock.wall() };
  try {
    return await runWhole(check, door, about);
  } catch (error) {
    return brokenRun(check, error, about);
  }
};

type Named = Pick<ProbeRun, 'run_id' | 'started_at_ms'>;

async function runWhole(check: ProbeCheck, door: RunDoor, about: Named): Promise<ProbeRun> {
  const { look, conclude } = checks[check.kind];
  const mostBytes = door.cassettes?.maxBytes ?? standardBytes;
  const calls = await look(check, { ...door, random: door.random.fork(about.run_id), mostBytes });
  const conclusion = conclude?.(calls, check) ?? {};
  const verdict = stopped(calls, door) ? shutdown : judge(check, calls, conclusion);
  const run = runOf(check, calls, verdict, { ...about, readings: conclusion.readings ?? {} });
  return verdict.state === 'bad' || door.cassettes?.all ? withCassette(check, run, calls, door) : run;
}

/**
 * The run in which a bug of this program showed: whatever an answer holds, the other checks go on. Its calls were made, as
 * far as anyone can tell, so its budget is spent.
 */
export function brokenRun(check: ProbeCheck, error: unknown, about: Named): ProbeRun {
  const detail = `this program failed: ${textOf(error)}`;
  const run = runOf(check, [], { ...broken, detail }, { ...about, readings: {} });
  return { ...run, calls: 1 };
}

const broken = {
  state: 'unknown',
  reason: 'internal',
  fault_domain: 'prober',
  cause: null,
  deadline: null,
  warnings: [],
} as const;

/** Told to stop half way: what was seen until then says nothing, whatever the check makes of it. */
const stopped = (calls: readonly Call[], { stop }: RunDoor) =>
  stop.aborted && calls.some(({ record }) => record.outcome.kind === 'cancelled');

const shutdown: Verdict = {
  state: 'skipped',
  reason: 'cancelled',
  fault_domain: 'client',
  cause: null,
  deadline: null,
  warnings: [],
  detail: 'told to stop',
};

/** Runs checks once, one after the other: two at a time would measure each other. */
export async function runChecks(list: readonly ProbeCheck[], door: RunDoor): Promise<ProbeRun[]> {
  const runs: ProbeRun[] = [];
  for (const check of list)
    runs.push(door.stop.aborted ? untold(check, door.clock.wall()) : await runCheck(check, door));
  return runs;
}

/** Left out without a word, it would be taken for good. */
const untold = (check: ProbeCheck, atMs: number) => skippedRun(check, 'shutdown', atMs, 'told to stop before it began');

/** A run that was not made. */
export const skippedRun = (check: ProbeCheck, skipped: SkipReason, started_at_ms: number, detail: string): ProbeRun =>
  runOf(check, [], unmade(detail), { run_id: newRunId(), started_at_ms, readings: {}, skipped });

const unmade = (detail: string): Verdict => ({
  state: 'skipped',
  detail,
  reason: null,
  fault_domain: null,
  cause: null,
  deadline: null,
  warnings: [],
});

/** A name for a run; the only thing in a run that is not repeatable, and nothing depends on it. */
export const newRunId = (): string => randomUUID();

/** Enough to read the head and the frames of any canary's answer. */
const standardBytes = 256 * 1024;

interface Circumstances {
  readonly run_id: string;
  readonly started_at_ms: number;
  readonly readings: Readonly<Record<string, number>>;
  readonly skipped?: SkipReason;
}

/** The run of calls that were made; the last one is timed and named, a broken one in its place. */
export function runOf(check: ProbeCheck, calls: readonly Call[], verdict: Verdict, about: Circumstances): ProbeRun {
  const { id, target, kind, model, vantage, price } = check;
  const call = calls.find(({ record, wanted }) => wanted === 'well' && record.outcome.kind !== 'ok') ?? calls.at(-1);
  const usage = usageOf(calls);
  const record = call?.record;
  const clean = cleaner(check);
  return {
    version: runVersion,
    run_id: about.run_id,
    id,
    target,
    check: check.check,
    kind,
    model,
    vantage,
    started_at_ms: about.started_at_ms,
    ...verdict,
    detail: verdict.detail === null ? null : clean(verdict.detail),
    skipped: verdict.reason === 'cancelled' ? 'shutdown' : (about.skipped ?? null),
    warnings: verdict.warnings.map(({ kind: odd, detail }) => ({ kind: odd, detail: clean(detail) })),
    timing: call === undefined ? noTiming : timingOf(call),
    usage,
    cost: costOf(usage, price),
    calls: calls.length,
    finish_reason: maybe(record?.finishReason, clean),
    http_status: record?.status ?? null,
    code: maybe(record?.code, clean),
    message: record === undefined || verdict.reason === null ? null : messageOf(record, clean),
    log_id: maybe(record?.logId, clean),
    response_model: maybe(record?.model, clean),
    contract: contractOf(calls, clean),
    used_up: usedUpIn(calls),
    connection: record?.headMs === undefined ? null : record.reusedConnection ? 'reused' : 'fresh',
    certificate_ends_at_ms: calls.findLast(({ tape }) => tape.peer)?.tape.peer?.certificateEndsMs ?? null,
    clock_skew_ms: calls.findLast(({ tape }) => tape.skewMs !== undefined)?.tape.skewMs ?? null,
    readings: about.readings,
    confirmations: [],
    log: logOf(calls, verdict, clean).map(clean),
    cassette: null,
  };
}

/** What a server sends is shown, and could be anything: also the key that it was sent. */
const maybe = (text: string | undefined, clean: (text: string) => string) =>
  text === undefined ? null : clean(text).slice(0, 128);

const noTiming: Timing = {
  dns_ms: null,
  tcp_ms: null,
  tls_ms: null,
  head_ms: null,
  ttft_ms: null,
  first_visible_token_ms: null,
  max_gap_ms: null,
  gaps_ms: null,
  total_ms: 0,
  tokens_per_second: null,
};

function cleaner(check: ProbeCheck): (text: string) => string {
  const secrets = secretsOf(check);
  return text => oneLine(redactText(withoutStumps(text, secrets), secrets));
}

/** Words of a server are cut to a length before they come here, perhaps in the midst of a secret: its beginning goes as well. */
function withoutStumps(text: string, secrets: ReadonlySet<string>): string {
  return [...secrets]
    .filter(secret => secret.length > stumpLength)
    .reduce((rest, secret) => {
      const [first = '', ...others] = rest.split(secret.slice(0, stumpLength));
      return first + others.map(after => `***${after.slice(sharedLength(after, secret.slice(stumpLength)))}`).join('');
    }, text);
}

const stumpLength = 8;

function sharedLength(one: string, other: string): number {
  const at = [...other].findIndex((character, i) => one[i] !== character);
  return at === -1 ? other.length : at;
}

/** The key, its secret half, and what a proxy was told. */
function secretsOf({ endpoint: { key, proxy } }: ProbeCheck): ReadonlySet<string> {
  const text = key.reveal();
  const password = proxy === undefined ? '' : new URL(proxy.reveal()).password;
  return inEverySpelling([text, parseKey(text)?.secret ?? '', password].filter(secret => secret.length >= 6));
}

function withCassette(check: ProbeCheck, run: ProbeRun, calls: readonly Call[], { cassettes }: RunDoor): ProbeRun {
  if (cassettes === undefined) return run;
  return orTold(run, 'no cassette', () => {
    const recorded = { ...run, cassette: writeCassette(cassettes, { check, run }, calls, secretsOf(check)) };
    return orTold(recorded, 'too many cassettes', () => {
      removeSurplus(cassettes);
      return recorded;
    });
  });
}

/** A folder that does not do as it should is told in the log: the verdict must not be lost with it. */
function orTold(run: ProbeRun, trouble: string, act: () => ProbeRun): ProbeRun {
  try {
    return act();
  } catch (error) {
    if (!(error instanceof UsageError)) throw error;
    return { ...run, log: [...run.log, `${trouble}: ${error.message}`] };
  }
}
