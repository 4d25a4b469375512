/** The status page: one HTML text without scripts and without anything from elsewhere. Pure. */
import { formatDuration } from '../core/duration.ts';
import { escaped } from '../core/escaped.ts';
import {
  type Bar,
  type BarState,
  type CheckOverview,
  type Incident,
  knownText,
  type Overview,
  percentText,
  type Window,
  type WindowName,
  windowNames,
} from './overview.ts';
import type { ServiceState } from './status.ts';

export interface PageOptions {
  /** Links to runs, and asks for itself again every minute. Default false: a file that stands for itself. */
  readonly live?: boolean;
}

/**
 * The status page as one HTML text.
 * @example writeFileSync('index.html', pageOf(await overviewOf({ ...prober, history }, Date.now())))
 */
export function pageOf(overview: Overview, { live = false }: PageOptions = {}): string {
  const { checks, incidents, troubles, vantage, generated_at_ms: now } = overview;
  const ordered = illFirst(checks);
  const targets = Map.groupBy(ordered, ({ target }) => target);
  const firsts = new Set(severities.map(state => ordered.find(check => check.state === state)));
  return documentOf(
    `Status: ${summaryOf(checks)}`,
    `<header>
<h1>${mark(worstOf(checks))} ${linked(escaped(summaryOf(checks)))}</h1>
<p>Seen from <strong>${escaped(vantage)}</strong>, <time datetime="${iso(now)}">${stamp(now)}</time> · <a href="${live ? '/status.json' : 'status.json'}">JSON</a></p>
${troubles.map(text => `<p class="trouble" role="alert">The prober itself is in trouble: ${escaped(text)}</p>`).join('\n')}
</header>
<main>
${[...targets].map(([target, own]) => `<section><h2>${escaped(target)}</h2>\n${own.map(check => card(check, now, { live, isFirst: firsts.has(check) })).join('\n')}</section>`).join('\n')}
<section><h2>Incidents of 90 days</h2>
${incidents.length === 0 ? '<p>None was seen.</p>' : `<ol class="incidents">${incidents.map(one => incidentItem(one, now, live)).join('\n')}</ol>`}
</section>
</main>
<footer><p>${legend}</p><p>Shares are of the runs that say something about the service. Where the account, the request or the prober was at fault, or nobody looked, nothing is known, and nothing is counted.</p></footer>`,
    live,
  );
}

/** One page around its parts. */
export function documentOf(title: string, body: string, live = false): string {
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
${live ? '<meta http-equiv="refresh" content="60">\n' : ''}<title>${escaped(title)}</title>
<link rel="icon" href="data:,">
<style>${style}</style>
</head>
<body>
${body}
</body>
</html>
`;
}

const style = `
:root { color-scheme: light dark; --back: #fff; --card: #f6f7f8; --text: #1b1f24; --dim: #59636e; --line: #d4d9de;
  --good: #1f883d; --degraded: #9a6700; --partly: #bc4c00; --bad: #cf222e; --unknown: #afb8c1; }
@media (prefers-color-scheme: dark) { :root { --back: #0d1117; --card: #161b22; --text: #e6edf3; --dim: #9198a1; --line: #30363d;
  --good: #3fb950; --degraded: #d29922; --partly: #db6d28; --bad: #f85149; --unknown: #484f58; } }
* { box-sizing: border-box; }
body { font: 15px/1.5 system-ui, sans-serif; margin: 0 auto; padding: 16px; max-width: 1000px; background: var(--back); color: var(--text); }
h1 { font-size: 22px; margin: 8px 0; overflow-wrap: anywhere; } h2 { font-size: 17px; margin: 28px 0 8px; } h3 { font-size: 15px; margin: 0; overflow-wrap: anywhere; }
p { margin: 4px 0; } a { color: inherit; } header p, footer, .dim, figcaption { color: var(--dim); }
.trouble { color: var(--bad); font-weight: 600; }
article { background: var(--card); border: 1px solid var(--line); border-radius: 8px; padding: 12px 14px; margin: 10px 0; }
.head { display: flex; flex-wrap: wrap; justify-content: space-between; gap: 2px 16px; align-items: baseline; }
.state { font-weight: 600; white-space: nowrap; }
span.up { color: var(--good); } span.degraded { color: var(--degraded); } span.down { color: var(--bad); } span.unknown, span.maintenance { color: var(--dim); }
.bars { display: grid; gap: 10px 20px; grid-template-columns: repeat(auto-fit, minmax(205px, 1fr)); margin-top: 10px; }
figure { margin: 0; min-width: 0; } figcaption { font-size: 13px; display: flex; justify-content: space-between; gap: 8px; font-variant-numeric: tabular-nums; } figcaption span:first-child { white-space: nowrap; }
svg { display: block; width: 100%; height: 30px; } svg .good { fill: var(--good); } svg .degraded { fill: var(--degraded); }
svg .partly { fill: var(--partly); } svg .bad { fill: var(--bad); } svg .unknown { fill: var(--unknown); opacity: .45; }
svg path { fill: none; stroke: currentColor; stroke-width: 1.5; vector-effect: non-scaling-stroke; } svg circle { fill: currentColor; }
.incidents { list-style: none; padding: 0; } .incidents li { border-left: 4px solid var(--bad); padding: 2px 12px; margin: 10px 0; overflow-wrap: anywhere; }
.incidents .blocked { border-color: var(--unknown); }
footer { border-top: 1px solid var(--line); margin-top: 28px; padding-top: 8px; font-size: 13px; }
.key { display: inline-block; width: 10px; height: 10px; border-radius: 2px; margin: 0 4px 0 10px; }
table { border-collapse: collapse; width: 100%; font-variant-numeric: tabular-nums; } td, th { text-align: left; padding: 3px 8px; border-bottom: 1px solid var(--line); }
.scroll { overflow-x: auto; } .scroll td:first-child { white-space: nowrap; }
@media (max-width: 40em) { .scroll thead { display: none; } .scroll table, .scroll tbody { display: block; }
  .scroll tr { display: flex; flex-wrap: wrap; padding: 4px 0; border-bottom: 1px solid var(--line); } .scroll td { border: 0; padding: 0 14px 0 0; } }
pre { font-size: 13px; white-space: pre-wrap; overflow-wrap: anywhere; }`;

const marks: Readonly<Record<ServiceState, string>> = {
  up: '●',
  degraded: '◐',
  down: '✖',
  unknown: '?',
  maintenance: '◌',
};

/** The sign says by its shape what its colour says, too. */
const mark = (state: ServiceState) => `<span class="${state}" aria-hidden="true">${marks[state]}</span>`;

const severities: readonly ServiceState[] = ['down', 'unknown', 'degraded', 'maintenance', 'up'];

const worstOf = (checks: readonly CheckOverview[]): ServiceState =>
  severities.find(state => checks.some(check => check.state === state)) ?? 'unknown';

/** What is ill is seen without scrolling; targets stay together. */
export function illFirst(checks: readonly CheckOverview[]): CheckOverview[] {
  const rank = ({ state }: CheckOverview) => severities.indexOf(state);
  const ranks = new Map<string, number>();
  for (const check of checks) ranks.set(check.target, Math.min(rank(check), ranks.get(check.target) ?? rank(check)));
  const rankOf = ({ target }: CheckOverview) => ranks.get(target) ?? 0;
  return checks.toSorted((a, b) => rankOf(a) - rankOf(b) || rank(a) - rank(b));
}

/** `1 down` leads to the first one that is. */
const linked = (summary: string) =>
  summary.replace(/\d+ (down|unknown|degraded|maintenance)/g, '<a href="#first-$1">$&</a>');

/** `2 of 3 checks up, 1 down` */
export function summaryOf(checks: readonly CheckOverview[]): string {
  const count = (state: ServiceState) => checks.filter(check => check.state === state).length;
  const others = severities.filter(state => state !== 'up' && count(state) > 0);
  if (checks.length === 0) return 'no checks';
  if (others.length === 0) return checks.length === 1 ? 'the check is up' : `all ${checks.length} checks are up`;
  return [`${count('up')} of ${checks.length} checks up`, ...others.map(state => `${count(state)} ${state}`)].join(
    ', ',
  );
}

interface Shown {
  readonly live: boolean;
  /** The first card of its state. */
  readonly isFirst: boolean;
}

function card(check: CheckOverview, now: number, { live, isFirst }: Shown): string {
  const { state, id, words, run_id: run, last_run_at_ms: last } = check;
  const name = `${check.check} · ${check.model}`;
  const title = live ? `<a href="/runs?check=${encodeURIComponent(id)}">${escaped(name)}</a>` : escaped(name);
  const why = words === null ? '' : `<p>${escaped(words)}${runLink(run, live)}</p>`;
  const seen = last === null ? 'never run' : `last run <time datetime="${iso(last)}">${ago(now - last)} ago</time>`;
  return `<article${isFirst ? ` id="first-${state}"` : ''}>
<div class="head"><h3>${title}</h3><span class="state ${state}">${mark(state)} ${state}<span class="dim">${lastingOf(check, now)}</span></span></div>
${why}<p class="dim">${seen}</p>
<div class="bars">
${windowNames.map(name => windowFigure(name, check.windows[name])).join('\n')}
${latencyFigure(check)}
</div>
</article>`;
}

const runLink = (run: string | null, live: boolean) =>
  run !== null && live ? ` <a href="/runs/${encodeURIComponent(run)}">log</a>` : '';

const lengths: Readonly<Record<WindowName, string>> = { day: '24 h', month: '30 d', quarter: '90 d' };

function windowFigure(name: WindowName, { availability, known, bars }: Window): string {
  const share = availability === null ? 'nothing known' : `${percentText(availability)}${knownText(known)}`;
  return `<figure><svg viewBox="0 0 ${bars.length * 4} 30" preserveAspectRatio="none" role="img" aria-label="${lengths[name]}: ${share}">
${bars.map(barRect).join('')}</svg>
<figcaption><span>${lengths[name]}</span><span>${share}</span></figcaption></figure>`;
}

/** Bad bars are whole, unknown ones low: shape says what colour says. */
const heights: Readonly<Record<BarState, number>> = { good: 30, degraded: 30, partly: 30, bad: 30, unknown: 6 };

function barRect({ from_ms: from, state, good, bad }: Bar, at: number): string {
  const title = state === 'unknown' ? 'nothing known' : `${good} good, ${bad} failed`;
  const height = heights[state];
  return `<rect class="${state}" x="${at * 4}" y="${30 - height}" width="3" height="${height}"><title>${stamp(from)}: ${title}</title></rect>`;
}

function latencyFigure({ latency, latency_of: of, p50_ms: middle, p95_ms: high }: CheckOverview): string {
  const most = Math.max(1, ...latency.map(value => value ?? 0));
  const place = (value: number, at: number) => `${at * 4 + 2} ${(28 - (value / most) * 26).toFixed(1)}`;
  const parts = latency.map((value, at) => {
    if (value === null) return '';
    const alone = (latency[at - 1] ?? null) === null && (latency[at + 1] ?? null) === null;
    // A line of no length with round ends is a dot.
    return `${(latency[at - 1] ?? null) === null ? 'M' : 'L'}${place(value, at)}${alone ? ` L${place(value, at)}` : ''}`;
  });
  const text = middle === null || high === null ? 'no good run' : `p50 ${whole(middle)}, p95 ${whole(high)}`;
  return `<figure><svg viewBox="0 0 ${latency.length * 4} 30" preserveAspectRatio="none" role="img" aria-label="${latencies[of]}, 24 hours: ${text}"><path stroke-linecap="round" stroke-linejoin="round" d="${parts.join('')}"/></svg>
<figcaption><span>${latencies[of]}</span><span>${text}</span></figcaption></figure>`;
}

const latencies = {
  first_visible_token: 'to first token',
  whole_call: 'whole call',
} as const satisfies Record<CheckOverview['latency_of'], string>;

/** As many figures as a glance can take. */
const whole = (ms: number) => formatDuration(ms < 1000 ? Math.round(ms) : Math.round(ms / 100) * 100);

function incidentItem(incident: Incident, now: number, live: boolean): string {
  const { id, kind, from_ms: from, until_ms: until, reason, fault_domain: domain, words, run_id: run } = incident;
  const lasted = ago((until ?? now) - from);
  const when = `<time datetime="${iso(from)}">${stamp(from)}</time>, ${until === null ? `for ${lasted} until now` : lasted}`;
  const what = kind === 'down' ? 'down' : 'not known';
  return `<li class="${kind}"><strong>${escaped(id)}</strong> ${what}: ${escaped(reason ?? 'no reason')} (${escaped(domain ?? '-')})<br><span class="dim">${when}</span><br>${escaped(words)}${runLink(run, live)}</li>`;
}

const legend = (['good', 'degraded', 'partly', 'bad', 'unknown'] as const)
  .map(state => `<span class="key" style="background: var(--${state})"></span>${state}`)
  .join('');

const iso = (ms: number) => new Date(ms).toISOString();
/** `2026-11-28 12:00 UTC` */
const stamp = (ms: number): string => `${iso(ms).slice(0, 16).replace('T', ' ')} UTC`;

/** ` for 5 min`; empty while nobody has looked: then it is not known either since when. */
export const lastingOf = ({ since_ms, last_run_at_ms }: CheckOverview, now: number): string =>
  last_run_at_ms === null && since_ms >= now ? '' : ` for ${ago(now - since_ms)}`;

/** Whole minutes, hours or days. */
export function ago(ms: number): string {
  const seconds = Math.max(0, Math.round(ms / 1000));
  if (seconds < 60) return `${seconds} s`;
  if (seconds < 3600) return `${Math.floor(seconds / 60)} min`;
  if (seconds < 172_800) return `${Math.floor(seconds / 3600)} h ${Math.floor((seconds % 3600) / 60)} min`;
  return `${Math.floor(seconds / 86_400)} d`;
}
