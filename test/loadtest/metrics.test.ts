import { expect, test } from 'vitest';
import { createLoadMetrics } from '../../src/loadtest/metrics.ts';
import { mergeIntervals } from '../../src/loadtest/total.ts';
import { healthyRun } from './results.ts';

const { result } = healthyRun();

/** The values of a gauge's series. */
const valuesOf = (text: string, name: string) =>
  [...text.matchAll(new RegExp(`^${name}\\{[^}]*\\} (\\S+)$`, 'gm'))].map(([, value]) => Number(value));

test('after the run nothing is under way, and its machine is told of as in the result', async () => {
  const metrics = createLoadMetrics({ scenario: 'closed', model: 'glm-4.6' });
  const last = { elu: 0, lagMs: 0, gcMs: 0, gcMaxMs: 0, steal: 0 };
  metrics.add({ ...mergeIntervals([]), fromMs: 0, toMs: 1000, inFlightArea: 996.6, inFlightMax: 1, health: [last] });
  expect(valuesOf(await metrics.text(), 'glm_load_in_flight_requests')).toEqual([0.9966]);
  metrics.finish({ ...result, health: { ...last, elu: 0.06, lagMs: 155 } });
  const text = await metrics.text();
  expect(valuesOf(text, 'glm_load_in_flight_requests')).toEqual([0]);
  expect(valuesOf(text, 'glm_load_event_loop_utilization_ratio')).toEqual([0.06]);
  expect(valuesOf(text, 'glm_load_event_loop_lag_seconds')).toEqual([0.155]);
});

test.each([
  ['pass', [1]],
  ['fail', [0]],
  ['not_measurable', [0]],
  ['ungated', []],
] as const)('a run that is %s has the gate %j', async (verdict, values) => {
  const metrics = createLoadMetrics({ scenario: 'closed', model: 'glm-4.6' });
  metrics.finish({ ...result, verdict });
  expect(valuesOf(await metrics.text(), 'glm_load_gate_passed')).toEqual(values);
});
