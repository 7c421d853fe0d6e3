/**
 * The draws that follow from a journal's secret seed (docs/formats.md, "Learning"), for a caller that has it: each block has
 * eight 32-bit words, two for each of four decisions.
 * @module
 */
import { ByteWriter, type Sha256 } from "@calybris/kernel";

const TAG_BYTES = 9;
const NUMBER_BYTES = 8;
const DECISIONS_IN_BLOCK = 4n;

/** Both are 32 bits. */
export interface Draw {
  readonly tier: number;
  readonly holdout: number;
}

/** @param decision - the decision's number, from 1. */
export function drawOf(seed: Uint8Array, decision: bigint, sha256: Sha256): Draw {
  const writer = new ByteWriter(TAG_BYTES + seed.byteLength + NUMBER_BYTES).tag("calydrw1").raw(seed);
  const block = sha256(writer.u64(decision / DECISIONS_IN_BLOCK).finish());
  const at = Number(decision % DECISIONS_IN_BLOCK) * 8;
  const words = new DataView(block.buffer, block.byteOffset, block.byteLength);
  return { tier: words.getUint32(at, true), holdout: words.getUint32(at + 4, true) };
}
