/**
 * What a journal is made with.
 * @module
 */
import type { CalybrisError, EntryBody, StateEntry } from "@calybris/kernel";
import type { FailStop } from "./fail-stop.ts";
import type { PlacementStart } from "./placement.ts";
import type { WriterDriver, Written } from "./writer-driver.ts";

/** Begins at the end of what was recovered. */
export interface JournalOptions extends PlacementStart {
  readonly driver: WriterDriver;
  readonly nowUs: () => number;
  /** Why nothing may be ordered at the time that the clock gives; `undefined` when it may. */
  readonly clockRefusal?: (() => CalybrisError | undefined) | undefined;
  readonly waitingMax?: number | undefined;
  readonly segmentBytesMax?: number | undefined;
  /** Shared with the flows, which must not go on after a broken claim either. */
  readonly failStop?: FailStop | undefined;
  /** The members of the state entry that begins a segment. */
  readonly digests: () => Omit<StateEntry, "kind">;
  /** Called with every entry as it is ordered. What it throws stops the engine. */
  readonly onOrdered: (sequence: number, at: number, body: EntryBody) => void;
  readonly onWritten?: (written: Written) => void;
}

/** So many entries may wait, unless another bound is given. */
export const WAITING_MAX = 4_096;
