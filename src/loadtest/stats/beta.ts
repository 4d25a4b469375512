/** The incomplete beta function: binomial, Student's and proportion bounds all come down to it. */

/**
 * The regularized incomplete beta function I_x(a, b), for a and b above 0 and x from 0 to 1. Good to about 1e-10; its cost
 * grows with the root of a and b, so ten million samples are still nothing.
 * Source: NIST DLMF §8.17, the continued fraction 8.17.22.
 */
export function regularizedBeta(x: number, a: number, b: number): number {
  if (!(x > 0)) return 0;
  if (x >= 1) return 1;
  const mirrored = x > (a + 1) / (a + b + 2); // the fraction converges fast on the near side only
  return mirrored ? 1 - nearSide(1 - x, b, a) : nearSide(x, a, b);
}

function nearSide(x: number, a: number, b: number): number {
  const log = logGamma(a + b) - logGamma(a) - logGamma(b) + a * Math.log(x) + b * Math.log1p(-x);
  return (Math.exp(log) / a) * fraction(x, a, b);
}

const tiny = 1e-300;

/** Evaluated from the front by Lentz's method, two terms at a time. */
function fraction(x: number, a: number, b: number): number {
  let c = 1;
  let d = 1 / away(1 - ((a + b) * x) / (a + 1));
  let value = d;
  for (let m = 1; m < 100_000; m++) {
    const even = (m * (b - m) * x) / ((a + 2 * m - 1) * (a + 2 * m));
    d = 1 / away(1 + even * d);
    c = away(1 + even / c);
    value *= c * d;
    const odd = (-(a + m) * (a + b + m) * x) / ((a + 2 * m) * (a + 2 * m + 1));
    d = 1 / away(1 + odd * d);
    c = away(1 + odd / c);
    value *= c * d;
    if (Math.abs(c * d - 1) < 1e-13) break;
  }
  return value;
}

const away = (value: number) => (Math.abs(value) < tiny ? tiny : value);

/** ln Γ(x) for x above 0: Stirling's series, after steps up to where it is exact to 1e-12. */
export function logGamma(x: number): number {
  let shift = 0;
  for (; x < 10; x++) shift += Math.log(x);
  const square = 1 / (x * x);
  const series = (1 / 12 - square * (1 / 360 - square * (1 / 1260 - square / 1680))) / x;
  return (x - 0.5) * Math.log(x) - x + 0.5 * Math.log(2 * Math.PI) + series - shift;
}
