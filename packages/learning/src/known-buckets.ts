/**
 * The buckets that some text hits, renumbered in a row: a fit then costs what its rows hit, and not what a prior has room for. The
 * weight of a bucket that none hits is 0.
 * @module
 */

export interface BucketShares {
  readonly starts: Int32Array;
  readonly buckets: Int32Array;
  readonly shares: Float32Array;
  readonly bucketCount: number;
}

export interface KnownBuckets {
  /** The same shares in the new numbers. */
  readonly text: BucketShares;
  /** By new number: the bucket. Ascending. */
  readonly known: Int32Array;
}

/** The same rows are fitted again and again. */
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

/** Weights in the new numbers. */
export function weightsKnown({ known }: KnownBuckets, weights: Float64Array): Float64Array {
  return Float64Array.from(known, (bucket) => weights[bucket] ?? 0);
}

/** Weights of all buckets. */
export function weightsOfAll({ known }: KnownBuckets, weights: Float64Array, bucketCount: number): Float64Array {
  const all = new Float64Array(bucketCount);
  for (const [number, bucket] of known.entries()) all[bucket] = weights[number] ?? 0;
  return all;
}
