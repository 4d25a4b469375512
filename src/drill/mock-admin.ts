/** The fault that a mock plays, set from outside by its admin API. */
import { UsageError } from '../core/errors.ts';
import type { ScenarioPlay } from './catalogue.ts';
import { call } from './scene.ts';

/** Replaces the faults of one key, or of everybody. @param url the mock's origin @throws {UsageError} when it refuses */
export async function setFaults(url: string, faults: readonly string[], key?: string): Promise<void> {
  const response = await call('the mock', `${url}/__admin/faults`, {
    method: 'PUT',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ faults, ...(key !== undefined && { key }) }),
  });
  const said = await response.text();
  if (!response.ok)
    throw new UsageError('mock_refuses', `${url}: refuses the fault ${faults.join(' ')}: ${said.trim()}`);
}

/** The scenario as it is asked for; its times are shortened with everything else. */
export function faultText({ scenario, value, forMs }: ScenarioPlay, scale: number): string {
  const words = [
    scenario,
    ...(value === undefined ? [] : [`value=${value}`]),
    ...(forMs === undefined ? [] : [`for=${Math.round(forMs / scale)}ms`]),
  ];
  return words.join(',');
}
