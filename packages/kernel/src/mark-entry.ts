/**
 * Entries that mark a place in the journal and change nothing that decides: nothing was waiting (seal), the digest of the
 * state (state), the clock was set back (clock).
 * @module
 */
import { type Caused, CAUSED_MEMBERS, causedFromJson } from "./actor.ts";
import { digest, type Members, oneOf, whole } from "./entry-fields.ts";

/** Nothing was waiting: after 100 ms without traffic, before a rotation, and at a clean end. */
export interface SealEntry {
  readonly kind: "seal";
  readonly cause: "idle" | "rotation" | "close";
}

/** Begins a segment after a rotation: the digest (`calystt1`) of the state before it. */
export interface StateEntry {
  readonly kind: "state";
  readonly stateDigest: string;
}

/** The clock had run ahead: the only entry after which `at` may be less. Its own `at` is `from`. */
export interface ClockEntry extends Caused {
  readonly kind: "clock";
  /** `at` of the entry before, microseconds since the Unix epoch. */
  readonly from: number;
  /** The time from which `at` continues; below `from`. */
  readonly to: number;
}

export type MarkEntry = SealEntry | StateEntry | ClockEntry;

export const MARK_MEMBERS: Readonly<Record<MarkEntry["kind"], readonly string[]>> = Object.freeze({
  seal: ["cause"],
  state: ["stateDigest"],
  clock: ["from", "to", ...CAUSED_MEMBERS],
});

/** Reads the members of a mark. Throws RangeError naming the member. */
export function markFromJson(kind: MarkEntry["kind"], members: Members): MarkEntry {
  switch (kind) {
    case "seal":
      return { kind, cause: oneOf(members, "cause", ["idle", "rotation", "close"]) };
    case "state":
      return { kind, stateDigest: digest(members, "stateDigest") };
    case "clock": {
      const [from, to] = [whole(members, "from"), whole(members, "to")];
      if (to >= from) throw new RangeError("to is not before from");
      return { kind, from, to, ...causedFromJson(members) };
    }
  }
}

/**
 * The least time of the entry after one: its own, but for a clock entry, after which time continues from `to`.
 *
 * @param at - of the entry, microseconds since the Unix epoch.
 */
export function timeAfter(at: number, body: { readonly kind: string }): number {
  return body.kind === "clock" ? (body as ClockEntry).to : at;
}
