/** Identifiers as the service writes them; glm-api.md §8.1. */
import type { Random } from '../random.ts';
import { sameAgain } from '../same-again.ts';

const eightHours = 8 * 3_600_000;

/** `yyyyMMddHHmmss` in UTC+8, the first 14 digits of every modern id. */
export const stamp = (wallMs: number): string => digitsOf(Math.floor(wallMs / 1000));

/** Formatting a date costs more than the rest of an id, and a busy second needs it thousands of times. */
const digitsOf = sameAgain((second: number) =>
  iso(second * 1000)
    .replace(/\D/g, '')
    .slice(0, 14),
);

const iso = (wallMs: number) => new Date(wallMs + eightHours).toISOString();

/** `yyyy-MM-dd HH:mm:ss` in UTC+8 without a zone, as reset times are written in 1308 and 1310. */
export function chinaTime(wallMs: number): string {
  return iso(wallMs).slice(0, 19).replace('T', ' ');
}

const bytes = Array.from({ length: 256 }, (_, byte) => byte.toString(16).padStart(2, '0'));

/** Lower-case hex digits; by table, because V8 writes numbers above 2^31 in base 16 as if they had fractions. */
export const hex = (random: Random, digits: number): string => {
  let text = '';
  while (text.length < digits) {
    const word = (random() * 0x1_0000_0000) | 0;
    text += `${bytes[word >>> 24]}${bytes[(word >>> 16) & 255]}${bytes[(word >>> 8) & 255]}${bytes[word & 255]}`;
  }
  return text.length === digits ? text : text.slice(0, digits);
};

/** The 30-character id of completions, tasks, log ids and error ids. */
export const completionId = (wallMs: number, random: Random) => stamp(wallMs) + hex(random, 16);

/** The 19-digit decimal id used until the middle of 2024. */
export const decimalId = (random: Random) => `8${Math.floor(random() * 1e9)}`.padEnd(10, '0') + nineDigits(random);

const nineDigits = (random: Random) => String(Math.floor(random() * 1e9)).padStart(9, '0');

/**
 * How a model family writes tool call ids:
 * `signed64` big models in 2026 (consecutive, often negative) · `completion` glm-4-plus, glm-4-flash ·
 * `base62` glm-4.5-flash in 2025 · `positive64` 2024.
 */
export type ToolIdStyle = 'signed64' | 'completion' | 'base62' | 'positive64';

const alphabet = '0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz';

/** Ids of all tool calls of one reply, in order. */
export function toolCallIds(style: ToolIdStyle, count: number, id: string, random: Random): string[] {
  const each = (make: (i: number) => string) => Array.from({ length: count }, (_, i) => `call_${make(i)}`);
  if (style === 'completion') return each(i => `${id}_${i}`);
  if (style === 'base62')
    return each(() => Array.from({ length: 22 }, () => alphabet[Math.floor(random() * 62)]).join(''));
  const first = BigInt.asIntN(63, BigInt(`0x${hex(random, 16)}`));
  const base = style === 'signed64' ? -abs(first) : abs(first);
  return each(i => String(base + BigInt(i)));
}

const abs = (value: bigint) => (value < 0n ? -value : value);
