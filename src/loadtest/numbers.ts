/** Numbers as people read them: about three figures, a unit, and never more digits than were measured. */
import { thousands } from '../core/counted.ts';
import type { LoadResult } from './result.ts';

/** @param ms milliseconds; `0.04 ms`, `312 ms`, `1.21 s`, `14.2 s`, `2 m 05 s`; a dash for what is no number */
export function time(ms: number): string {
  if (!Number.isFinite(ms)) return '–';
  const size = Math.abs(ms);
  if (size < 9.995) return `${trimmed(ms, 2)} ms`;
  if (size < 99.95) return `${trimmed(ms, 1)} ms`;
  if (size < 999.5) return `${ms.toFixed(0)} ms`;
  if (size < 9_995) return `${(ms / 1000).toFixed(2)} s`;
  if (size < 99_950) return `${(ms / 1000).toFixed(1)} s`;
  const seconds = Math.round(size / 1000);
  return `${ms < 0 ? '-' : ''}${Math.floor(seconds / 60)} m ${String(seconds % 60).padStart(2, '0')} s`;
}

/** A whole number with thousands apart: `1,204`. */
export const count = (n: number) => (Number.isFinite(n) ? thousands(Math.round(n)) : '–');

/** Something per second, or any other plain quantity: `0.42`, `19.8`, `1,012`. */
export function rate(n: number): string {
  if (!Number.isFinite(n)) return '–';
  if (Math.abs(n) >= 99.95) return count(n);
  return Math.abs(n) >= 9.995 ? trimmed(n, 1) : trimmed(n, 2);
}

/** A rate with how far it may lie off: `2.4 req/s ±9%`. @param ci 95 % bounds, where they are known */
export function bounded(n: number, ci: readonly [low: number, high: number] | null | undefined, unit: string): string {
  const said = `${rate(n)} ${unit}`;
  if (ci === null || ci === undefined || !(n > 0)) return said;
  const half = Math.max(ci[1] - n, n - ci[0]) / n;
  return `${said} ±${Math.min(999, Math.max(1, Math.ceil(half * 100)))}%`;
}

/** A share from 0 to 1 in percent. Neither 0% nor 100% unless it is exactly that. */
export function share(ratio: number): string {
  if (!Number.isFinite(ratio)) return '–';
  if (ratio > 0 && ratio < 0.0001) return '<0.01%';
  if (ratio < 1 && ratio > 0.9999) return '>99.99%';
  const percent = ratio * 100;
  const digits = percent < 10 || (percent > 99 && percent < 100) ? 2 : percent < 100 ? 1 : 0;
  return `${trimmed(percent, digits)}%`;
}

/** `1.23 CNY`; small sums keep two figures. */
export function money({ amount, currency }: { readonly amount: number; readonly currency: string }): string {
  const digits = amount >= 0.095 || amount <= 0 ? 2 : Math.min(8, 1 - Math.floor(Math.log10(amount)));
  return `${amount.toFixed(digits)} ${currency}`;
}

/** What the budget was charged beyond what was counted: `booked up to 4,400 tokens (0.02 CNY)`. */
export function bookedText({ input, output, cost }: NonNullable<LoadResult['tokens']['booked']>): string {
  return `booked up to ${count(input + output)} tokens${cost === null ? '' : ` (${money(cost)})`}`;
}

/** With its sign: `+0.04`, `-0.2`, `±0`. */
export function signed(n: number): string {
  const text = trimmed(n, Math.abs(n) < 0.995 ? 2 : 1);
  return Number(text) === 0 ? '±0' : n > 0 ? `+${text}` : text;
}

/** A moment of a run as mm:ss, or h:mm:ss. @param s seconds since it began */
export function moment(s: number): string {
  const whole = Math.round(s);
  const [hours, minutes, seconds] = [Math.floor(whole / 3600), Math.floor(whole / 60) % 60, whole % 60];
  const two = (n: number) => String(n).padStart(2, '0');
  return hours > 0 ? `${hours}:${two(minutes)}:${two(seconds)}` : `${minutes}:${two(seconds)}`;
}

const trimmed = (n: number, digits: number) => String(+n.toFixed(digits));
