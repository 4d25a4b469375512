/** The first screen of the page: verdict, plain words, tiles, latency table, thresholds. */
import { counted } from '../../../core/counted.ts';
import { failedShare, judgedOf } from '../../ledger.ts';
import { measures } from '../../measures.ts';
import { bookedText, count, money, rate, share, signed, time } from '../../numbers.ts';
import type { CalibrationRun, ErrorFigure, Figure, LoadResult } from '../../result.ts';
import { headlineOf, markOf, modelOf } from '../verdict.ts';
import { type Markup, markup } from './markup.ts';

export function banner(result: LoadResult): Markup {
  const { word, mood, validity, validityMood, reason } = headlineOf(result);
  const glyphs = { good: '✓', bad: '✗', warn: '!', calm: '·' } as const;
  const doubts = result.doubts.filter(doubt => doubt !== reason);
  return markup`<div class="banner ${mood}"><p class="verdict"><span class="badge ${mood}">${glyphs[mood]} ${word}</span> <span class="badge ${validityMood}">${validity}</span> <span>${reason}</span></p>
${doubts.length === 0 ? undefined : markup`<ul class="doubts">${doubts.map(doubt => markup`<li>${doubt}</li>`)}</ul>`}
<p class="dim">${modelOf(result)} · ${result.load.kind} load · ${when(result.started_at)} · run ${result.run_id} · seed ${result.seed}</p></div>`;
}

const when = (text: string) => text.replace('T', ' ').replace(/(:\d\d)\.\d+Z$/, '$1 UTC');

/** What was found, and what to do next. */
export function words({ findings }: LoadResult): Markup {
  if (findings.length === 0) return markup``;
  const items = findings.map(
    ({ kind, text }) =>
      markup`<li class="${kind === 'next' ? 'next' : 'found'}">${kind === 'next' ? markup`<b>Next:</b> ` : undefined}${coded(text)}</li>`,
  );
  return markup`<ul class="words">${items}</ul>`;
}

/** What stands between backticks is a command. */
const coded = (text: string): Markup[] =>
  text.split('`').map((part, i) => (i % 2 ? markup`<code>${part}</code>` : markup`${part}`));

interface Tile {
  readonly name: string;
  readonly value: string;
  readonly more: string;
  readonly mood?: 'bad' | 'warn';
}

export const tiles = (result: LoadResult): Markup => markup`<div class="tiles">${tilesOf(result).map(tile)}</div>`;

const tile = ({ name, value, more, mood }: Tile): Markup =>
  markup`<div class="tile"><span class="name">${name}</span><span class="value ${mood ?? ''}">${value}</span><span class="more">${more}</span></div>`;

const tilesOf = (result: LoadResult): Tile[] =>
  [firstTile, gapTile, tokensTile, answersTile, goodputTile, failedTile, costTile, ownErrorTile].map(tileOf =>
    tileOf(result),
  );

/** What a user waits for: the first thing to read, or the answer where nothing is streamed. */
const firstTile = ({ metrics: { ttft_content_ms: first, e2e_ms: whole } }: LoadResult): Tile =>
  first === undefined ? latency('E2E', whole) : latency('TTFT content', first);

const gapTile = ({ metrics, stream }: LoadResult): Tile =>
  metrics.ttft_content_ms === undefined
    ? { name: 'ITL', value: '–', more: 'no stream' }
    : latency('ITL', metrics.itl_ms, `, ${share(stream.coalesced_ratio)} coalesced`);

function latency(name: string, figure: Figure | undefined, more = ''): Tile {
  if (figure === undefined || figure.count === 0) return { name: `${name}, p50`, value: '–', more: 'nothing measured' };
  return { name: `${name}, p50`, value: cell(figure, 'p50'), more: `p99 ${cell(figure, 'p99')}${more}` };
}

function cell(figure: Figure, level: 'p50' | 'p90' | 'p95' | 'p99'): string {
  const needed = figure.needs[level];
  return needed === undefined ? time(figure[level]) : `needs ${count(needed)}`;
}

const tokensTile = ({ throughput, tokens }: LoadResult): Tile => ({
  name: 'Output tokens per second',
  value: rate(throughput.output_tokens_per_second),
  more: `${between(throughput.ci.output_tokens_per_second)}${count(tokens.output)} in all${tokens.booked ? `, ${bookedText(tokens.booked)}` : ''}`,
});

function answersTile({ throughput, little }: LoadResult): Tile {
  const fits = little === undefined ? '' : `, rate × latency ±${share(little.disagreement)}`;
  return {
    name: 'Good answers per second',
    value: rate(throughput.requests_per_second),
    more: `${partOf(throughput)}${between(throughput.ci.requests_per_second)}${rate(throughput.in_flight_mean)} in flight, at most ${count(throughput.in_flight_max)}${fits}`,
  };
}

/** Whose figures these are. */
const partOf = ({ window, start_up_s }: LoadResult['throughput']) =>
  window === 'steady' ? 'steady part; ' : start_up_s === null ? '' : 'start-up included; ';

/** `95 %: 2.1 to 2.6; `. */
const between = (ci: readonly [low: number, high: number] | null | undefined) =>
  ci === null || ci === undefined ? '' : `95 %: ${rate(ci[0])} to ${rate(ci[1])}; `;

function goodputTile({ goodput }: LoadResult): Tile {
  if (goodput === null) return { name: 'Goodput', value: '–', more: 'no SLO was set' };
  return {
    name: 'Goodput per second',
    value: rate(goodput.requests_per_second),
    more: `${between(goodput.ci)}${share(goodput.ratio)} meet ${goodput.slo}`,
  };
}

function failedTile(result: LoadResult): Tile {
  const { censored } = result.ledger;
  const failed = failedShare(result);
  const tile = {
    name: 'Failed',
    value: share(failed),
    more: `of ${counted(judgedOf(result), 'request')} measured to the end${censored ? `, ${count(censored)} cut off at the end` : ''}`,
  };
  return failed > 0.01 ? { ...tile, mood: 'bad' } : tile;
}

function costTile({ tokens: { cost, input, output } }: LoadResult): Tile {
  if (cost === null) return { name: 'Cost', value: '–', more: 'no price known' };
  return { name: 'Cost', value: money(cost), more: `${count(input)} in, ${count(output)} out` };
}

function ownErrorTile({ calibration, health }: LoadResult): Tile {
  const name = 'Own error of TTFT';
  const runs = [calibration.before, calibration.after].filter(run => run !== null);
  if (runs.length === 0) return { name, value: '–', more: 'not calibrated', mood: 'warn' };
  const worst = runs.map(({ ttft_ms }) => ttft_ms).reduce((a, b) => (Math.abs(b.p99) > Math.abs(a.p99) ? b : a));
  return {
    name,
    value: `${signed(worst.p50)} ms`,
    more: `p99 ${signed(worst.p99)} ms, loop ${share(health.elu)} busy`,
  };
}

// --- tables of the first screen

const rows = [
  ['ttft_any_ms', 'ttft_any_from_send_ms'],
  ['ttft_content_ms', 'ttft_content_from_send_ms'],
  ['itl_ms', undefined],
  ['tpot_ms', undefined],
  ['e2e_ms', 'e2e_from_send_ms'],
] as const;

const levels = ['p50', 'p90', 'p99'] as const;

export function latencyTable({ metrics, load }: LoadResult): Markup {
  const measured = rows.filter(([name]) => (metrics[name]?.count ?? 0) > 0);
  if (measured.length === 0) return markup`<p class="blank">No good answer, so there are no latencies.</p>`;
  const head = levels.map(level => markup`<th>${level}</th>`);
  const body = measured.map(
    ([user, server]) =>
      markup`<tr><th scope="row" title="${measures[user].meaning}">${measures[user].title}</th>${cells(metrics[user])}${server === undefined ? markup`<td colspan="3" class="dim"></td>` : cells(metrics[server])}<td>${count(metrics[user]?.count ?? 0)}</td></tr>`,
  );
  const note =
    load.kind === 'closed'
      ? 'Closed loop: a slow answer also delays the next request, so under open load latencies would be higher. '
      : '';
  return markup`<div class="scroll"><table class="numbers"><thead><tr><th rowspan="2"></th><th colspan="3" class="group">from schedule: what users wait</th><th colspan="3" class="group">from send: what the server took</th><th rowspan="2">n</th></tr><tr>${head}${head}</tr></thead><tbody>${body}</tbody></table></div>
<p class="note">${note}Small numbers are 95 % confidence bounds; “needs 662” stands where there were too few samples for that percentile.</p>`;
}

function cells(figure: Figure | undefined): Markup {
  if (figure === undefined) return markup`<td>–</td><td>–</td><td>–</td>`;
  return markup`${levels.map(level => markup`<td${figure.needs[level] === undefined ? undefined : markup` class="dim"`}>${cell(figure, level)}${bounds(figure, level)}</td>`)}`;
}

export function bounds(figure: Figure, level: keyof Figure['ci']): Markup | undefined {
  const interval = figure.ci[level];
  return interval === undefined || figure.needs[level] !== undefined
    ? undefined
    : markup`<small>${range(interval)}</small>`;
}

/** `612–624 ms`: the unit once where both have the same. */
export function range([low, high]: readonly [number, number]): string {
  const [from, to] = [time(low), time(high)];
  const [value, unit] = from.split(' ');
  return to.endsWith(` ${unit}`) ? `${value}–${to}` : `${from} – ${to}`;
}

export function thresholds({ thresholds: all }: LoadResult): Markup {
  if (all.length === 0)
    return markup`<p class="blank">No threshold was set. Add one with --threshold 'ttft_content:p95&lt;800ms'.</p>`;
  const items = all.map(one => {
    const { mood, mark, word } = markOf(one);
    return markup`<tr><td class="${mood}">${mark} ${word}</td><td><code>${one.text}</code></td><td>${one.why}</td></tr>`;
  });
  return markup`<div class="scroll"><table><thead><tr><th>result</th><th>threshold</th><th>found</th></tr></thead><tbody>${items}</tbody></table></div>`;
}

/** What this machine added to the figures, before and after. */
export function calibrationTable({ calibration, health, stream, connections }: LoadResult): Markup {
  const runs = [
    ['before', calibration.before],
    ['after', calibration.after],
  ] as const;
  const made = runs.filter((entry): entry is readonly ['before' | 'after', CalibrationRun] => entry[1] !== null);
  const line = ([name, run]: readonly [string, CalibrationRun]) =>
    markup`<tr><th scope="row">${name}</th>${[run.ttft_ms, run.gap_ms, run.send_ms].map(error)}<td>${count(run.streams)}</td><td>${count(run.events_per_second)}</td><td>${share(run.health.elu)}</td></tr>`;
  const table = markup`<div class="scroll"><table class="numbers"><thead><tr><th rowspan="2"></th><th colspan="2" class="group">TTFT</th><th colspan="2" class="group">gap</th><th colspan="2" class="group">send</th><th rowspan="2">streams</th><th rowspan="2">events/s</th><th rowspan="2">loop busy</th></tr><tr>${['TTFT', 'gap', 'send'].map(() => markup`<th>p50</th><th>p99</th>`)}</tr></thead><tbody>${made.map(line)}</tbody></table></div><p class="note">Milliseconds that this machine measured too much, against a server that stamps what it sends.</p>`;
  const facts: (readonly [string, string])[] = [
    ['event loop busy', share(health.elu)],
    ['latest timer', `${time(health.lagMs)} late`],
    ['garbage collection', `${time(health.gcMs)} in all, ${time(health.gcMaxMs)} at most`],
    ['time given to others by the host', health.steal === undefined ? 'not known here' : share(health.steal)],
    ['connections opened', count(connections.opened)],
    ['events that came with the one before', share(stream.coalesced_ratio)],
    [
      'gaps over 200 ms, 500 ms, 1 s',
      [stream.stalls_over_200ms, stream.stalls_over_500ms, stream.stalls_over_1s].map(count).join(', '),
    ],
  ];
  return markup`${made.length === 0 ? markup`<p class="blank">Not calibrated: the error of these figures is not known.</p>` : table}${list(facts)}`;
}

const error = ({ p50, p99 }: ErrorFigure): Markup => markup`<td>${signed(p50)}</td><td>${signed(p99)}</td>`;

export const list = (facts: readonly (readonly [string, string])[]): Markup =>
  markup`<dl>${facts.map(([name, value]) => markup`<dt>${name}</dt><dd>${value}</dd>`)}</dl>`;
