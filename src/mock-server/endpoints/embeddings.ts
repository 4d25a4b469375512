/** `POST /embeddings`; types and limits from client sources, the success body was not recorded (§1.2). */
import { z } from 'zod';
import { gaussian, type Random } from '../../core/random.ts';
import { list } from '../../core/wire/list.ts';
import { embeddingModels } from '../../core/wire/models.ts';
import { countTokens } from '../../core/wire/tokens.ts';
import { businessError } from '../render/error.ts';
import { parseObject } from '../validate.ts';
import { bodyReply, type Endpoint } from './endpoint.ts';

const request = z.object({
  model: z.string(),
  input: z.union([z.string(), list(z.string())]).transform(input => (typeof input === 'string' ? [input] : input)),
  dimensions: z.number().nullish(),
});

export const embeddings: Endpoint = ({ request: { body }, language, seed, entry }) => {
  const value = parseObject(body);
  if (value === undefined) return businessError('1210', language);
  const model = embeddingModels.find(({ id }) => id === value.model);
  if (model === undefined) return businessError('1211', language);
  entry.model = model.id;
  const parsed = request.safeParse(value);
  if (!parsed.success)
    return businessError('1214', language, { values: { field: String(parsed.error.issues[0]?.path[0] ?? 'input') } });
  const { input, dimensions } = parsed.data;
  const counts = input.map(countTokens);
  const size = dimensions ?? model.defaultDimensions;
  if (!model.dimensions.includes(size)) return businessError('1214', language, { values: { field: 'dimensions' } });
  if (input.length === 0 || input.length > model.maxTexts || input.includes(''))
    return businessError('1214', language, { values: { field: 'input' } });
  if (counts.some(tokens => tokens > model.maxTokensPerText)) return businessError('1261', language);
  const tokens = counts.reduce((a, b) => a + b, 0);
  entry.promptTokens = tokens;
  const data = input.map((text, index) => ({
    embedding: unitVector(size, seed.fork(`embedding/${text}`)),
    index,
    object: 'embedding',
  }));
  const usage = { completion_tokens: 0, prompt_tokens: tokens, total_tokens: tokens };
  return bodyReply(JSON.stringify({ data, model: model.id, object: 'list', usage }));
};

/** A direction that depends on the text alone: equal texts are equal, others nearly at right angles. */
function unitVector(size: number, random: Random): number[] {
  const values = Array.from({ length: size }, () => gaussian(random));
  const norm = Math.hypot(...values);
  return values.map(value => Number((value / norm).toFixed(8)));
}
