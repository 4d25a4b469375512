/**
 * `cached_pair`: a long prompt that nobody has sent before, and the same once more. The first shows what a prompt costs
 * that is not cached, the second what the cache saves; a first one that is cached means that the nonce does not work.
 */
import { ttft } from '../../core/call/record.ts';
import { behindNonce, newTask } from '../tasks.ts';
import { type Call, type Check, type Conclusion, chatRequest, createAsker, oneCall } from './check.ts';

/** Twenty-four short rules: about 850 tokens, several of the blocks that the service caches by (glm-api.md §8.2). */
const ballast = Array.from(
  { length: 24 },
  (_, at) =>
    `Rule ${at + 1}: keep to the facts, be brief, answer in plain words, do not repeat the question, and name no source that you were not given.`,
).join('\n');

export const cachedPair: Check = {
  look: async (check, door) => {
    const asker = createAsker(check, door);
    try {
      const { question: text, right, fields } = newTask(check.task, door.random);
      const request = chatRequest(check, { system: behindNonce(ballast, door.random), text, fields }, true);
      const cold = await asker.ask(request, { label: 'cold', right });
      if (cold.record.outcome.kind !== 'ok') return [cold];
      return [cold, await asker.ask(request, { label: 'warm', right })];
    } finally {
      asker.close();
    }
  },
  conclude: ([cold, warm]) => (cold === undefined || warm === undefined ? {} : conclude(cold, warm)),
  cost: { ...oneCall, calls: () => 2, answers: () => 2, promptTokens: 860 },
};

/** Prompts nobody has sent before show up to five cached tokens (glm-api.md §8.2); this share is far from that. */
const mostColdShare = 0.1;

function conclude(cold: Call, warm: Call): Conclusion {
  const [coldShare, warmShare] = [cachedShare(cold), cachedShare(warm)];
  const saved = (ttft(cold.record) ?? Number.NaN) - (ttft(warm.record) ?? Number.NaN);
  const readings = {
    ...(coldShare !== undefined && { cold_cached_share: coldShare }),
    ...(warmShare !== undefined && { cached_share: warmShare }),
    ...(!Number.isNaN(saved) && { cache_saved_ms: Math.round(saved * 1000) / 1000 }),
  };
  const odd = coldShare !== undefined && coldShare > mostColdShare;
  const detail = `a new prompt was ${Math.round((coldShare ?? 0) * 100)} % cached`;
  return odd ? { readings, warnings: [{ kind: 'cache', detail }] } : { readings };
}

/** Undefined where the model does not report it. */
function cachedShare({ record: { usage } }: Call): number | undefined {
  const cached = usage?.prompt_tokens_details?.cached_tokens;
  if (usage === undefined || cached === undefined || usage.prompt_tokens <= 0) return undefined;
  return Math.round((cached / usage.prompt_tokens) * 1000) / 1000;
}
