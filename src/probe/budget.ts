/**
 * What a credential may spend on a day. The worst case is charged and on the disk before a call is made, and what was not
 * needed is given back after it: a program that crashes over and over spends less than it may, never more.
 */
import type { Clock } from '../core/clock.ts';
import type { Allowance, Spent } from './allowance.ts';
import { checks as kinds } from './checks/index.ts';
import { createDays } from './days.ts';
import type { Account, History } from './history.ts';
import type { Credential, ProbeCheck, ProbePlan } from './plan.ts';
import type { ProbeRun } from './run.ts';

export type Reservation =
  | { readonly kind: 'granted'; settle(runs: readonly ProbeRun[]): void }
  /** `detail` says what is spent, for people. */
  | { readonly kind: 'refused'; readonly detail: string };

export interface Budget {
  /** Charges the worst case of a run with all its repetitions. */
  reserve(check: ProbeCheck): Reservation;
  /** What is left of a limit, 1 to 0; empty where there is none. */
  remaining(credential: string): Partial<Record<'tokens' | 'cost', number>>;
  /** The clock was set: a day that began too early is as spent as the one before it. */
  stepped(): void;
  swap(plan: Budgeted): void;
}

export type Budgeted = Pick<ProbePlan, 'checks' | 'credentials'>;
type Ledger = Pick<History, 'charge' | 'spent' | 'carry'>;

export function createBudget(first: Budgeted, ledger: Ledger, clock: Clock): Budget {
  let plan = first;
  const days = createDays(first.credentials, ledger, clock);

  const credentialOf = (name: string) => plan.credentials.find(one => one.name === name);
  const reserve: Budget['reserve'] = check => {
    const credential = credentialOf(check.endpoint.credential);
    if (credential === undefined) return free;
    const account = days.accountOf(credential);
    const worst = worstOf(check);
    const allowance = allowanceOf(check, credential, plan.checks);
    const charge = ledger.charge(account, check.id, worst, allowance);
    if (charge === 'charged') return { kind: 'granted', settle: runs => settle(account, check, worst, runs) };
    if (charge === 'over') {
      const { currency } = credential.budget;
      return {
        kind: 'refused',
        detail: refusal({ account, spent: ledger.spent(account), worst, allowance, currency }),
      };
    }
    // Without a limit there is nothing that an unwritten charge could break.
    if (allowance.tokens === undefined && allowance.cost === undefined) return free;
    return { kind: 'refused', detail: 'what is spent cannot be written down, so nothing more is spent' };
  };
  const settle = (account: Account, check: ProbeCheck, worst: Spent, runs: readonly ProbeRun[]) => {
    const real = spentBy(check, runs, worst);
    // Not written: the worst case stays charged.
    ledger.charge(account, check.id, { tokens: real.tokens - worst.tokens, cost: real.cost - worst.cost });
  };
  const remaining: Budget['remaining'] = name => {
    const credential = credentialOf(name);
    if (credential === undefined) return {};
    const { tokens, cost } = ledger.spent(days.accountOf(credential));
    const { tokens_per_day: mostTokens, cost_per_day: mostCost } = credential.budget;
    return {
      ...(mostTokens !== undefined && { tokens: left(tokens, mostTokens) }),
      ...(mostCost !== undefined && { cost: left(cost, mostCost) }),
    };
  };
  const swap = (next: Budgeted) => {
    plan = next;
    days.swap(next.credentials);
  };
  return { reserve, remaining, stepped: days.stepped, swap };
}

const free: Reservation = { kind: 'granted', settle: () => {} };

const left = (spent: number, most: number) => (most === 0 ? 0 : Math.min(1, Math.max(0, 1 - spent / most)));

/** Rough figures may be short by this factor. */
const promptSlack = 2;

/** What of a check says how much a run of it may need. */
export interface Charged extends Pick<ProbeCheck, 'kind' | 'mostCalls' | 'maxTokens' | 'prompt' | 'price'> {
  readonly confirm: Pick<ProbeCheck['confirm'], 'runs'>;
}

/** All answers of a run and of its repetitions at `max_tokens`. A token has at least one byte. */
export function worstOf({ kind, mostCalls, maxTokens, prompt = '', confirm, price }: Charged): Spent {
  const { cost } = kinds[kind];
  const answers = cost.answers({ mostCalls }) * (1 + confirm.runs);
  const input = cost.promptTokens * promptSlack + Buffer.byteLength(prompt);
  const money = price === undefined ? 0 : (input * price.input + maxTokens * price.output) / 1_000_000;
  return { tokens: answers * (input + maxTokens), cost: answers * money };
}

/** What the runs report; for an answer that came without usage, or did not come to its end, the worst case. */
function spentBy(check: ProbeCheck, runs: readonly ProbeRun[], worst: Spent): Spent {
  const each = 1 / (1 + check.confirm.runs);
  const share = { tokens: worst.tokens * each, cost: worst.cost * each };
  return runs.reduce<Spent>((sum, run) => {
    const { tokens, cost } = reported(run) ?? (isUnbilled(run) ? nothing : share);
    return { tokens: sum.tokens + tokens, cost: sum.cost + cost };
  }, nothing);
}

const nothing: Spent = { tokens: 0, cost: 0 };

/** Undefined where it cannot be what was spent. A total below its parts would give back what they took. */
function reported({ usage, cost }: ProbeRun): Spent | undefined {
  if (usage === null) return undefined;
  const tokens = Math.max(usage.total_tokens, usage.prompt_tokens + usage.completion_tokens);
  const amount = cost?.amount ?? 0;
  return isSpent(tokens) && isSpent(amount) ? { tokens, cost: amount } : undefined;
}

const isSpent = (value: number) => Number.isFinite(value) && value >= 0;

/** Nothing was sent, or the service refused it. */
const isUnbilled = ({ calls, reason, http_status: status }: ProbeRun): boolean =>
  calls === 0 || (reason !== null && unsent.has(reason)) || (status !== null && status !== 200);

const unsent: ReadonlySet<string> = new Set(['dns', 'tcp', 'tls', 'timeout_connect']);

function allowanceOf(check: ProbeCheck, { name, budget }: Credential, all: readonly ProbeCheck[]): Allowance {
  const weights = all.filter(({ endpoint }) => endpoint.credential === name).map(({ budgetWeight }) => budgetWeight);
  const sum = weights.reduce((total, weight) => total + weight, 0);
  return {
    tokens: budget.tokens_per_day,
    cost: budget.cost_per_day,
    share: sum === 0 ? 1 : check.budgetWeight / sum,
  };
}

interface Refused {
  readonly account: Account;
  readonly spent: Spent;
  readonly worst: Spent;
  readonly allowance: Allowance;
  readonly currency: string;
}

function refusal({ account, spent, worst, allowance, currency }: Refused): string {
  const say = (have: number, more: number, limit: number | undefined, unit: string) =>
    limit === undefined
      ? []
      : [`${short(have)} of ${short(limit)} ${unit} are spent and a run may need ${short(more)}`];
  const parts = [
    ...say(spent.tokens, worst.tokens, allowance.tokens, 'tokens'),
    ...say(spent.cost, worst.cost, allowance.cost, currency),
  ];
  return `credential ${account.credential} on ${account.day}: ${parts.join('; ')}`;
}

const short = (value: number) => String(Number(value.toPrecision(6)));
