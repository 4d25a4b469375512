/**
 * Every query of every dashboard, asked of a real Prometheus that watched the real programs through an outage, an empty
 * account and a recovery. Needs Debian's prometheus: `npm run test:dashboards`.
 */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { dashboardFiles } from '../../src/probe/dashboards.ts';
import { type Answer, askBoard, askTarget, emptiness, variablesOf } from '../support/board-answers.ts';
import { type Drama, type Entry, loadedModel, playDrama, probedModel } from '../support/drama.ts';
import { committed, type Dashboard, panelsOf, readDashboard, type Span } from '../support/panels.ts';
import { launch } from '../support/process.ts';

/** What the play cannot show, and why. */
const excused: Readonly<Record<string, string>> = {};

let drama: Drama;
let tailored: string;

beforeAll(async () => {
  drama = await playDrama();
  tailored = mkdtempSync(join(tmpdir(), 'tailored-'));
  const written = launch(['probe', 'dashboards', '-c', drama.probeFile, '-o', tailored], { env: { ...drama.env } });
  if ((await written.ended) !== 0) throw new Error(written.err());
}, 300_000);
afterAll(async () => {
  await drama?.close();
  if (tailored) rmSync(tailored, { recursive: true, force: true });
});

/** As a person would look: at the play itself with windows made for its config, or at an hour with those of the package. */
const looks = {
  'for this config': () => ({ folder: tailored, span: { from: drama.from, to: drama.to, points: 60, scrape: 1 } }),
  'as committed': () => ({ folder: committed, span: { from: drama.to - 3600, to: drama.to, points: 60, scrape: 1 } }),
} as const satisfies Record<string, () => { folder: string; span: Span }>;

const views = Object.keys(looks).flatMap(look =>
  dashboardFiles.map(file => [file, look as keyof typeof looks] as const),
);

test.each(views)('every query of %s, %s, shows something, with all labels of its legend', async (file, look) => {
  const { folder, span } = looks[look]();
  const answers = await askBoard(drama.prometheus, readDashboard(folder, file), span);
  const blank = answers.flatMap(answer => {
    const why = emptiness(answer);
    return why === undefined || answer.panel.title in excused ? [] : [`${answer.panel.title}: ${why}: ${answer.expr}`];
  });
  expect(blank).toEqual([]);
});

test.each(dashboardFiles)('a renamed metric is seen in every query of %s', async file => {
  const { folder, span } = looks['for this config']();
  const board = readDashboard(folder, file);
  const variables = await variablesOf(drama.prometheus, board);
  const renamed = panelsOf(board).flatMap(panel =>
    (panel.targets ?? []).map(target => ({
      panel,
      target: { ...target, expr: target.expr.replaceAll(/\b(glm|nodejs|process|scrape)_(\w+)\{/g, '$1_old_$2{') },
    })),
  );
  const seen = await Promise.all(
    renamed.map(({ panel, target }) => askTarget(drama.prometheus, panel, target, variables, span)),
  );
  expect(seen.filter(answer => emptiness(answer) === undefined).map(({ panel }) => panel.title)).toEqual([]);
});

test('the availability that is shown is that of the mock’s journal, and the empty account is no part of it', async () => {
  const { from, to } = await quietRange();
  const board = only(readDashboard(tailored, 'overview.json'), { check: 'chat_stream', model: probedModel });
  const span = { from: to - Math.round(to - from), to, points: 60, scrape: 1 };
  const shown = await valuesOf(board, 'Availability', span);
  const runs = (await probed()).filter(entry => endOf(entry) > from && endOf(entry) <= to);
  const count = (code: string) => runs.filter(entry => entry.code === code).length;
  const good = runs.filter(({ outcome }) => outcome === 'ok').length;
  const [bad, unpaid] = [count('1305'), count('1113')];
  expect({ good: good > 5, bad: bad > 2, unpaid: unpaid > 2 }).toEqual({ good: true, bad: true, unpaid: true });
  expect(shown[0]?.value).toBeCloseTo(good / (good + bad), 3);
  const kept = await valuesOf(board, 'Objectives', span, 1);
  expect(kept.find(({ labels }) => labels.sli === 'availability')?.value).toBeCloseTo(good / (good + bad), 3);
});

test('error answers by code are counted to the request', async () => {
  const entries = await drama.journal('probe-key');
  const shown = await shownBy('overview.json', 'Error answers by code', ({ code }) => String(code));
  for (const code of ['1305', '1113'])
    expect(shown.get(code)).toBe(entries.filter(entry => entry.code === code).length);
  expect([...shown.keys()].sort()).toEqual(['1113', '1305']);
});

test('failures by reason name the outage and the account apart', async () => {
  const shown = await shownBy(
    'overview.json',
    'Failures by reason',
    ({ fault_domain, reason }) => `${fault_domain} ${reason}`,
  );
  // A machine that is too slow for its own deadlines adds timeouts, which are no part of the play.
  const played = [...shown.keys()].filter(reason => !/ timeout_| stalled$/.test(reason));
  expect(played.sort()).toEqual(['account balance_exhausted', 'provider overloaded']);
});

test('the ledger of the load test is that of the mock’s journal', async () => {
  const entries = await drama.journal('load-key');
  const good = entries.filter(({ outcome }) => outcome === 'ok').length;
  const ledger = await shownBy('load-test.json', 'Ledger', ({ outcome }) => String(outcome));
  expect(ledger.get('ok')).toBe(good);
  expect([...ledger.keys()].some(outcome => outcome === 'overloaded')).toBe(true);
  expect(await shownBy('load-test.json', 'Good requests', () => 'good')).toEqual(new Map([['good', good]]));
});

test('answers of the mock are counted to the request', async () => {
  const entries = await drama.journal('load-key');
  const shown = await shownBy('mock.json', 'Answers since the start', ({ model, http_status, code }) =>
    model === loadedModel ? `${http_status} ${code}` : 'others',
  );
  shown.delete('others');
  const counted = new Map<string, number>();
  for (const { status, code } of entries) counted.set(`${status} ${code}`, (counted.get(`${status} ${code}`) ?? 0) + 1);
  expect(shown).toEqual(counted);
});

test('a first token that the mock sends after 120 ms is shown where its bucket is', async () => {
  const [first] = await valuesOf(readDashboard(tailored, 'latency.json'), 'First token', spanOfPlay());
  expect(first?.value).toBeGreaterThan(0.08);
  expect(first?.value).toBeLessThan(0.64);
});

const spanOfPlay = (): Span => looks['for this config']().span;

/** The values of one query of a panel at the end of a range. */
async function valuesOf(board: Dashboard, title: string, span: Span, at = 0) {
  const panel = panelsOf(board).find(each => each.title === title);
  const target = panel?.targets?.[at];
  if (panel === undefined || target === undefined) throw new Error(`no panel ${title}`);
  const { series } = await askTarget(drama.prometheus, panel, target, await variablesOf(drama.prometheus, board), span);
  return series.map(({ metric, values }) => ({ labels: metric, value: values.at(-1)?.[1] ?? Number.NaN }));
}

async function shownBy(file: string, title: string, key: (labels: Answer['series'][number]['metric']) => string) {
  const values = await valuesOf(readDashboard(tailored, file), title, spanOfPlay());
  return new Map(values.map(({ labels, value }) => [key(labels), value]));
}

/** As if somebody had chosen these values of variables. */
function only(board: Dashboard, chosen: Readonly<Record<string, string>>): Dashboard {
  const text = Object.entries(chosen).reduce(
    (all, [name, value]) => all.replaceAll(`$${name}\\"`, `${value}\\"`),
    JSON.stringify(board.panels),
  );
  return { ...board, panels: JSON.parse(text) as Dashboard['panels'] };
}

const probed = async () => (await drama.journal('probe-key')).filter(({ model }) => model === probedModel);

const endOf = ({ at, durationMs }: Entry) => (at + durationMs) / 1000;

/**
 * From one scrape to another, whole seconds apart, both at moments at which no run had just ended: what is counted there
 * is certain, and nothing is left to extrapolate.
 */
async function quietRange(): Promise<{ from: number; to: number }> {
  const ends = (await probed()).map(endOf);
  const series = await drama.prometheus.query(
    `glm_probe_runs_total{check="chat_stream", outcome="success"}[${Math.ceil(drama.to - drama.from)}s]`,
    drama.to,
  );
  const quiet = (series[0]?.values ?? []).map(([at]) => at).filter(at => ends.every(end => Math.abs(end - at) > 0.25));
  const pairs = quiet.flatMap(from => quiet.map(to => ({ from, to })));
  const whole = pairs.filter(({ from, to }) => Math.abs(Math.round(to - from) - (to - from)) < 1e-6);
  const [longest] = whole.sort((a, b) => b.to - b.from - (a.to - a.from));
  if (longest === undefined || longest.to === longest.from) throw new Error('a run ended at every scrape');
  return longest;
}
