import fc from "fast-check";
import { expect, test } from "vitest";
import { fitRidge, fittedValues, type RidgeRows } from "../src/index.ts";

// Goal: a fit says the same of its rows wherever their buckets lie, and nothing of a bucket that none of them hits.
// Method: the same rows with their buckets moved apart in a larger space.

/** Three rows' worth of hits a row at most. */
const hits = fc.array(fc.uniqueArray(fc.nat(11), { maxLength: 4 }), { minLength: 2, maxLength: 30 });

function rowsOf(
  buckets: readonly (readonly number[])[],
  bucketCount: number,
  place: (bucket: number) => number,
): RidgeRows {
  const starts = Int32Array.of(
    0,
    ...buckets.map(
      (
        (sum) => (own) =>
          (sum += own.length)
      )(0),
    ),
  );
  const flat = buckets.flat();
  return {
    rowCount: buckets.length,
    dense: new Float64Array(0),
    denseCount: 0,
    categories: new Uint16Array(buckets.length),
    categoryCount: 1,
    text: {
      starts,
      buckets: Int32Array.from(flat, place),
      shares: Float32Array.from(flat, (bucket) => 0.25 + bucket / 16),
      bucketCount,
    },
    targets: Float64Array.from(buckets, (own) => (own.includes(3) ? 1 : 0) + own.length / 8),
    weights: undefined,
  };
}

test("moving the buckets of all rows moves their weights and changes no value", () => {
  fc.assert(
    fc.property(hits, fc.integer({ min: 1, max: 20 }), (buckets, apart) => {
      const penalties = { dense: 1, category: 5, text: 2 };
      const near = rowsOf(buckets, 12, (bucket) => bucket);
      const far = rowsOf(buckets, 12 * apart + 5, (bucket) => 5 + bucket * apart);
      const [one, other] = [fitRidge(near, penalties), fitRidge(far, penalties)];
      expect([...fittedValues(far, other)]).toEqual([...fittedValues(near, one)]);
      const hit = new Set(far.text?.buckets);
      for (const [bucket, weight] of other.text.entries()) if (!hit.has(bucket)) expect(weight).toBe(0);
      for (let bucket = 0; bucket < 12; bucket += 1) expect(other.text[5 + bucket * apart]).toBe(one.text[bucket]);
    }),
    { numRuns: 60 },
  );
});
