/**
 * OpenTelemetry's names for what a run measures, by version of the convention: they were renamed three times in months, so
 * a version is chosen and stamped, never "the latest". Read: semantic-conventions 1.41.1, semantic-conventions-genai 0.1.0.
 */
export const conventionNames = ['1.41.1', 'genai-0.1.0'] as const;
export type ConventionName = (typeof conventionNames)[number];

export interface Convention {
  /** Undefined where no schema of the version is published. */
  readonly schemaUrl: string | undefined;
  readonly duration: string;
  readonly firstChunk: string;
  readonly perChunk: string;
  /** One histogram with the kind of token as attribute, or a counter for each kind. */
  readonly tokens:
    | { readonly kind: 'histogram'; readonly name: string }
    | {
        readonly kind: 'counters';
        readonly input: string;
        readonly output: string;
        readonly cached: string;
        readonly reasoning: string;
      };
}

export const conventions: Readonly<Record<ConventionName, Convention>> = {
  '1.41.1': {
    schemaUrl: 'https://opentelemetry.io/schemas/1.41.1',
    duration: 'gen_ai.client.operation.duration',
    firstChunk: 'gen_ai.client.operation.time_to_first_chunk',
    perChunk: 'gen_ai.client.operation.time_per_output_chunk',
    tokens: { kind: 'histogram', name: 'gen_ai.client.token.usage' },
  },
  'genai-0.1.0': {
    schemaUrl: undefined,
    duration: 'gen_ai.client.inference.duration',
    firstChunk: 'gen_ai.client.inference.time_to_first_chunk',
    perChunk: 'gen_ai.client.inference.time_per_output_chunk',
    tokens: {
      kind: 'counters',
      input: 'gen_ai.client.inference.usage.input_tokens',
      output: 'gen_ai.client.inference.usage.output_tokens',
      cached: 'gen_ai.client.inference.usage.cache_read.input_tokens',
      reasoning: 'gen_ai.client.inference.usage.reasoning.output_tokens',
    },
  },
};
