/** What a window of a run gave per second, and how many requests it held. Pure. */
import type { Interval } from './interval.ts';
import type { Throughput } from './result.ts';
import { type FlowFacts, fewestSeconds, perSecond } from './stats/per-second.ts';
import { totalOf } from './total.ts';

export function throughputOf(window: readonly Interval[], facts: FlowFacts): Throughput {
  const { fromMs, toMs, inFlightArea, inFlightMax } = totalOf(window);
  const seconds = Math.max(0, toMs - fromMs) / 1000;
  const [answers, tokens] = [
    perSecond('requests_per_second', window, facts),
    perSecond('output_tokens_per_second', window, facts),
  ];
  return {
    from_s: seconds > 0 ? fromMs / 1000 : 0,
    to_s: toMs / 1000,
    duration_s: seconds,
    requests_per_second: answers.value,
    output_tokens_per_second: tokens.value,
    ci: {
      ...(answers.ci && { requests_per_second: answers.ci }),
      ...(tokens.ci && { output_tokens_per_second: tokens.ci }),
    },
    ...(answers.ci === null && { needs_s: fewestSeconds }),
    in_flight_mean: seconds > 0 ? inFlightArea / 1000 / seconds : 0,
    in_flight_max: inFlightMax,
  };
}
