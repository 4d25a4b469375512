/**
 * A chart: an SVG that stretches with its place, and labels as text beside it, so that they keep their size on a phone.
 * Shapes are drawn in a square of 1000 by 1000; strokes keep their width (`vector-effect` in the style sheet).
 */
import { type Markup, markup, trusted } from './markup.ts';
import type { Scale, Tick } from './scale.ts';

export interface Chart {
  readonly title: string;
  /** Read aloud in place of the drawing. */
  readonly says: string;
  readonly legend?: readonly Key[];
  readonly x: Scale;
  readonly y: Scale;
  readonly xName?: string | undefined;
  /** Pixels; default 200. */
  readonly height?: number;
  readonly shapes: readonly Markup[];
  /** What a pointer shows: a line of text per series for every place on the x axis. */
  readonly hover?: Hover;
  /** Below the drawing, on the same x axis. */
  readonly below?: Markup;
  readonly note?: string;
}

export interface Key {
  /** Class of the shape it explains. */
  readonly look: string;
  readonly text: string;
}

export interface Hover {
  /** 0 to 1, ascending. */
  readonly at: readonly number[];
  readonly titles: readonly string[];
  readonly series: readonly { readonly name: string; readonly values: readonly string[] }[];
}

export function chart({
  title,
  says,
  legend = [],
  x,
  y,
  xName,
  height = 200,
  shapes,
  hover,
  below,
  note,
}: Chart): Markup {
  return markup`<figure class="chart"${attribute(hover)}>
<figcaption><b>${title}</b>${legend.map(key)}</figcaption>
<div class="frame" style="--h:${height}px"><div class="ys">${y.ticks.map(yLabel)}</div>
<div class="plot"><svg viewBox="0 0 1000 1000" preserveAspectRatio="none" role="img" aria-label="${says}">${grid(x, y)}${shapes}</svg><i class="cursor"></i></div>
${below}
${xAxis(x, xName)}</div>
${note === undefined ? undefined : markup`<p class="note">${note}</p>`}</figure>`;
}

/** In place of a chart that has nothing to draw. */
export const nothingToDraw = (title: string, why: string): Markup =>
  markup`<figure class="chart"><figcaption><b>${title}</b></figcaption><p class="blank">${why}</p></figure>`;

/** Labels under a drawing. */
export const xAxis = (x: Scale, name?: string): Markup =>
  markup`<div class="xs">${x.ticks.map(xLabel)}</div>${name === undefined ? undefined : markup`<div class="xname">${name}</div>`}`;

const attribute = (hover: Hover | undefined): Markup =>
  hover === undefined || hover.at.length === 0
    ? trusted('')
    : markup` data-hover="${JSON.stringify({ at: hover.at.map(at => +at.toFixed(4)), titles: hover.titles, series: hover.series })}"`;

/** One entry of a legend. */
export const key = ({ look, text }: Key): Markup =>
  markup`<span class="key"><svg viewBox="0 0 20 10" aria-hidden="true"><path class="${look}" d="${look.includes('line') ? 'M1 5h18' : look.includes('dot') ? 'M10 5h0' : 'M1 1h18v8h-18z'}"/></svg>${text}</span>`;

const percent = (at: number) => +(at * 100).toFixed(2);

const yLabel = ({ at, text }: Tick): Markup => markup`<span style="bottom:${percent(at)}%">${text}</span>`;

/** The outer ones lean inwards, so that none reaches beyond the drawing. */
const xLabel = ({ at, text }: Tick): Markup =>
  markup`<span class="${at < 0.02 ? 'first' : at > 0.96 ? 'last' : ''}" style="left:${percent(at)}%">${text}</span>`;

function grid(x: Scale, y: Scale): Markup {
  const across = y.ticks.map(({ at }) => `M0 ${place(1 - at)}h1000`);
  const up = x.ticks.map(({ at }) => `M${place(at)} 0v1000`);
  return trusted(`<path class="grid" d="${[...across, ...up].join('')}"/>`);
}

/** A coordinate from 0 to 1000 of a share from 0 to 1. */
export const place = (at: number) => +(at * 1000).toFixed(1);

export interface Point {
  readonly x: number;
  /** null: nothing was measured there, the line breaks. */
  readonly y: number | null;
}

/** A line through points whose coordinates are shares from 0 to 1; a lone point is a dot. */
export function line(look: string, points: readonly Point[]): Markup {
  const runs = unbroken(points).map(run => run.map(({ x, y }) => `${place(x)} ${place(1 - y)}`));
  const lines = runs.filter(run => run.length > 1).map(([first, ...rest]) => `M${first}L${rest.join(' ')}`);
  const alone = runs.filter(run => run.length === 1).map(([only]) => `M${only}h0`);
  return markup`${shape(look, lines.join(''))}${shape(`${look} alone`, alone.join(''))}`;
}

/** Between two lines at the same places. */
export function band(look: string, points: readonly (Point & { readonly y2: number | null })[]): Markup {
  const runs = unbroken(points).filter(run => run.length > 1 && run.every(({ y2 }) => y2 !== null));
  const paths = runs.map(run => {
    const over = run.map(({ x, y }) => `${place(x)} ${place(1 - y)}`);
    const under = run.map(({ x, y2 }) => `${place(x)} ${place(1 - (y2 ?? 0))}`).reverse();
    return `M${[...over, ...under].join('L')}z`;
  });
  return shape(look, paths.join(''));
}

export interface Box {
  readonly x: number;
  readonly y: number;
  readonly width: number;
  readonly height: number;
}

/** Rectangles of one look in one path; `y` counts from below. */
export function boxes(look: string, all: readonly Box[]): Markup {
  const paths = all.map(({ x, y, width, height }) => {
    const [w, h] = [place(width), place(height)];
    return `M${place(x)} ${place(1 - y - height)}h${w}v${h}h${-w}z`;
  });
  return shape(look, paths.join(''));
}

export const shape = (look: string, d: string): Markup =>
  d === '' ? trusted('') : trusted(`<path class="${look}" d="${d}"/>`);

/** Stretches without a null. */
function unbroken<T extends Point>(points: readonly T[]): (T & { readonly y: number })[][] {
  const runs: (T & { readonly y: number })[][] = [];
  let open = false;
  for (const point of points) {
    if (point.y === null) {
      open = false;
      continue;
    }
    const one = point as T & { readonly y: number };
    if (open) runs.at(-1)?.push(one);
    else runs.push([one]);
    open = true;
  }
  return runs;
}
