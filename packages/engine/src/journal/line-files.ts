/**
 * The store that makes lines durable, as a port: the segments of a directory, or another store.
 * @module
 */

import type { TreeSink } from "./tree-files.ts";

/** Consecutive entries as stored in the file. */
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

/** The place where lines were written. */
export interface Place {
  readonly segment: number;
  /** Byte offset of the first line. */
  readonly offset: number;
  readonly bytes: number;
  /** Number of syncs since the previous lines, including those of these lines. */
  readonly fsyncs: number;
}

/** A store of lines; a failure of any call is final. */
export interface LineFiles {
  /** Receives the Merkle tree of the entries; omitted if it is not stored. */
  readonly tree?: TreeSink;
  /** Durable when this returns. */
  append(lines: Lines): Place;
  /** Stores the lines appended last as the head. */
  writeHead(lines: Lines): void;
  /** Prepares space for the next burst; returns whether there is more to prepare. */
  prepareAhead(): boolean;
  close(): void;
}
