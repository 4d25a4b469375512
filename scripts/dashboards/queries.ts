/** PromQL in the shapes that come again and again. All work on one selector, which has every matcher in it. */

/** Per second, added up by labels. */
export const rate = (selected: string, ...by: string[]) => `sum${grouped(by)}(rate(${selected}[$__rate_interval]))`;

/** How many in the whole range that is shown, added up by labels. */
export const total = (selected: string, ...by: string[]) => `sum${grouped(by)}(increase(${selected}[$__range]))`;

/** Upper bound that a share of the values keeps, from the buckets of a histogram. @param share 0 to 1 */
export const quantile = (share: number, buckets: string, ...by: string[]) =>
  `histogram_quantile(${share}, ${rate(buckets, 'le', ...by)})`;

/** New values by bucket, for heat maps. */
export const buckets = (selected: string) => `sum by (le) (increase(${selected}[$__rate_interval]))`;

/** Mean of a histogram's values. */
export const mean = (sum: string, count: string, ...by: string[]) => `${rate(sum, ...by)} / ${rate(count, ...by)}`;

const grouped = (by: readonly string[]) => (by.length === 0 ? ' ' : ` by (${by.join(', ')}) `);
