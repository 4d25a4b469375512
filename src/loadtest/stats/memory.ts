/** How much neighbouring stretches of a run resemble each other: what independent ones would be wrong about. */

/**
 * The factor by which the variance of a mean exceeds what independent stretches would give: (1 + r) / (1 − r), with r the
 * correlation of neighbours, as if each stretch remembered only the one before. From 1, for none or opposed ones, to 19.
 * @param deviations what each stretch adds to the mean, less its fair share, in the order of time; their sum is about 0
 */
export function memoryFactor(deviations: ArrayLike<number>): number {
  const stretches = deviations.length;
  let together = 0;
  let squares = 0;
  for (let i = 0; i < stretches; i++) {
    squares += deviations[i]! ** 2;
    if (i > 0) together += deviations[i]! * deviations[i - 1]!;
  }
  if (!(squares > 0)) return 1;
  const seen = together / squares;
  // Of few stretches the correlation is seen too low by about (1 + 3r) / n (Kendall 1954), with a standard error of 1 / √n.
  // Half of that is added: too much only widens bounds, too little calls noise a regression.
  const correlation = seen + (1 + 3 * seen) / stretches + 0.5 / Math.sqrt(stretches);
  return Math.max(1, (1 + correlation) / (1 - Math.min(strongest, correlation)));
}

/** More could not be told from a run that never settles. */
const strongest = 0.9;
