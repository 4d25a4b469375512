/** One picture of a run under way, as lines for a terminal. Pure: the same progress, the same lines. */
import type { Summary } from '../../core/histogram.ts';
import { widthOf } from '../../core/width.ts';
import { failuresOf } from '../ledger.ts';
import { count, moment, money, rate, share, time } from '../numbers.ts';
import { crop, type Paint, padEnd, padStart, painter, safe } from '../report/terminal.ts';
import { doneOf, type Moment, type PlanFacts, type Progress, type ShownMeasure } from './progress.ts';
import { sparkline } from './sparkline.ts';

export interface FrameSize {
  readonly columns: number;
  readonly rows: number;
  readonly color?: boolean;
}

/** At most `rows` lines of at most `columns`; what matters least is left out first. */
export function frame(progress: Progress, { columns, rows, color = false }: FrameSize): string[] {
  const view = { progress, columns, paint: painter(color) };
  const blocks = [
    [title(view), bar(view)],
    [...requests(view), ...failures(view)],
    [heads(view), ...table(view)],
    [...budget(view), client(view)],
    [view.paint('dim', hints.find(hint => hint.length <= columns) ?? shortHint)],
  ];
  const lines = blocks.flatMap((block, i) => (i > 0 ? ['', ...block] : block));
  const kept = lines.length <= rows ? lines : blocks.flat();
  return kept.slice(0, Math.max(0, rows)).map(line => crop(line, columns));
}

const shortHint = 'Ctrl-C: report; twice: end';

const hints = [
  'Ctrl-C starts no more requests, waits and reports; a second one ends at once',
  'Ctrl-C: no more requests, then a report; twice: end',
] as const;

interface View {
  readonly progress: Progress;
  readonly columns: number;
  readonly paint: Paint;
}

const loads = {
  closed: level => (level === null ? 'closed loop' : `closed loop, up to ${count(level)} under way`),
  open: level => (level === null ? 'open loop' : `open loop, up to ${rate(level)} per second`),
  trace: () => 'replay of a trace',
} as const satisfies Record<PlanFacts['kind'], (level: number | null) => string>;

function title({ progress: { plan, elapsedMs }, columns, paint }: View): string {
  const left = safe(`glm-testkit load · ${plan.model} · ${loads[plan.kind](plan.level)}`);
  const clock = clockOf(elapsedMs, plan.durationMs);
  return paint('strong', padEnd(crop(left, columns - widthOf(clock) - 2), columns - widthOf(clock))) + clock;
}

/** `0:12 of 0:45`; while the last answers are waited for `0:45 +0:04`. */
function clockOf(elapsedMs: number, durationMs: number): string {
  const told = (ms: number) => moment(Math.floor(ms / 1000));
  if (elapsedMs < durationMs + 1000) return `${told(Math.min(elapsedMs, durationMs))} of ${moment(durationMs / 1000)}`;
  return `${moment(durationMs / 1000)} +${told(elapsedMs - durationMs)}`;
}

function bar({ progress, columns, paint }: View): string {
  const done = doneOf(progress);
  const words = `${padStart(share(Math.floor(done * 100) / 100), 4)}  ${phaseOf(progress)}`;
  const room = Math.max(0, columns - widthOf(words) - 2);
  const full = Math.floor(done * room);
  return `${paint('calm', '█'.repeat(full))}${paint('dim', '░'.repeat(room - full))}  ${words}`;
}

function phaseOf(progress: Progress): string {
  const { stage, plan, elapsedMs } = progress;
  if (stage !== 'load' && plan.calibrates) return 'measuring this machine';
  if (elapsedMs < plan.warmupMs) return 'warming up';
  return doneOf(progress) < 1 ? 'measuring' : 'waiting for the last';
}

/** Good, failed, and what is neither. */
export function talliesOf({ ended }: Pick<Progress, 'ended'>) {
  const failed = failuresOf(ended);
  return { ok: ended.ok ?? 0, failed, failures: failed.reduce((sum, row) => sum + row.count, 0) };
}

function requests(view: View): string[] {
  const { planned, sent, ended, retries } = view.progress;
  const { ok, failures: bad } = talliesOf(view.progress);
  const parts = [
    `${count(planned)} planned`,
    `${count(sent)} sent`,
    view.paint('good', `${count(ok)} ok`),
    view.paint(bad > 0 ? 'bad' : 'dim', `${count(bad)} failed`),
    ...(ended.warmup ? [`${count(ended.warmup)} to warm up`] : []),
    ...(retries > 0 ? [`${count(retries)} retries`] : []),
  ];
  return listed(view, 'requests', parts);
}

function failures(view: View): string[] {
  const { failed } = talliesOf(view.progress);
  const codes = Object.entries(view.progress.codes).sort((a, b) => b[1] - a[1]);
  return [
    ...(failed.length === 0
      ? []
      : listed(
          view,
          'failures',
          failed.map(({ name, count: n, domain }) => `${count(n)} ${name} (${domain})`),
        )),
    ...(codes.length === 0
      ? []
      : [labelled(view, 'codes', codes.map(([code, n]) => `${safe(code)} ×${count(n)}`).join(' · '))]),
  ];
}

const indent = 18;
const cell = 12;

const labelled = ({ paint }: View, label: string, text: string) => paint('dim', padEnd(label, indent)) + text;

/** As many parts to a line as fit, and at most two lines. */
function listed(view: View, label: string, parts: readonly string[]): string[] {
  const room = view.columns - indent;
  const lines: string[] = [];
  for (const part of parts) {
    const longer = lines.length === 0 ? part : `${lines.at(-1)} · ${part}`;
    if (lines.length === 0) lines.push(part);
    else if (widthOf(longer) <= room || lines.length === 2) lines[lines.length - 1] = longer;
    else lines.push(part);
  }
  return lines.map((line, i) => labelled(view, i === 0 ? label : '', line));
}

const heads = ({ paint }: View) =>
  paint('dim', `${' '.repeat(indent)}${padStart('now', cell)}${padStart('whole', cell)}`);

interface Row {
  readonly name: string;
  readonly now: string;
  readonly whole: string;
  readonly trend: (moment: Moment) => number | null;
}

function table(view: View): string[] {
  const { columns, paint, progress } = view;
  const room = columns - indent - 2 * cell - 2;
  return rowsOf(progress).map(({ name, now, whole, trend }) => {
    const drawn = sparkline(progress.recent.map(trend), room);
    return `${paint('dim', padEnd(name, indent))}${padStart(now, cell)}${padStart(whole, cell)}  ${paint('calm', drawn)}`;
  });
}

function rowsOf(progress: Progress): Row[] {
  const { now, plan, elapsedMs, outputTokens } = progress;
  const perSecond = (n: number, seconds: number) => (seconds > 0 ? n / seconds : 0);
  const seconds = (elapsedMs - plan.warmupMs) / 1000;
  const { ok } = talliesOf(progress);
  type Flow = Pick<Moment, 'seconds' | 'ok' | 'outputTokens'>;
  const flow = (name: string, of: (moment: Flow) => number, whole: number): Row => {
    const trend = (moment: Flow) => perSecond(of(moment), moment.seconds);
    return { name, now: rate(trend(now)), whole: rate(perSecond(whole, seconds)), trend };
  };
  return [
    flow('good answers/s', moment => moment.ok, ok),
    flow('tokens/s', moment => moment.outputTokens, outputTokens),
    { name: 'in flight', now: rate(now.inFlightMean), whole: '', trend: moment => moment.inFlightMean },
    ...(plan.stream
      ? [...latency('TTFT content', 'ttft_content_ms', progress), ...latency('ITL', 'itl_ms', progress)]
      : []),
    ...latency('E2E', 'e2e_ms', progress),
  ];
}

const levels = ['p50', 'p99'] as const;

const latency = (name: string, measure: ShownMeasure, { now, whole }: Progress): Row[] =>
  levels.map(level => ({
    name: `${name} ${level}`,
    now: timeOf(now.figure(measure), level),
    whole: timeOf(whole[measure], level),
    trend: ({ figures }) => (figures[measure].count === 0 ? null : figures[measure][level]),
  }));

const timeOf = (figure: Summary | undefined, level: (typeof levels)[number]) =>
  figure === undefined || figure.count === 0 ? '–' : time(figure[level]);

/** What may still be spent. */
function budget(view: View): string[] {
  const { plan, inputTokens, outputTokens, bookedInputTokens, bookedOutputTokens, planned } = view.progress;
  const { maxTokens, maxCost: cost, maxRequests } = plan;
  const spent = cost === null ? 0 : bookedInputTokens * cost.perInputToken + bookedOutputTokens * cost.perOutputToken;
  const paid = (amount: number) => money({ amount, currency: cost?.currency ?? '' });
  const parts = [
    ...(maxTokens === null ? [] : [left(bookedInputTokens + bookedOutputTokens, maxTokens, n => `${count(n)} tokens`)]),
    ...(cost === null ? [] : [left(spent, cost.amount, paid)]),
    ...(maxRequests === null ? [] : [left(planned, maxRequests, n => `${count(n)} requests`)]),
  ];
  const tokens = labelled(view, 'tokens', `${count(inputTokens)} in · ${count(outputTokens)} out`);
  return parts.length === 0 ? [tokens] : [tokens, labelled(view, 'budget left', parts.join(' · '))];
}

function left(used: number, limit: number, say: (n: number) => string): string {
  const rest = Math.max(0, limit - used);
  return `${say(rest)} (${share(limit > 0 ? rest / limit : 0)})`;
}

function client(view: View): string {
  const { elu, lagMs, gcMaxMs } = view.progress.now;
  const text = `loop ${share(elu)} busy · lag ${time(lagMs)} · GC ${time(gcMaxMs)}`;
  return labelled(view, 'this machine', elu > 0.5 ? view.paint('warn', `${text}: too busy to measure well`) : text);
}
