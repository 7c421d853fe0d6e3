import { expect, test } from "vitest";
import { LEAVES_MAX, tryConsistency, tryInclusion } from "./merkle-trials.ts";

test.each([
  ["inclusion", tryInclusion, (LEAVES_MAX * (LEAVES_MAX + 1)) / 2, 465_000],
  ["consistency", tryConsistency, ((LEAVES_MAX + 1) * (LEAVES_MAX + 2)) / 2, 417_000],
])(
  `every %s proof of trees of up to ${LEAVES_MAX} leaves is accepted and no altered one`,
  (what, trial, proofs, least) => {
    const { accepted, altered, sizesOff, sizesAlike, wrong } = trial(LEAVES_MAX);
    console.log(
      `${what}: ${accepted} proofs accepted, ${altered} altered refused, ${sizesOff} sizes off of which ${sizesAlike} have the same path`,
    );
    expect(wrong).toEqual([]);
    expect(accepted).toBe(proofs);
    expect(altered).toBeGreaterThan(least);
  },
);
