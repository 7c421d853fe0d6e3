/**
 * The position from which chaining continues: the last entry, with the Merkle tree up to it.
 * @module
 */
import type { MerkleFrontier } from "@calybris/kernel";
import type { ChainPosition } from "./chain-check.ts";

export interface ChainStart extends ChainPosition {
  /** Its tree size equals the sequence. */
  readonly tree: MerkleFrontier;
}

/** The tree of a new journal. */
export const EMPTY_TREE: MerkleFrontier = Object.freeze({ treeSize: 0, hashes: Object.freeze([]) });
