/** How long a text is, in tokens: always the same, or drawn anew for each request. */
import { z } from 'zod';
import { gaussian, type Random } from '../../core/random.ts';

export type Length =
  | { readonly kind: 'fixed'; readonly tokens: number }
  | { readonly kind: 'uniform'; readonly low: number; readonly high: number }
  | { readonly kind: 'normal'; readonly mean: number; readonly sd: number }
  | { readonly kind: 'lognormal'; readonly median: number; readonly sigma: number };

const longest = 1_000_000;
const widest = 3;
const message =
  'is not a length in tokens: write 500, uniform(100,900), normal(500,100) or lognormal(500,0.6), from 1 to 1000000';

/** The config value: written as a number or as text, held parsed. */
export const length = z.union([z.number(), z.string()], { error: message }).transform((value, context): Length => {
  const parsed = parseLength(String(value));
  if (parsed !== undefined) return parsed;
  context.addIssue({ code: 'custom', message });
  return z.NEVER;
});

function parseLength(text: string): Length | undefined {
  if (/^\d+$/.test(text.trim())) return inRange(Number(text)) ? { kind: 'fixed', tokens: Number(text) } : undefined;
  const [, kind, first = '', second = ''] = /^\s*(\w+)\(\s*([\d.]+)\s*,\s*([\d.]+)\s*\)\s*$/.exec(text) ?? [];
  const [a, b] = [Number(first), Number(second)];
  if (!inRange(a) || !Number.isFinite(b)) return undefined;
  if (kind === 'uniform' && a <= b && inRange(b)) return { kind, low: a, high: b };
  if (kind === 'normal' && b <= longest) return { kind, mean: a, sd: b };
  return kind === 'lognormal' && b <= widest ? { kind, median: a, sigma: b } : undefined;
}

const inRange = (tokens: number) => tokens >= 1 && tokens <= longest;

/** A whole number of tokens, at least 1. Draws beyond `most` are cut to it. */
export const drawLength = (spec: Length, random: Random, most = longest): number =>
  Math.min(most, Math.max(1, Math.round(drawn(spec, random))));

function drawn(spec: Length, random: Random): number {
  switch (spec.kind) {
    case 'fixed':
      return spec.tokens;
    case 'uniform':
      return spec.low + (spec.high - spec.low) * random();
    case 'normal':
      return spec.mean + spec.sd * gaussian(random);
    case 'lognormal':
      return spec.median * Math.exp(spec.sigma * gaussian(random));
  }
}
