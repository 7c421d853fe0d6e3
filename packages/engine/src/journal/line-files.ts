/**
 * Where lines become durable, as a port: the segments of a directory, or another store.
 * @module
 */

import type { TreeSink } from "./tree-files.ts";

/** Consecutive entries as they are to be in the file. */
export interface Lines {
  readonly bytes: Uint8Array;
  readonly first: number;
  readonly last: number;
  /** Hash of the last entry. */
  readonly hash: string;
  /** A new segment begins with the first entry. */
  readonly rotate: boolean;
  /** The last entry is a seal: the head is synced too. */
  readonly sealed: boolean;
}

/** Where lines went. */
export interface Place {
  readonly segment: number;
  /** Byte offset of the first of them. */
  readonly offset: number;
  readonly bytes: number;
  /** Syncs made since the lines before, theirs included. */
  readonly fsyncs: number;
}

/** Where lines go; a failure of any call is final. */
export interface LineFiles {
  /** Takes the Merkle tree of the entries; left out where it is not kept. */
  readonly tree?: TreeSink;
  /** Durable when it returns. */
  append(lines: Lines): Place;
  /** Keeps what was appended last as the head. */
  writeHead(lines: Lines): void;
  /** Prepares for the next busy time; whether there is more to prepare. */
  prepareAhead(): boolean;
  close(): void;
}
