/** The journal's page: one file without anything from elsewhere, so that it works offline. */
export const journalPage = `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>glm-testkit mock</title>
<link rel="icon" href="data:,">
<style>
:root { color-scheme: light dark; --line: #8884; --good: #2a8a4a; --bad: #c8372d; --dim: #888; --due: #4a7dc8; }
body { font: 14px/1.4 system-ui, sans-serif; margin: 0; }
header { padding: 10px 16px; border-bottom: 1px solid var(--line); display: flex; gap: 16px; align-items: baseline; flex-wrap: wrap; }
h1 { font-size: 16px; margin: 0; } h2 { font-size: 14px; margin: 0 0 8px; }
main { display: grid; grid-template-columns: minmax(0, 3fr) minmax(300px, 2fr); }
section { padding: 12px 16px; min-width: 0; } aside { padding: 12px 16px; border-left: 1px solid var(--line); min-width: 0; }
table { border-collapse: collapse; width: 100%; font-variant-numeric: tabular-nums; }
th, td { text-align: left; padding: 3px 8px; border-bottom: 1px solid var(--line); white-space: nowrap; overflow: hidden; text-overflow: ellipsis; max-width: 220px; }
tbody tr { cursor: pointer; } tbody tr:hover, tr[aria-selected=true] { background: #8882; }
.good { color: var(--good); } .bad { color: var(--bad); } .dim { color: var(--dim); }
.scroll { overflow: auto; } dl { display: grid; grid-template-columns: auto 1fr; gap: 2px 12px; margin: 0 0 12px; } dt { color: var(--dim); } dd { margin: 0; overflow-wrap: anywhere; }
svg { width: 100%; height: auto; } input { font: inherit; width: 22em; max-width: 100%; } pre { white-space: pre-wrap; }
@media (max-width: 800px) { main { grid-template-columns: 1fr; } aside { border-left: 0; border-top: 1px solid var(--line); } }
</style>
</head>
<body>
<header><h1>glm-testkit mock</h1><span id="counts" role="status"></span><span id="flight" class="dim"></span></header>
<main>
<section><h2>Requests</h2><div class="scroll"><table>
<thead><tr><th>#</th><th>key</th><th>model</th><th>status</th><th>code</th><th>ending</th><th>chunks</th><th>ms</th><th>faults</th></tr></thead>
<tbody id="rows"></tbody></table></div></section>
<aside>
<div id="detail"><h2>One request</h2><p class="dim">Choose one on the left.</p></div>
<form id="faults"><h2>Faults for everybody</h2><label>such as <code>stall,after=5;1305,rate=0.2</code><br><input name="text" autocomplete="off" spellcheck="false"></label> <button>Set</button><p id="said" role="status"></p></form>
<h2>Verdict</h2><pre id="verdict"></pre>
</aside>
</main>
<script>
const $ = id => document.getElementById(id);
const node = (tag, text, name) => { const made = document.createElement(tag); made.textContent = text ?? ''; if (name) made.className = name; return made; };
const get = async path => { const answer = await fetch(path); if (!answer.ok) throw new Error((await answer.json()).error.message); return answer; };
let chosen; let requests = [];
const bad = entry => entry.status !== 200 || entry.ending === 'cut' || entry.ending === 'client_gone';
function row(entry) {
  const line = node('tr');
  const cells = [entry.n, (entry.keyId ?? '').slice(0, 8), entry.model ?? '', entry.status || '-', entry.code === 'none' ? '' : entry.code, entry.ending, entry.beats, Math.round(entry.durationMs), entry.faults.join(' ')];
  cells.forEach((cell, i) => line.append(node('td', String(cell), i === 3 ? (bad(entry) ? 'bad' : 'good') : '')));
  line.tabIndex = 0; line.dataset.n = entry.n;
  line.setAttribute('aria-selected', String(entry.n === chosen));
  const choose = () => { chosen = entry.n; draw(); detail(); };
  line.onclick = choose; line.onkeydown = event => { if (event.key === 'Enter') choose(); };
  return line;
}
function draw() {
  $('rows').replaceChildren(...requests.slice(-200).reverse().map(row));
  const failed = requests.filter(bad).length;
  $('counts').textContent = requests.length + ' requests, ' + failed + ' not answered well';
}
async function detail() {
  const entry = requests.find(({ n }) => n === chosen); if (!entry) return;
  const list = node('dl');
  for (const [name, value] of Object.entries(entry)) {
    const text = Array.isArray(value) ? value.join(', ') : value;
    if (text === undefined || text === '' || text === 'none') continue;
    list.append(node('dt', name), node('dd', name === 'at' ? new Date(value).toISOString() : typeof text === 'number' ? String(Math.round(text * 10) / 10) : String(text)));
  }
  const parts = [node('h2', 'Request ' + entry.n), list];
  const answer = entry.streamed && await fetch('/__admin/timeline?n=' + entry.n);
  if (answer && answer.ok) parts.push(timeline(await answer.json()));
  $('detail').replaceChildren(...parts);
}
function timeline({ due, sent }) {
  const svg = document.createElementNS('http://www.w3.org/2000/svg', 'svg');
  const end = Math.max(1, ...due, ...sent); const x = at => 10 + at / end * 380;
  svg.setAttribute('viewBox', '0 0 400 74'); svg.setAttribute('role', 'img');
  const mark = (at, y, colour) => { const line = document.createElementNS(svg.namespaceURI, 'line'); line.setAttribute('x1', x(at)); line.setAttribute('x2', x(at)); line.setAttribute('y1', y); line.setAttribute('y2', y + 18); line.setAttribute('stroke', colour); svg.append(line); };
  const label = (text, at, y) => { const made = document.createElementNS(svg.namespaceURI, 'text'); made.setAttribute('x', at); made.setAttribute('y', y); made.setAttribute('font-size', '9'); made.setAttribute('fill', 'currentColor'); made.textContent = text; svg.append(made); };
  due.forEach(at => mark(at, 14, 'var(--due)')); sent.forEach(at => mark(at, 40, 'var(--good)'));
  const worst = Math.max(0, ...sent.map((at, i) => at - due[i]));
  label('due', 10, 10); label('left', 10, 38); label('0', 10, 70); label(Math.round(end) + ' ms; latest chunk ' + worst.toFixed(1) + ' ms after its time', 200, 70);
  svg.setAttribute('aria-label', due.length + ' chunks over ' + Math.round(end) + ' ms, at most ' + worst.toFixed(1) + ' ms late');
  return svg;
}
async function refresh() {
  try {
    requests = (await (await get('/__admin/journal?limit=1000')).json()).requests;
    const state = await (await get('/__admin/state')).json();
    $('flight').textContent = state.faults.everybody.length ? 'faults: ' + state.faults.everybody.join('; ') : '';
    $('verdict').textContent = await (await get('/__admin/report?format=text')).text();
    draw(); if (requests.some(({ n, ending }) => n === chosen && ending === 'open')) detail();
  } catch (error) { $('counts').textContent = 'the mock does not answer: ' + error.message; }
}
$('faults').onsubmit = async event => {
  event.preventDefault();
  const faults = event.target.text.value.split(';').map(text => text.trim()).filter(Boolean);
  const answer = await fetch('/__admin/faults', { method: 'PUT', headers: { 'content-type': 'application/json' }, body: JSON.stringify({ faults }) });
  $('said').textContent = answer.ok ? (faults.length ? 'They strike from now on.' : 'No faults any more.') : (await answer.json()).error.message;
  refresh();
};
refresh(); setInterval(refresh, 1000);
</script>
</body>
</html>
`;
