/** `report.html`: one file that shows everything without a network and without JavaScript. */
import type { LoadResult, RawRecord } from '../result.ts';
import { slicesOf } from '../slices.ts';
import { gapDistribution, twoLenses } from './page/distribution.ts';
import { gantt } from './page/gantt.ts';
import { heatMap } from './page/heat-map.ts';
import { latencyOverTime } from './page/latency.ts';
import { loadAgainstLatency, loadOverTime } from './page/load.ts';
import { type Markup, markup, trusted } from './page/markup.ts';
import { script } from './page/script.ts';
import { style } from './page/style.ts';
import { banner, calibrationTable, latencyTable, thresholds, tiles, words } from './page/summary.ts';
import { allFigures, configList, ledgerTable, stretches } from './page/tables.ts';
import { headlineOf, modelOf } from './verdict.ts';

/** Points of a line: more are not seen on a screen. */
const finest = 300;

/** @param records of single requests, for the drawing of who waited for whom; a sample of them is shown */
export function html(result: LoadResult, records?: readonly RawRecord[]): string {
  const slices = slicesOf(result.intervals, finest);
  const coarse = slicesOf(result.intervals, 120);
  const sections: readonly Section[] = [
    {
      id: 'summary',
      title: 'Summary',
      body: [words(result), tiles(result), markup`<div class="gap"></div>`, latencyTable(result)],
    },
    { id: 'thresholds', title: 'Thresholds', body: [thresholds(result)] },
    { id: 'latency', title: 'Latency over time', body: [latencyOverTime(result, slices), twoLenses(result)] },
    { id: 'load', title: 'Load and throughput', body: [loadOverTime(slices), loadAgainstLatency(result, coarse)] },
    { id: 'heat', title: 'Every good answer over time', body: [heatMap(result)] },
    { id: 'requests', title: 'Single requests', body: [gantt(records, result)] },
    { id: 'gaps', title: 'Gaps between tokens', body: [gapDistribution(result)] },
    { id: 'ledger', title: 'Ledger: how every request ended', body: [ledgerTable(result)] },
    { id: 'health', title: 'Calibration and health', body: [calibrationTable(result)] },
    { id: 'config', title: 'Configuration and environment', body: [configList(result)] },
    {
      id: 'numbers',
      title: 'All numbers',
      body: [allFigures(result), stretches(slicesOf(result.intervals, 600))],
      long: true,
    },
  ];
  return page(result, sections).markup;
}

interface Section {
  readonly id: string;
  readonly title: string;
  readonly body: readonly Markup[];
  /** May be broken across pages. */
  readonly long?: boolean;
}

/** Nothing may be loaded from anywhere, whatever a name in the result says. */
const policy = "default-src 'none'; style-src 'unsafe-inline'; script-src 'unsafe-inline'; img-src data:";

const page = (result: LoadResult, sections: readonly Section[]): Markup => markup`<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta http-equiv="Content-Security-Policy" content="${policy}">
<title>${headlineOf(result).word} · ${modelOf(result)} · load test ${result.run_id}</title>
<link rel="icon" href="data:,">
<style>${trusted(style)}</style>
</head>
<body>
<header><h1>Load test of ${modelOf(result)}</h1><button id="theme" type="button" hidden>Dark</button></header>
<main>
${banner(result)}
<nav aria-label="Sections">${sections.map(({ id, title }) => markup`<a href="#${id}">${title}</a>`)}</nav>
${sections.map(section)}
</main>
<footer>glm-testkit ${result.tool_version} · result version ${result.version} · schedule ${result.schedule_hash}</footer>
<div id="tip" role="status"></div>
<script>${trusted(script)}</script>
</body>
</html>
`;

const section = ({ id, title, body, long = false }: Section): Markup =>
  markup`<section id="${id}"${long ? markup` class="long"` : undefined}><h2>${title}</h2>${body}</section>
`;
