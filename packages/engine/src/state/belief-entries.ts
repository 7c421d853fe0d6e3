/**
 * Belief entries by their sequence, as outcomes need them: a few tables are drawn from again and again, so the latest are
 * kept.
 * @module
 */
import { type BeliefEntry, CalybrisError, parseEntryBody } from "@calybris/kernel";
import type { StoredEntries } from "../storage/storage.ts";

/** Nine regimes, a few sets of tiers each, and those that outcomes still come for. */
const KEPT_MAX = 64;

export interface BeliefPorts {
  readonly entries: StoredEntries;
  readonly whenDurable: (sequence: number) => Promise<void>;
}

export class BeliefEntries {
  readonly #ports: BeliefPorts;
  readonly #kept = new Map<number, BeliefEntry>();

  constructor(ports: BeliefPorts) {
    this.#ports = ports;
  }

  /**
   * @throws CalybrisError `CAL_JOURNAL_ARCHIVE_UNREACHABLE` when it is in an archive that is not at hand;
   *   `CAL_JOURNAL_ENTRY_MALFORMED` when the entry is not a belief.
   */
  async at(sequence: number): Promise<BeliefEntry> {
    const kept = this.#kept.get(sequence);
    if (kept !== undefined) return kept;
    const belief = await this.#read(sequence);
    this.#kept.set(sequence, belief);
    if (this.#kept.size > KEPT_MAX) this.#kept.delete(this.#kept.keys().next().value as number);
    return belief;
  }

  async #read(sequence: number): Promise<BeliefEntry> {
    await this.#ports.whenDurable(sequence);
    const { head, data } = await this.#ports.entries.find(sequence);
    const body = parseEntryBody(head, data, () => {
      throw new RangeError("a belief names no policy");
    });
    if (body?.kind === "belief") return body;
    throw new CalybrisError("CAL_JOURNAL_ENTRY_MALFORMED", { sequence, problem: `it is a ${head.kind}, not a belief` });
  }
}
