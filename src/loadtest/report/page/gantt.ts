/** Single requests over time: who waited for whom. Sampled, with the slowest among them. */
import { counted } from '../../../core/counted.ts';
import { count, moment, rate, time } from '../../numbers.ts';
import type { LoadResult, RawRecord } from '../../result.ts';
import { type Key, key, nothingToDraw, place, xAxis } from './chart.ts';
import { tickTime } from './latency.ts';
import { type Markup, markup, trusted } from './markup.ts';
import { linear, type Scale, timeline } from './scale.ts';

const rowsShown = 48;
const slowestShown = 20;
const rowHeight = 10;

export function gantt(records: readonly RawRecord[] | undefined, result: LoadResult): Markup {
  const title = 'Requests, one a line';
  if (records === undefined) return nothingToDraw(title, 'No records of single requests were kept with this result.');
  const made = records.filter(record => record.sent_ms !== null && record.class !== 'lost');
  if (made.length === 0) return nothingToDraw(title, 'No request was sent.');
  const slowest = [...made].sort((a, b) => lengthOf(b) - lengthOf(a)).slice(0, slowestShown);
  const marked = new Set(slowest.map(({ n }) => n));
  return markup`${stretch(made, slowest[0] as RawRecord, marked, result)}${slow(slowest)}`;
}

const lengthOf = ({ intended_ms, end_ms }: RawRecord) => end_ms - intended_ms;

/** What went on around the slowest request. Starts in a row with answers side by side: batching; a staircase of answers: a queue. */
function stretch(
  records: readonly RawRecord[],
  slowest: RawRecord,
  marked: ReadonlySet<number>,
  result: LoadResult,
): Markup {
  const around = Math.max(1500, 0.75 * lengthOf(slowest));
  const [from, to] = [slowest.intended_ms - around, slowest.end_ms + around / 4];
  const near = records.filter(({ intended_ms, end_ms }) => end_ms >= from && intended_ms <= to);
  const some = sampled(near, slowest).sort((a, b) => a.intended_ms - b.intended_ms);
  const start = Math.max(0, Math.min(from, slowest.intended_ms));
  const end = Math.min(
    to,
    some.reduce((max, one) => Math.max(max, one.end_ms), 0),
  );
  const x = timeline(start / 1000, end / 1000, 5);
  const part =
    some.length < near.length
      ? `${count(some.length)} of ${counted(near.length, 'request')}, evenly sampled`
      : counted(near.length, 'request');
  return drawing({
    title: 'Requests around the slowest one',
    x,
    records: some,
    placeOf: ms => x(ms / 1000),
    marked,
    xName: `since the run began (${rate(result.throughput.in_flight_mean)} in flight on average)`,
    note: `${part}. ◆ marks the slowest of the run. Answers that begin one after the other show a queue; answers that run side by side show batching.`,
  });
}

function sampled(records: readonly RawRecord[], slowest: RawRecord): RawRecord[] {
  if (records.length <= rowsShown) return [...records];
  const step = records.length / rowsShown;
  const some = Array.from({ length: rowsShown }, (_, i) => records[Math.floor(i * step)] as RawRecord);
  return some.some(({ n }) => n === slowest.n) ? some : [slowest, ...some.slice(1)];
}

/** The slowest requests, each from its own start: where their time went. */
function slow(slowest: readonly RawRecord[]): Markup {
  const longest = Math.max(1, ...slowest.map(lengthOf));
  const x = linear(longest, tickTime, 5);
  return drawing({
    title: `Where the time of the ${slowest.length === 1 ? 'slowest request' : `${slowest.length} slowest`} went`,
    x,
    records: slowest,
    placeOf: (ms, { intended_ms }) => x(ms - intended_ms),
    marked: new Set(),
    xName: 'since the request was due',
  });
}

interface Drawing {
  readonly title: string;
  readonly x: Scale;
  readonly records: readonly RawRecord[];
  readonly placeOf: (ms: number, record: RawRecord) => number;
  readonly marked: ReadonlySet<number>;
  readonly xName: string;
  readonly note?: string;
}

const names = {
  quiet: 'waiting here',
  amber: 'to the first token',
  pink: 'thinking',
  blue: 'answer',
  bad: 'failed',
} as const;

type Look = keyof typeof names;

function drawing({ title, x, records, placeOf, marked, xName, note }: Drawing): Markup {
  const height = records.length * rowHeight;
  const bars = records.map((record, i) => row(record, i, placeOf, marked.has(record.n)));
  const label = (record: RawRecord, i: number) =>
    markup`<span class="${marked.has(record.n) ? 'marked' : ''}" style="top:${i * rowHeight}px">${marked.has(record.n) ? '◆ ' : ''}${count(record.n)}</span>`;
  const up = trusted(`<path class="grid" d="${x.ticks.map(({ at }) => `M${place(at)} 0v${height}`).join('')}"/>`);
  return markup`<figure class="chart gantt"><figcaption><b>${title}</b>${legendOf(records).map(key)}</figcaption>
<div class="frame" style="--h:${height}px"><div class="names">${records.map(label)}</div>
<div class="plot"><svg viewBox="0 0 1000 ${height}" preserveAspectRatio="none" role="img" aria-label="${title}: ${counted(records.length, 'request')}">${up}${bars}</svg></div>
${xAxis(x, xName)}</div>${note === undefined ? undefined : markup`<p class="note">${note}</p>`}</figure>`;
}

const legendOf = (records: readonly RawRecord[]): Key[] => {
  const used = new Set(records.flatMap(record => piecesOf(record).map(({ look }) => look)));
  return (Object.keys(names) as Look[])
    .filter(look => used.has(look))
    .map(look => ({ look: `fill ${look}`, text: names[look] }));
};

interface Piece {
  readonly look: Look;
  readonly from: number;
  readonly to: number;
}

/** What a request spent its time on; pieces too short to be seen are left out. */
function piecesOf({
  class: ending,
  intended_ms,
  sent_ms,
  first_token_ms,
  first_content_ms,
  end_ms,
}: RawRecord): Piece[] {
  const last = ending === 'ok' || ending === 'warmup' || ending === 'censored' ? 'blue' : 'bad';
  const sent = sent_ms ?? intended_ms;
  const content = Math.max(first_token_ms ?? sent, first_content_ms ?? first_token_ms ?? sent);
  const pieces: readonly Piece[] = [
    { look: 'quiet', from: intended_ms, to: sent },
    { look: 'amber', from: sent, to: first_token_ms ?? sent },
    { look: 'pink', from: first_token_ms ?? sent, to: content },
    { look: last, from: content, to: end_ms },
  ];
  return pieces.filter(({ from, to }) => to - from > 0.002 * (end_ms - intended_ms));
}

function row(record: RawRecord, i: number, placeOf: Drawing['placeOf'], isMarked: boolean): Markup {
  const band = isMarked ? trusted(`<path class="band" d="M0 ${i * rowHeight}h1000v${rowHeight}h-1000z"/>`) : undefined;
  const bars = piecesOf(record).map(({ look, from, to }) => bar(look, i, placeOf(from, record), placeOf(to, record)));
  return markup`<g>${band}${bars}<title>${tells(record)}</title></g>`;
}

function bar(look: Look, i: number, from: number, to: number): Markup {
  const [start, end] = [Math.min(1, Math.max(0, from)), Math.min(1, Math.max(0, to))];
  if (end <= start) return trusted('');
  return trusted(
    `<path class="fill ${look}" d="M${place(start)} ${i * rowHeight + 1.5}h${Math.max(0.8, place(end - start))}v${rowHeight - 3}H${place(start)}z"/>`,
  );
}

function tells(record: RawRecord): string {
  const { n, intended_ms: intended, sent_ms: sent, first_content_ms: content, end_ms: end, attempts } = record;
  const parts = [
    `request ${count(n)} at ${moment(intended / 1000)}: ${record.class}${record.code === null ? '' : ` ${record.code}`}`,
    ...(sent !== null && sent - intended >= 0.5 ? [`sent after ${time(sent - intended)}`] : []),
    ...(content === null ? [] : [`content after ${time(content - intended)}`]),
    `ended after ${time(end - intended)}`,
    ...(attempts > 1 ? [counted(attempts, 'attempt')] : []),
    ...(record.completion_tokens === null ? [] : [counted(record.completion_tokens, 'token')]),
  ];
  return parts.join(', ');
}
