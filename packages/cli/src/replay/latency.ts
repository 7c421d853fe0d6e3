/**
 * A latency histogram in constant memory: bucket bounds grow by 1 percent, so percentiles are accurate to 1 percent.
 * @module
 */

const GROWTH = 1.01;
/** Covers up to about 5 hours; slower latencies are counted in the last bucket. */
const BUCKETS = 2_400;

export class LatencyHistogram {
  readonly #counts = new Uint32Array(BUCKETS);
  #total = 0;

  add(latencyMs: number): void {
    const bucket = Math.ceil(Math.log(Math.max(1, latencyMs * 1_000)) / Math.log(GROWTH));
    const index = Math.min(BUCKETS - 1, bucket);
    this.#counts[index] = (this.#counts[index] ?? 0) + 1;
    this.#total += 1;
  }

  /** The upper bound of the bucket with the percentile `share`, in milliseconds; 0 without latencies. */
  percentileMs(share: number): number {
    if (this.#total === 0) return 0;
    let seen = 0;
    for (const [index, count] of this.#counts.entries()) {
      seen += count;
      if (seen >= share * this.#total) return GROWTH ** index / 1_000;
    }
    return GROWTH ** (BUCKETS - 1) / 1_000;
  }
}
