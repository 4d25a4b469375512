import { UsageError } from '../../core/errors.ts';
import { modelOf } from '../../core/wire/models.ts';
import { type Fields, nothing } from './question.ts';

/**
 * What a body says about thinking, by the model's rule.
 * @param wanted undefined: off where the model allows it, so that answers and their tokens come at once
 * @throws {UsageError} `bad_thinking` when the model cannot do as wanted
 */
export function thinkingOf(model: string, wanted: boolean | undefined): Fields {
  const rule = modelOf(model)?.thinking;
  if (rule === undefined) return wanted === undefined ? nothing : switched(wanted);
  if (rule === 'optional' || rule === 'effort') return switched(wanted ?? false);
  const always = rule !== 'none';
  if (wanted === undefined || wanted === always) return nothing;
  throw new UsageError(
    'bad_thinking',
    `thinking: ${model} ${always ? 'always' : 'never'} thinks, so it cannot be switched ${always ? 'off' : 'on'}; leave thinking out`,
  );
}

const switched = (on: boolean): Fields => ({ thinking: { type: on ? 'enabled' : 'disabled' } });
