/** What is measured of a request, by the names that results, thresholds and metrics use. All in milliseconds. */
import { type CallRecord, tpot } from '../core/call/record.ts';

/**
 * "From schedule" counts from the moment a request was meant to start: what a user waits. "From send" counts from the
 * moment it left: what the server took. The two differ by what the generator and its connections held up, and both are
 * always reported (anchors: vllm#54101, where hiding it turned 3,330 ms into 507).
 */
export const measures = {
  ttft_content_ms: { title: 'TTFT content', from: 'schedule', meaning: 'to the first visible token or tool call' },
  ttft_any_ms: { title: 'TTFT any token', from: 'schedule', meaning: 'to the first token of any kind' },
  ttft_reasoning_ms: { title: 'TTFT reasoning', from: 'schedule', meaning: 'to the first thinking token' },
  ttft_tool_ms: { title: 'TTFT tool call', from: 'schedule', meaning: 'to the first piece of a tool call' },
  ttft_event_ms: { title: 'first event', from: 'schedule', meaning: 'to the first event of any kind' },
  itl_ms: { title: 'ITL', from: undefined, meaning: 'between two reads that brought tokens' },
  /** Of two reads at least: what came at once has no time between its tokens, and not a time of 0. */
  tpot_ms: { title: 'TPOT', from: undefined, meaning: 'mean per output token after the first, one per request' },
  max_gap_ms: { title: 'largest gap', from: undefined, meaning: 'longest silence between tokens, one per request' },
  e2e_ms: { title: 'E2E', from: 'schedule', meaning: 'the whole request, retries and waits included' },
  ttft_content_from_send_ms: {
    title: 'TTFT content',
    from: 'send',
    meaning: 'to the first visible token or tool call',
  },
  ttft_any_from_send_ms: { title: 'TTFT any token', from: 'send', meaning: 'to the first token of any kind' },
  e2e_from_send_ms: { title: 'E2E', from: 'send', meaning: 'the attempt that answered, alone' },
  ttfb_ms: { title: 'headers', from: 'send', meaning: 'to the response headers' },
  send_delay_ms: { title: 'send delay', from: 'schedule', meaning: 'to the moment the first attempt was sent' },
  connect_ms: { title: 'connect', from: undefined, meaning: 'opening a connection, TLS included' },
  attempt_ms: { title: 'attempt', from: 'send', meaning: 'every attempt that ended, good or not' },
} as const satisfies Record<string, { title: string; from: 'schedule' | 'send' | undefined; meaning: string }>;

/** The name of something that is measured, in ms. */
export type Measure = keyof typeof measures;

/** All names of measures, in the order of reports. */
export const measureNames = Object.keys(measures) as Measure[];

const span = (from: number | undefined, to: number | undefined) =>
  from === undefined || to === undefined ? undefined : to - from;

/** Every measure that one value of a request says, `itl_ms`, `connect_ms` and `attempt_ms` aside, which others note. */
export function measuresOf(record: CallRecord, intendedMs: number, firstSentMs: number | undefined) {
  const isStreamed = record.lastTokenMs !== record.firstTokenMs;
  return {
    ttft_content_ms: span(intendedMs, record.firstVisibleMs),
    ttft_any_ms: span(intendedMs, record.firstTokenMs),
    ttft_reasoning_ms: span(intendedMs, record.firstReasoningMs),
    ttft_tool_ms: span(intendedMs, record.firstToolMs),
    ttft_event_ms: span(intendedMs, record.firstEventMs),
    tpot_ms: isStreamed ? tpot(record) : undefined,
    max_gap_ms: isStreamed ? record.maxGapMs : undefined,
    e2e_ms: span(intendedMs, record.endMs),
    ttft_content_from_send_ms: span(record.sentMs, record.firstVisibleMs),
    ttft_any_from_send_ms: span(record.sentMs, record.firstTokenMs),
    e2e_from_send_ms: span(record.sentMs, record.endMs),
    ttfb_ms: span(record.sentMs, record.headMs),
    send_delay_ms: span(intendedMs, firstSentMs),
  } satisfies Partial<Record<Measure, number | undefined>>;
}
