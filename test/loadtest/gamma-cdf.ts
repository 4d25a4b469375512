/** The gamma law of mean 1, by the power series of the lower incomplete gamma function: an oracle apart from the sampler. */
export function gammaCdf(shape: number): (x: number) => number {
  const norm = logGamma(shape + 1);
  return mean1 => {
    const x = mean1 * shape;
    if (x <= 0) return 0;
    let term = 1;
    let sum = 1;
    for (let n = 1; n < 10_000 && term > sum * 1e-15; n++) {
      term *= x / (shape + n);
      sum += term;
    }
    return Math.min(1, sum * Math.exp(shape * Math.log(x) - x - norm));
  };
}

/** Stirling's series, moved up to where it is exact enough. */
function logGamma(x: number): number {
  if (x < 20) return logGamma(x + 1) - Math.log(x);
  return (x - 0.5) * Math.log(x) - x + 0.5 * Math.log(2 * Math.PI) + 1 / (12 * x) - 1 / (360 * x ** 3);
}
