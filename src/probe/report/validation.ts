/** What a config will spend, and how soon its objectives can tell an outage, as tables for people. */
import { aligned } from '../../core/aligned.ts';
import { formatDuration } from '../../core/duration.ts';
import { detectionOf, fastBurn } from '../detection.ts';
import type { Estimate, Spending } from '../estimate.ts';
import { outlinesOf } from '../outline.ts';
import { type Slo, slosOf } from '../settings.ts';
import type { Validation } from '../validate.ts';

/** @param wrong how many of the defects count */
export function validationReport(file: string, { config, estimates, defects }: Validation, wrong: number): string {
  const verdict = wrong === 0 ? 'nothing wrong' : `${wrong} ${wrong === 1 ? 'mistake' : 'mistakes'}`;
  if (config === undefined || estimates.length === 0) return `${file}: ${verdict}\n`;
  const slos = new Map(outlinesOf(config).map(({ id, settings }) => [id, slosOf(settings)]));
  const told = estimates.flatMap(estimate => (slos.get(estimate.id) ?? []).map(slo => detection(estimate, slo)));
  const tables = [spendings(estimates), ...(told.length > 0 ? [figures([detectionTitles, ...told])] : [])];
  const rest = defects.length - wrong;
  return `${tables.join('\n')}\n${file}: ${verdict}${rest > 0 ? `, ${rest} ${rest === 1 ? 'warning' : 'warnings'}` : ''}\n`;
}

function spendings(estimates: readonly Estimate[]): string {
  const rows = estimates.map(({ id, runsPerDay, expected, worst, currency }) => [
    id,
    short(runsPerDay),
    short(expected.tokens),
    short(worst.tokens),
    money(expected, currency),
    money(worst, currency),
  ]);
  const sum = (of: (estimate: Estimate) => number) => estimates.reduce((total, estimate) => total + of(estimate), 0);
  const currencies = [...new Set(estimates.flatMap(({ currency }) => currency ?? []))];
  // What has no price is missing from the sum.
  const least = estimates.some(({ expected }) => expected.tokens > 0 && expected.cost === null) ? '≥ ' : '';
  const costs = (of: (estimate: Estimate) => Spending) =>
    currencies.map(currency => {
      const own = estimates.filter(estimate => estimate.currency === currency);
      return least + money({ tokens: 0, cost: own.reduce((total, one) => total + (of(one).cost ?? 0), 0) }, currency);
    });
  const total = [
    'all',
    short(sum(({ runsPerDay }) => runsPerDay)),
    short(sum(({ expected }) => expected.tokens)),
    short(sum(({ worst }) => worst.tokens)),
    costs(({ expected }) => expected).join(' + ') || '-',
    costs(({ worst }) => worst).join(' + ') || '-',
  ];
  // Without a price there is nothing to tell, and the rest fits into 80 columns.
  const titles = [...spendingTitles, ...(currencies.length > 0 ? costTitles : [])];
  return figures([titles, ...rows, total].map(row => row.slice(0, titles.length)));
}

const spendingTitles = ['check', 'runs/day', 'tokens/day', 'worst case'];
const costTitles = ['cost/day', 'worst case'];

const short = (value: number) =>
  value < 100 && !Number.isInteger(value) ? value.toFixed(1) : String(Math.round(value));

const money = ({ cost }: Spending, currency: string | null) =>
  cost === null || currency === null ? '-' : `${cost.toFixed(cost < 1 ? 4 : 2)} ${currency}`;

const detectionTitles = ['check', 'objective', 'failures for a fast page', 'told after', 'allowed in 30 days'];

const dayMs = 86_400_000;

/** What the alert rules need, and what they leave. */
function detection({ id, runsPerDay }: Estimate, { sli, objective }: Slo): string[] {
  const { failures, afterMs } = detectionOf(objective, dayMs / runsPerDay, fastBurn);
  const allowed = Math.floor((1 - objective) * runsPerDay * 30);
  const page = afterMs === null ? ['-', 'never'] : [String(failures), formatDuration(afterMs)];
  return [id, `${sli} ${+(100 * objective).toFixed(4)}%`, ...page, String(allowed)];
}

/** A table of what each row says about the name at its beginning. */
export const figures = (rows: readonly (readonly string[])[]): string =>
  `${aligned(rows, column => column > 0).join('\n')}\n`;
