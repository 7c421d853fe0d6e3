import type { OutcomeEntry } from "@calybris/kernel";
import fc from "fast-check";
import { expect, test } from "vitest";
import { OUTCOMES_KEPT_MAX, OutcomeIndex } from "../../src/state/outcome-index.ts";

const outcome = (of: number): OutcomeEntry => ({
  kind: "outcome",
  of,
  disposition: "applied",
  successBps: of % 10_001,
  rewardBps: 0,
  useCase: "default",
  warmStartBps: 0,
  candidate: 1,
  tier: 0,
  learned: false,
  digest: "0".repeat(64),
  observedAt: 0,
  actor: 7,
});

function take(index: OutcomeIndex, sequence: number, of: number): void {
  index.check(sequence, 0, outcome(of));
  index.apply(sequence, 0, outcome(of));
}

test("an outcome is found for the decision that it was reported for, and for no other, in whatever order they come", () => {
  // Neighbours, and numbers at the ends of a byte, of a chunk and of 32 bits.
  const base = fc.constantFrom(1, 8, 65_535, 65_536, 2 ** 31, 2 ** 32, 2 ** 40);
  const number = fc.tuple(base, fc.integer({ min: 0, max: 20 })).map(([from, more]) => from + more);
  fc.assert(
    fc.property(fc.array(number, { maxLength: 60 }), fc.array(number, { maxLength: 60 }), (reported, asked) => {
      const index = new OutcomeIndex(() => undefined);
      for (const [at, of] of reported.entries()) take(index, at + 1, of);
      for (const of of [...reported, ...asked]) {
        const found = index.find(of);
        expect(found !== undefined).toBe(reported.includes(of));
        if (found !== undefined) expect(found.observed.successBps).toBe(of % 10_001);
      }
    }),
  );
});

test("beyond as many as are kept in full, that an outcome was reported is still known, and what it said is not", () => {
  const index = new OutcomeIndex(() => undefined);
  for (let of = 1; of <= OUTCOMES_KEPT_MAX + 2; of++) take(index, of, of);
  expect(index.find(1)).toMatchObject({ sequence: 0, content: undefined });
  expect(index.find(2)).toMatchObject({ sequence: 0, content: undefined });
  expect(index.find(3)).toMatchObject({ sequence: 3, observed: { successBps: 3 } });
  expect(index.find(OUTCOMES_KEPT_MAX + 3)).toBeUndefined();
});
