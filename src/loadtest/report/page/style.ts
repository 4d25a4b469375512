/** Light and dark in one: every colour is a pair. Hues are told apart by the colour-blind, and never mean alone. */
export const style = `
:root { color-scheme: light dark;
  --page: light-dark(#f6f7f9, #111418); --card: light-dark(#fff, #191d23); --ink: light-dark(#1a1f26, #e6e9ee);
  --dim: light-dark(#5b6573, #98a3b1); --rule: light-dark(#dde1e7, #2d343d); --grid: light-dark(#e8ebef, #262c34); --soft: light-dark(#eef1f5, #222831);
  --blue: light-dark(#0a64ad, #62b0f4); --sky: light-dark(#bcd9f2, #24476b); --orange: light-dark(#c25100, #ff9f4a); --amber: light-dark(#d99000, #e8b23e);
  --teal: light-dark(#00786a, #3cc7b0); --pink: light-dark(#b15a94, #d98ac0); --violet: light-dark(#6a5acd, #a79bf0); --bad: light-dark(#b3261e, #ff8a7a); --quiet: light-dark(#aab3be, #5a6572);
  --good: light-dark(#00786a, #3cc7b0); --warn: light-dark(#8a5a00, #f0c060); }
:root[data-theme=light] { color-scheme: light; } :root[data-theme=dark] { color-scheme: dark; }
* { box-sizing: border-box; }
body { margin: 0; background: var(--page); color: var(--ink); font: 15px/1.5 system-ui, -apple-system, "Segoe UI", "Noto Sans", "Noto Sans CJK SC", sans-serif; font-variant-numeric: tabular-nums; }
header, main, footer { max-width: 1180px; margin: 0 auto; padding: 0 24px; }
header { display: flex; align-items: center; justify-content: space-between; gap: 16px; padding-top: 20px; }
h1 { font-size: 20px; margin: 0; letter-spacing: -.01em; } h2 { font-size: 17px; margin: 0 0 14px; letter-spacing: -.01em; } h3 { font-size: 14px; margin: 18px 0 6px; }
p { margin: 0; } a { color: var(--blue); }
.dim, .note, .more, .name { color: var(--dim); } .note { font-size: 13px; margin-top: 10px; max-width: 90ch; }
.blank { color: var(--dim); background: var(--soft); border-radius: 8px; padding: 18px; text-align: center; }
button { font: inherit; font-size: 13px; color: var(--ink); background: var(--card); border: 1px solid var(--rule); border-radius: 8px; padding: 5px 12px; cursor: pointer; white-space: nowrap; }
nav { display: flex; flex-wrap: wrap; gap: 4px 16px; font-size: 13px; margin: 16px 0 0; } nav a { text-decoration: none; } nav a:hover { text-decoration: underline; }
section, .banner { background: var(--card); border: 1px solid var(--rule); border-radius: 12px; padding: 20px 22px; margin: 16px 0; min-width: 0; }
.banner, .banner.good, .banner.bad, .banner.warn { color: var(--ink); } .banner { border-left: 5px solid var(--quiet); } .banner.good { border-left-color: var(--good); } .banner.bad { border-left-color: var(--bad); } .banner.warn { border-left-color: var(--warn); }
.verdict { display: flex; flex-wrap: wrap; gap: 6px 10px; align-items: center; font-size: 17px; margin-bottom: 6px; overflow-wrap: anywhere; }
.verdict span:last-child { min-width: 0; flex: 1 1 280px; }
.badge { font-weight: 650; font-size: 14px; border-radius: 7px; padding: 3px 10px; border: 1.5px solid currentColor; white-space: nowrap; } .badge.good, .good { color: var(--good); } .badge.bad, .bad { color: var(--bad); } .badge.warn, .warn { color: var(--warn); }
.doubts { margin: 4px 0 8px; padding-left: 20px; } .banner .dim { overflow-wrap: anywhere; font-size: 13px; }
.words { list-style: none; margin: 0 0 18px; padding: 0; display: grid; gap: 6px; max-width: 95ch; overflow-wrap: anywhere; } .words .found:first-child { font-size: 17px; line-height: 1.4; margin-bottom: 4px; } .words .next { background: var(--soft); border-radius: 8px; padding: 8px 12px; margin-top: 4px; }
.tiles { display: grid; grid-template-columns: repeat(4, minmax(0, 1fr)); gap: 1px; background: var(--rule); border: 1px solid var(--rule); border-radius: 10px; overflow: hidden; }
.tile { background: var(--card); padding: 12px 16px; display: flex; flex-direction: column; min-width: 0; overflow-wrap: anywhere; }
.name { font-size: 13px; } .value { font-size: 25px; font-weight: 600; letter-spacing: -.02em; line-height: 1.3; } .more { font-size: 12.5px; line-height: 1.35; }
.gap { margin-top: 20px; }
table { border-collapse: collapse; width: 100%; font-size: 14px; } th, td { padding: 6px 10px; border-bottom: 1px solid var(--grid); text-align: left; vertical-align: top; }
thead th { color: var(--dim); font-weight: 500; font-size: 13px; border-bottom-color: var(--rule); vertical-align: bottom; } tbody th { font-weight: 550; white-space: nowrap; } tfoot th, tfoot td { border-bottom: 0; border-top: 1px solid var(--rule); font-weight: 600; }
tbody tr:last-child > * { border-bottom: 0; }
.numbers td, .numbers thead th { text-align: right; white-space: nowrap; } .numbers tbody th, .numbers tfoot th, .numbers thead tr:first-child th:first-child { text-align: left; } .numbers .group { text-align: center; } .numbers .text { text-align: left; white-space: normal; min-width: 20ch; }
td small { display: block; color: var(--dim); font-size: 11.5px; line-height: 1.25; }
code { font: 12.5px/1.4 ui-monospace, "SF Mono", Menlo, Consolas, "DejaVu Sans Mono", monospace; overflow-wrap: anywhere; } tbody th code { display: block; color: var(--dim); font-weight: 400; font-size: 11.5px; }
.scroll { overflow-x: auto; background: linear-gradient(to right, var(--card) 40%, transparent) left / 40px 100% no-repeat local, linear-gradient(to left, var(--card) 40%, transparent) right / 40px 100% no-repeat local, linear-gradient(to right, var(--rule), transparent) left / 10px 100% no-repeat, linear-gradient(to left, var(--rule), transparent) right / 10px 100% no-repeat; } .tall { max-height: 480px; overflow-y: auto; } .tall thead { position: sticky; top: 0; background: var(--card); }
details { margin-top: 18px; } summary { cursor: pointer; color: var(--blue); }
dl { display: grid; grid-template-columns: max-content minmax(0, 1fr); gap: 4px 18px; margin: 14px 0 0; font-size: 14px; } dt { color: var(--dim); } dd { margin: 0; overflow-wrap: anywhere; }
.bar { display: flex; height: 18px; gap: 2px; border-radius: 6px; overflow: hidden; margin-bottom: 14px; } .bar span { min-width: 3px; background: currentColor; } .swatch { display: inline-block; width: 10px; height: 10px; border-radius: 3px; background: currentColor; margin-right: 8px; }
.quiet { color: var(--quiet); } .amber { color: var(--amber); } .pink { color: var(--pink); } .violet { color: var(--violet); } .blue { color: var(--blue); } .teal { color: var(--teal); } .orange { color: var(--orange); } .sky { color: var(--sky); }
.pair > .chart { display: flex; flex-direction: column; margin: 0; } .pair + * { margin-top: 24px; } * + .pair { margin-top: 24px; } h2 + .pair { margin-top: 0; } .pair .frame { margin-top: auto; } .pair { display: grid; grid-template-columns: repeat(2, minmax(0, 1fr)); gap: 24px 32px; }
.chart { margin: 0 0 22px; min-width: 0; } .chart:last-child { margin-bottom: 0; } figcaption { display: flex; flex-wrap: wrap; gap: 2px 16px; align-items: baseline; margin-bottom: 12px; font-size: 14px; } figcaption b { font-weight: 600; margin-right: 4px; }
.key { font-size: 12.5px; color: var(--dim); display: inline-flex; gap: 6px; align-items: center; } .key svg { width: 20px; height: 10px; flex: none; }
.frame { display: grid; grid-template-columns: 58px minmax(0, 1fr); } .plot { position: relative; height: var(--h); grid-column: 2; } .plot svg { position: absolute; inset: 0; width: 100%; height: 100%; display: block; overflow: visible; }
.ys { position: relative; height: var(--h); grid-column: 1; } .ys span { position: absolute; right: 8px; transform: translateY(50%); } .names { position: relative; height: var(--h); } .names span { position: absolute; right: 8px; line-height: 10px; font-size: 9px; } .names .marked { color: var(--ink); font-weight: 600; }
.ys span, .xs span, .names span, .xname, .lane-name { font-size: 11.5px; color: var(--dim); white-space: nowrap; } .names span { font-size: 9px; }
.xs { position: relative; height: 20px; grid-column: 2; } .xs span { position: absolute; top: 3px; transform: translateX(-50%); } .xs .first { transform: none; } .xs .last { transform: translateX(-100%); } .xname { grid-column: 2; text-align: center; margin-top: 2px; white-space: normal; }
.lane { grid-column: 2; width: 100%; height: 10px; margin: 3px 0 0; background: var(--soft); border-radius: 2px; display: block; } .lane-name { grid-column: 1; text-align: right; padding-right: 8px; line-height: 10px; margin-top: 3px; font-size: 10.5px; } .plot + .lane-name, .plot + .lane-name + .lane { margin-top: 8px; }
.lane rect { fill: currentColor; shape-rendering: crispEdges; }
path { vector-effect: non-scaling-stroke; } .grid { stroke: var(--grid); fill: none; stroke-width: 1; } .line { stroke: currentColor; fill: none; stroke-width: 2; stroke-linejoin: round; stroke-linecap: round; } .thin { stroke-width: 1.3; } .dash { stroke-dasharray: 6 4; } .alone { stroke-width: 6; stroke-dasharray: none; } .fill { fill: currentColor; } .dot { stroke: currentColor; stroke-width: 6; stroke-linecap: round; opacity: .55; fill: none; } .band { fill: var(--soft); }
.heat1 { fill: light-dark(#dcebf7, #16304a); } .heat2 { fill: light-dark(#bcd9f2, #1b4468); } .heat3 { fill: light-dark(#8fbfe6, #235d8d); } .heat4 { fill: light-dark(#5b9fd6, #3280bd); } .heat5 { fill: light-dark(#2f7fc0, #58a4de); } .heat6 { fill: light-dark(#125a97, #93c9f2); } .heat7 { fill: light-dark(#08345c, #e0f1ff); }
.gantt g:hover .fill { opacity: .7; }
.cursor { position: absolute; top: 0; bottom: 0; width: 1px; background: var(--dim); display: none; pointer-events: none; }
#tip { position: fixed; z-index: 2; pointer-events: none; display: none; background: var(--ink); color: var(--page); border-radius: 8px; padding: 7px 11px; font-size: 12.5px; line-height: 1.45; max-width: 260px; } #tip b { display: block; font-weight: 600; } #tip span { display: flex; justify-content: space-between; gap: 18px; }
footer { color: var(--dim); font-size: 13px; padding-bottom: 32px; overflow-wrap: anywhere; }
@media (max-width: 760px) { header, main, footer { padding-left: 12px; padding-right: 12px; } section, .banner { padding: 16px 14px; } .tiles { grid-template-columns: repeat(2, minmax(0, 1fr)); } .tile { padding: 10px 12px; } .value { font-size: 21px; } .pair { grid-template-columns: minmax(0, 1fr); } .frame { grid-template-columns: 50px minmax(0, 1fr); } dl { grid-template-columns: minmax(0, 1fr); gap: 0; } dd { margin-bottom: 8px; } .numbers tbody th:first-child { position: sticky; left: 0; background: var(--card); white-space: normal; min-width: 124px; } th, td { padding: 5px 8px; } .words .found:first-child { font-size: 16px; } }
@media print { :root, :root[data-theme] { color-scheme: light; } body { background: #fff; font-size: 11pt; } section, .banner { break-inside: avoid; border-color: #ccc; } section.long { break-inside: auto; } figure, tr { break-inside: avoid; } header button, nav { display: none; } .tall { max-height: none; } header, main, footer { max-width: none; padding: 0; } * { print-color-adjust: exact; -webkit-print-color-adjust: exact; } }
`;
