/** The Wasm kernel equals the reference on random policies and requests, extremes included. @module */
import type { Budget } from "./search.ts";

export const name = "kernel equality";

const CASES = 1_000_000;
const CASES_A_ROUND = 50_000;
const EQUALITY = new URL("../../packages/kernel/test/equality.ts", import.meta.url);

type CheckEquality = (size: { readonly cases: number; readonly seed: number }) => { readonly cases: number };

/** Rounds of their own seeds, so that a slow machine stops between two of them. */
export async function run({ seed, milliseconds }: Budget): Promise<{ cases: number }> {
  const { checkEquality } = (await import(EQUALITY.href)) as { readonly checkEquality: CheckEquality };
  const endMs = performance.now() + milliseconds;
  let cases = 0;
  for (let round = 0; cases < CASES && performance.now() < endMs; round += 1) {
    cases += checkEquality({ cases: CASES_A_ROUND, seed: seed * 1_000 + round }).cases;
  }
  return { cases };
}
