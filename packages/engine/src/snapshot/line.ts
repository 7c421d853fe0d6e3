/**
 * A line of a state snapshot. Its digest is known when the snapshot is taken; its bytes are made when they are written,
 * so that taking a snapshot takes no longer for what has not changed since the last.
 * @module
 */
import { writeExact } from "@calybris/kernel";
import { nodeSha256 } from "../journal/chain-hash.ts";

export interface SnapshotLine {
  /** SHA-256 of the bytes. */
  readonly digest: Uint8Array;
  /** Without the newline; the same whenever it is asked for. */
  readonly bytes: () => Uint8Array;
}

/** A line that is short, or changes each time. */
export function jsonLine(value: unknown): SnapshotLine {
  return textLine(writeExact(value));
}

/** A line as it is. */
export function textLine(text: string): SnapshotLine {
  const bytes = Buffer.from(text);
  return { digest: nodeSha256(bytes), bytes: () => bytes };
}
