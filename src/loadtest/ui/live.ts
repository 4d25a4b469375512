/** The view of `--ui`: a picture that renews itself, or a line per interval where nobody could see a picture. */
import { type Clock, systemClock } from '../../core/clock.ts';
import type { Interval } from '../interval.ts';
import { count, moment, rate, time } from '../numbers.ts';
import { safe } from '../report/terminal.ts';
import { shortestMs } from '../slices.ts';
import { frame, talliesOf } from './frame.ts';
import { createProgress, type PlanFacts, type Progress } from './progress.ts';

export interface LiveOptions {
  readonly plan: PlanFacts;
  readonly out: (text: string) => void;
  readonly clock?: Clock;
  /** Whether `out` is a terminal. Pass false under CI. */
  readonly isTty: boolean;
  /** Asked before every picture, so that a resized window is filled. */
  readonly size: () => { readonly columns: number; readonly rows: number };
  /** Default false. */
  readonly color?: boolean;
  /** Calls `restore` when the process ends without `close`, as a second Ctrl-C does; returns how to forget it. */
  readonly onExit?: (restore: () => void) => () => void;
}

export interface Live {
  /** @param intervals finished since the last call */
  update(intervals: readonly Interval[]): void;
  /** Gives the terminal back as it was. Calling it again does nothing. */
  close(): void;
}

/** How often the picture is renewed even when nothing was told. */
const refreshMs = 500;

const open = '\x1b[?1049h\x1b[?25l';
const restored = '\x1b[0m\x1b[?25h\x1b[?1049l';

export const createLive = (options: LiveOptions): Live => (options.isTty ? picture(options) : plainLines(options));

function picture({ plan, out, clock = systemClock, size, color = false, onExit = onProcessExit }: LiveOptions): Live {
  const progress = createProgress(plan);
  let startMs = plan.calibrates ? undefined : clock.now(); // of the load; the first interval tells
  let isOpen = true;

  const draw = () => {
    const elapsedMs = startMs === undefined ? undefined : clock.now() - startMs;
    const lines = frame(progress.at(elapsedMs), { ...size(), color });
    out(`\x1b[H${lines.map(line => `${line}\x1b[K`).join('\r\n')}\x1b[J`);
    timer.set(clock.now() + refreshMs);
  };
  const restore = () => {
    if (!isOpen) return;
    isOpen = false;
    timer.clear();
    out(restored);
  };
  const timer = clock.timer(draw);
  const forget = onExit(restore);
  out(open);
  draw();
  return {
    update: intervals => {
      progress.add(intervals);
      // Told a little late, never early: the earliest is the closest.
      for (const { toMs } of intervals) startMs = Math.min(startMs ?? Number.POSITIVE_INFINITY, clock.now() - toMs);
      if (isOpen) draw();
    },
    close: () => {
      forget();
      restore();
    },
  };
}

/** Everything that ends a process ends in `exit`, a crash and `process.exit` included. */
function onProcessExit(restore: () => void): () => void {
  process.once('exit', restore);
  return () => process.off('exit', restore);
}

function plainLines({ plan, out }: LiveOptions): Live {
  const progress = createProgress(plan);
  let toldMs = 0;
  let knownMs = 0;
  let isNews = false; // whether a request has ended since
  const tell = () => {
    if (knownMs > toldMs) out(`${lineOf(progress.at(knownMs), knownMs)}\n`);
    toldMs = knownMs;
    isNews = false;
  };
  return {
    update: intervals => {
      for (const interval of intervals) {
        progress.add([interval]);
        knownMs = interval.toMs;
        isNews ||= Object.keys(interval.ended).length > 0;
        if (knownMs - toldMs >= shortestMs) tell();
      }
    },
    close: () => {
      if (isNews) tell();
    },
  };
}

/** Codes that a line of progress has room for. */
const mostCodes = 5;

/** `0:12  12.2 ok/s · 20 in flight · 876 tokens/s · TTFT 533 ms (p99 728 ms) · ITL 18 ms · 391 ok · 1 failed: truncated ×1` */
function lineOf(progress: Progress, toMs: number): string {
  const { recent } = progress;
  const now = recent.at(-1);
  const { ok, failed, failures } = talliesOf(progress);
  const { ttft_content_ms: ttft, itl_ms: itl, e2e_ms: e2e } = now?.figures ?? {};
  const seconds = now?.seconds || 1;
  const parts = [
    `${rate((now?.ok ?? 0) / seconds)} ok/s`,
    `${rate(now?.inFlightMean ?? 0)} in flight`,
    `${rate((now?.outputTokens ?? 0) / seconds)} tokens/s`,
    ...(ttft?.count ? [`TTFT ${time(ttft.p50)} (p99 ${time(ttft.p99)})`] : []),
    ...(itl?.count ? [`ITL ${time(itl.p50)}`] : []),
    ...(!ttft?.count && e2e?.count ? [`E2E ${time(e2e.p50)} (p99 ${time(e2e.p99)})`] : []),
    `${count(ok)} ok`,
    `${count(failures)} failed${failures === 0 ? '' : `: ${failed.map(row => `${row.name} ×${count(row.count)}`).join(', ')}`}`,
    ...Object.entries(progress.codes)
      .sort((a, b) => b[1] - a[1])
      .slice(0, mostCodes)
      .map(([code, n]) => `${safe(code)} ×${count(n)}`),
  ];
  return `${moment(toMs / 1000).padStart(5)}  ${parts.join(' · ')}`;
}
