/** Student's distribution: what a spread known from few blocks has to be widened by. */
import { regularizedBeta } from './beta.ts';

/** The chance that |t| stays below `t` with `freedom` degrees of freedom. */
const within = (t: number, freedom: number) => 1 - regularizedBeta(freedom / (freedom + t * t), freedom / 2, 0.5);

/** The t that |t| exceeds with a chance of 5 %: 12.7 with one degree of freedom, 2.26 with nine, 1.96 with very many. */
export function student95(freedom: number): number {
  let low = 0;
  let high = 13;
  for (let i = 0; i < 50; i++) {
    const middle = (low + high) / 2;
    if (within(middle, Math.max(1, freedom)) < 0.95) low = middle;
    else high = middle;
  }
  return (low + high) / 2;
}

/** The same for a spread that is known exactly. */
export const normal95 = 1.959964;
