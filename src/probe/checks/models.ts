/** `models`: the list of models, and whether the model of the check is on it. */
import { modelOf } from '../../core/wire/models.ts';
import type { ProbeCheck } from '../plan.ts';
import { askOnce, type Call, type Check, type Conclusion, oneCall } from './check.ts';

export const models: Check = {
  look: async (check, door) => [await askOnce(check, door, { kind: 'models' })],
  conclude: ([call], check) => (call?.record.listed === undefined ? {} : conclude(call.record.listed, check)),
  cost: { ...oneCall, answers: () => 0 },
};

/** Free models answer although they are not listed (glm-api.md §1.2), so only one that used to be is missed. */
function conclude(listed: NonNullable<Call['record']['listed']>, { model }: Pick<ProbeCheck, 'model'>): Conclusion {
  const readings = { models_listed: listed.length };
  const expected = modelOf(model)?.listed !== undefined;
  if (listed.includes(model) || !expected) return { readings };
  return { readings, warnings: [{ kind: 'model', detail: `${model} is not on the list` }] };
}
