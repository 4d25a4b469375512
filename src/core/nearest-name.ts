/** A name that somebody probably meant. */

/** The known name with the fewest slips of the pen, or one that begins or ends as the word does; undefined when none is close. */
export function nearestName(word: string, known: readonly string[]): string | undefined {
  const asked = word.slice(0, longest);
  const slips = known.map(name => ({ name, count: slipsBetween(asked, name) }));
  const best = slips.toSorted((a, b) => a.count - b.count)[0];
  if (best !== undefined && best.count <= Math.ceil(asked.length / 3)) return best.name;
  return asked.length < 4 ? undefined : known.find(name => name.includes(asked) || asked.includes(name));
}

const longest = 40;

/** Letters to add, leave out, change or swap with their neighbour. */
function slipsBetween(one: string, other: string): number {
  const rows = [Array.from({ length: other.length + 1 }, (_, i) => i)];
  for (let i = 1; i <= one.length; i++) {
    const row = [i];
    for (let j = 1; j <= other.length; j++) {
      const same = one[i - 1] === other[j - 1];
      const cost = (up: number, left: number) => rows[i - up]?.[j - left] ?? 0;
      const swapped = i > 1 && j > 1 && one[i - 1] === other[j - 2] && one[i - 2] === other[j - 1];
      row[j] = Math.min(
        cost(1, 0) + 1,
        (row[j - 1] ?? 0) + 1,
        cost(1, 1) + (same ? 0 : 1),
        swapped ? cost(2, 2) + 1 : Number.POSITIVE_INFINITY,
      );
    }
    rows.push(row);
  }
  return rows.at(-1)?.[other.length] ?? 0;
}
