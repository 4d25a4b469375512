/** What a server says is counted only when it can be: a number of tokens that is none must not reach the sums. Pure. */
import { isTokenCount } from '../core/call/reader.ts';
import type { CallRecord } from '../core/call/record.ts';
import type { Usage } from '../core/wire/chat.ts';

/** The record itself, or one without its usage: an answer that was good but for that breaks the contract. */
export function soundOf(record: CallRecord): CallRecord {
  const { usage, outcome } = record;
  if (usage === undefined || numbersOf(usage).every(isTokenCount)) return record;
  const broken = { kind: 'contract', detail: 'usage holds a number that counts nothing' } as const;
  return { ...record, usage: undefined, outcome: outcome.kind === 'ok' ? broken : outcome };
}

const numbersOf = ({ prompt_tokens_details, completion_tokens_details, ...usage }: Usage): number[] => [
  usage.prompt_tokens,
  usage.completion_tokens,
  usage.total_tokens,
  prompt_tokens_details?.cached_tokens ?? 0,
  completion_tokens_details?.reasoning_tokens ?? 0,
];
