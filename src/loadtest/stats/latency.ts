/** The latency that shows a queue: time to the first token where there are tokens, else of whole requests. */
import type { Interval } from '../interval.ts';
import { meanOf, momentsOf } from './moments.ts';

/** Mean of the requests that ended in the interval, in ms; undefined when none did. */
export function meanLatency({ histograms }: Interval): number | undefined {
  const moments = momentsOf(histograms.ttft_any_ms ?? histograms.e2e_ms);
  return moments.count === 0 ? undefined : meanOf(moments);
}
