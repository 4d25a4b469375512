/** Seeded chance. Everything random in the toolkit comes from here, so a printed seed repeats a run. */

/** Numbers in [0, 1). `fork` gives an independent stream that depends only on the seed and the label. */
export interface Random {
  (): number;
  fork(label: string | number): Random;
}

/** A generator (sfc32) from a seed of any text or number. Not for secrets. */
export const createRandom = (seed: string | number): Random =>
  grow(hash(String(seed), 0x9e3779b9), hash(String(seed), 0x243f6a88));

/** Two words of seed name a stream; a fork mixes its label into them, so it costs no text and no order of calls. */
function grow(low: number, high: number): Random {
  let a = spread(low);
  let b = spread(high);
  let c = spread(low ^ 0xb7e15162);
  let d = spread(high ^ 0x85ebca6b);
  const next = (() => {
    const t = (((a + b) | 0) + d) | 0;
    d = (d + 1) | 0;
    a = b ^ (b >>> 9);
    b = (c + (c << 3)) | 0;
    c = (((c << 21) | (c >>> 11)) + t) | 0;
    return (t >>> 0) / 0x1_0000_0000;
  }) as Random;
  next.fork = label => {
    const text = String(label);
    return grow(hash(text, low ^ 0x27220a95), hash(text, high ^ 0x165667b1));
  };
  next();
  next();
  return next;
}

/** A finishing mix: every bit of the input reaches every bit of the result, and no two 32-bit words give the same one. */
export function spread(value: number): number {
  let h = Math.imul(value ^ (value >>> 16), 0x85ebca6b);
  h = Math.imul(h ^ (h >>> 13), 0xc2b2ae35);
  return h ^ (h >>> 16);
}

function hash(text: string, start: number): number {
  let h = start ^ text.length;
  for (let i = 0; i < text.length; i++) h = Math.imul(h ^ text.charCodeAt(i), 0x01000193);
  return spread(h);
}

/** A whole number in [0, below). */
export const int = (random: Random, below: number) => Math.floor(random() * below);

/** One element; the list must not be empty. */
export function pick<T>(random: Random, list: readonly T[]): T {
  const chosen = list[int(random, list.length)];
  if (chosen === undefined) throw new Error('pick from an empty list');
  return chosen;
}

/** A standard normal deviate (Box–Muller). */
export const gaussian = (random: Random) => Math.sqrt(-2 * Math.log(1 - random())) * Math.cos(2 * Math.PI * random());

/** A fresh seed for a run that was given none; the caller prints it. The only unseeded chance in the toolkit. */
export const freshSeed = () => Math.floor(Math.random() * 0xffff_ffff);

/** A 32-bit FNV-1a digest of a text, for keys of content. */
export function digest(text: string, start = 0x811c9dc5): number {
  let h = start;
  for (let i = 0; i < text.length; i++) h = Math.imul(h ^ text.charCodeAt(i), 0x01000193);
  return h >>> 0;
}
