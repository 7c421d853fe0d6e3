/** Strict JSON is read and refused as the slow reader does, which shares nothing with it. @module */
import type { Budget, Found } from "./search.ts";

export const name = "strict JSON";

const CASES = 2_000_000;
const CASES_A_ROUND = 20_000;
const EQUALITY = new URL("../../packages/kernel/test/json-equality.ts", import.meta.url);

type Check = (size: { readonly cases: number; readonly seed: number }) => {
  readonly taken: number;
  readonly refused: number;
};

/** Rounds of their own seeds, so that a slow machine stops between two of them. */
export async function run({ seed, milliseconds, progress }: Budget): Promise<Found> {
  const { checkJsonEquality } = (await import(EQUALITY.href)) as { readonly checkJsonEquality: Check };
  const endMs = performance.now() + milliseconds;
  let [taken, refused] = [0, 0];
  for (let round = 0; taken + refused < CASES && performance.now() < endMs; round += 1) {
    const found = checkJsonEquality({ cases: CASES_A_ROUND, seed: seed * 1_000 + round });
    taken += found.taken;
    refused += found.refused;
    progress?.(`${taken + refused} texts`);
  }
  return { cases: taken + refused, summary: `${taken} texts taken, ${refused} refused` };
}
