/** How many requests an account had in service at a time, seen from its answers. */
import type { Figure } from '../result.ts';
import type { JudgedRun } from './sighting.ts';

/** Streams by the tokens that came while load was offered; unary answers, or a run too short for that, by their time in service. */
export function servedAtOnce(result: JudgedRun): number {
  const { ledger } = result;
  return Math.min(decodedAtOnce(result) ?? inService(result), ledger.ok, notInVain(result));
}

/** What was under way, but for the opening of connections and attempts that brought no good answer: more were not served. */
function notInVain({ metrics, whole }: JudgedRun): number {
  const timeOf = (figure: Figure | undefined) => (figure === undefined ? 0 : figure.mean * figure.count);
  const { e2e_from_send_ms: good, attempt_ms: all, connect_ms: opening } = metrics;
  const vainMs = timeOf(opening) + Math.max(0, timeOf(all) - timeOf(good));
  return Math.max(0, whole.in_flight_mean - (whole.duration_s > 0 ? vainMs / (whole.duration_s * 1000) : 0));
}

/**
 * Tokens per second times the time of each are the streams that brought tokens; those before their first token come on top.
 * Nothing here asks when answers end: in a short run they end together, and half an answer more or less is a whole place.
 */
function decodedAtOnce({ metrics, whole, intervals }: JudgedRun): number | undefined {
  const { tpot_ms: pace, e2e_from_send_ms: all, ttft_any_from_send_ms: first } = metrics;
  if (pace === undefined || all === undefined || first === undefined) return undefined;
  if (!intervals.some(({ reads }) => reads > 0)) return undefined; // tokens are filed where answers end
  // Without a warm-up nothing can come before the first token of the run.
  const heardMs = whole.duration_s * 1000 - (whole.from_s > 0 ? 0 : first.min);
  const [perSecond, decodingMs] = [whole.output_tokens_per_second, all.mean - first.mean];
  if (!(perSecond > 0 && decodingMs > 0 && heardMs > first.mean)) return undefined;
  return (((perSecond * whole.duration_s) / heardMs) * pace.mean * all.mean) / decodingMs;
}

/**
 * Time in service of all good answers over the time in which it was spent: what was offered and, as those at the end are
 * halfway on average, half an answer more. Waits between attempts are no service, and attempts in vain are not good answers.
 */
function inService({ metrics, whole }: JudgedRun): number {
  const { e2e_from_send_ms: good, attempt_ms: all } = metrics;
  if (good === undefined || good.count === 0) return 0;
  const servedMs = Math.min(good.mean * good.count, (all?.mean ?? Number.POSITIVE_INFINITY) * (all?.count ?? 1));
  return servedMs / (whole.duration_s * 1000 + servedMs / good.count / 2);
}
