/** The final screen: everything that matters of a run, on one page of a terminal, or on a roll that has no end. */
import { widthOf } from '../../core/width.ts';
import { failuresOf } from '../ledger.ts';
import { bookedText, bounded, count, money, rate, share, signed, time } from '../numbers.ts';
import { mayHaveWaited } from '../policy.ts';
import type { CalibrationRun, ErrorFigure, Figures, LoadResult, Throughput } from '../result.ts';
import { table } from './screen/latencies.ts';
import { type Aside, cut, folds, indent, isEndless, isWide, labelled, type Page, shortened } from './screen/page.ts';
import { fold, padEnd, painter, safe } from './terminal.ts';
import { headlineOf, markOf, modelOf } from './verdict.ts';

export interface ScreenOptions {
  /** Columns; default 100, at least 80. */
  readonly width?: number;
  /** Lines, default 24. Infinity, for a log or a file: everything is said to its end. */
  readonly rows?: number;
  /** Default false. */
  readonly color?: boolean;
}

interface Stream {
  readonly columns?: number;
  readonly rows?: number;
  readonly isTTY?: boolean;
}

/** As much as a terminal shows with a prompt below it; what is read in a log or a file has no height to fit. */
export const sizeFor = ({ columns = 100, rows = 24, isTTY = false }: Stream) => ({
  width: Math.min(100, columns),
  rows: isTTY ? Math.max(fewestRows, rows - promptRows) : Number.POSITIVE_INFINITY,
});

const fewestRows = 20;

/** An empty line and the prompt: without them the verdict scrolls off the top. */
const promptRows = 2;

/** At most `rows` lines of at most `width` columns, each ended by a newline. */
export function screen(result: LoadResult, { width = 100, rows = 24, color = false }: ScreenOptions = {}): string {
  const page = { result, columns: Math.max(80, width), rows, paint: painter(color) };
  const layouts = dispensable.map(without => laidOut(page, without));
  const best = layouts.find(({ missing }) => missing <= 0) ?? layouts.at(-1)!;
  return `${spaced(best.blocks, rows).join('\n')}\n`;
}

/** What makes way, in this order, for what ended or limited the run. */
const dispensable: readonly (readonly Aside[])[] = [[], ['longest'], ['longest', 'whole']];

/** The blocks of a page, and how many lines short of its gravest sentences it is. */
function laidOut(page: Page, without: readonly Aside[]): { blocks: string[][]; missing: number } {
  const [above, flows] = [table(page, without), speed(page, without)];
  const numbers = [...flows, ...goodput(page), ...failures(page), ...tokens(page), ...client(page)];
  const [certificate, next, gate] = [load(page), nextOf(page), Math.min(1, page.result.thresholds.length)];
  const below = [certificate, above, numbers, next].reduce((all, block) => all + block.length, 0);
  const top = verdict(page, page.rows - below - 1 - gate);
  const room = page.rows - below - top.length - gate;
  const wanted = said(page, page.rows, gravest(page)).length;
  const most = isEndless(page) ? room : Math.min(Math.max(wanted, isWide(page) ? 4 : 6), room);
  const words = said(page, most, told(page));
  const thresholds = gates(page, room + gate - words.length);
  return { blocks: [top, words, certificate, above, numbers, thresholds, next], missing: wanted - room };
}

/** With empty lines between the blocks where there is room. */
function spaced(blocks: readonly string[][], rows: number): string[] {
  const full = blocks.filter(block => block.length > 0);
  let room = rows - full.reduce((sum, block) => sum + block.length, 0);
  return full.flatMap((block, i) => (i > 0 && room-- > 0 ? ['', ...block] : block)).slice(0, rows);
}

/** In `atMost` lines or two; whose run it is has the last of them, or the end of the only one. */
function verdict(page: Page, atMost: number): string[] {
  const { result, columns, paint } = page;
  const { word, mood, validity, validityMood, reason } = headlineOf(result);
  const facts = safe(`${modelOf(result)} · run ${result.run_id} · seed ${result.seed}`);
  const head = `${word}  ${validity}  `;
  const painted = `${paint(mood, word)}  ${paint(validityMood, validity)}  `;
  const room = columns - widthOf(head);
  const text = safe(
    validity === 'VALID' ? reason : [reason, ...result.doubts.filter(doubt => doubt !== reason)].join('; '),
  );
  if (widthOf(text) + widthOf(facts) + 3 <= room)
    return [`${painted}${padEnd(text, room - widthOf(facts))}${paint('dim', facts)}`];
  const [first = '', ...others] = fold(text, room);
  const said = shortened(page, others.join(' '), columns - indent, Math.max(1, atMost - 2)).filter(line => line !== '');
  const kept = atMost > 2 ? said.map(line => ' '.repeat(indent) + line) : [];
  const whole = kept.length === 0 && others.length > 0 ? `${first} ${others.join(' ')}` : first;
  return [painted + cut(page, whole, room), ...kept, paint('dim', cut(page, facts, columns))];
}

type Told = LoadResult['findings'][number];

const told = ({ result }: Page) => result.findings.filter(({ kind }) => kind !== 'next');

/** What ended the run, what the endpoint did, how it failed, and what limited it: all up to the last of the limits. */
const gravest = (page: Page) => told(page).slice(0, told(page).findLastIndex(({ kind }) => limits.test(kind)) + 1);

const limits = /^(does|limited_|saturated|changed)/;

/** The findings in their own words, two lines each at most, or three where lines are short; the last ends with `…` for want of room. */
function said(page: Page, room: number, findings: readonly Told[]): string[] {
  const lines: string[] = [];
  for (const { text } of findings) {
    const left = Math.max(1, room) - lines.length;
    if (left > 0) lines.push(...shortened(page, safe(text), page.columns, Math.min(left, isWide(page) ? 2 : 3)));
  }
  return lines;
}

function nextOf(page: Page): string[] {
  const next = page.result.findings.find(({ kind }) => kind === 'next');
  return next === undefined ? [] : labelled(page, 'next', safe(next.text), 2);
}

function load(page: Page): string[] {
  const { load: certificate, ledger } = page.result;
  const parts = [
    `planned ${count(ledger.planned)}`,
    `sent ${count(certificate.sent)}`,
    ...(certificate.kind === 'closed' ? [] : [`late ${count(certificate.late)}`]),
    `shed ${count(ledger.shed ?? 0)}`,
    `censored ${count(ledger.censored ?? 0)}`,
    ...(['warmup', 'unsent', 'lost'] as const).flatMap(name =>
      ledger[name] ? [`${name} ${count(ledger[name])}`] : [],
    ),
    ...(certificate.delivered === null ? [] : [`delivered ${share(certificate.delivered)}`]),
  ];
  return labelled(page, 'load', `${safe(certificate.kind)} · ${parts.join(' · ')}`, 2);
}

function speed(page: Page, without: readonly Aside[]): string[] {
  const { throughput, whole, steady, little } = page.result;
  const fits = little === undefined ? '' : `, rate × latency ±${share(little.disagreement)}`;
  const waiting = hadWaits(page.result) ? ' or waiting to try again' : '';
  const inFlight = `${rate(throughput.in_flight_mean)} in flight${waiting} (max ${count(throughput.in_flight_max)}${fits})`;
  const shown = labelled(page, 'speed', `${flow(throughput)} · ${inFlight} · ${windowOf(throughput)}`, 2);
  if (steady === null || without.includes('whole')) return shown;
  const all = `whole ${rate(whole.duration_s)} s: ${flow(whole)}${calm(steady.metrics)}`;
  return [...shown, ...labelled(page, '', all, folds(page))];
}

function hadWaits({ limits, config, ledger }: LoadResult): boolean {
  const { onLimit } = (config.policy ?? {}) as { readonly onLimit?: unknown };
  return limits.retries > 0 || mayHaveWaited(onLimit, ledger);
}

/** Whose figures these are, and what to do where the start-up is among them. */
function windowOf({ window, from_s, to_s, duration_s, start_up_s, needs_s }: LoadResult['throughput']): string {
  if (window === 'steady') return `steady from ${rate(from_s)} to ${rate(to_s)} s`;
  const short = needs_s === undefined ? '' : `, bounds need ${rate(needs_s)}`;
  const over = `over ${rate(duration_s)} s${short}`;
  return start_up_s === null ? over : `${over}, start-up included: take --warmup ${Math.ceil(start_up_s)}s or more`;
}

/** What users of the steady part saw. */
function calm({ ttft_content_ms, e2e_ms }: Figures): string {
  const first = ttft_content_ms ?? e2e_ms;
  if (first === undefined || first.count === 0) return '';
  return ` · steady ${ttft_content_ms ? 'TTFT content' : 'E2E'} p50 ${time(first.p50)}`;
}

const flow = ({ requests_per_second, output_tokens_per_second, ci }: Throughput) =>
  `${bounded(requests_per_second, ci.requests_per_second, 'req/s')} · ${bounded(output_tokens_per_second, ci.output_tokens_per_second, 'tokens/s')}`;

function goodput(page: Page): string[] {
  const { goodput: good } = page.result;
  if (good === null) return [];
  return labelled(
    page,
    'goodput',
    `${bounded(good.requests_per_second, good.ci, 'req/s')} · ${share(good.ratio)} meet ${safe(good.slo)}`,
    1,
  );
}

function failures(page: Page): string[] {
  const { ledger, limits } = page.result;
  const parts = failuresOf(ledger).map(({ name, count: n, domain }) => `${count(n)} ${name} (${domain})`);
  const codes = Object.entries(limits.codes)
    .sort((a, b) => b[1] - a[1])
    .map(([code, n]) => `${safe(code)} ×${count(n)}`);
  const retries = limits.retries > 0 ? [`retries ${count(limits.retries)}`] : [];
  const rest = [...(codes.length > 0 ? [`codes ${codes.join(', ')}`] : []), ...retries];
  const text = [...(parts.length > 0 ? parts : ['none']), ...rest].join(' · ');
  const [first = '', ...more] = labelled(page, 'failures', text, 2);
  return [parts.length > 0 ? first.replace(/failures/, page.paint('bad', 'failures')) : first, ...more];
}

function tokens(page: Page): string[] {
  const { input, output, cached, reasoning, cost, booked } = page.result.tokens;
  const paid = cost === null ? 'cost not known (no price)' : `cost ${money(cost)}`;
  return labelled(
    page,
    'tokens',
    `${count(input)} in (${count(cached)} cached) · ${count(output)} out (${count(reasoning)} thinking) · ${paid}${booked ? ` · ${bookedText(booked)}` : ''}`,
    folds(page),
  );
}

function client(page: Page): string[] {
  const { calibration, health } = page.result;
  const loop = `loop ${Math.round(health.elu * 100)}% · lag ${time(+health.lagMs.toFixed(1))}`;
  return labelled(page, 'client', `${errorBar(calibration.before, calibration.after)} · ${loop}`, folds(page));
}

/** What this machine adds to the figures; the worse of the runs before and after. */
function errorBar(before: CalibrationRun | null, after: CalibrationRun | null): string {
  const runs = [before, after].filter(run => run !== null);
  if (runs.length === 0) return 'not calibrated: its own error is not known';
  const worst = (pick: (run: CalibrationRun) => ErrorFigure) =>
    runs.map(pick).reduce((a, b) => (Math.abs(b.p99) > Math.abs(a.p99) ? b : a));
  const [ttft, gap, send] = [worst(run => run.ttft_ms), worst(run => run.gap_ms), worst(run => run.send_ms)];
  const figure = ({ p50, p99 }: ErrorFigure, mark = '') => `${signed(p50)} (${mark}${signed(p99)})`;
  return `adds TTFT ${figure(ttft, 'p99 ')}, gap ${figure(gap)}, send ${figure(send)} ms`;
}

/** Those that do not hold first; those that find no line are counted. */
function gates(page: Page, room: number): string[] {
  const { result, columns, paint } = page;
  const sorted = [...result.thresholds].sort((a, b) => Number(a.ok) - Number(b.ok));
  const marks = sorted.map(threshold => {
    const { text, why } = threshold;
    const { mood, mark } = markOf(threshold);
    const said = cut(page, safe(why === '' ? text : `${text} (${why})`), columns - indent - 2);
    return `${paint(mood, mark)} ${said}`;
  });
  const flowed = packed(marks, columns - indent);
  const shown = flowed.length <= room ? flowed : flowed.slice(0, Math.max(1, room - 1));
  const left = flowed.slice(shown.length).flat().length;
  const texts = [
    ...shown.flatMap(line => fold(line.join('   '), columns - indent)),
    ...(left > 0 && shown.length < room ? [`and ${left} more`] : []),
  ];
  return texts.map((text, i) => paint('dim', padEnd(i === 0 ? 'gates' : '', indent)) + text);
}

/** As many to a line as fit. */
function packed(texts: readonly string[], columns: number): string[][] {
  const lines: string[][] = [];
  for (const text of texts) {
    const last = lines.at(-1);
    if (last !== undefined && widthOf([...last, text].join('   ')) <= columns) last.push(text);
    else lines.push([text]);
  }
  return lines;
}
