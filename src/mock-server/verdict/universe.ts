/** Everything a test suite could exercise, read from the tables in code. */
import { chatRequest, type FinishReason } from '../../core/wire/chat.ts';
import { businessCodes } from '../../core/wire/errors.ts';
import { endpointNames } from '../endpoints/table.ts';
import { scenarios } from '../scenarios/index.ts';

export const sections = ['endpoints', 'parameters', 'finish reasons', 'codes', 'delta kinds', 'faults'] as const;

export type SectionName = (typeof sections)[number];

export type Universe = Readonly<Record<SectionName, readonly string[]>>;

/** @param faults names of all scenarios */
export const universeOf = (faults: readonly string[]): Universe => ({
  endpoints: endpointNames,
  parameters: Object.keys(chatRequest.shape),
  'finish reasons': Object.keys(finishReasons),
  codes: businessCodes.map(({ code }) => code),
  'delta kinds': ['content', 'reasoning_content', 'tool_calls'],
  faults: [...faults],
});

/** The type's members as values: the compiler misses none. */
const finishReasons = {
  stop: true,
  length: true,
  tool_calls: true,
  sensitive: true,
  network_error: true,
  model_context_window_exceeded: true,
} satisfies Record<FinishReason, true>;

/** With every fault of the catalogue. */
export const everything = universeOf(scenarios.map(({ name }) => name));
