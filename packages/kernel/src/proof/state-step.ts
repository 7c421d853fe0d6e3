/**
 * Steps of a state (`calystt1`): the digest of a state after a step, and whether steps follow one another.
 * @module
 */
import { ByteWriter, equalBytes } from "../bytes.ts";
import { type Sha256, sha256 } from "../sha256.ts";

const HEAD_BYTES = 9 + 8;

/** One decision's effect on the state. */
export interface StateStep {
  /** From 1; step 0 is the initial state. */
  readonly step: bigint;
  readonly before: Uint8Array;
  readonly after: Uint8Array;
}

/** @param state - the canonical bytes of the state. */
export function stateDigest(step: bigint, state: Uint8Array, hash: Sha256 = sha256): Uint8Array {
  return hash(new ByteWriter(HEAD_BYTES + state.byteLength).tag("calystt1").u64(step).raw(state).finish());
}

/** The first step that does not continue the one before it; `undefined` if all do. The first must begin at `from`. */
export function brokenStep(
  steps: readonly StateStep[],
  from: { readonly step: bigint; readonly digest: Uint8Array },
): bigint | undefined {
  let { step: last, digest } = from;
  for (const { step, before, after } of steps) {
    if (step !== last + 1n || !equalBytes(before, digest)) return step;
    [last, digest] = [step, after];
  }
  return undefined;
}
