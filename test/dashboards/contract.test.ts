/** The metrics as a contract: the catalogue, what the programs show, and what rules and panels ask for are one. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeAll, expect, test } from 'vitest';
import { valuesOf } from '../../scripts/metrics/labels.ts';
import { metricsPage } from '../../scripts/metrics/page.ts';
import { readRules, rulesOf } from '../../scripts/rules/rule-file.ts';
import { catalogue, type MetricName } from '../../src/core/metrics.ts';
import { dashboardFiles } from '../../src/probe/dashboards.ts';
import { ruleFiles } from '../../src/probe/rules.ts';
import { canary, type LiveMetrics, liveMetrics } from '../support/live-metrics.ts';
import { committed, panelsOf, readDashboard } from '../support/panels.ts';
import { selectorsOf } from './lint.ts';

let live: LiveMetrics;
beforeAll(async () => {
  live = await liveMetrics();
}, 120_000);

const rules = ruleFiles.flatMap(file => rulesOf(readRules(readFileSync(join(committed, 'rules', file), 'utf8'))));
const recorded = new Set(rules.flatMap(({ record }) => record ?? []));
const panels = dashboardFiles.flatMap(file =>
  panelsOf(readDashboard(committed, file)).flatMap(({ title, targets = [] }) =>
    targets.map(({ expr }) => ({ asker: `${file}: ${title}`, expr })),
  ),
);
const asked = [...rules.map(({ alert, record, expr }) => ({ asker: alert ?? record ?? '', expr })), ...panels].flatMap(
  ({ asker, expr }) => selectorsOf(forParser(expr)).map(selected => ({ asker, ...selected })),
);

/** Grafana's variables stand where a duration has to. */
function forParser(expr: string): string {
  return expr.replace(/\$__(?:rate_interval|range|interval)/g, '5m');
}

/** Without what a histogram appends. */
const familyOf = (metric: string): string => {
  const base = metric.replace(/_(?:bucket|count|sum)$/, '');
  return base in catalogue && catalogue[base as MetricName].type === 'histogram' ? base : metric;
};

/** What a recorded metric is made of: its labels are theirs. */
const sources = new Map(
  rules.flatMap(({ record, expr }) =>
    record === undefined ? [] : [[record, selectorsOf(expr).map(({ metric }) => metric)] as const],
  ),
);

/** Through recordings of recordings. */
const familiesOf = (metric: string): readonly string[] =>
  sources.get(metric)?.flatMap(familiesOf) ?? [familyOf(metric)];

/** The metrics of the catalogue whose label it can be. */
const ownersOf = (metric: string, label: string): readonly MetricName[] =>
  [...new Set(familiesOf(metric))]
    .filter((family): family is MetricName => family in catalogue)
    .filter(family => (catalogue[family].labels as readonly string[]).includes(label));

/** Prometheus makes these by itself. */
const ofPrometheus = ['ALERTS', 'up', 'scrape_samples_scraped'];

interface Sample {
  readonly metric: string;
  readonly labels: Readonly<Record<string, string>>;
}

function samplesOf(text: string): Sample[] {
  return [...text.matchAll(/^(\w+)(?:\{(.*)\})? \S+$/gm)].map(([, metric = '', inside = '']) => ({
    metric,
    labels: Object.fromEntries(
      [...inside.matchAll(/(\w+)="((?:[^"\\]|\\.)*)"/g)].map(([, name, value]) => [name, value]),
    ),
  }));
}

const shown = () => Object.values(live).flatMap(samplesOf);

test('what rules and panels ask for is shown by a program at work, recorded by a rule, or made by Prometheus', () => {
  const there = new Set([...shown().map(({ metric }) => metric), ...recorded, ...ofPrometheus]);
  expect(asked.length).toBeGreaterThan(200);
  expect(asked.filter(({ metric }) => !there.has(metric)).map(({ asker, metric }) => `${asker}: ${metric}`)).toEqual(
    [],
  );
});

test('a label that a rule selects by can have the values it is selected by', () => {
  expect(asked.flatMap(impossible)).toEqual([]);
});

test('a value that no series has is found behind a recording as well', () => {
  const ask = (metric: string, ...matchers: string[]) => impossible({ asker: 'x', metric, matchers });
  expect(ask('check:glm_probe_failures:recent', 'reason=~"contract|mallformed"')).toEqual(['x: reason mallformed']);
  expect(ask('check:glm_probe_sli_errors:ratio_short1h', 'sli="uptime"')).toEqual(['x: sli uptime']);
  expect(ask('glm_probe_state', 'state="down"', 'target="anything"')).toEqual([]);
});

/** What is selected by and can never be. */
function impossible({ asker, metric, matchers }: Omit<(typeof asked)[number], 'inside'>): string[] {
  return matchers.flatMap(matcher => {
    const [, label = '', value = ''] = /^(\w+)[=!~]+"(.*)"$/.exec(matcher) ?? [];
    return ownersOf(metric, label).flatMap(owner => {
      const values = valuesOf(owner, label);
      if (values.kind === 'named' || value.includes('$')) return [];
      return value
        .split('|')
        .filter(word => !values.values.includes(word))
        .map(word => `${asker}: ${label} ${word}`);
    });
  });
}

test('every metric of the catalogue is shown by a program at work, and nothing of ours that is not in it', () => {
  const families = new Set(
    shown()
      .map(({ metric }) => familyOf(metric))
      .filter(metric => metric.startsWith('glm_')),
  );
  expect([...families].sort()).toEqual(Object.keys(catalogue).sort());
});

test('every metric is used by a rule or a panel, or is there for questions that come up seldom', () => {
  const used = new Set(asked.map(({ metric }) => familyOf(metric)));
  const seldom = [
    'glm_probe_slo_threshold_seconds',
    'glm_probe_success',
    'glm_probe_timeout_seconds',
    'glm_probe_otlp_exports_total',
    'glm_probe_inter_chunk_seconds',
    'glm_probe_time_per_output_token_seconds',
    'glm_probe_contract_changes_total',
    'glm_probe_credential_expiry_timestamp_seconds',
    'glm_probe_quota_remaining_ratio',
    'glm_probe_quota_reset_timestamp_seconds',
    'glm_load_stream_events_total',
    'glm_load_coalesced_events_total',
    'glm_load_throughput_requests_per_second',
    'glm_load_calibration_error_seconds',
  ];
  const unused = Object.keys(catalogue).filter(metric => !used.has(metric));
  expect(unused.filter(metric => !seldom.includes(metric))).toEqual([]);
});

test('labels are those of the catalogue, and the values of a closed list are in it', () => {
  const wrong = shown().flatMap(({ metric, labels }) => {
    const family = familyOf(metric);
    if (!(family in catalogue)) return [];
    return Object.entries(labels).flatMap(([label, value]) => {
      if (label === 'le') return [];
      if (!(catalogue[family as MetricName].labels as readonly string[]).includes(label)) return [`${metric} ${label}`];
      const values = valuesOf(family as MetricName, label);
      return values.kind === 'closed' && !values.values.includes(value) ? [`${metric} ${label}=${value}`] : [];
    });
  });
  expect(wrong).toEqual([]);
});

test('no key, address or prompt is shown', () => {
  for (const text of Object.values(live)) {
    expect(text).not.toContain(canary);
    expect(text).not.toContain(canary.split('.')[1]);
    expect(text).not.toMatch(/="[^"]*(?:https?:|127\.0\.0\.1)/);
  }
});

test('docs/metrics.md is what the catalogue gives', () => {
  const text = readFileSync(join(committed, '../docs/metrics.md'), 'utf8');
  expect(text === metricsPage(), 'run npm run metrics').toBe(true);
});
