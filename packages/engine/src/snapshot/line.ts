/**
 * A line of a state snapshot. Its digest is known when the snapshot is taken; its bytes are made when they are written,
 * so that unchanged lines cost no time when a snapshot is taken.
 * @module
 */
import { type SnapshotMembers, writeExact } from "@calybris/kernel";
import { nodeSha256 } from "../journal/chain-hash.ts";

export interface SnapshotLine {
  /** SHA-256 of the bytes. */
  readonly digest: Uint8Array;
  /** Without the newline; every call returns the same bytes. */
  readonly bytes: () => Uint8Array;
}

/** A line that is short, or changes with every snapshot. */
export function jsonLine(value: unknown): SnapshotLine {
  return textLine(writeExact(value));
}

/** A line from its text. */
export function textLine(text: string): SnapshotLine {
  return taken(Buffer.from(text));
}

/** A line from bytes that must not be changed afterwards. */
export function taken(bytes: Uint8Array): SnapshotLine {
  return { digest: nodeSha256(bytes), bytes: () => bytes };
}

/**
 * Identities of a page of decisions, the first 32 bits of each. The thread that writes the journal computes them, so they
 * are not known yet when a snapshot is taken.
 */
export function identityLine(of: "open" | "closed", page: number, identities: ArrayLike<number>): Uint8Array {
  const bytes = Buffer.allocUnsafe(identities.length * 4);
  for (let index = 0; index < identities.length; index++) bytes.writeUInt32LE(identities[index] as number, index * 4);
  return Buffer.from(`{"part":"identities","of":"${of}","page":${page},"bytes":"${bytes.toString("base64url")}"}`);
}

/** The identities in a line. Throws RangeError for an invalid line. */
export function identitiesIn(members: SnapshotMembers): readonly number[] {
  const bytes = Buffer.from(members.text("bytes"), "base64url");
  if (bytes.byteLength % 4 !== 0) throw new RangeError("identities are cut");
  return Array.from({ length: bytes.byteLength / 4 }, (_, index) => bytes.readUInt32LE(index * 4));
}
