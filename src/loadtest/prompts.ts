/** What is asked, request by request: the same for the same seed, whatever the concurrency. */
import { createRandom } from '../core/random.ts';
import { modelOf } from '../core/wire/models.ts';
import type { LoadPlan } from './config.ts';

type Wanted = Pick<LoadPlan, 'seed' | 'model' | 'prompt' | 'samePrompt' | 'maxTokens' | 'stream'>;

/** @returns the JSON body of request `number`, counted from 0 */
export function createPrompts({
  seed,
  model,
  prompt,
  samePrompt,
  maxTokens,
  stream,
}: Wanted): (number: number) => string {
  const random = createRandom(seed);
  // The salt stands first: a prefix cache then finds nothing in common but the template.
  const salt = (number: number) =>
    Math.floor(random.fork(number)() * 0x1_0000_0000)
      .toString(36)
      .padStart(7, '0');
  const thinking = thinkingOf(model);
  return number => {
    const content = samePrompt ? prompt : `[${salt(number)}] ${prompt}`;
    return JSON.stringify({ model, messages: [{ role: 'user', content }], max_tokens: maxTokens, stream, ...thinking });
  };
}

/** Load measures answers; thinking is switched off where the model's rule allows it. */
function thinkingOf(model: string): object {
  const rule = modelOf(model)?.thinking;
  return rule === 'optional' || rule === 'effort' ? { thinking: { type: 'disabled' } } : {};
}
