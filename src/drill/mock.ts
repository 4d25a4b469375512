/** A mock: started for a drill or already there, it is told from outside what to play, by its admin API. */
import { UsageError } from '../core/errors.ts';
import { type Actor, createActor } from './actor.ts';
import { type Backstage, startSelf } from './backstage.ts';
import type { Fault, ScenarioPlay } from './catalogue.ts';
import { call } from './scene.ts';

/** Knows the keys of these faults. */
export function startMock(name: string, faults: readonly Fault[], backstage: Backstage): Promise<Actor> {
  const keys = faults.flatMap(fault => ['--key', keyOf(fault)]);
  return createActor(async port => {
    const args = ['mock', '--port', String(port), '--timing', 'ttft=20ms,itl=2ms', '--grace', '0', ...keys];
    const child = startSelf(name, args, backstage);
    const [, baseUrl = ''] = await child.says(/base URL +(\S+)/);
    return { child, url: new URL(baseUrl).origin };
  });
}

/** Every fault is played to a key of its own. */
export const keyOf = ({ name }: Fault): string => `${name}.drill-secret`;

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
