/**
 * Belief entries by their sequence, as outcomes need them: a few tables are drawn from again and again, so the latest are
 * kept.
 * @module
 */
import { type BeliefEntry, CalybrisError, parseEntryBody } from "@calybris/kernel";
import type { StoredEntries } from "../storage/storage.ts";

/** Nine regimes, a few sets of tiers each, and those that outcomes still come for. */
const KEPT_MAX = 64;

export class BeliefEntries {
  readonly #finder: StoredEntries;
  readonly #kept = new Map<number, BeliefEntry>();

  constructor(finder: StoredEntries) {
    this.#finder = finder;
  }

  /**
   * @throws CalybrisError `CAL_JOURNAL_ARCHIVE_UNREACHABLE` when it is in an archive that is not at hand;
   *   `CAL_JOURNAL_ENTRY_MALFORMED` when the entry is not a belief.
   */
  at(sequence: number): BeliefEntry {
    const kept = this.#kept.get(sequence);
    if (kept !== undefined) return kept;
    const belief = this.#read(sequence);
    this.#kept.set(sequence, belief);
    if (this.#kept.size > KEPT_MAX) this.#kept.delete(this.#kept.keys().next().value as number);
    return belief;
  }

  #read(sequence: number): BeliefEntry {
    const { head, data } = this.#find(sequence);
    const body = parseEntryBody(head, data, () => {
      throw new RangeError("a belief names no policy");
    });
    if (body?.kind === "belief") return body;
    throw new CalybrisError("CAL_JOURNAL_ENTRY_MALFORMED", { sequence, problem: `it is a ${head.kind}, not a belief` });
  }

  #find(sequence: number): ReturnType<StoredEntries["find"]> {
    try {
      return this.#finder.find(sequence);
    } catch (cause) {
      if (!this.#finder.isArchiveGone(sequence)) throw cause;
      const file = this.#finder.fileOf(sequence);
      throw new CalybrisError("CAL_JOURNAL_ARCHIVE_UNREACHABLE", { sequence, file }, { cause });
    }
  }
}
