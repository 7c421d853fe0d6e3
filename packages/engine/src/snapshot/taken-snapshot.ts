/**
 * A state snapshot that was taken and is yet to be written: lines that stay what they are, however the state goes on.
 * @module
 */
import { StateSnapshotDigest } from "@calybris/kernel";
import { nodeSha256 } from "../journal/chain-hash.ts";
import type { SnapshotLine } from "./line.ts";

export interface TakenSnapshot {
  /** Journal sequence of the last entry that it holds. */
  readonly sequence: number;
  /** `calyssn1`, hexadecimal: what the `state` entry after it binds. */
  readonly digest: string;
  readonly lines: readonly SnapshotLine[];
  /** Lines that are known once the entries up to the sequence are durable; the digest does not cover them. */
  readonly late: readonly (() => Uint8Array)[];
}

export function takenSnapshot(
  sequence: number,
  parts: Iterable<SnapshotLine>,
  late: Iterable<() => Uint8Array>,
): TakenSnapshot {
  const digest = new StateSnapshotDigest(nodeSha256);
  const lines = [...parts];
  for (const line of lines) digest.add(line.digest);
  return { sequence, digest: digest.finish(sequence), lines, late: [...late] };
}
