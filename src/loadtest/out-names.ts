/** What the folder of `--out` holds after a run. */
export const outNames = { result: 'result.json', records: 'requests.ndjson', page: 'report.html' } as const;
