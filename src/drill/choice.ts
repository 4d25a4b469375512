/** Which faults somebody asked for. */
import { UsageError } from '../core/errors.ts';
import { suggestion } from '../probe/suggest.ts';
import { playsAnywhere } from './attached.ts';
import { type Fault, faults } from './catalogue.ts';

export interface ChoiceOptions {
  readonly all: boolean;
  /** To a stack that already runs, where not every fault can be played. */
  readonly attached: boolean;
}

/** @throws {UsageError} with every name that is no fault */
export function chosenFaults(names: readonly string[], { all, attached }: ChoiceOptions): readonly Fault[] {
  if (all && names.length > 0) throw new UsageError('bad_faults', '--all plays every fault: name none beside it');
  const possible = attached ? faults.filter(playsAnywhere) : faults;
  if (all) return possible;
  if (names.length === 0) return possible.filter(({ usual }) => usual);
  const wrong = names.flatMap(name => mistakeIn(name, possible));
  if (wrong.length > 0) throw new UsageError('unknown_fault', wrong.join('\n  '));
  return possible.filter(({ name }) => names.includes(name));
}

function mistakeIn(name: string, possible: readonly Fault[]): string[] {
  if (possible.some(fault => fault.name === name)) return [];
  if (faults.some(fault => fault.name === name))
    return [`${name}: needs a stack of the drill's own; leave --prometheus-url out`];
  const near = suggestion(
    name,
    possible.map(fault => fault.name),
  );
  return [`${name}: is not a fault${near || '; glm-testkit drill --list shows them'}`];
}
