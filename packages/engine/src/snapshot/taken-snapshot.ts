/**
 * A state snapshot that was taken but not yet written: its lines do not change when the state does.
 * @module
 */
import { StateSnapshotDigest } from "@calybris/kernel";
import { nodeSha256 } from "../journal/chain-hash.ts";
import type { SnapshotLine } from "./line.ts";

export interface TakenSnapshot {
  /** Journal sequence of the last entry that it covers. */
  readonly sequence: number;
  /** `calyssn1`, hexadecimal; the `state` entry after the snapshot binds it. */
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
