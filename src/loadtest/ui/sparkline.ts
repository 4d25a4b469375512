/** A line of blocks, one column per value, from 0 to the largest shown. */

const blocks = [...'▁▂▃▄▅▆▇█'];

/** @param values oldest first, the last `columns` are drawn; null leaves a gap */
export function sparkline(values: readonly (number | null)[], columns: number): string {
  const shown = columns > 0 ? values.slice(-columns) : [];
  const most = shown.reduce<number>((max, value) => Math.max(max, finite(value) ?? 0), 0);
  return shown.map(value => blockOf(finite(value), most)).join('');
}

const finite = (value: number | null) => (value !== null && Number.isFinite(value) && value >= 0 ? value : null);

const blockOf = (value: number | null, most: number) =>
  value === null ? ' ' : (blocks[most === 0 ? 0 : Math.min(7, Math.floor((value / most) * 7.999))] ?? ' ');
