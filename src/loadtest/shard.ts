/** One process's part of a run. */
export interface Shard {
  readonly index: number;
  readonly count: number;
}

/** This shard's part of a number: the parts of all shards add up to it. */
export const seatsOf = (level: number, { index, count }: Shard): number =>
  Math.floor((level * (index + 1)) / count) - Math.floor((level * index) / count);
