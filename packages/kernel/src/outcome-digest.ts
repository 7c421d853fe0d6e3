/**
 * The canonical digests of selections and outcomes (`calysel1`, `calyout1`; docs/formats.md section 1),
 * byte for byte those of the published Rust core. An outcome binds to its decision by the decision's identity.
 * @module
 */
import { ByteWriter } from "./bytes.ts";
import type { Disposition } from "./outcome-entry.ts";
import { type Sha256, sha256 } from "./sha256.ts";

export type SelectionStrategy = "maximize_utility" | "explore" | "human";

const STRATEGY_CODES: Readonly<Record<SelectionStrategy, number>> = Object.freeze({
  maximize_utility: 0,
  explore: 1,
  human: 2,
});
const DISPOSITION_CODES: Readonly<Record<Disposition, number>> = Object.freeze({
  applied: 0,
  abandoned: 1,
  in_flight: 2,
});

/** The candidate that ran, and its probability. */
export interface Selection {
  readonly strategy: SelectionStrategy;
  readonly actedId: number;
  /** Absent if and only if a person chose. */
  readonly propensityBps?: number;
}

/** The outcome of a decision. */
export interface Outcome {
  /** Microseconds since the Unix epoch. */
  readonly observedAt: number;
  readonly revision: number;
  readonly disposition: Disposition;
  readonly costMicrocents?: bigint;
  readonly latencyMs?: number;
  readonly succeeded?: boolean;
}

/** `calysel1`. */
export function selectionDigest(selection: Selection, hash: Sha256 = sha256): Uint8Array {
  const writer = new ByteWriter(32).tag("calysel1").u8(STRATEGY_CODES[selection.strategy]).u32(selection.actedId);
  if (selection.propensityBps === undefined) writer.u8(0);
  else writer.u8(1).u16(selection.propensityBps);
  return hash(writer.finish());
}

/** `calyout1`: binds the outcome to the identity of its decision and to what was done. */
export function outcomeDigest(
  identity: Uint8Array,
  selection: Uint8Array,
  outcome: Outcome,
  hash: Sha256 = sha256,
): Uint8Array {
  const writer = new ByteWriter(128)
    .tag("calyout1")
    .raw(identity)
    .u64(BigInt(outcome.observedAt))
    .u32(outcome.revision)
    .raw(selection)
    .u8(DISPOSITION_CODES[outcome.disposition]);
  if (outcome.costMicrocents === undefined) writer.u8(0);
  else writer.u8(1).u64(outcome.costMicrocents);
  if (outcome.latencyMs === undefined) writer.u8(0);
  else writer.u8(1).u32(outcome.latencyMs);
  if (outcome.succeeded === undefined) writer.u8(0);
  else writer.u8(1).u8(outcome.succeeded ? 1 : 0);
  return hash(writer.finish());
}
