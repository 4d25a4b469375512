/** A step summary for GitHub: verdict, plain words, thresholds, latencies, failures. */
import { failuresOf } from '../ledger.ts';
import { measures } from '../measures.ts';
import { bookedText, bounded, count, money, share, time } from '../numbers.ts';
import type { Figure, LoadResult } from '../result.ts';
import { headlineOf, markOf, modelOf } from './verdict.ts';

/** GitHub-flavoured Markdown; whatever a name or an error says is shown as text. */
export function markdown(result: LoadResult): string {
  const blocks = [
    title(result),
    facts(result),
    words(result),
    thresholds(result),
    latencies(result),
    certificate(result),
    failures(result),
  ];
  return `${blocks.filter(block => block !== '').join('\n\n')}\n`;
}

const glyphs = { good: '✅', bad: '❌', warn: '⚠️', calm: 'ℹ️' } as const;

function title(result: LoadResult): string {
  const { word, mood, validity, reason } = headlineOf(result);
  return `### ${glyphs[mood]} ${word} · ${validity}: ${text(reason)}`;
}

const facts = (result: LoadResult) =>
  `${code(modelOf(result))} · ${text(result.load.kind)} load · run ${code(result.run_id)} · seed ${code(String(result.seed))}`;

function words({ findings, doubts }: LoadResult): string {
  const found = findings.map(one => `- ${one.kind === 'next' ? '**Next:** ' : ''}${coded(one.text)}`);
  return [...doubts.map(doubt => `- ⚠️ ${text(doubt)}`), ...found].join('\n');
}

function thresholds({ thresholds: all }: LoadResult): string {
  const rows = all.map(one => [markOf(one).mark, code(one.text), text(one.why)]);
  return table(['', 'threshold', 'found'], 'left', rows);
}

const lines = [
  'ttft_any_ms',
  'ttft_content_ms',
  'itl_ms',
  'tpot_ms',
  'e2e_ms',
  'ttft_content_from_send_ms',
  'e2e_from_send_ms',
] as const;
const levels = ['p50', 'p90', 'p99'] as const;

function latencies({ metrics }: LoadResult): string {
  const rows = lines.flatMap(name => {
    const figure = metrics[name];
    if (figure === undefined || figure.count === 0) return [];
    const { title, from } = measures[name];
    return [
      [
        from === 'send' ? `${title}, from send` : title,
        ...levels.map(level => cell(figure, level)),
        count(figure.count),
      ],
    ];
  });
  return table(['latency', ...levels, 'n'], 'right', rows);
}

const cell = (figure: Figure, level: (typeof levels)[number]) => {
  const needed = figure.needs[level];
  return needed === undefined ? time(figure[level]) : `needs ${needed}`;
};

function certificate({ ledger, load, throughput, goodput, tokens }: LoadResult): string {
  const parts = [
    `planned ${count(ledger.planned)}, sent ${count(load.sent)}${load.kind === 'closed' ? '' : `, late ${count(load.late)}`}, shed ${count(ledger.shed ?? 0)}, censored ${count(ledger.censored ?? 0)}`,
    `${bounded(throughput.requests_per_second, throughput.ci.requests_per_second, 'req/s')}, ${bounded(throughput.output_tokens_per_second, throughput.ci.output_tokens_per_second, 'tokens/s')}`,
    ...(goodput === null
      ? []
      : [
          `goodput ${bounded(goodput.requests_per_second, goodput.ci, 'req/s')} (${share(goodput.ratio)} meet ${code(goodput.slo)})`,
        ]),
    `${count(tokens.input)} tokens in, ${count(tokens.output)} out${tokens.cost === null ? '' : `, ${text(money(tokens.cost))}`}${tokens.booked ? `, ${text(bookedText(tokens.booked))}` : ''}`,
  ];
  return parts.join(' · ');
}

function failures({ ledger }: LoadResult): string {
  const rows = failuresOf(ledger).map(({ name, domain, count: n, meaning }) => [
    code(name),
    count(n),
    domain ?? '–',
    text(meaning),
  ]);
  return table(['failure', 'requests', 'whose fault', 'meaning'], 'left', rows);
}

/** Nothing when there are no rows. */
export function table(heads: readonly string[], align: 'left' | 'right', rows: readonly (readonly string[])[]): string {
  if (rows.length === 0) return '';
  const rule = heads.map((_, i) => (align === 'right' && i > 0 ? '---:' : '---'));
  return [heads, rule, ...rows].map(cells => `| ${cells.join(' | ')} |`).join('\n');
}

const special = /[\\`*_{}[\]<>#!|~&$]|:(?=\/\/)|(?<=www)\./gi;

/** Text that must neither format, link nor break a table. */
export const text = (said: string) => flat(said).replace(special, character => `&#${character.charCodeAt(0)};`);

/** In code, where nothing but a back tick and the bar of a table means anything. */
export const code = (said: string) => (/[`|]|^\s*$/.test(said) ? `<code>${text(said)}</code>` : `\`${flat(said)}\``);

/** Commands stand between backticks in findings. */
const coded = (said: string) =>
  said
    .split('`')
    .map((part, i) => (i % 2 ? code(part) : text(part)))
    .join('');

const flat = (said: string) => said.replace(/[\p{Cc}\u2028\u2029]+/gu, ' ');
