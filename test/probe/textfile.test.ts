import { expect, test } from 'vitest';
import { upon } from '../../src/probe/report/textfile.ts';

const subject = { target: 'home', check: 'chat', model: 'glm-4.6' };
const base = 'target="home",check="chat",model="glm-4.6"';
const family = (name: string, type: string, ...samples: string[]) =>
  [`# HELP ${name} About it.`, `# TYPE ${name} ${type}`, ...samples, ''].join('\n');
const missed = (labels: string, value: number | string) =>
  family('glm_probe_runs_missed_total', 'counter', `glm_probe_runs_missed_total{${labels}} ${value}`);
const gaps = (...bounds: readonly (readonly [string, number])[]) =>
  family(
    'glm_probe_inter_chunk_seconds',
    'histogram',
    ...bounds.map(([le, count]) => `glm_probe_inter_chunk_seconds_bucket{le="${le}",${base}} ${count}`),
    `glm_probe_inter_chunk_seconds_sum{${base}} 0.5`,
    `glm_probe_inter_chunk_seconds_count{${base}} ${bounds.at(-1)?.[1]}`,
  );

test.each<[string, string, string, string]>([
  ['nothing before', '', missed(base, 2), missed(base, 2)],
  ['a counter', missed(base, 40), missed(base, 2), missed(base, 42)],
  [
    'labels in another order',
    missed('model="glm-4.6",check="chat",target="home"', 1),
    missed(base, 2),
    missed(base, 3),
  ],
  ['another check', missed('target="home",check="gone",model="glm-4.6"', 9), missed(base, 2), missed(base, 2)],
  ['no number', missed(base, 'NaN'), missed(base, 2), missed(base, 2)],
  ['a negative one', missed(base, -3), missed(base, 2), missed(base, 2)],
  ['an endless one', missed(base, '+Inf'), missed(base, 2), missed(base, 2)],
  ['half a file', missed(base, 40).slice(0, -30), missed(base, 2), missed(base, 2)],
  ['something else', '<html>\0{}} 12', missed(base, 2), missed(base, 2)],
  ['a strange metric', family('node_load1', 'counter', 'node_load1 3'), missed(base, 2), missed(base, 2)],
  [
    'a histogram',
    gaps(['0.01', 1], ['+Inf', 3]),
    gaps(['0.01', 2], ['+Inf', 2]),
    gaps(['0.01', 3], ['+Inf', 5]).replace('} 0.5', '} 1'),
  ],
  [
    'a histogram with other bounds',
    gaps(['0.02', 1], ['+Inf', 3]),
    gaps(['0.01', 2], ['+Inf', 2]),
    gaps(['0.01', 2], ['+Inf', 2]),
  ],
])('what is counted upon %s', (_, before, now, expected) => {
  expect(upon(before, now, [subject])).toBe(expected);
});

test('an error that did not come again stays counted, and what is shown now is never what was', () => {
  const errors = (target: string) =>
    family('glm_probe_api_errors_total', 'counter', `glm_probe_api_errors_total{target="${target}",code="1305"} 4`);
  const success = family('glm_probe_success', 'gauge', `glm_probe_success{${base}} 1`);
  expect(upon(`${errors('home')}\n${success}`, missed(base, 2), [subject])).toBe(
    `${missed(base, 2)}\n${errors('home')}`,
  );
  expect(upon(errors('elsewhere'), missed(base, 2), [subject])).toBe(missed(base, 2));
});

test('a label may hold quotes, backslashes and braces', () => {
  const odd = { ...subject, model: String.raw`a\"}{b` };
  const labels = String.raw`target="home",check="chat",model="a\\\"}{b"`;
  expect(upon(missed(labels, 1), missed(labels, 1), [odd])).toContain(`{${labels}} 2`);
});
