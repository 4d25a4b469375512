/** How fast the mock speaks: time to the first token and between tokens, fixed or drawn from a distribution. */
import { z } from 'zod';
import { parseDuration } from '../core/duration.ts';
import { UsageError } from '../core/errors.ts';
import { nearestName } from '../core/nearest-name.ts';
import { gaussian, type Random } from '../core/random.ts';

/** A duration in ms: fixed, or drawn anew each time. */
export type Spread =
  | { readonly kind: 'fixed'; readonly ms: number }
  | { readonly kind: 'normal'; readonly mean: number; readonly sd: number }
  | { readonly kind: 'lognormal'; readonly median: number; readonly sigma: number }
  | { readonly kind: 'uniform'; readonly low: number; readonly high: number };

export interface Timing {
  readonly ttft: Spread;
  readonly itl: Spread;
}

/** Presets by name. They are plausible, not measured: the service publishes no latencies. */
export const presets: Readonly<Record<string, string>> = {
  instant: 'ttft=0,itl=0',
  flash: 'ttft=lognormal(250ms,0.3),itl=lognormal(8ms,0.4)',
  air: 'ttft=lognormal(400ms,0.3),itl=lognormal(12ms,0.4)',
  flagship: 'ttft=lognormal(800ms,0.35),itl=lognormal(20ms,0.5)',
  busy: 'ttft=lognormal(3s,0.6),itl=lognormal(45ms,0.7)',
};

const example = 'write instant, ttft=300ms,itl=20ms, ttft=normal(300ms,50ms), itl=lognormal(20ms,0.4)';

/**
 * Reads `instant`, a preset's name, or `ttft=…,itl=…`.
 * @throws {UsageError} `bad_timing`, or `bad_duration`
 */
export function parseTiming(text: string): Timing {
  const name = text.trim();
  const spec = (Object.hasOwn(presets, name) ? presets[name] : undefined) ?? name;
  const wrong = (sentence: string) => bad(`timing "${text.slice(0, 60)}": ${sentence}`);
  const fields = new Map<string, Spread>();
  for (const part of spec.split(/,(?![^(]*\))/)) {
    const [, name = '', value = ''] = /^\s*([^=]*?)\s*=\s*(.+?)\s*$/.exec(part) ?? [];
    if (value === '') throw neither(text);
    if (name !== 'ttft' && name !== 'itl')
      throw wrong(`"${name.slice(0, 40)}" is not known; a pace has ttft and itl: ${example}`);
    if (fields.has(name)) throw wrong(`${name} is given twice; once is allowed`);
    fields.set(name, parseSpread(value, wrong));
  }
  const zero: Spread = { kind: 'fixed', ms: 0 };
  return { ttft: fields.get('ttft') ?? zero, itl: fields.get('itl') ?? zero };
}

const bad = (sentence: string) => new UsageError('bad_timing', sentence);

function neither(text: string): UsageError {
  const near = nearestName(text.trim(), Object.keys(presets));
  return bad(
    `timing "${text.slice(0, 60)}" is neither a preset (${Object.keys(presets).join(', ')}) nor a pace${near === undefined ? '' : `, perhaps ${near}`}: ${example}`,
  );
}

function parseSpread(value: string, wrong: (sentence: string) => UsageError): Spread {
  const call = /^(normal|lognormal|uniform)\(([^,]+),([^,]+)\)$/.exec(value);
  if (call === null && value.includes('(')) throw wrong(`"${value.slice(0, 40)}" is not known; ${forms}`);
  if (call === null) return { kind: 'fixed', ms: parseDuration(value) };
  const [, kind, a = '', b = ''] = call;
  if (kind === 'normal') return { kind, mean: parseDuration(a), sd: parseDuration(b) };
  if (kind === 'uniform') return uniform(a, b, wrong);
  const sigma = b.trim() === '' ? Number.NaN : Number(b);
  if (!(sigma >= 0 && sigma <= 3))
    throw wrong(`sigma, the second value of lognormal, must be a number from 0 to 3, found "${b.trim().slice(0, 40)}"`);
  return { kind: 'lognormal', median: parseDuration(a), sigma };
}

const forms = 'write normal(MEAN,DEVIATION), lognormal(MEDIAN,SIGMA) or uniform(LOW,HIGH)';

function uniform(from: string, to: string, wrong: (sentence: string) => UsageError): Spread {
  const [low, high] = [parseDuration(from), parseDuration(to)];
  if (low <= high) return { kind: 'uniform', low, high };
  throw wrong(`uniform begins at ${from.trim()} and ends before it, at ${to.trim()}; write the smaller one first`);
}

/** Fixed paces draw nothing. */
const never: Random = Object.assign(() => 0, { fork: () => never });

/** One value in ms, never negative. */
export function draw(spread: Spread, random: Random = never): number {
  switch (spread.kind) {
    case 'fixed':
      return spread.ms;
    case 'normal':
      return Math.max(0, spread.mean + spread.sd * gaussian(random));
    case 'lognormal':
      return spread.median * Math.exp(spread.sigma * gaussian(random));
    case 'uniform':
      return spread.low + (spread.high - spread.low) * random();
  }
}

/** Due times of the tokens of one reply, in ms since its request: `next()` is the first token's, then each later one's. */
export function createPace({ ttft, itl }: Timing, random: () => Random): { next(): number } {
  const chance = isFixed(ttft) && isFixed(itl) ? undefined : random();
  let at = -1;
  const next = () => {
    at = at < 0 ? draw(ttft, chance) : at + draw(itl, chance);
    return at;
  };
  return { next };
}

/** How long generating a number of tokens takes, in ms since the request. */
export function paceTotal(timing: Timing, tokens: number, random: () => Random): number {
  const { ttft, itl } = timing;
  if (isFixed(ttft) && isFixed(itl)) return ttft.ms + Math.max(0, tokens - 1) * itl.ms;
  const pace = createPace(timing, random);
  let at = pace.next();
  for (let i = 1; i < tokens; i++) at = pace.next();
  return at;
}

const isFixed = (spread: Spread): spread is Extract<Spread, { kind: 'fixed' }> => spread.kind === 'fixed';

/** The config value: written as text, held parsed. */
export const timing = z.string().transform((text, context) => {
  try {
    return parseTiming(text);
  } catch (error) {
    if (!(error instanceof UsageError)) throw error;
    context.addIssue({ code: 'custom', message: error.message });
    return z.NEVER;
  }
});
