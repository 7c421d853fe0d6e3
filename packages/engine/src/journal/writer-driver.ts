/**
 * The port between a journal and its writer: batches of ordered entries go out, and reports of durable ones come back.
 * @module
 */
import type { MerkleFrontier } from "@calybris/kernel";
import type { Tail } from "./entry-ring.ts";
import type { Proofs } from "./proofs.ts";
import type { Place } from "./segment-writer.ts";

/**
 * Entries in order: `tails[i]` is the text after `durable` in the data of entry `first + i`, or the record of its decision.
 */
export interface Batch {
  readonly first: number;
  readonly tails: readonly Tail[];
  /** A new segment begins with the first entry of this batch. */
  readonly rotate: boolean;
  /** The batch ends with a seal: the head is synced too. */
  readonly sealed: boolean;
}

/** The entries that became durable in one write, and their place. */
export interface Written extends Place {
  readonly first: number;
  readonly durable: number;
  /** The hash of the last entry. */
  readonly hash: string;
  readonly proofs: Proofs;
  /** The Merkle tree of all entries up to `durable`. Only during the report. */
  readonly tree: () => MerkleFrontier;
}

/** Drives a writer: a thread of its own, or the caller's thread. */
export interface WriterDriver {
  /** Takes the next entries; never waits. The driver chooses how to group them on the way to the disk. */
  submit(batch: Batch): void;
  onWritten: (written: Written) => void;
  onFailed: (problem: string) => void;
  close(): Promise<void>;
}
