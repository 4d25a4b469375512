/** The result document: what `--json` prints, `result.json` holds, and compare, report and relens read. Plain data. */
import type { Health, Interval, LedgerClass } from './interval.ts';
import type { Measure } from './measures.ts';

/** Raised when a reader of the last version would misread it. */
export const resultVersion = 3 as const;

type Level = 'p50' | 'p90' | 'p95' | 'p99';

/** A latency in ms. `ci` are 95 % confidence bounds; `needs` names levels that have too few samples, and how many they need. */
export interface Figure {
  readonly count: number;
  readonly min: number;
  readonly mean: number;
  readonly max: number;
  readonly p50: number;
  readonly p90: number;
  readonly p95: number;
  readonly p99: number;
  readonly ci: Readonly<Partial<Record<Level, readonly [low: number, high: number]>>>;
  readonly needs: Readonly<Partial<Record<Level, number>>>;
}

export type Figures = Readonly<Partial<Record<Measure, Figure>>>;

/** Of a window of the run: what ended in it, or for tokens what came in it, whenever its request began. */
export interface Throughput {
  /** Good answers that ended in the window, per second of it. */
  readonly requests_per_second: number;
  /** Output tokens that came in the window, per second of it. */
  readonly output_tokens_per_second: number;
  /** 95 % bounds by batch means. */
  readonly ci: Readonly<
    Partial<Record<'requests_per_second' | 'output_tokens_per_second', readonly [low: number, high: number]>>
  >;
  /** Where the window is too short for bounds: the seconds that they need. */
  readonly needs_s?: number;
  readonly in_flight_mean: number;
  readonly in_flight_max: number;
  /** The window, s since the run began. */
  readonly from_s: number;
  readonly to_s: number;
  readonly duration_s: number;
}

export interface Money {
  readonly amount: number;
  readonly currency: string;
}

/** Whether a run's figures may be believed: VALID as they are, SUSPECT with the doubts that are told, INVALID not at all. */
export type Validity = 'VALID' | 'SUSPECT' | 'INVALID';

/** Client minus truth, ms: what this machine adds to every figure, measured against a server that stamps what it sends. */
export interface CalibrationRun {
  readonly streams: number;
  readonly events_per_second: number;
  readonly ttft_ms: ErrorFigure;
  readonly gap_ms: ErrorFigure;
  readonly send_ms: ErrorFigure;
  readonly health: Health;
}

export interface ErrorFigure {
  readonly p50: number;
  readonly p90: number;
  readonly p95: number;
  readonly p99: number;
  readonly count: number;
  /** Samples that share no pause of this machine: a pause falls into a gap of every stream at once. */
  readonly moments: number;
}

/** A whole run: figures in ms, rates per second, shares from 0 to 1, and whether all that may be believed. */
export interface LoadResult {
  readonly version: typeof resultVersion;
  readonly tool: 'glm-testkit';
  readonly tool_version: string;
  /** Chosen by chance for each run; joins result, metrics and records. */
  readonly run_id: string;
  readonly started_at: string;
  readonly seed: number;
  /** Digest of all planned moments and bodies: equal hashes, equal load. */
  readonly schedule_hash: string;
  /** The plan without its secrets. */
  readonly config: Readonly<Record<string, unknown>>;
  readonly environment: Readonly<Record<string, string | number>>;
  /** Exit code 0, 1, 3 in words; `ungated` is 0 as well, of a run without thresholds that could have been missed. */
  readonly verdict: 'pass' | 'fail' | 'not_measurable' | 'ungated';
  readonly validity: Validity;
  /** Why the run is not VALID, a sentence each. */
  readonly doubts: readonly string[];
  /** `planned` is the sum of all others. */
  readonly ledger: { readonly planned: number; readonly ok: number } & Readonly<Partial<Record<LedgerClass, number>>>;
  /** Good, measured requests of the whole run. */
  readonly metrics: Figures;
  /** What the run gave per second: of the steady part where one was found, else of all that was measured. */
  readonly throughput: Throughput & {
    readonly window: 'steady' | 'whole';
    /** Where the start-up is in the window: how long nine of ten answers take, s. A warm-up at least as long leaves it out. */
    readonly start_up_s: number | null;
  };
  /** The same of all that was offered after the warm-up, from a start to its end. */
  readonly whole: Throughput;
  /** Latencies that ended in the steady part alone; null when none was found. */
  readonly steady: { readonly from_s: number; readonly to_s: number; readonly metrics: Figures } | null;
  /** What was offered and whether it arrived. */
  readonly load: {
    readonly kind: string;
    readonly offered: number;
    readonly sent: number;
    /** Sent more than 10 ms after its time; 0 in a closed loop, where no request has a time of its own. */
    readonly late: number;
    /** Sent per offered request per second; 1 when all was delivered on time. null in a closed loop. */
    readonly delivered: number | null;
    /** Why it ended early: `stopped`, `budget`, or the outcome that --on-limit ends a run for; left out when it did not. */
    readonly halted?: string;
    /** When it ended early, s since it began. */
    readonly halted_after_s?: number;
    /** The business code of the refusal that ended it, where it had one. */
    readonly halted_code?: string;
    /** Where only some of its processes or agents ended early: how many, of how many. */
    readonly halted_parts?: { readonly ended: number; readonly of: number };
  };
  /**
   * Little's law: requests in flight, counted as they begin and end, against the rate times the latency of what ended,
   * stamped at the socket; in the window of `throughput`. Left out where retries wait between attempts or some attempts
   * were never sent.
   */
  readonly little?: {
    readonly in_flight: number;
    readonly requests_per_second: number;
    readonly latency_ms: number;
    /** Of the window; 0 is perfect. What reaches over its ends is part of it: at most about latency / duration. */
    readonly disagreement: number;
    /** Of the whole run, over whose ends nothing reaches: what is left is this machine's. */
    readonly whole_run: number;
  };
  readonly goodput: {
    readonly slo: string;
    /** Good answers that ended in the window of `throughput` and met the SLO, per second of it. */
    readonly requests_per_second: number;
    /** 95 % bounds by batch means; null where the window is too short for them. */
    readonly ci: readonly [low: number, high: number] | null;
    /** Of the requests that began after the warm-up. */
    readonly ratio: number;
  } | null;
  readonly tokens: {
    readonly input: number;
    readonly output: number;
    readonly cached: number;
    readonly reasoning: number;
    /** What the budget was charged, the worst case for every answer that did not tell its usage; left out when that is what was counted. */
    readonly booked?: { readonly input: number; readonly output: number; readonly cost: Money | null };
    /** Money by the price table, null when the model has no price there. */
    readonly cost: Money | null;
  };
  readonly stream: {
    readonly chunks: number;
    /** Share of events that came in one read with the one before; their true distance is not known. */
    readonly coalesced_ratio: number;
    readonly stalls_over_200ms: number;
    readonly stalls_over_500ms: number;
    readonly stalls_over_1s: number;
  };
  /** `codes`: those of the vendor's table, at most twenty others, and `others`. */
  readonly limits: { readonly retries: number; readonly codes: Readonly<Record<string, number>> };
  readonly connections: { readonly opened: number };
  readonly calibration: { readonly before: CalibrationRun | null; readonly after: CalibrationRun | null };
  readonly health: Health;
  readonly thresholds: readonly ThresholdResult[];
  /** Plain words: what the endpoint did, what limited it, what to do next. */
  readonly findings: readonly { readonly kind: string; readonly text: string }[];
  readonly intervals: readonly Interval[];
  /** HDR V2 of the whole run, compressed, base64, in µs. */
  readonly histograms: Readonly<Partial<Record<Measure, string>>>;
}

/** What a gate came to; `actual` is in ms for a latency, 0 to 1 for a share, per second for a rate. */
export interface ThresholdResult {
  /** As the user wrote it. */
  readonly text: string;
  readonly ok: boolean;
  /** What was compared; null when there was nothing to compare. */
  readonly actual: number | null;
  readonly why: string;
}

/** One finished request as a line of `requests.ndjson`; moments in ms since the run began, rounded to µs. */
export interface RawRecord {
  readonly n: number;
  readonly class: LedgerClass;
  readonly attempts: number;
  readonly intended_ms: number;
  readonly sent_ms: number | null;
  readonly head_ms: number | null;
  readonly first_event_ms: number | null;
  readonly first_reasoning_ms: number | null;
  readonly first_content_ms: number | null;
  readonly first_tool_ms: number | null;
  readonly first_token_ms: number | null;
  readonly last_token_ms: number | null;
  readonly end_ms: number;
  readonly max_gap_ms: number;
  /** Between reads that brought tokens. */
  readonly gaps_ms: readonly number[];
  readonly chunks: number;
  readonly coalesced: number;
  readonly status: number | null;
  readonly code: string | null;
  readonly finish_reason: string | null;
  readonly prompt_tokens: number | null;
  readonly completion_tokens: number | null;
  readonly cached_tokens: number | null;
  readonly reasoning_tokens: number | null;
  readonly connection: 'new' | 'reused';
  readonly connect_ms: number | null;
  /** For the vendor's support. */
  readonly id: string | null;
  readonly log_id: string | null;
}
