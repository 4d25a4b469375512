/**
 * The same requests by the definitions of other tools: why do we see 5 ms and they 214? Each dialect says what its tool
 * counts; sources in the table. Works on stored records, so nobody pays for a second run.
 */
import { UsageError } from '../core/errors.ts';
import { createHistogram, type Histogram, type Summary } from '../core/histogram.ts';
import type { RawRecord } from './result.ts';

interface Dialect {
  /** What the tool counts, in a sentence. */
  readonly says: string;
  /** Whether the tool has figures of streams alone. */
  readonly streams?: true;
  /** Whether the tool takes this request for a success. */
  readonly success: (record: RawRecord) => boolean;
  readonly figures: Readonly<Record<string, (record: RawRecord) => number | undefined | readonly number[]>>;
}

const since = (from: number | null, to: number | null) => (from === null || to === null ? undefined : to - from);

/** Time per output token after the first, as most tools have it: the tail divided by usage less one. */
function perToken(first: number | undefined, last: number | undefined, tokens: number | null): number | undefined {
  if (first === undefined || last === undefined || tokens === null || tokens < 2) return undefined;
  return (last - first) / (tokens - 1);
}

/** Gaps between reads, and nothing between those that shared one. */
const withJoined = (gaps: readonly number[], { coalesced }: RawRecord) => [
  ...gaps,
  ...new Array<number>(coalesced).fill(0),
];

/** Messages without a token: a role in front of the first, the `finish_reason` that closes the answer. */
function messagesAround(r: RawRecord) {
  const without = r.chunks - r.gaps_ms.length - r.coalesced - 1;
  const lead = without > 0 ? since(r.first_event_ms, r.first_token_ms) : undefined;
  const tail = without > (lead ? 1 : 0) ? since(r.last_token_ms, r.end_ms) : undefined;
  return { lead: lead ? [lead] : [], tail: tail === undefined ? [] : [tail] };
}

function perMessage(r: RawRecord): number[] {
  const { lead, tail } = messagesAround(r);
  return withJoined([...lead, ...r.gaps_ms, ...tail], r);
}

/** Gaps between messages of content: neither the thinking before the first of them nor the tool calls after the last. */
function perContent(r: RawRecord): number[] {
  const from = r.first_content_ms ?? 0;
  const to = r.first_tool_ms !== null && r.first_tool_ms > from ? r.first_tool_ms : Number.POSITIVE_INFINITY;
  let at = r.first_token_ms ?? 0;
  const within = r.gaps_ms.filter((ms, i) => {
    at += ms;
    const slack = roundingMs * (i + 1);
    return at > from + slack && at < to - slack;
  });
  return withJoined(within, r);
}

/** Moments and gaps are rounded to µs. */
const roundingMs = 0.002;

const anyEvent = (r: RawRecord) => since(r.sent_ms, r.first_event_ms ?? r.end_ms);
const content = (r: RawRecord) => since(r.sent_ms, r.first_content_ms);
const anyToken = (r: RawRecord) => since(r.sent_ms, r.first_token_ms);
const lastToken = (r: RawRecord) => since(r.sent_ms, r.last_token_ms ?? r.end_ms);
/** The one that closes the answer comes as it ends. */
const lastMessage = (r: RawRecord) => (messagesAround(r).tail.length > 0 ? toEnd(r) : lastToken(r));
const toEnd = (r: RawRecord) => since(r.sent_ms, r.end_ms);
const ok = (r: RawRecord) => r.class === 'ok';
/** Where a tool's client raises, whatever came before: the connection broke, or the time for the call was over. */
const raised = (r: RawRecord) => /^(reset|timeout_\w+|stalled|censored|cancelled)$/.test(r.class);
const seen = (r: RawRecord) => r.class !== 'warmup' && r.status === 200 && r.chunks > 0 && !raised(r);
const answered = (r: RawRecord) =>
  r.class !== 'warmup' && r.status === 200 && r.first_content_ms !== null && !raised(r);

/**
 * Read in each tool's source in autumn 2026; vllm and sglang again in November (their chat clients in `bench`), evalscope
 * at fde259d2 (`perf/plugin/api/default_api.py`, `perf/utils/benchmark_util.py`). The rewrite of evalscope that its later
 * commit 2c40ec91 holds starts the clock of TTFT at content or thinking only, as aiperf does.
 */
const dialects = {
  vllm: {
    says: 'TTFT on the first message with choices, a role alone included; ITL per message; a cut stream is a success',
    streams: true,
    success: seen,
    figures: {
      ttft_ms: anyEvent,
      tpot_ms: r => perToken(anyEvent(r), lastMessage(r), r.completion_tokens),
      itl_ms: perMessage,
      e2el_ms: lastMessage,
    },
  },
  sglang: {
    says: 'TTFT on the first content that is not empty, thinking does not count; ITL per content message; ends with the stream',
    streams: true,
    success: answered,
    figures: {
      ttft_ms: content,
      tpot_ms: r => perToken(content(r), toEnd(r), r.completion_tokens),
      itl_ms: perContent,
      e2e_latency_ms: toEnd,
    },
  },
  aiperf: {
    says: 'TTFT on content or thinking; its ITL is what others call TPOT, its ICL what others call ITL',
    success: ok,
    figures: {
      time_to_first_token_ms: anyToken,
      inter_token_latency_ms: r => perToken(anyToken(r), lastToken(r), r.completion_tokens),
      inter_chunk_latency_ms: r => withJoined(r.gaps_ms, r),
      request_latency_ms: lastToken,
    },
  },
  guidellm: {
    says: 'TTFT on the first token of any kind, TTFOT on the first that is not thinking; ITL is a mean per request',
    success: ok,
    figures: {
      time_to_first_token_ms: anyToken,
      time_to_first_output_token_ms: content,
      inter_token_latency_ms: r => perToken(anyToken(r), lastToken(r), r.completion_tokens),
      request_latency_ms: toEnd,
    },
  },
  evalscope: {
    says: 'TTFT on any chunk with choices, a role alone included; TPOT from there to the end; ITL between chunks; a stream that just ends is a success',
    streams: true,
    success: seen,
    figures: {
      ttft_ms: anyEvent,
      tpot_ms: r => perToken(anyEvent(r), toEnd(r), r.completion_tokens),
      itl_ms: perMessage,
      latency_ms: toEnd,
    },
  },
} as const satisfies Record<string, Dialect>;

/** A tool whose definitions are known. */
export type DialectName = keyof typeof dialects;

/** All tools whose definitions are known, as `--as` names them. */
export const dialectNames = Object.keys(dialects) as [DialectName, ...DialectName[]];

/** Takes a run's records one by one and says what another tool would have said of it. */
export interface Lens {
  add(record: RawRecord): void;
  read(): LensResult;
}

/** A run in another tool's words; warm-up requests are not among its `requests`. */
export interface LensResult {
  readonly as: DialectName;
  readonly says: string;
  readonly requests: number;
  readonly successes: number;
  /** Why there is nothing to say: the answers were unary, and the tool measures streams. Undefined otherwise. */
  readonly unsaid?: string;
  /** In ms, by the tool's own names. */
  readonly figures: Readonly<Record<string, Summary>>;
}

/**
 * Begins to look at a run as another tool would; the work of a record is done when it is added.
 * @example
 * const lens = createLens('vllm');
 * await load(plan, { onRecord: lens.add });
 * lens.read().figures.ttft_ms?.p99; // ms
 */
export function createLens(name: DialectName): Lens {
  const { says, success, figures, streams }: Dialect = dialects[name];
  const histograms: Record<string, Histogram> = Object.fromEntries(
    Object.keys(figures).map(figure => [figure, createHistogram()]),
  );
  let requests = 0;
  let successes = 0;
  let unary = 0;
  const add = (record: RawRecord) => {
    if (record.class === 'warmup') return;
    requests++;
    if (record.class === 'ok' && record.chunks === 0) unary++;
    if (!success(record)) return;
    successes++;
    for (const [figure, define] of Object.entries(figures))
      for (const ms of [define(record) ?? []].flat()) histograms[figure]?.record(ms);
  };
  const read = (): LensResult => ({
    as: name,
    says,
    requests,
    successes,
    ...(streams && unary > 0 && successes === 0 && { unsaid: `unary: ${name} measures streams` }),
    figures: Object.fromEntries(Object.entries(histograms).map(([figure, histogram]) => [figure, histogram.summary()])),
  });
  return { add, read };
}

/** @throws {UsageError} `bad_dialect` */
export function dialectNamed(text: string): DialectName {
  const name = dialectNames.find(known => known === text);
  if (name !== undefined) return name;
  throw new UsageError('bad_dialect', `--as knows ${dialectNames.join(', ')}, found "${text.slice(0, 40)}"`);
}
