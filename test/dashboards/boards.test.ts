/** The committed dashboards: what their source gives, and sound by the rules of Grafana's own linter. */
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { parse } from 'yaml';
import { dashboardOf, textOf } from '../../scripts/dashboards/board.ts';
import { boards } from '../../scripts/dashboards/index.ts';
import { dashboardFiles, panelTitles } from '../../src/probe/dashboards.ts';
import { committed, type Dashboard, panelsOf, readDashboard } from '../support/panels.ts';
import { isPromQl, lint, selectorsOf } from './lint.ts';

interface Exclusions {
  readonly exclusions: Readonly<
    Record<string, { readonly reason: string; readonly entries: readonly { dashboard: string; panel: string }[] }>
  >;
}

const { exclusions } = parse(readFileSync(join(committed, '.lint'), 'utf8')) as Exclusions;
const excused = Object.entries(exclusions).flatMap(([rule, { entries }]) =>
  entries.map(({ dashboard, panel }) => `${rule}: ${dashboard}: ${panel}`),
);
const all = () => dashboardFiles.map(file => readDashboard(committed, file));

test.each(boards)('$name.json is what its source gives', board => {
  const text = readFileSync(join(committed, `${board.name}.json`), 'utf8');
  expect(text === textOf(dashboardOf(board)), 'run npm run dashboards').toBe(true);
});

test('the folder, the source and the verb agree on which dashboards there are', () => {
  const there = readdirSync(committed).filter(file => file.endsWith('.json'));
  expect(there.sort()).toEqual([...dashboardFiles].sort());
  expect(boards.map(({ name }) => `${name}.json`)).toEqual([...dashboardFiles]);
});

test('addresses are there, short and each its own', () => {
  const uids = all().map(({ uid }) => uid);
  expect(new Set(uids).size).toBe(uids.length);
  for (const uid of uids) expect(uid).toMatch(/^glm-[a-z-]{3,20}$/);
});

test.each(dashboardFiles)('%s breaks only the rules that .lint excuses, with a reason', file => {
  const dashboard = readDashboard(committed, file);
  const complaints = lint(dashboard).filter(
    ({ rule, panel }) => !excused.includes(`${rule}: ${dashboard.title}: ${panel}`),
  );
  expect(complaints).toEqual([]);
});

test('nothing is excused that would not have to be', () => {
  const broken = new Set(
    all().flatMap(board => lint(board).map(({ rule, panel }) => `${rule}: ${board.title}: ${panel}`)),
  );
  expect(excused.filter(one => !broken.has(one))).toEqual([]);
});

test('no panel overlaps another or leaves the page', () => {
  for (const board of all()) {
    const taken = new Set<string>();
    for (const { title, gridPos } of board.panels) {
      expect(gridPos.x + gridPos.w, title).toBeLessThanOrEqual(24);
      for (let x = gridPos.x; x < gridPos.x + gridPos.w; x++)
        for (let y = gridPos.y; y < gridPos.y + gridPos.h; y++) {
          expect(taken.has(`${x} ${y}`), `${board.title}: ${title}`).toBe(false);
          taken.add(`${x} ${y}`);
        }
    }
  }
});

test('panels that a config changes are there', () => {
  const titles = all().flatMap(board => panelsOf(board).map(({ title }) => title));
  for (const title of Object.values(panelTitles)) expect(titles).toContain(title);
});

const sound = () => readDashboard(committed, 'mock.json');
type Loose = Record<string, unknown> & {
  panels: Record<string, unknown>[];
  templating: { list: Record<string, unknown>[] };
};
/** The first query of the first panel. */
function target(board: Loose): { expr: string; legendFormat: string } {
  const [first] = (board.panels[1]?.targets ?? []) as { expr: string; legendFormat: string }[];
  if (first === undefined) throw new Error('the panel asks nothing');
  return first;
}

test.each<[string, (board: Loose) => unknown]>([
  [
    'uneditable-dashboard',
    board => {
      board.editable = true;
    },
  ],
  [
    'no-id',
    board => {
      board.id = 7;
    },
  ],
  [
    'no-inputs',
    board => {
      board.__inputs = [];
    },
  ],
  [
    'template-datasource-rule',
    board => {
      board.templating.list.push({ ...board.templating.list[0], name: 'other' });
    },
  ],
  [
    'template-job-rule',
    board => {
      board.templating.list = board.templating.list.filter(({ name }) => name !== 'job');
    },
  ],
  [
    'template-instance-rule',
    board => {
      Object.assign(board.templating.list[2] ?? {}, { multi: false });
    },
  ],
  [
    'template-on-time-change-reload-rule',
    board => {
      Object.assign(board.templating.list[1] ?? {}, { refresh: 1 });
    },
  ],
  [
    'template-label-promql-rule',
    board => {
      Object.assign(board.templating.list[1] ?? {}, { query: 'label_values(up{, job)' });
    },
  ],
  [
    'panel-title-description-rule',
    board => {
      Object.assign(board.panels[1] ?? {}, { description: '' });
    },
  ],
  [
    'panel-datasource-rule',
    board => {
      Object.assign(board.panels[1] ?? {}, { datasource: { uid: 'prom' } });
    },
  ],
  [
    'panel-units-rule',
    board => {
      Object.assign(board.panels[1] ?? {}, { fieldConfig: { defaults: { unit: 'secs' } } });
    },
  ],
  [
    'panel-no-targets-rule',
    board => {
      Object.assign(board.panels[1] ?? {}, { targets: [] });
    },
  ],
  [
    'target-promql-rule',
    board => {
      target(board).expr += ')';
    },
  ],
  [
    'target-promql-rule',
    board => {
      target(board).expr += ' + $unknown';
    },
  ],
  [
    'target-rate-interval-rule',
    board => {
      target(board).expr = 'rate(glm_mock_requests_total{job=~"$job", instance=~"$instance"}[5m])';
    },
  ],
  [
    'target-job-rule',
    board => {
      target(board).expr = target(board).expr.replace('job=~"$job", ', '');
    },
  ],
  [
    'target-instance-rule',
    board => {
      target(board).expr = target(board).expr.replace(', instance=~"$instance"', '');
    },
  ],
  [
    'known-metric',
    board => {
      target(board).expr = target(board).expr.replace('glm_mock', 'glm_mok');
    },
  ],
  [
    'legend',
    board => {
      target(board).legendFormat = '{{endpoint}}';
    },
  ],
  [
    'panel-id',
    board => {
      Object.assign(board.panels[1] ?? {}, { id: 1 });
      Object.assign(board.panels[2] ?? {}, { id: 1 });
    },
  ],
])('the linter sees a breach of %s', (rule, breach) => {
  const board = structuredClone(sound()) as unknown as Loose;
  breach(board);
  expect(lint(board as unknown as Dashboard).map(complaint => complaint.rule)).toContain(rule);
});

test('selectors are read from the parsed query, not guessed', () => {
  expect(selectorsOf('sum(increase(a_total{x="1"}[5m])) / b{} + max_over_time(c_total[1h])')).toEqual([
    { metric: 'a_total', matchers: ['x="1"'], inside: 'increase' },
    { metric: 'b', matchers: [], inside: '' },
    { metric: 'c_total', matchers: [], inside: 'max_over_time' },
  ]);
  expect(isPromQl('rate(a[5m]')).toBe(false);
});
