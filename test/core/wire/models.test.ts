/** The facts are copied from glm-api.md §8.3 (caps, contexts), §3.2 (usage details), §2.4 (thinking), §1.2 (embeddings). */
import { expect, test } from 'vitest';
import {
  embeddingModels,
  type Model,
  modelOf,
  models,
  type ThinkingRule,
  type UsageDetails,
  unlistedModel,
} from '../../../src/core/wire/models.ts';

function model(id: string): Model {
  const found = modelOf(id);
  if (found === undefined) throw new Error(`${id} is missing`);
  return found;
}

test.each([
  [
    131_072,
    'glm-4.5 glm-4.6 glm-4.7 glm-4.7-flash glm-4.7-flashx glm-5 glm-5-turbo glm-5.1 glm-5.2 glm-5.3 glm-5.3-flash glm-5.3-flashx glm-5v-turbo',
  ],
  [98_304, 'glm-4.5-air glm-4.5-airx glm-4.5-flash'],
  [32_768, 'glm-4.6v glm-4.6v-flash glm-4.6v-flashx'],
  [16_384, 'glm-4.5v glm-4.1v-thinking-flash glm-4.1v-thinking-flashx glm-4-flash-250414 glm-4-flashx-250414'],
  [4095, 'glm-4-long'],
  [1024, 'glm-4v-flash'],
  [2048, 'autoglm-phone'],
])('the output cap %d is that of %s', (cap, ids) => {
  for (const id of ids.split(' ')) expect(model(id).maxOutput, id).toBe(cap);
});

test.each([
  [200_000, 'glm-5.1 glm-5 glm-5-turbo glm-4.7 glm-4.7-flash glm-4.7-flashx glm-4.6 glm-5v-turbo'],
  [128_000, 'glm-4.5-air glm-4.5-airx glm-4.5-flash glm-4-flash-250414 glm-4-flashx-250414 glm-4.6v glm-4.6v-flash'],
  [1_048_478, 'glm-5.2 glm-5.3'],
  [1_000_000, 'glm-4-long'],
  [64_000, 'glm-4.1v-thinking-flash glm-4.1v-thinking-flashx'],
  [16_000, 'glm-4v-flash'],
  [20_000, 'autoglm-phone'],
])('the context of %d tokens is that of %s', (context, ids) => {
  for (const id of ids.split(' ')) expect(model(id).context, id).toBe(context);
});

test.each<[UsageDetails, string]>([
  ['none', 'glm-4-flash-250414 glm-4-flashx-250414 glm-4.1v-thinking-flash glm-4.1v-thinking-flashx'],
  ['cached', 'glm-4.5-flash glm-4.5-air glm-4.5-airx glm-5'],
  [
    'full',
    'glm-4.5 glm-4.6 glm-4.7 glm-4.7-flash glm-4.7-flashx glm-5-turbo glm-5.1 glm-5.2 glm-5.3 glm-5.3-flash glm-5.3-flashx glm-4.5v glm-4.6v glm-4.6v-flash glm-4.6v-flashx glm-5v-turbo',
  ],
])('usage details "%s" are those of %s', (usage, ids) => {
  for (const id of ids.split(' ')) expect(model(id).usage, id).toBe(usage);
});

test.each<[ThinkingRule, string]>([
  ['always', 'glm-5.3 glm-5.3-flash glm-5.3-flashx'],
  ['effort', 'glm-5.2'],
  ['optional', 'glm-5.1 glm-5 glm-5-turbo glm-4.7 glm-4.6 glm-4.5 glm-4.5-air glm-4.5-flash glm-4.5v'],
  ['inline', 'glm-4.1v-thinking-flash glm-4.1v-thinking-flashx'],
  ['none', 'glm-4-flash-250414'],
])('thinking "%s" is the rule of %s', (thinking, ids) => {
  for (const id of ids.split(' ')) expect(model(id).thinking, id).toBe(thinking);
});

test.each([
  [5, 'glm-4.5 glm-4.5-air glm-4.5-flash glm-4.6 glm-4.7 glm-5.1 glm-5-turbo glm-4-flash-250414'],
  [6, 'glm-5 glm-5.2 glm-4.1v-thinking-flash'],
  [10, 'glm-4.6v'],
])('a prompt of one character costs %d tokens more for the template of %s', (template, ids) => {
  for (const id of ids.split(' ')) expect(model(id).template, id).toBe(template);
});

test('the free models are free', () => {
  for (const id of [
    'glm-4.7-flash',
    'glm-4.5-flash',
    'glm-4.6v-flash',
    'glm-4-flash-250414',
    'glm-4.1v-thinking-flash',
  ])
    expect(model(id).free, id).toBe(true);
  for (const id of ['glm-5.3', 'glm-5.2', 'glm-4.5-air', 'glm-4.6v']) expect(model(id).free, id).toBe(false);
});

test('every model that the vendor’s schemas name is known', () => {
  const named =
    'glm-5.3 glm-5.2 glm-5.1 glm-5 glm-4.7 glm-4.7-flash glm-4.7-flashx glm-4.6 glm-4.5 glm-4.5-air glm-4.5-x glm-4.5-airx glm-4.5-flash glm-4-32b-0414-128k glm-5.3-flashx glm-5.3-flash glm-4.6v glm-4.6v-flash glm-4.6v-flashx glm-4.5v autoglm-phone-multilingual glm-5-turbo glm-4-flash-250414 glm-4-flashx-250414';
  for (const id of named.split(' ')) expect(modelOf(id), id).toBeDefined();
});

test('ids are lower case and unique, and nobody answers more by default than the cap allows', () => {
  expect(new Set(models.map(({ id }) => id)).size).toBe(models.length);
  for (const { id, defaultOutput, maxOutput } of models) {
    expect(id).toMatch(/^[a-z0-9.-]+$/);
    expect(defaultOutput, id).toBeLessThanOrEqual(maxOutput);
  }
});

test('a model is found by its exact code only', () => {
  expect(modelOf('glm-5')?.id).toBe('glm-5');
  for (const id of ['GLM-5', 'glm-5 ', '', 'glm-5.2[1m]', 'constructor', '__proto__'])
    expect(modelOf(id)).toBeUndefined();
});

test('a model the user names answers like the flagship', () => {
  expect(unlistedModel('my-model')).toMatchObject({ id: 'my-model', maxOutput: 131_072, vision: true, usage: 'full' });
});

test('embedding models know their dimensions', () => {
  expect(embeddingModels.map(({ id }) => id)).toEqual(['embedding-2', 'embedding-3']);
  for (const { dimensions, defaultDimensions } of embeddingModels) expect(dimensions).toContain(defaultDimensions);
});
