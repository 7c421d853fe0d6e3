/**
 * Entries that mark a position in the journal and do not affect decisions: no entry was waiting (seal), the digest of the
 * state (state), a correction of time (clock).
 * @module
 */
import { type Caused, CAUSED_FIELDS } from "./actor.ts";
import { type EntryTable, formOf } from "./entry-table.ts";
import { DIGEST, oneOf, WHOLE } from "./entry-value.ts";

/** No entry was waiting to be written: after 100 ms without traffic, before a rotation, and at a clean shutdown. */
export interface SealEntry {
  readonly kind: "seal";
  readonly cause: "idle" | "rotation" | "close";
}

/**
 * Begins a segment after a rotation: the digest (`calystt1`) of the state before it, that of its snapshot (`calyssn1`), and the
 * root of the Merkle tree of the entries before it.
 */
export interface StateEntry {
  readonly kind: "state";
  readonly stateDigest: string;
  readonly snapshotDigest: string;
  /** Added by the thread that chains the entries; the thread that orders them does not have their hashes yet. */
  readonly treeRoot?: string;
}

/**
 * An operator corrected the time. Backwards: the clock had run ahead; after no other entry may `at` be less. Forwards: a
 * step of more than 7 days was confirmed. Its own `at` is `from`.
 */
export interface ClockEntry extends Caused {
  readonly kind: "clock";
  /** `at` of this entry, microseconds since the Unix epoch; also that of the entry before it if time goes back. */
  readonly from: number;
  /** The time from which `at` continues. */
  readonly to: number;
}

export type MarkEntry = SealEntry | StateEntry | ClockEntry;

export const MARK_TABLES: Readonly<Record<MarkEntry["kind"], EntryTable>> = Object.freeze({
  seal: {
    says: "The write queue was empty.",
    forms: [
      formOf<SealEntry>({ cause: { type: oneOf(["idle", "rotation", "close"]), holds: "occasion of the seal" } }),
    ],
  },
  state: {
    says: "The state before this entry. First entry of a segment after a rotation.",
    forms: [
      formOf<StateEntry>({
        stateDigest: { type: DIGEST, holds: "`calystt1` (section 5), hexadecimal" },
        snapshotDigest: { type: DIGEST, holds: "`calyssn1` (section 6), hexadecimal" },
        treeRoot: {
          type: DIGEST,
          holds: "root of the Merkle tree of the entries before this one (docs/formats/proofs.md), hexadecimal",
          leftOut: "the writer kept no tree",
        },
      }),
    ],
  },
  clock: {
    says: "An operator corrected the journal's time: back, after the clock had run ahead (only after this entry may `at` decrease), or forward, to confirm a step of more than 7 days.",
    forms: [
      formOf<ClockEntry>({
        from: { type: WHOLE, holds: "`at` of this entry; if `to` is lower, also `at` of the previous entry" },
        to: { type: WHOLE, holds: "time from which `at` continues" },
        ...CAUSED_FIELDS,
      }),
    ],
  },
});

/**
 * The earliest time of the entry after this one: its own time, or `to` after a clock entry.
 *
 * @param at - of the entry, microseconds since the Unix epoch.
 */
export function timeAfter(at: number, body: { readonly kind: string }): number {
  return body.kind === "clock" ? (body as ClockEntry).to : at;
}
