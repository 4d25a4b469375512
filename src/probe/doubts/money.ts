import { type Allowance, exceeds, type Spent } from '../allowance.ts';
import { type Charged, worstOf } from '../budget.ts';
import type { BudgetConfig, ProbeConfig } from '../config.ts';
import type { Report } from '../defect.ts';
import { credentialOf } from '../endpoint.ts';
import type { Estimate, Spending } from '../estimate.ts';
import type { Path } from '../located.ts';
import type { Outline } from '../outline.ts';
import { standard, standardTokens } from '../settings.ts';
import type { Doubt } from './doubt.ts';

/** Days that cost more than they may. */
export const budgets: Doubt = ({ config, estimates }, report) => {
  for (const [name, { budget }] of Object.entries(config.credentials)) {
    const own = estimates.filter(({ credential }) => credential === name);
    const path = ['credentials', name, 'budget'];
    compare(
      report,
      [...path, 'tokens_per_day'],
      budget.tokens_per_day,
      sums(own, ({ tokens }) => tokens),
      'tokens',
    );
    if (budget.cost_per_day !== undefined) costs(report, path, budget, own);
  }
};

function costs(report: Report, path: Path, { cost_per_day, currency }: BudgetConfig, own: readonly Estimate[]): void {
  for (const { id } of own.filter(({ expected }) => expected.tokens > 0 && expected.cost === null)) {
    const message = `${id} has no price, so what it costs is not counted; add its model to prices`;
    report('no_price', [...path, 'cost_per_day'], message, { warning: true });
  }
  for (const { id, currency: other } of own.filter(one => one.currency !== null && one.currency !== currency))
    report('over_budget', [...path, 'currency'], `${id} is priced in ${other}, the budget in ${currency}`);
  compare(
    report,
    [...path, 'cost_per_day'],
    cost_per_day,
    sums(own, ({ cost }) => cost ?? 0),
    currency,
  );
}

/** A sum over some of the checks reads as one over all of them. Without any price nobody asked for a sum. */
export const prices: Doubt = ({ config, outlines, estimates }, report) => {
  if (Object.keys(config.prices).length === 0) return;
  const free = new Map(estimates.map(({ id, credential, expected }) => [id, { credential, ...expected }]));
  const unpriced = outlines.filter(({ id }) => {
    const { credential = '', tokens = 0, cost = null } = free.get(id) ?? {};
    // A budget in money tells it of each check.
    return tokens > 0 && cost === null && config.credentials[credential]?.budget.cost_per_day === undefined;
  });
  for (const model of new Set(unpriced.map(one => one.model)))
    report('no_price', ['prices'], `${model} is not among them, so the sum is without its checks; add it`, {
      warning: true,
    });
};

interface Sums {
  readonly expected: number;
  readonly worst: number;
}

function sums(own: readonly Estimate[], of: (spending: Spending) => number): Sums {
  const sum = (which: 'expected' | 'worst') => own.reduce((total, estimate) => total + of(estimate[which]), 0);
  return { expected: sum('expected'), worst: sum('worst') };
}

function compare(report: Report, path: Path, most: number | undefined, { expected, worst }: Sums, unit: string): void {
  if (most === undefined) return;
  const amounts = `expected ${round(expected)} ${unit} a day, worst case ${round(worst)}, the budget is ${round(most)}`;
  if (expected > most) report('over_budget', path, `${amounts}: checks would be skipped every day`);
  else if (worst > most) report('over_budget', path, `${amounts}: on a bad day checks are skipped`, { warning: true });
}

const round = (value: number) => (value >= 100 ? Math.round(value) : Number(value.toPrecision(3)));

/** Before a run all that it may need is charged: what one day does not leave to it, none does. */
export const unaffordable: Doubt = ({ config, outlines }, report) => {
  const nameOf = ({ target }: Outline) =>
    credentialOf(config.targets[target] ?? { url: '', defaults: {} }, config) ?? '';
  const weightOf = ({ settings }: Outline) => settings.budget_weight ?? 1;
  for (const outline of outlines) {
    const name = nameOf(outline);
    const { tokens_per_day: tokens, cost_per_day: cost, currency = '' } = config.credentials[name]?.budget ?? {};
    const all = outlines.filter(other => nameOf(other) === name).reduce((sum, other) => sum + weightOf(other), 0);
    const share = all === 0 ? 1 : weightOf(outline) / all;
    const worst = worstOf(chargedOf(outline, config));
    const look = (key: string, need: Partial<Spent>, limit: Partial<Allowance>, unit: string) => {
      const by = { ...nothing, ...need };
      if (!exceeds(nothing, nothing, by, { tokens: undefined, cost: undefined, share, ...limit })) return;
      const message = `one run of ${outline.id} may need ${round(by.tokens + by.cost)} ${unit}, repetitions included, and this budget never leaves it so much: it would not run at all`;
      report('over_budget', ['credentials', name, 'budget', key], message);
    };
    look('tokens_per_day', { tokens: worst.tokens }, { tokens }, 'tokens');
    look('cost_per_day', { cost: worst.cost }, { cost }, currency);
  }
};

const nothing: Spent = { tokens: 0, cost: 0 };

const chargedOf = ({ config: { kind, most_calls }, model, settings }: Outline, { prices }: ProbeConfig): Charged => ({
  kind,
  mostCalls: most_calls ?? standard.mostCalls,
  maxTokens: settings.max_tokens ?? standardTokens(model, settings.thinking ?? 'off'),
  prompt: settings.prompt,
  confirm: { runs: settings.confirm?.runs ?? standard.confirm.runs },
  price: prices[model],
});

/** A check that may use up a quota has to have a bound. */
export const unbounded: Doubt = ({ config }, report) => {
  const message = 'concurrency takes a whole quota: give the credential a budget first';
  for (const [index, { kind, enabled, targets }] of config.checks.entries())
    if (kind === 'concurrency' && enabled && !isBudgeted(config, targets))
      report('no_budget', ['checks', index, 'kind'], message);
};

function isBudgeted(config: ProbeConfig, targets: readonly string[] = Object.keys(config.targets)): boolean {
  return targets.every(name => {
    const target = config.targets[name];
    const credential = target && credentialOf(target, config);
    const budget = credential === undefined ? undefined : config.credentials[credential]?.budget;
    return budget?.tokens_per_day !== undefined || budget?.cost_per_day !== undefined;
  });
}
