/** A dashboard as a page: its panels where Grafana would put them. */
import { type Markup, markup, trusted } from '../../src/loadtest/report/page/markup.ts';
import type { Answer } from '../../test/support/board-answers.ts';
import type { Dashboard, Panel, Span } from '../../test/support/panels.ts';
import { draw } from './draw.ts';

const column = 65;
const row = 33;
const gap = 8;
const title = 28;
export const pageWidth = 24 * column + 2 * gap;
const head = 44;

/** What every picture says of itself. */
export const label = 'preview rendered from real query results, not Grafana';

export function pageOf(board: Dashboard, answers: readonly Answer[], span: Span): string {
  const bottom = Math.max(...board.panels.map(({ gridPos }) => gridPos.y + gridPos.h));
  const body = board.panels.map(panel =>
    panel.type === 'row'
      ? heading(panel)
      : frame(
          panel,
          answers.filter(each => each.panel.id === panel.id),
          span,
        ),
  );
  return markup`<!doctype html><meta charset="utf-8"><title>${board.title}</title><style>${trusted(style)}</style>
<main style="height:${head + bottom * row}px"><header><b>${board.title}</b><span>${label}</span></header>${body}</main>`
    .markup;
}

const heading = ({ title, gridPos }: Panel): Markup =>
  markup`<h2 style="top:${head + gridPos.y * row}px">${title}</h2>`;

function frame(panel: Panel, answers: readonly Answer[], span: Span): Markup {
  const { x, y, w, h } = panel.gridPos;
  const [width, height] = [w * column - gap, h * row - gap];
  const size = { width: width - 12, height: height - title - 6 };
  return markup`<section style="left:${gap + x * column}px;top:${head + y * row}px;width:${width}px;height:${height}px"><h3>${panel.title}</h3>${draw({ panel, answers, span, size })}</section>`;
}

const style = `
*{box-sizing:border-box;margin:0}
body{background:#111217;color:#ccccdc;font:12px Inter,"DejaVu Sans",sans-serif}
main{position:relative;width:${pageWidth}px}
header{display:flex;justify-content:space-between;align-items:center;height:${head}px;padding:0 14px;font-size:16px}
header span{font-size:13px;color:#ff9830}
h2{position:absolute;left:${gap + 4}px;font-size:14px;font-weight:600;line-height:${row}px}
section{position:absolute;background:#181b1f;border:1px solid #2a2d34;border-radius:3px;padding:0 6px;overflow:hidden}
h3{font-size:13px;font-weight:500;line-height:${title}px;white-space:nowrap}
svg text{font-size:11px;fill:#9fa3ad}
.grid{stroke:#2a2d34}
table{border-collapse:collapse;font-size:12px}
th{text-align:left;color:#6e9fff;font-weight:500;padding:3px 6px}
td{padding:3px 6px;border-top:1px solid #2a2d34;white-space:nowrap}
.number{text-align:right}
`;
