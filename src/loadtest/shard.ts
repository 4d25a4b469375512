/** One process's part of a run. */
export interface Shard {
  readonly index: number;
  readonly count: number;
}

/**
 * What a shard has of the seats 0 to level − 1. Seats, numbers of requests and the dice of `shardOf` are all dealt in turn:
 * one is a shard's when what is left of it by `count` is its index. So the parts of all shards add up.
 */
export const seatsOf = (level: number, { index, count }: Shard): number =>
  Math.max(0, Math.ceil((level - index) / count));

/** A part of a shard: what is the shard's is dealt among its parts in turn. Shards may have more or fewer parts than others. */
export const within = ({ index, count }: Shard, part: number, parts: number): Shard => ({
  index: index + count * part,
  count: count * parts,
});
