/**
 * Where the chaining of entries goes on: behind the last entry, with the Merkle tree of it and those before.
 * @module
 */
import type { MerkleFrontier } from "@calybris/kernel";
import type { ChainPosition } from "./chain-check.ts";

export interface ChainStart extends ChainPosition {
  /** Of as many entries as the sequence says. */
  readonly tree: MerkleFrontier;
}

/** Of a journal that is yet to begin. */
export const EMPTY_TREE: MerkleFrontier = Object.freeze({ treeSize: 0, hashes: Object.freeze([]) });
