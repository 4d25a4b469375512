import { z } from 'zod';
import { UsageError } from './errors.ts';

const units: Readonly<Record<string, number>> = { us: 0.001, ms: 1, s: 1000, m: 60_000, h: 3_600_000, d: 86_400_000 };

/**
 * Milliseconds of `250us`, `300ms`, `1.5s`, `2m`, `1h`, `1d`, or a sum such as `1m30s`.
 * @throws {UsageError} `bad_duration` for anything else; a bare number has no unit and is refused, except 0.
 */
export function parseDuration(text: string): number {
  const parts = [...text.trim().matchAll(/(\d+(?:\.\d+)?)(us|ms|s|m|h|d)/g)];
  const whole = parts.map(part => part[0]).join('');
  if (text.trim() === '0') return 0;
  const ms = parts.reduce((sum, part) => sum + Number(part[1]) * (units[part[2] ?? ''] ?? 0), 0);
  if (parts.length === 0 || whole !== text.trim() || !Number.isFinite(ms)) {
    throw new UsageError(
      'bad_duration',
      `"${text.slice(0, 40)}" is not a duration; write for example 300ms, 1.5s or 2m`,
    );
  }
  return ms;
}

/** A duration as people read it, rounded to about three figures: `1.5s`, `20ms`; whole seconds stay exact. */
export function formatDuration(ms: number): string {
  if (ms >= 60_000 && ms % 1000 === 0)
    return `${Math.floor(ms / 60_000)}m${ms % 60_000 ? `${(ms % 60_000) / 1000}s` : ''}`;
  if (ms >= 1000) return `${+(ms / 1000).toFixed(2)}s`;
  if (ms >= 10) return `${+ms.toFixed(1)}ms`;
  return `${+ms.toFixed(2)}ms`;
}

/** A config value written as a duration, held as milliseconds. */
export const duration = z.string({ error: ({ input }) => withoutUnit(input) }).transform((text, context) => {
  try {
    return parseDuration(text);
  } catch (error) {
    context.addIssue({ code: 'custom', message: (error as UsageError).message });
    return z.NEVER;
  }
});

/** Undefined: what zod says of anything else is clear enough. */
const withoutUnit = (input: unknown) =>
  typeof input === 'number' ? `is a number without a unit; write for example "${input}s" or "${input}ms"` : undefined;
