/**
 * The measure of regret in state snapshots, so that after a start only later entries are measured. It covers entries up to
 * the snapshot's or an earlier one, because measuring runs behind the engine. No other state depends on it, and no digest
 * covers it; the end line of a snapshot binds it.
 * @module
 */
import type { SnapshotMembers } from "@calybris/kernel";
import type { SnapshotLine } from "../snapshot/line.ts";
import type { Stage } from "../state/stage.ts";

/** A measure as bytes. The bytes are never modified. */
export interface KeptMeasure {
  /** The last entry that it covers. */
  readonly sequence: number;
  readonly bytes: Uint8Array;
}

/**
 * Increased with every change of the measure or its encoding. A measure of another version is ignored, and the journal is
 * measured from its beginning.
 */
export const MEASURE_VERSION = 1;

const PAGE_BYTES = 65_536;

export class KeptRegret implements Stage {
  readonly parts: readonly string[] = ["regret"];
  #pages: Uint8Array[] = [];
  #sequence = 0;

  /** The newest measure; `undefined` if none was kept, or only one of another version. */
  get measure(): KeptMeasure | undefined {
    return this.#pages.length === 0 ? undefined : { sequence: this.#sequence, bytes: Buffer.concat(this.#pages) };
  }

  /** The last entry that the newest measure covers; 0 if there is none. */
  get sequence(): number {
    return this.#sequence;
  }

  /** Size of the newest measure in bytes. */
  get byteLength(): number {
    return this.#pages.reduce((sum, { byteLength }) => sum + byteLength, 0);
  }

  keep({ sequence, bytes }: KeptMeasure): void {
    this.#sequence = sequence;
    this.#pages = [];
    for (let from = 0; from < bytes.byteLength; from += PAGE_BYTES)
      this.#pages.push(bytes.subarray(from, from + PAGE_BYTES));
  }

  forget(): void {
    this.#sequence = 0;
    this.#pages = [];
  }

  apply(): void {
    // Entries are measured after they are durable, in another thread.
  }

  *lines(): Generator<SnapshotLine> {
    // The digest of a snapshot follows from the entries alone, but this depends on the progress of measuring.
  }

  *lateLines(): Generator<() => Uint8Array> {
    const sequence = this.#sequence;
    for (const [page, bytes] of this.#pages.entries()) {
      const head = `{"part":"regret","version":${MEASURE_VERSION},"sequence":${sequence},"page":${page},"bytes":"`;
      yield () => Buffer.from(`${head}${Buffer.from(bytes).toString("base64url")}"}`);
    }
  }

  restore(_part: string, members: SnapshotMembers, sequence: number): void {
    if (members.whole("version") !== MEASURE_VERSION) return;
    const covered = members.whole("sequence");
    if (covered > sequence) throw new RangeError("regret is measured beyond the snapshot");
    if (members.whole("page") !== this.#pages.length) throw new RangeError("a page of what was measured is missing");
    if (this.#pages.length > 0 && covered !== this.#sequence) throw new RangeError("pages are of two measures");
    this.#sequence = covered;
    this.#pages.push(Buffer.from(members.text("bytes"), "base64url"));
  }
}
