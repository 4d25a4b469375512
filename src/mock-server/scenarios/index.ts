/** The catalogue. */
import { breaks } from './breaks.ts';
import { bytes } from './bytes.ts';
import { codes } from './codes.ts';
import { gateway } from './gateway.ts';
import type { Scenario } from './scenario.ts';
import { words } from './words.ts';

/** Every fault that can be asked for, in the order of the lists above. */
export const scenarios: readonly Scenario[] = [...breaks, ...words, ...gateway, ...bytes, ...codes];

const byName = new Map(
  scenarios.flatMap(scenario => [[scenario.name, scenario] as const, [scenario.id.toLowerCase(), scenario] as const]),
);

/** By name, or by id in any case (`F4`, `1302`). */
export const scenarioNamed = (name: string): Scenario | undefined => byName.get(name.toLowerCase());
