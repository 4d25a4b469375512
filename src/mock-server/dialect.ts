/**
 * How a reply is written, by model family and year: the differences that recordings show and documents do not mention.
 * Sources: glm-api.md §3.2, §4.2, §4.3, §8.1; what is a guess there can be switched in the `wire` settings.
 */
import type { ToolIdStyle } from '../core/wire/ids.ts';
import type { Model, UsageDetails } from '../core/wire/models.ts';

export type Era = '2024' | '2025' | '2026';

/** How the first delta of a thinking reply looks. */
export type Lead =
  /** nothing special */
  | 'plain'
  /** a lone newline begins the reasoning, another the content (ST9) */
  | 'newline'
  /** the same, and the first delta carries an empty `content` too (ST2) */
  | 'newline-with-content'
  /** a lone newline of content comes before the reasoning (ST4) */
  | 'content-first';

export interface Dialect {
  /** Whether bodies carry `object`. */
  readonly object: boolean;
  readonly usage: UsageDetails;
  readonly id: 'stamp' | 'decimal';
  readonly toolId: ToolIdStyle;
  readonly lead: Lead;
  /** How the one chunk of a complete tool call is written. */
  readonly toolChunk: { readonly role: boolean; readonly finish: boolean; readonly minusOne: boolean };
}

/** The dialect of a model in a year. */
export function dialectOf(model: Model, era: Era): Dialect {
  const flash45 = model.id === 'glm-4.5-flash';
  const glm4 = model.id.startsWith('glm-4-');
  return {
    object: era === '2026',
    usage: usageOf(model, era),
    id: era === '2024' ? 'decimal' : 'stamp',
    toolId: era === '2024' ? 'positive64' : glm4 ? 'completion' : flash45 ? 'base62' : 'signed64',
    lead: leadOf(model, era),
    toolChunk: { role: !flash45, finish: glm4 || flash45, minusOne: flash45 },
  };
}

function usageOf(model: Model, era: Era): UsageDetails {
  if (era === '2024' || model.usage === 'none') return 'none';
  return era === '2025' ? 'cached' : model.usage;
}

function leadOf(model: Model, era: Era): Lead {
  if (!model.id.startsWith('glm-4.5')) return 'plain';
  if (era === '2026') return 'newline';
  return model.id === 'glm-4.5-flash' ? 'newline-with-content' : 'content-first';
}
