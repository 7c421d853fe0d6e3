/**
 * The options of a journal.
 * @module
 */
import type { CalybrisError, EntryBody, StateEntry } from "@calybris/kernel";
import type { FailStop } from "./fail-stop.ts";
import type { PlacementStart } from "./placement.ts";
import type { WriterDriver, Written } from "./writer-driver.ts";

/** Begins at the end of the recovered entries. */
export interface JournalOptions extends PlacementStart {
  readonly driver: WriterDriver;
  readonly nowUs: () => number;
  /** The error that forbids ordering at the clock's present time; `undefined` if ordering is allowed. */
  readonly clockRefusal?: (() => CalybrisError | undefined) | undefined;
  readonly waitingMax?: number | undefined;
  readonly segmentBytesMax?: number | undefined;
  /** Shared with the flows, which must stop on a broken invariant too. */
  readonly failStop?: FailStop | undefined;
  /** The members of the state entry that begins a segment. */
  readonly digests: () => Omit<StateEntry, "kind">;
  /** Called with every entry as it is ordered. An error it throws stops the engine. */
  readonly onOrdered: (sequence: number, at: number, body: EntryBody) => void;
  readonly onWritten?: (written: Written) => void;
}

/** Default number of entries that may wait. */
export const WAITING_MAX = 4_096;
