/** One series of a metric as a key, whatever the order of its labels. */
export const seriesKey = (name: string, labels: Readonly<Record<string, string>>): string =>
  JSON.stringify([name, Object.entries(labels).sort(([a], [b]) => (a < b ? -1 : 1))]);
