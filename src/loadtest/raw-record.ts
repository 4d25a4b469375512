/** A finished request as a line of `requests.ndjson`. Holds no prompt, no answer and no key. */
import type { Finished } from './request.ts';
import type { RawRecord } from './result.ts';

/** @param startMs when the run began, on the clock of the record */
export function rawRecord(
  { n, ledgerClass, attempts, intendedMs, record, gapsMs }: Finished,
  startMs: number,
): RawRecord {
  const at = (ms: number | undefined) => (ms === undefined ? null : micro(ms - startMs));
  const { usage, connectMs, tlsMs, tcpMs } = record;
  const openMs = tlsMs ?? tcpMs;
  return {
    n,
    class: ledgerClass,
    attempts,
    intended_ms: micro(intendedMs - startMs),
    sent_ms: at(record.sentMs),
    head_ms: at(record.headMs),
    first_event_ms: at(record.firstEventMs),
    first_reasoning_ms: at(record.firstReasoningMs),
    first_content_ms: at(record.firstContentMs),
    first_tool_ms: at(record.firstToolMs),
    first_token_ms: at(record.firstTokenMs),
    last_token_ms: at(record.lastTokenMs),
    end_ms: micro(record.endMs - startMs),
    max_gap_ms: micro(record.maxGapMs),
    gaps_ms: gapsMs.map(micro),
    chunks: record.chunks,
    coalesced: record.coalesced,
    status: record.status ?? null,
    code: word(record.code),
    finish_reason: word(record.finishReason),
    prompt_tokens: usage?.prompt_tokens ?? null,
    completion_tokens: usage?.completion_tokens ?? null,
    cached_tokens: usage?.prompt_tokens_details?.cached_tokens ?? null,
    reasoning_tokens: usage?.completion_tokens_details?.reasoning_tokens ?? null,
    connection: record.reusedConnection ? 'reused' : 'new',
    connect_ms: connectMs === undefined || openMs === undefined ? null : micro(openMs - connectMs),
    id: word(record.id),
    log_id: word(record.logId),
  };
}

/** What a server chose itself may be of any length. */
const word = (text: string | undefined) => text?.slice(0, 200) ?? null;

const micro = (ms: number) => Math.round(ms * 1000) / 1000;
