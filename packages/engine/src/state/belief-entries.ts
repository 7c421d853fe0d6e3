/**
 * Belief entries by their sequence, as outcomes need them. Those that this process orders are cached, so that an outcome
 * reads the journal only for a decision from before the last start, or one that thousands of beliefs have followed.
 * @module
 */
import { type BeliefEntry, CalybrisError, type EntryBody, parseEntryBody } from "@calybris/kernel";
import type { StoredEntries } from "../storage/storage.ts";

/** At most 2 MB. A table is rebuilt up to 100 times a second, and a call's outcome arrives after its answer has ended. */
const KEPT_MAX = 4_096;

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

  /** Called with every ordered entry. */
  ordered(sequence: number, body: EntryBody): void {
    if (body.kind === "belief") this.#keep(sequence, body);
  }

  /** `undefined` for an entry that must be read. */
  kept(sequence: number): BeliefEntry | undefined {
    return this.#kept.get(sequence);
  }

  /**
   * @throws CalybrisError `CAL_JOURNAL_ARCHIVE_UNREACHABLE` when the entry is in an archive that is unavailable;
   *   `CAL_JOURNAL_ENTRY_MALFORMED` when it is not a belief.
   */
  async at(sequence: number): Promise<BeliefEntry> {
    const kept = this.#kept.get(sequence);
    if (kept !== undefined) return kept;
    const belief = await this.#read(sequence);
    this.#keep(sequence, belief);
    return belief;
  }

  #keep(sequence: number, belief: BeliefEntry): void {
    this.#kept.set(sequence, belief);
    if (this.#kept.size > KEPT_MAX) this.#kept.delete(this.#kept.keys().next().value as number);
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
