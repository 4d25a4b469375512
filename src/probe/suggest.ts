/** The word that was probably meant. */

/** @example suggestion('intervall', ['interval', 'kind']) // '; did you mean interval?' */
export function suggestion(word: string, known: readonly string[]): string {
  const best = known
    .map(candidate => ({ candidate, distance: distanceOf(word.toLowerCase(), candidate.toLowerCase()) }))
    .sort((a, b) => a.distance - b.distance)[0];
  const near = best !== undefined && best.distance <= Math.max(1, Math.floor(word.length / 3));
  const meant = near ? best.candidate : begun(word.toLowerCase(), known);
  return meant === undefined ? '' : `; did you mean ${meant}?`;
}

/** The only one that begins so, as `username` does with `user`, or that is a beginning, as `sun` is of `sunday`. */
function begun(word: string, known: readonly string[]): string | undefined {
  const isNear = (candidate: string) =>
    candidate.startsWith(word) || (candidate.length > 2 && word.startsWith(candidate));
  const [one, ...others] = word.length < 4 ? [] : known.filter(candidate => isNear(candidate.toLowerCase()));
  return others.length === 0 ? one : undefined;
}

/** Edits to get from one word to the other; two swapped letters count as one. Words are short: names and keys. */
function distanceOf(a: string, b: string): number {
  const rows = [Array.from({ length: b.length + 1 }, (_, j) => j)];
  for (let i = 1; i <= a.length; i++) {
    const above = rows[i - 1] as number[];
    const row = [i];
    for (let j = 1; j <= b.length; j++) {
      const same = a[i - 1] === b[j - 1];
      const swapped = i > 1 && j > 1 && a[i - 1] === b[j - 2] && a[i - 2] === b[j - 1];
      const edit = Math.min((above[j] ?? 0) + 1, (row[j - 1] ?? 0) + 1, (above[j - 1] ?? 0) + (same ? 0 : 1));
      row.push(swapped ? Math.min(edit, ((rows[i - 2] as number[])[j - 2] ?? 0) + 1) : edit);
    }
    rows.push(row);
  }
  return (rows[a.length] as number[])[b.length] ?? 0;
}
