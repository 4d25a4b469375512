/**
 * The models as data: caps, context, thinking rule and which usage details they report.
 * Sources: glm-api.md §8.3 (caps from the gateway's own 1210 message, contexts from the vendor's pages), §2.4 (thinking),
 * §3.2 (usage details), §2.1 (default temperature is not observable and so not kept here).
 */

/**
 * How a model treats `thinking`.
 * - `always`: cannot be switched off; `disabled` and efforts other than low, high, max are refused (5.3 family)
 * - `effort`: on by default, off by `disabled` or by effort none/minimal (5.2)
 * - `optional`: on by default, `disabled` is honoured
 * - `inline`: thinks inside `content` between `<think>` tags whatever is asked (4.1v-thinking)
 * - `none`: never thinks, `thinking` is accepted and ignored
 */
export type ThinkingRule = 'always' | 'effort' | 'optional' | 'inline' | 'none';

/** Which `*_tokens_details` objects the model's `usage` carries (2026). */
export type UsageDetails = 'none' | 'cached' | 'full';

export interface Model {
  readonly id: string;
  readonly context: number;
  readonly maxOutput: number;
  readonly defaultOutput: number;
  readonly thinking: ThinkingRule;
  readonly usage: UsageDetails;
  readonly vision: boolean;
  /** Tokens that the chat template adds to a prompt. */
  readonly template: number;
  readonly free: boolean;
  /** Unix seconds shown by `GET /models`; undefined: not listed there although it answers. */
  readonly listed?: number;
}

const K = 1024;
const full = {
  context: 200_000,
  maxOutput: 128 * K,
  defaultOutput: 64 * K,
  thinking: 'optional',
  usage: 'full',
} as const;
const air = {
  context: 128_000,
  maxOutput: 96 * K,
  defaultOutput: 64 * K,
  thinking: 'optional',
  usage: 'cached',
} as const;
const sight = {
  context: 128_000,
  maxOutput: 32 * K,
  defaultOutput: 16 * K,
  thinking: 'optional',
  usage: 'full',
  vision: true,
} as const;
const flash = { context: 128_000, maxOutput: 16 * K, defaultOutput: 16 * K, thinking: 'none', usage: 'none' } as const;
const thinker = {
  context: 64_000,
  maxOutput: 16 * K,
  defaultOutput: 16 * K,
  thinking: 'inline',
  usage: 'none',
  vision: true,
  template: 6,
} as const;
const million = { ...full, context: 1_048_478 } as const;

type Row = Omit<Model, 'id' | 'vision' | 'template' | 'free'> & Partial<Pick<Model, 'vision' | 'template' | 'free'>>;

const rows: Record<string, Row> = {
  'glm-4.5': { ...full, context: 128_000, listed: 1753632000 },
  'glm-4.5-air': { ...air, listed: 1753632000 },
  'glm-4.5-x': { ...full, context: 128_000 },
  'glm-4.5-airx': air,
  'glm-4.5-flash': { ...air, free: true },
  'glm-4.6': { ...full, listed: 1759276800 },
  'glm-4.7': { ...full, listed: 1766332800 },
  'glm-4.7-flash': { ...full, free: true },
  'glm-4.7-flashx': full,
  'glm-5': { ...full, usage: 'cached', template: 6, listed: 1770739200 },
  'glm-5-turbo': { ...full, listed: 1773504000 },
  'glm-5.1': { ...full, listed: 1774620000 },
  'glm-5.2': { ...million, thinking: 'effort', template: 6, listed: 1781625600 },
  'glm-5.3': { ...million, thinking: 'always', listed: 1786636800 },
  'glm-5.3-flash': { ...million, thinking: 'always', vision: true, listed: 1787241600 },
  'glm-5.3-flashx': { ...million, thinking: 'always', vision: true, listed: 1787241600 },
  'glm-5v-turbo': { ...full, vision: true },
  'glm-4.6v': { ...sight, template: 10 },
  'glm-4.6v-flash': { ...sight, template: 10, free: true },
  'glm-4.6v-flashx': { ...sight, template: 10 },
  'glm-4.5v': { ...sight, context: 64_000, maxOutput: 16 * K },
  'glm-4.1v-thinking-flash': { ...thinker, free: true },
  'glm-4.1v-thinking-flashx': thinker,
  'glm-4v-flash': { ...flash, context: 16_000, maxOutput: 1024, defaultOutput: 1024, vision: true, free: true },
  'glm-4-flash': { ...flash, free: true },
  'glm-4-flash-250414': { ...flash, free: true },
  'glm-4-flashx-250414': flash,
  'glm-4-long': { ...flash, context: 1_000_000, maxOutput: 4095, defaultOutput: 4095 },
  'glm-4-plus': { ...flash, maxOutput: 4095, defaultOutput: 4095 },
  'glm-4-air': { ...flash, maxOutput: 4095, defaultOutput: 4095 },
  'glm-4-32b-0414-128k': flash,
  'autoglm-phone': { ...flash, context: 20_000, maxOutput: 2048, defaultOutput: 2048, vision: true },
  'autoglm-phone-multilingual': { ...flash, context: 20_000, maxOutput: 2048, defaultOutput: 2048, vision: true },
};

/** Every chat model the mock knows, in the order of the table. */
export const models: readonly Model[] = Object.entries(rows).map(([id, entry]) => ({
  vision: false,
  template: 5,
  free: false,
  ...entry,
  id,
}));

const byId = new Map(models.map(model => [model.id, model]));

/** The model of that exact, lower-case code; undefined when there is none. */
export const modelOf = (id: string): Model | undefined => byId.get(id);

/** A model the user named on the command line: it answers like the flagship. */
export const unlistedModel = (id: string): Model => ({ vision: true, template: 5, free: false, ...full, id });

export interface EmbeddingModel {
  readonly id: string;
  readonly dimensions: readonly number[];
  readonly defaultDimensions: number;
  readonly maxTokensPerText: number;
  readonly maxTexts: number;
}

/** `POST /embeddings`; glm-api.md §1.2. */
export const embeddingModels: readonly EmbeddingModel[] = [
  { id: 'embedding-2', dimensions: [1024], defaultDimensions: 1024, maxTokensPerText: 512, maxTexts: 64 },
  {
    id: 'embedding-3',
    dimensions: [256, 512, 1024, 2048],
    defaultDimensions: 2048,
    maxTokensPerText: 3072,
    maxTexts: 64,
  },
];

const ids: ReadonlySet<string> = new Set([...models, ...embeddingModels].map(({ id }) => id));

/** Whether the API has a model of that exact name, for chat or for embeddings. */
export const isModel = (id: string): boolean => ids.has(id);
