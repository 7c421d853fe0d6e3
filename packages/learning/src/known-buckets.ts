/**
 * The buckets that at least one text hits, renumbered consecutively, so that the cost of a fit depends on its rows' hits and
 * not on the prior's capacity. A bucket without hits has weight 0.
 * @module
 */

export interface BucketShares {
  readonly starts: Int32Array;
  readonly buckets: Int32Array;
  readonly shares: Float32Array;
  readonly bucketCount: number;
}

export interface KnownBuckets {
  /** The same shares under the new numbers. */
  readonly text: BucketShares;
  /** The bucket for each new number, ascending. */
  readonly known: Int32Array;
}

/** A cache, because the same rows are fitted repeatedly. */
const renumbered = new WeakMap<BucketShares, KnownBuckets>();

export function knownBuckets(text: BucketShares): KnownBuckets {
  const before = renumbered.get(text);
  if (before !== undefined) return before;
  const numbers = new Int32Array(text.bucketCount).fill(-1);
  for (const bucket of text.buckets) numbers[bucket] = 0;
  const known = Int32Array.from(numbers.keys()).filter((bucket) => numbers[bucket] === 0);
  for (const [number, bucket] of known.entries()) numbers[bucket] = number;
  const buckets = text.buckets.map((bucket) => numbers[bucket] ?? 0);
  const own = { text: { ...text, buckets, bucketCount: known.length }, known };
  renumbered.set(text, own);
  return own;
}

/** Weights by new number. */
export function weightsKnown({ known }: KnownBuckets, weights: Float64Array): Float64Array {
  return Float64Array.from(known, (bucket) => weights[bucket] ?? 0);
}

/** Weights by bucket. */
export function weightsOfAll({ known }: KnownBuckets, weights: Float64Array, bucketCount: number): Float64Array {
  const all = new Float64Array(bucketCount);
  for (const [number, bucket] of known.entries()) all[bucket] = weights[number] ?? 0;
  return all;
}
