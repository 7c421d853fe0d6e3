/**
 * Entries that mark a place in the journal and change nothing that decides: nothing was waiting (seal), the digest of the
 * state (state), time was corrected (clock).
 * @module
 */
import { type Caused, CAUSED_FIELDS } from "./actor.ts";
import { type EntryTable, formOf } from "./entry-table.ts";
import { DIGEST, oneOf, WHOLE } from "./entry-value.ts";

/** Nothing was waiting: after 100 ms without traffic, before a rotation, and at a clean end. */
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
  /** Laid by the thread that chains the entries; the thread that orders them does not know their hashes yet. */
  readonly treeRoot?: string;
}

/**
 * An operator corrected time. Backwards: the clock had run ahead, and this is the only entry after which `at` may be less.
 * Forwards: a step of more than 7 days was confirmed. Its own `at` is `from`.
 */
export interface ClockEntry extends Caused {
  readonly kind: "clock";
  /** `at` of this entry, microseconds since the Unix epoch; of the entry before it too where time goes back. */
  readonly from: number;
  /** The time from which `at` continues. */
  readonly to: number;
}

export type MarkEntry = SealEntry | StateEntry | ClockEntry;

export const MARK_TABLES: Readonly<Record<MarkEntry["kind"], EntryTable>> = Object.freeze({
  seal: {
    says: "Nothing was waiting to be written.",
    forms: [formOf<SealEntry>({ cause: { type: oneOf(["idle", "rotation", "close"]), holds: "when" } })],
  },
  state: {
    says: "The state before this entry; begins a segment after a rotation.",
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
    says: "An operator corrected time: back, after a clock that had run ahead (the only entry after which `at` may be less), or forward, to confirm a step of more than 7 days.",
    forms: [
      formOf<ClockEntry>({
        from: { type: WHOLE, holds: "`at` of this entry; of the one before too where `to` is below it" },
        to: { type: WHOLE, holds: "the time from which `at` continues" },
        ...CAUSED_FIELDS,
      }),
    ],
  },
});

/**
 * The least time of the entry after one: its own, but for a clock entry, after which time continues from `to`.
 *
 * @param at - of the entry, microseconds since the Unix epoch.
 */
export function timeAfter(at: number, body: { readonly kind: string }): number {
  return body.kind === "clock" ? (body as ClockEntry).to : at;
}
