/** A run in plain words: what the endpoint did, what limited it, what else is worth knowing, what to do next. */
import { counted } from '../../core/counted.ts';
import { isRefusal } from '../halt.ts';
import { slackMs } from '../interval.ts';
import { failuresOf, judgedOf } from '../ledger.ts';
import { count, money, rate, share, time } from '../numbers.ts';
import type { Figure, Throughput } from '../result.ts';
import { limitsOf } from './bottleneck.ts';
import { roomierBudget } from './budget.ts';
import { after, meaningOf, partOf, refusalOf, rest, runWas } from './early-end.ts';
import { growthOf } from './growth.ts';
import { handOver, isNoticeable, type JudgedRun, type Limit, type Sighting } from './sighting.ts';
import { repeatOf, stepForGates } from './verdict.ts';

export type FindingKind =
  | 'does'
  | Limit
  | 'hidden_wait'
  | 'broken_answers'
  | 'wrong_requests'
  | 'lost_agents'
  | 'cut_off'
  | 'slow_tail'
  | 'ended_early'
  | 'overspent'
  | 'bunched'
  | 'few_samples'
  | 'next';

export interface Finding {
  readonly kind: FindingKind;
  readonly text: string;
}

type Note = Sighting<FindingKind>;

/**
 * In this order: what ended the run before its time, one `does`, one or more limits, what else was seen, one `next`.
 * Where nothing limited the run, failures that matter come before that. Pure: the same run, the same words.
 */
export function findingsOf(result: JudgedRun): Finding[] {
  const { real = [], none = [] } = Object.groupBy(limitsOf(result, growthOf(result.intervals)), ({ kind }) =>
    kind === 'limited_by_nothing' ? 'none' : 'real',
  );
  const { failures = [], others = [] } = Object.groupBy(asides(result), ({ next }) =>
    next === undefined ? 'others' : 'failures',
  );
  const notes = [...overspent(result), ...endedEarly(result), does(result), ...real, ...failures, ...none, ...others];
  return [...notes.map(({ kind, text }) => ({ kind, text })), { kind: 'next', text: nextOf(result, notes) }];
}

/** The gravest step. What latencies told is not followed where they cannot be believed, and more load is for gates that hold. */
function nextOf(result: JudgedRun, notes: readonly Note[]): string {
  const repeat = repeatOf(result);
  const told = notes.filter(({ kind }) => kind !== 'limited_by_nothing' && !(repeat && byLatencies.has(kind)));
  const none = notes.filter(({ kind }) => kind === 'limited_by_nothing');
  const steps = [...told.map(({ next }) => next), repeat, stepForGates(result), ...none.map(({ next }) => next)];
  return steps.find(step => step !== undefined) ?? 'Check the address and the key, then run again.';
}

const byLatencies: ReadonlySet<FindingKind> = new Set([
  'saturated',
  'changed',
  'cut_off',
  'limited_by_compute',
  'limited_by_queue',
  'limited_by_server',
]);

function does(result: JudgedRun): Note {
  const { ledger, load, throughput, whole } = result;
  if (ledger.ok === 0) return { kind: 'does', ...nothingGood(result) };
  const offered = offeredOf(result);
  const level =
    load.kind === 'closed'
      ? `${underWay(throughput)} the endpoint gave`
      : `Of ${rate(offered / (whole.duration_s || 1))} requests offered per second the endpoint answered ${share(ledger.ok / Math.max(offered, ledger.ok))} well; it gave`;
  const yields =
    throughput.requests_per_second > 0
      ? `${rate(throughput.requests_per_second)} good ${rate(throughput.requests_per_second) === '1' ? 'answer' : 'answers'} and ${rate(throughput.output_tokens_per_second)} tokens per second${startUp(result)}`
      : `${counted(ledger.ok, 'good answer')}, all after the last request was made`;
  return { kind: 'does', text: `${level} ${yields}; ${oneUser(result)}.` };
}

/** A schedule offers what is not answered until the start-up is over: without this it reads as an endpoint that kept up with half. */
const startUp = ({ load, throughput: { start_up_s } }: JudgedRun) =>
  load.kind === 'closed' || start_up_s === null ? '' : ', start-up included';

const underWay = ({ in_flight_mean: mean, in_flight_max: most }: Throughput) =>
  most > 1.2 * mean + 1 ? `With ${rate(mean)} under way on average` : `With ${rate(mean)} under way`;

/** What half of the users saw, or all of a few. Whoever met a failure is not among them. */
function oneUser({ metrics, ledger }: JudgedRun): string {
  const { ttft_content_ms: content, itl_ms: itl, tpot_ms: tpot, e2e_ms: e2e } = metrics;
  const some = isNoticeable(judgedOf({ ledger }) - ledger.ok, { ledger });
  const half = `half of ${some ? 'those answered' : 'the users'}`;
  if (content === undefined || content.count === 0)
    return e2e === undefined || e2e.needs.p50 === undefined
      ? `${half} had their answer within ${time(e2e?.p50 ?? Number.NaN)}`
      : `an answer took ${fromTo(e2e)}`;
  const pace = tpot ?? itl;
  const speed = pace === undefined || pace.p50 <= 0 ? '' : `, then ${rate(1000 / pace.p50)} tokens per second`;
  const seen =
    content.needs.p50 === undefined
      ? `${half} saw something within ${time(content.p50)}`
      : `${some ? 'those answered' : 'users'} saw something after ${fromTo(content)}`;
  return `${seen}${speed}`;
}

/** Of too few to speak of half of them. */
const fromTo = ({ min, max }: Figure) => (time(min) === time(max) ? time(min) : `${time(min)} to ${time(max)}`);

/** Requests whose time came in the measured window. */
const offeredOf = ({ ledger: { planned, warmup = 0, unsent = 0, lost = 0 } }: JudgedRun) =>
  planned - warmup - unsent - lost;

function nothingGood(result: JudgedRun): Omit<Note, 'kind'> {
  const { ledger } = result;
  const { planned, warmup = 0, censored = 0 } = ledger;
  const worst = failuresOf(ledger)[0];
  const all = counted(planned, 'request');
  if (planned === 0) return { text: 'Nothing was asked, so nothing is known.', next: 'Let it run until it asks.' };
  if (worst !== undefined)
    return {
      text: `None of ${counted(judgedOf({ ledger }), 'request')} was answered well; most ended as ${worst.name}: ${worst.meaning}.`,
    };
  if (warmup > 0)
    return {
      text: `Of ${all} ${count(warmup)} were made in the warm-up, and none was measured to its end.`,
      next: 'Let it run beyond the warm-up.',
    };
  return {
    text: `None of ${all} was answered before the run ended.`,
    ...(censored > 0 ? { next: moreTime(result) } : {}),
  };
}

function moreTime(result: JudgedRun): string {
  if (isCutByHand(result)) return 'Let it run to its end, or wait for what is under way after Ctrl-C.';
  return 'Give the answers more time: a longer --grace, or fewer tokens.';
}

/** Whoever pressed Ctrl-C, while load was offered or after, did not wait as long as --grace would have. The window may hold some of it. */
function isCutByHand({ load, whole, intervals, config }: JudgedRun): boolean {
  const waitedMs = (intervals.at(-1)?.toMs ?? 0) - (whole.from_s + whole.duration_s) * 1000;
  return load.halted === 'stopped' || waitedMs < Number(config.graceMs) - slackMs;
}

const rules: readonly ((result: JudgedRun) => Note | undefined)[] = [
  hiddenWait,
  brokenAnswers,
  wrongRequests,
  lostAgents,
  cutOff,
  slowTail,
  bunched,
  fewSamples,
];

const asides = (result: JudgedRun): Note[] => rules.map(rule => rule(result)).filter(note => note !== undefined);

function endedEarly(result: JudgedRun): Note[] {
  const { load, ledger } = result;
  const [kind, { halted }] = ['ended_early', load] as const;
  if (halted === undefined) return [];
  if (halted === 'stopped' && ledger.planned === 0) return [{ kind, text: 'The run was stopped before it began.' }];
  if (halted === 'stopped')
    return [{ kind, text: upper(`${runWas(load)} stopped${after(load)}, before its time${rest(load)}.`) }];
  if (isRefusal(halted))
    return [
      {
        kind,
        text: `--on-limit cut ${partOf(load)} short${after(load)}: ${refusalOf(load)}, ${meaningOf(load)}${rest(load)}.`,
      },
    ];
  const text = `The budget ended ${partOf(load)}${after(load)}: what was left did not cover the worst case of one more request${rest(load)}.`;
  return [{ kind, ...(spentOnFailures(text, result) ?? { text, next: roomierBudget }) }];
}

/** Whoever raises a budget that went for failures pays for more of them. */
function spentOnFailures(text: string, { tokens, ledger }: JudgedRun): Omit<Note, 'kind'> | undefined {
  const { input, output, booked = { input, output } } = tokens;
  const [failed] = failuresOf(ledger);
  const [used, charged] = [input + output, booked.input + booked.output];
  if (failed === undefined || used >= charged / 2) return undefined;
  return {
    text: `${text} Of ${count(charged)} tokens that were booked answers took ${count(used)}; most went for what failed (${failed.name}), of which nobody knows what it cost.`,
    next: 'Look into the failures first: a larger budget would pay for more of them.',
  };
}

const upper = (text: string) => text.charAt(0).toUpperCase() + text.slice(1);

/** A server may count more tokens in a prompt than were set aside for it; what was under way by then is spent. */
function overspent({ config, tokens }: JudgedRun): Note[] {
  const { maxTokens, maxCost } = (config.budget ?? {}) as { readonly maxTokens?: number; readonly maxCost?: number };
  const { input, output, cost } = tokens.booked ?? tokens;
  const kind = 'overspent';
  const next = 'Set the budget lower by what the prompts take beyond their estimate, or ask fewer at a time.';
  const because = 'the server counts more tokens than the worst case of a request';
  if (maxTokens !== undefined && input + output > maxTokens)
    return [
      {
        kind,
        text: `Of a budget of ${count(maxTokens)} tokens ${count(input + output)} were spent: ${because}.`,
        next,
      },
    ];
  if (maxCost === undefined || cost === null || cost.amount <= maxCost) return [];
  return [
    { kind, text: `Of a budget of ${money({ ...cost, amount: maxCost })} ${money(cost)} was spent: ${because}.`, next },
  ];
}

/** What a user waited at p99 against what the server took. */
function hiddenWait({ metrics }: JudgedRun): Note | undefined {
  const [user, server] = [metrics.e2e_ms, metrics.e2e_from_send_ms];
  if (user === undefined || server === undefined || user.p99 < 1.2 * server.p99 || user.p99 - server.p99 < 20)
    return undefined;
  return {
    kind: 'hidden_wait',
    text: `Waiting before the send counts too: at p99 users waited ${time(user.p99)} for what took ${time(server.p99)} once sent (retries, pauses or a wait for a connection).`,
  };
}

function brokenAnswers({ ledger }: JudgedRun): Note | undefined {
  const judged = judgedOf({ ledger });
  const rows = failuresOf(ledger).filter(({ domain, name }) => domain === 'provider' && name !== 'overloaded');
  const [first] = rows;
  if (first === undefined) return undefined;
  const total = rows.reduce((sum, row) => sum + row.count, 0);
  const names = rows.slice(0, 3).map(row => `${count(row.count)} ${row.name}`);
  const late = rows.every(({ name }) => name.startsWith('timeout_'));
  const what = late ? 'did not make a deadline of this program' : 'failed at the endpoint';
  return {
    kind: 'broken_answers',
    text: `${counted(total, 'request')} (${share(total / judged)}) ${what}: ${names.join(', ')}. ${first.name} means: ${first.meaning}.`,
    ...(total / judged >= 0.01 ? { next: late ? moreTimeEach : handOver } : {}),
  };
}

const moreTimeEach =
  'If later answers are good enough, give them more time (--timeout); else offer less, or have the endpoint answer faster.';

function wrongRequests({ ledger }: JudgedRun): Note | undefined {
  const kind = 'wrong_requests';
  const first = failuresOf(ledger).find(({ domain }) => domain === 'client');
  if (first === undefined) return undefined;
  const text = `${counted(first.count, 'request')} ended as ${first.name}: ${first.meaning}.`;
  if (first.name === 'content_filtered' && ledger.ok > 0) return { kind, text, next: reviewed };
  return { kind, text: `${text} That is in the request, not in the endpoint.`, next: mends[first.name] ?? mend };
}

const mend = 'Mend the request first: the same one will fail again.';

const mends: Readonly<Partial<Record<string, string>>> = {
  not_found:
    'Check --url: it ends where /chat/completions follows, as in https://open.bigmodel.cn/api/paas/v4, and there is nothing at this one.',
  model_unavailable: 'Check --model: the endpoint has no such model for this key.',
};

/** A review reads answers, too, and those differ. */
const reviewed =
  'Look at what was asked there and answered: the review stops prompts and answers alike, and may let the same prompt pass.';

function lostAgents({ ledger: { lost = 0 } }: JudgedRun): Note | undefined {
  if (lost === 0) return undefined;
  return {
    kind: 'lost_agents',
    text: `${counted(lost, 'request')} ${lost === 1 ? 'was' : 'were'} lost, made or not: the agent that had ${lost === 1 ? 'it' : 'them'} went away. The load was lower than planned.`,
    next: 'Run again with all that make the load there to its end: what the lost ones saw is in no figure.',
  };
}

/** Neither good nor bad, and yet asked for: a share of answers among the others alone would hide them. */
function cutOff(result: JudgedRun): Note | undefined {
  const { ledger, config } = result;
  const { censored = 0 } = ledger;
  const all = judgedOf(result) + censored;
  if (ledger.ok === 0 || censored < Math.max(1, leastCutOff * all)) return undefined;
  const byHand = isCutByHand(result);
  const grace = typeof config.graceMs === 'number' ? `--grace ${time(config.graceMs)}` : 'the grace';
  const when = byHand ? 'when the run was stopped' : `after ${grace}`;
  return {
    kind: 'cut_off',
    text: `${count(censored)} of ${counted(all, 'request')} (${share(censored / all)}) ${censored === 1 ? 'was' : 'were'} still under way ${when}: neither good nor failed, and among the slowest.`,
    ...(byHand ? {} : { next: moreTime(result) }),
  };
}

const leastCutOff = 0.01;

/** One in twenty, or in ten of few, who wait much longer than half of all do. */
function slowTail({ metrics }: JudgedRun): Note | undefined {
  const figure = metrics.ttft_content_ms ?? metrics.e2e_ms;
  if (figure === undefined || figure.needs.p90 !== undefined) return undefined;
  const level = figure.needs.p95 === undefined ? 'p95' : 'p90';
  if (figure[level] < longTail * figure.p50 || figure[level] - figure.p50 < noticedMs) return undefined;
  const what = metrics.ttft_content_ms === undefined ? 'its answer' : 'the first content';
  return {
    kind: 'slow_tail',
    text: `One user in ${level === 'p95' ? 'twenty' : 'ten'} waited ${time(figure[level])} or longer for ${what} (${level}), half at most ${time(figure.p50)}.`,
  };
}

const longTail = 3;
const noticedMs = 200;

function bunched({ stream: { coalesced_ratio: ratio } }: JudgedRun): Note | undefined {
  if (ratio < 0.2) return undefined;
  return {
    kind: 'bunched',
    text: `${share(ratio)} of the events came in one piece with the one before: something on the way gathers them, and gaps between tokens are those of the pieces.`,
  };
}

function fewSamples({ metrics }: JudgedRun): Note | undefined {
  const figure = metrics.ttft_content_ms ?? metrics.e2e_ms;
  const needed = figure?.needs.p99;
  if (figure === undefined || needed === undefined || figure.count === 0) return undefined;
  return {
    kind: 'few_samples',
    text: `A p99 needs ${counted(needed, 'good request')}, there were ${count(figure.count)}: run about ${rate(Math.ceil((needed / figure.count) * 10) / 10)} times as long to read it.`,
  };
}
