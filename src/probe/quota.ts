/** What a refusal says about a plan's windows: which one is used up, and when it begins anew. */
import type { CallRecord } from '../core/call/record.ts';
import type { Call } from './checks/check.ts';

export const quotaWindows = ['hours', 'days'] as const;
export type QuotaWindow = (typeof quotaWindows)[number];

/** Of a code: the window of some hours, or of a week or month; glm-api.md §5.3. */
const windows: ReadonlyMap<string, QuotaWindow> = new Map([
  ['1308', 'hours'],
  ['1316', 'hours'],
  ['1318', 'hours'],
  ['1320', 'hours'],
  ['1310', 'days'],
  ['1317', 'days'],
  ['1319', 'days'],
  ['1321', 'days'],
]);

export interface UsedUp {
  readonly window: QuotaWindow;
  /** Ms since 1970; null where the text does not say. */
  readonly resets_at_ms: number | null;
}

/** Null unless the last call was refused for a window. */
export function usedUpIn(calls: readonly Call[]): UsedUp | null {
  const { record, tape } = calls.at(-1) ?? {};
  const window = windows.get(record?.code ?? '');
  if (tape === undefined || window === undefined) return null;
  const text = Buffer.concat(tape.parts.map(({ bytes }) => bytes)).toString();
  return { window, resets_at_ms: momentIn(text) };
}

/** When the limit that refused a call begins anew, by the service's own words, ms since 1970; null unless they say so. */
export const resetIn = ({ code, message }: Pick<CallRecord, 'code' | 'message'>): number | null =>
  windows.has(code ?? '') ? momentIn(message ?? '') : null;

/** Recorded texts write it in China's time, which has no daylight saving, and do not say so. */
function momentIn(text: string): number | null {
  const [, day, time] = /(\d{4}-\d\d-\d\d) (\d\d:\d\d:\d\d)/.exec(text) ?? [];
  const at = Date.parse(`${day}T${time}+08:00`);
  return Number.isNaN(at) ? null : at;
}
