/** When requests are meant to start: decided beforehand, from the seed, so that a run can be repeated and its hash compared. */

/** A stretch of time in which the level goes straight from one value to another. */
export interface Stage {
  readonly durationMs: number;
  readonly from: number;
  readonly to: number;
}

/**
 * - `closed`: `stages` give the number of requests under way; each is followed by the next.
 * - `open`: `stages` give requests per second, started whatever the answers do.
 * - `trace`: moments in ms since the start, as recorded.
 */
export type Arrivals =
  | { readonly kind: 'closed'; readonly stages: readonly Stage[] }
  | {
      readonly kind: 'open';
      readonly law: 'constant' | 'poisson' | 'gamma';
      /** Of the gamma law: 1 is Poisson, larger is more even, smaller is burstier. */
      readonly shape: number;
      readonly stages: readonly Stage[];
    }
  | { readonly kind: 'trace'; readonly offsetsMs: readonly number[] };
