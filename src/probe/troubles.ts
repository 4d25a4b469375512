/** What keeps the prober from doing its work, as sentences. Pure. */

export interface Health {
  /** Since its heart beat last. */
  readonly silentMs: number;
  readonly nowMs: number;
  /** When every check is due, ms since 1970; undefined for one that never is. */
  readonly due: readonly { readonly id: string; readonly nextMs: number | undefined }[];
  /** Why the state cannot be written; undefined when it can. */
  readonly unwritable: string | undefined;
}

/** The heart beats every 20 ms. */
const hungAfterMs = 5000;

/** Empty when nothing does. */
export function troublesOf({ silentMs, nowMs, due, unwritable }: Health): string[] {
  const overdue = due.filter(({ nextMs = nowMs }) => nextMs < nowMs - hungAfterMs);
  return [
    ...(silentMs > hungAfterMs ? [`nothing has moved for ${Math.round(silentMs / 1000)} s`] : []),
    ...(overdue.length > 0 ? [`not started in time: ${overdue.map(({ id }) => id).join(', ')}`] : []),
    ...(unwritable === undefined ? [] : [`the state cannot be written: ${unwritable}`]),
  ];
}
