/** Panels as SVG, from real query results: enough of Grafana's manners to see what a dashboard says. It is not Grafana. */
import { time as duration, rate, share } from '../../src/loadtest/numbers.ts';
import { type Markup, markup } from '../../src/loadtest/report/page/markup.ts';
import { linear, type Scale, timeline } from '../../src/loadtest/report/page/scale.ts';
import type { Answer } from '../../test/support/board-answers.ts';
import { legendOf, type Panel, type Span, stepOf } from '../../test/support/panels.ts';

export interface Size {
  readonly width: number;
  readonly height: number;
}

export interface Drawn {
  readonly panel: Panel;
  readonly answers: readonly Answer[];
  readonly span: Span;
  readonly size: Size;
}

interface Curve {
  readonly name: string;
  readonly color: string;
  readonly points: readonly (readonly [at: number, value: number])[];
}

const palette = [
  '#73bf69',
  '#f2cc0c',
  '#5794f2',
  '#ff9830',
  '#f2495c',
  '#b877d9',
  '#8ab8ff',
  '#96d98d',
  '#ffb357',
  '#ca95e5',
];
const named: Readonly<Record<string, string>> = {
  green: '#73bf69',
  yellow: '#f2cc0c',
  blue: '#5794f2',
  orange: '#ff9830',
  red: '#f2495c',
  gray: '#8e8e8e',
};
/** One colour wherever the same word stands. */
const byWord: Readonly<Record<string, string>> = {
  provider: '#f2495c',
  account: '#ff9830',
  network: '#b877d9',
  client: '#5794f2',
  prober: '#8e8e8e',
};

export function draw(drawn: Drawn): Markup {
  switch (drawn.panel.type) {
    case 'stat':
      return numbers(drawn);
    case 'table':
      return rows(drawn);
    case 'heatmap':
      return heat(drawn);
    case 'state-timeline':
      return states(drawn);
    default:
      return curves(drawn);
  }
}

const formats: Readonly<Record<string, (value: number) => string>> = {
  s: value => duration(value * 1000),
  percentunit: share,
  bytes: value => `${rate(value / 1048576)} MiB`,
  reqps: value => `${rate(value)}/s`,
};

function formatOf({ fieldConfig }: Panel): (value: number) => string {
  const { unit = '', decimals } = fieldConfig?.defaults ?? {};
  const plain = (value: number) => (decimals === 0 && value >= 10 ? rate(Math.round(value)) : rate(value));
  return formats[unit] ?? plain;
}

/** How wide a step is. */
const stepWidth = (answers: readonly Answer[], span: Span, width: number) =>
  (width * Math.max(1, ...answers.map(({ target }) => stepOf(target, span)))) / (span.to - span.from);

const curvesOf = (answers: readonly Answer[]): Curve[] =>
  answers
    .flatMap(({ target, series }) =>
      series.map(({ metric, values }) => ({ name: legendOf(target, metric), points: values })),
    )
    .map(({ name, points }, at) => ({ name, points, color: byWord[name] ?? palette[at % palette.length] ?? 'white' }));

/** Room around what is drawn: for the numbers beside it, the times below it, and the legend. */
const room = { left: 58, right: 10, top: 6, times: 18 } as const;
const legendRow = 15;

function curves({ panel, answers, span, size }: Drawn): Markup {
  const all = curvesOf(answers).filter(({ points }) => points.some(([, value]) => Number.isFinite(value)));
  const legend = legendOfCurves(all, size.width);
  const height = size.height - room.top - room.times - legend.rows * legendRow;
  const width = size.width - room.left - room.right;
  const { max, custom, thresholds } = panel.fieldConfig?.defaults ?? {};
  const stacked = custom?.stacking?.mode === 'normal';
  const lines = custom?.thresholdsStyle ? (thresholds?.steps ?? []).filter(({ value }) => value !== null) : [];
  const highest = stacked
    ? Math.max(...sums(all))
    : Math.max(...all.flatMap(({ points }) => points.map(([, v]) => v)).filter(Number.isFinite));
  const shown = lines.filter(({ value }) => (value ?? 0) <= highest * 3);
  const y = linear(max ?? Math.max(highest, ...shown.map(({ value }) => value ?? 0)), formatOf(panel));
  const x = timeline(0, span.to - span.from);
  const at = (moment: number) => room.left + x(moment - span.from) * width;
  const up = (value: number) => room.top + (1 - y(value)) * height;
  const inside = all.map(curve => ({
    ...curve,
    points: curve.points.filter(([moment]) => moment >= span.from && moment <= span.to),
  }));
  return svg(size, [
    axes(x, y, { width, height }),
    stacked ? bars(inside, at, up, stepWidth(answers, span, width)) : inside.map(curve => path(curve, at, up)),
    shown.map(
      ({ value, color }) =>
        markup`<line x1="${room.left}" x2="${room.left + width}" y1="${up(value ?? 0)}" y2="${up(value ?? 0)}" stroke="${named[color] ?? color}" stroke-dasharray="6 4"/>`,
    ),
    legend.draw(size.height - legend.rows * legendRow + 10),
  ]);
}

/** Height of the pile at every moment. */
function sums(all: readonly Curve[]): number[] {
  const piles = new Map<number, number>();
  for (const { points } of all)
    for (const [moment, value] of points)
      if (Number.isFinite(value)) piles.set(moment, (piles.get(moment) ?? 0) + value);
  return [...piles.values()];
}

const axes = (x: Scale, y: Scale, { width, height }: Size) => [
  y.ticks.map(({ at, text }) => {
    const top = room.top + (1 - at) * height;
    return markup`<line x1="${room.left}" x2="${room.left + width}" y1="${top}" y2="${top}" class="grid"/><text x="${room.left - 6}" y="${top + 4}" text-anchor="end">${text}</text>`;
  }),
  x.ticks.map(
    ({ at, text }) =>
      markup`<text x="${room.left + at * width}" y="${room.top + height + 14}" text-anchor="middle">${text}</text>`,
  ),
];

/** A line that is broken where there is no value. */
function path({ points, color }: Curve, at: (moment: number) => number, up: (value: number) => number): Markup {
  const sound = points.map(([moment, value]) =>
    Number.isFinite(value) ? ([at(moment), up(value)] as const) : undefined,
  );
  const d = sound
    .map(
      (point, i) => point && `${sound[i - 1] === undefined ? 'M' : 'L'}${point[0].toFixed(1)} ${point[1].toFixed(1)}`,
    )
    .join('');
  return markup`<path d="${d}" fill="none" stroke="${color}" stroke-width="1.6" stroke-linejoin="round" stroke-linecap="round"/>`;
}

function bars(
  all: readonly Curve[],
  at: (moment: number) => number,
  up: (value: number) => number,
  width: number,
): Markup[] {
  const piles = new Map<number, number>();
  return all.flatMap(({ points, color }) =>
    points
      .filter(([, value]) => value > 0 && Number.isFinite(value))
      .map(([moment, value]) => {
        const below = piles.get(moment) ?? 0;
        piles.set(moment, below + value);
        const [top, bottom] = [up(below + value), up(below)];
        return markup`<rect x="${(at(moment) - width * 0.4).toFixed(1)}" y="${top.toFixed(1)}" width="${(width * 0.8).toFixed(1)}" height="${(bottom - top).toFixed(1)}" fill="${color}"/>`;
      }),
  );
}

/** Names beside their colours, as many in a row as there is room for. */
function legendOfCurves(all: readonly Curve[], width: number) {
  const places: { x: number; row: number }[] = [];
  let [x, row] = [room.left, 0];
  for (const { name } of all) {
    const wanted = name.length * 6.1 + 26;
    if (x + wanted > width && x > room.left) [x, row] = [room.left, row + 1];
    places.push({ x, row });
    x += wanted;
  }
  const rows = all.length === 0 ? 0 : Math.min(row + 1, 3);
  const drawn = (top: number) =>
    all.map(({ name, color }, i) => {
      const place = places[i];
      if (place === undefined || place.row >= rows) return [];
      const y = top + place.row * legendRow;
      return markup`<rect x="${place.x}" y="${y - 5}" width="12" height="3" fill="${color}"/><text x="${place.x + 17}" y="${y}">${name}</text>`;
    });
  return { rows, draw: drawn };
}

function numbers({ panel, answers, size }: Drawn): Markup {
  const { mappings = [], thresholds, noValue = 'no data', unit } = panel.fieldConfig?.defaults ?? {};
  const all = answers.flatMap(({ target, series }) =>
    series.map(({ metric, values }) => ({ name: legendOf(target, metric), value: values.at(-1)?.[1] ?? Number.NaN })),
  );
  const shown = all.length === 0 ? [{ name: '', value: Number.NaN }] : all;
  const each = size.width / shown.length;
  return svg(
    size,
    shown.map(({ name, value }, i) => {
      const word = mappings[0]?.options[String(value)];
      const step = (thresholds?.steps ?? []).findLast(one => value >= (one.value ?? Number.NEGATIVE_INFINITY));
      const color = named[word?.color ?? step?.color ?? 'green'] ?? 'white';
      const small = unit === 'short' && value > 0 && value < 0.1 ? value.toPrecision(2) : formatOf(panel)(value);
      const text = word?.text ?? (Number.isFinite(value) ? small : noValue);
      const x = each * (i + 0.5);
      const label =
        shown.length > 1 ? markup`<text x="${x}" y="${size.height - 12}" text-anchor="middle">${name}</text>` : [];
      const fits = Math.min(34, (each / Math.max(4, text.length)) * 1.25);
      return [
        markup`<text x="${x}" y="${size.height / 2 + 6}" text-anchor="middle" style="font-size:${fits}px;font-weight:600;fill:${color}">${text}</text>`,
        label,
      ];
    }),
  );
}

function rows({ panel, answers, size }: Drawn): Markup {
  const { indexByName = {}, renameByName = {} } =
    panel.transformations?.find(({ id }) => id === 'organize')?.options ?? {};
  const by = Object.keys(indexByName).sort((a, b) => (indexByName[a] ?? 0) - (indexByName[b] ?? 0));
  const headings = Object.values(renameByName);
  const table = new Map<string, { labels: readonly string[]; values: (number | undefined)[] }>();
  for (const [column, { series }] of answers.entries())
    for (const { metric, values } of series) {
      const labels = by.map(label => metric[label] ?? '');
      const row = table.get(labels.join('\n')) ?? { labels, values: [] };
      row.values[column] = values.at(-1)?.[1];
      table.set(labels.join('\n'), row);
    }
  const format = formatOf(panel);
  const lines = [...table.values()].slice(0, Math.floor(size.height / 22) - 1);
  return markup`<table style="width:${size.width}px"><tr>${[...by, ...headings].map(each => markup`<th>${each}</th>`)}</tr>${lines.map(
    ({ labels, values }) =>
      markup`<tr>${labels.map(each => markup`<td>${each}</td>`)}${headings.map((_, i) => markup`<td class="number">${values[i] === undefined ? '' : format(values[i])}</td>`)}</tr>`,
  )}</table>`;
}

/** A cell for every bucket and step: the share of values between one bound and the next. */
function heat({ answers, span, size, panel }: Drawn): Markup {
  const bounds = (answers[0]?.series ?? [])
    .map(({ metric, values }) => ({
      le: metric.le === '+Inf' ? Number.POSITIVE_INFINITY : Number(metric.le),
      counts: new Map(values),
    }))
    .sort((a, b) => a.le - b.le);
  const cells = bounds.map(({ le, counts }, i) => ({
    le,
    at: [...counts].map(([moment, count]) => [moment, count - (bounds[i - 1]?.counts.get(moment) ?? 0)] as const),
  }));
  const used = cells.filter(({ at }) => at.some(([, count]) => count > 0.01));
  const [lowest, highest] = [used[0], used.at(-1)];
  const shown =
    lowest && highest ? cells.slice(Math.max(0, cells.indexOf(lowest) - 1), cells.indexOf(highest) + 2) : [];
  const most = Math.max(1e-9, ...shown.flatMap(({ at }) => at.map(([, count]) => count)));
  const width = size.width - room.left - room.right;
  const height = size.height - room.top - room.times;
  const x = timeline(0, span.to - span.from);
  const step = stepWidth(answers, span, width);
  const each = height / Math.max(1, shown.length);
  const format = formatOf(panel);
  return svg(size, [
    x.ticks.map(
      ({ at, text }) =>
        markup`<text x="${room.left + at * width}" y="${room.top + height + 14}" text-anchor="middle">${text}</text>`,
    ),
    shown.map(({ le, at }, i) => {
      const top = room.top + height - (i + 1) * each;
      const label = Number.isFinite(le) ? format(le) : 'more';
      return [
        markup`<text x="${room.left - 6}" y="${top + 4}" text-anchor="end">${i % Math.ceil(14 / each) === 0 ? label : ''}</text>`,
        at
          .filter(([moment, count]) => count > 0.01 && moment >= span.from && moment <= span.to)
          .map(
            ([moment, count]) =>
              markup`<rect x="${(room.left + x(moment - span.from) * width - step).toFixed(1)}" y="${(top + 0.5).toFixed(1)}" width="${step.toFixed(1)}" height="${(each - 1).toFixed(1)}" fill="#ff9830" fill-opacity="${(0.12 + 0.88 * Math.sqrt(count / most)).toFixed(2)}"/>`,
          ),
      ];
    }),
  ]);
}

function states({ panel, answers, span, size }: Drawn): Markup {
  const words = panel.fieldConfig?.defaults.mappings?.[0]?.options ?? {};
  const all = curvesOf(answers);
  const left = 190;
  const width = size.width - left - room.right;
  const legend = legendOfCurves(
    Object.values(words).map(({ text, color }) => ({ name: text, color: named[color] ?? color, points: [] })),
    size.width,
  );
  const each = (size.height - room.top - room.times - legendRow) / Math.max(1, all.length);
  const x = timeline(0, span.to - span.from, 10);
  const step = stepWidth(answers, span, width);
  const stepS = (step / width) * (span.to - span.from);
  return svg(size, [
    all.map(({ name, points }, row) => {
      const top = room.top + row * each;
      const blocks = points
        .filter(([moment]) => moment - span.from >= stepS && moment <= span.to)
        .map(
          ([moment, value]) =>
            markup`<rect x="${(left + x(moment - span.from) * width - step).toFixed(1)}" y="${top + 2}" width="${(step + 0.6).toFixed(1)}" height="${each - 4}" fill="${named[words[String(value)]?.color ?? ''] ?? 'black'}"/>`,
        );
      return [markup`<text x="${left - 8}" y="${top + each / 2 + 4}" text-anchor="end">${name}</text>`, blocks];
    }),
    x.ticks.map(
      ({ at, text }) =>
        markup`<text x="${left + at * width}" y="${size.height - legendRow - 4}" text-anchor="middle">${text}</text>`,
    ),
    legend.draw(size.height - 3),
  ]);
}

type Parts = Parameters<typeof markup>[1];

const svg = ({ width, height }: Size, inside: Parts): Markup =>
  markup`<svg xmlns="http://www.w3.org/2000/svg" width="${width}" height="${height}" viewBox="0 0 ${width} ${height}">${inside}</svg>`;
