/**
 * The rows of a table as input of a fit: dense columns, standardised as the prior standardises them; one column per
 * category; and the text buckets, cosine-normalised as the prior counts them.
 * @module
 */
import {
  clearCounts,
  countBuckets,
  dampedCount,
  FEATURE_MISSING,
  TEXT_RARITY_MAX,
  TEXT_RARITY_UNIT,
  textScratch,
} from "@calybris/engine/internal";
import type { Table } from "./table.ts";

export interface Standardising {
  readonly centers: Int32Array;
  readonly spreads: Int32Array;
}

/** Bucket hits of every text: row r has the entries from `starts[r]` up to `starts[r + 1]`. */
export interface TextHits {
  readonly starts: Int32Array;
  readonly buckets: Int32Array;
  readonly counts: Uint8Array;
  readonly bucketCount: number;
}

const STANDARDISED_MAX = 8;
/** In a normal distribution, the 16th and the 84th percentile are two standard deviations apart. */
const [QUANTILE_LOW, QUANTILE_HIGH] = [0.16, 0.84];
const QUANTILE_ROWS = 50_000;

/** Robust standardisation: the median, and half the distance between two quantiles; if those are equal, half the range. */
export function standardisingOf(table: Table, rows: Int32Array): Standardising {
  const count = table.featureNames.length;
  const [centers, spreads] = [new Int32Array(count), new Int32Array(count).fill(1)];
  const step = Math.max(1, Math.floor(rows.length / QUANTILE_ROWS));
  for (let feature = 0; feature < count; feature += 1) {
    const known: number[] = [];
    for (let at = 0; at < rows.length; at += step) {
      const value = table.features[(rows[at] ?? 0) * count + feature] ?? FEATURE_MISSING;
      if (value !== FEATURE_MISSING) known.push(value);
    }
    if (known.length === 0) continue;
    const sorted = Float64Array.from(known).sort();
    const quantile = (share: number): number => sorted[Math.floor(share * (sorted.length - 1))] ?? 0;
    centers[feature] = quantile(0.5);
    const width = quantile(QUANTILE_HIGH) - quantile(QUANTILE_LOW);
    const spread = width > 0 ? width / 2 : (quantile(1) - quantile(0)) / 2;
    spreads[feature] = Math.min(2_147_483_647, Math.max(1, Math.round(spread)));
  }
  return { centers, spreads };
}

/** Dense columns of the given rows: rows × features, in spreads from the center, clamped to ±8. */
export function denseColumns(table: Table, rows: Int32Array, { centers, spreads }: Standardising): Float64Array {
  const count = table.featureNames.length;
  const dense = new Float64Array(rows.length * count);
  for (let at = 0; at < rows.length; at += 1) {
    for (let feature = 0; feature < count; feature += 1) {
      const value = table.features[(rows[at] ?? 0) * count + feature] ?? FEATURE_MISSING;
      if (value === FEATURE_MISSING) continue;
      const away = (value - (centers[feature] ?? 0)) / (spreads[feature] ?? 1);
      dense[at * count + feature] = Math.max(-STANDARDISED_MAX, Math.min(STANDARDISED_MAX, away));
    }
  }
  return dense;
}

/** Counts every text once, for all folds and refits. */
export function hitsOf(texts: readonly string[], bucketCount: number): TextHits {
  const scratch = textScratch(bucketCount);
  const starts = new Int32Array(texts.length + 1);
  let [buckets, counts] = [new Int32Array(1_024), new Uint8Array(1_024)];
  let length = 0;
  for (const [row, text] of texts.entries()) {
    const found = countBuckets(text, scratch);
    if (length + found > buckets.length) {
      const [wider, more] = [new Int32Array(2 * (length + found)), new Uint8Array(2 * (length + found))];
      wider.set(buckets);
      more.set(counts);
      [buckets, counts] = [wider, more];
    }
    for (let at = 0; at < found; at += 1) {
      const bucket = scratch.touched[at] ?? 0;
      buckets[length] = bucket;
      counts[length] = scratch.counts[bucket] ?? 0;
      length += 1;
    }
    clearCounts(scratch, found);
    starts[row + 1] = length;
  }
  return { starts, buckets: buckets.slice(0, length), counts: counts.slice(0, length), bucketCount };
}

/**
 * Rarity of each bucket among the given rows, in 1/64: 1 + ln((1 + n) / (1 + rows with it)); 0 for a bucket without hits.
 */
export function raritiesOf(hits: TextHits, rows: Int32Array): Uint16Array {
  const seen = new Int32Array(hits.bucketCount);
  for (const row of rows) {
    for (let at = hits.starts[row] ?? 0; at < (hits.starts[row + 1] ?? 0); at += 1) {
      const bucket = hits.buckets[at] ?? 0;
      seen[bucket] = (seen[bucket] ?? 0) + 1;
    }
  }
  return Uint16Array.from(seen, (count) =>
    count === 0
      ? 0
      : Math.min(TEXT_RARITY_MAX, Math.round(TEXT_RARITY_UNIT * (1 + Math.log((1 + rows.length) / (1 + count))))),
  );
}

/** Bucket shares of the given rows: each row's squares add up to one, unless it has no known bucket. */
export function textShares(
  hits: TextHits,
  rows: Int32Array,
  rarities: Uint16Array,
): {
  readonly starts: Int32Array;
  readonly buckets: Int32Array;
  readonly shares: Float32Array;
} {
  let length = 0;
  for (const row of rows) length += (hits.starts[row + 1] ?? 0) - (hits.starts[row] ?? 0);
  const [starts, buckets, shares] = [new Int32Array(rows.length + 1), new Int32Array(length), new Float32Array(length)];
  let to = 0;
  rows.forEach((row, index) => {
    const from = to;
    let squares = 0;
    for (let at = hits.starts[row] ?? 0; at < (hits.starts[row + 1] ?? 0); at += 1) {
      const bucket = hits.buckets[at] ?? 0;
      const share = dampedCount(hits.counts[at] ?? 0) * (rarities[bucket] ?? 0);
      buckets[to] = bucket;
      shares[to] = share;
      squares += share * share;
      to += 1;
    }
    const length_ = Math.sqrt(squares);
    for (let at = from; at < to && length_ > 0; at += 1) shares[at] = (shares[at] ?? 0) / length_;
    starts[index + 1] = to;
  });
  return { starts, buckets, shares };
}
