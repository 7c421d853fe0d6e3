/**
 * The port between a journal and what writes it: batches of ordered entries go out, and reports of what is durable come back.
 * @module
 */
import type { MerkleFrontier } from "@calybris/kernel";
import type { Tail } from "./entry-ring.ts";
import type { Proofs } from "./proofs.ts";
import type { Place } from "./segment-writer.ts";

/** Entries in order: `tails[i]` is what follows `durable` in the data of entry `first + i`, or the record of its decision. */
export interface Batch {
  readonly first: number;
  readonly tails: readonly Tail[];
  /** A new segment begins with the first entry of this batch. */
  readonly rotate: boolean;
  /** The batch ends with a seal: the head is synced too. */
  readonly sealed: boolean;
}

/** What became durable in one write, and where it went. */
export interface Written extends Place {
  readonly first: number;
  readonly durable: number;
  /** The hash of the last entry. */
  readonly hash: string;
  readonly proofs: Proofs;
  /** The Merkle tree of all entries up to `durable`. Only while this is reported. */
  readonly tree: () => MerkleFrontier;
}

/** Drives a writer: a thread of its own, or the caller's thread. */
export interface WriterDriver {
  /** Takes the entries that come next; never waits. How they are grouped on the way to the disk is the driver's choice. */
  submit(batch: Batch): void;
  onWritten: (written: Written) => void;
  onFailed: (problem: string) => void;
  close(): Promise<void>;
}
