/**
 * Request ids as a state snapshot holds them: fingerprints in the order of their decisions, as defined in docs/formats.md
 * section 6. Of a full page only the digest is kept, so memory grows by 32 bytes for each 8,192 ids.
 * @module
 */
import {
  type DecisionEntry,
  REQUEST_RECORDS,
  type Sha256,
  SNAPSHOT_PAGE_RECORDS,
  type SnapshotMembers,
} from "@calybris/kernel";
import { RecordPages } from "./record-pages.ts";

/** Number of latest ids kept, and at most a tenth more: whole pages are dropped. */
const IDS_KEPT = 10_000_000;
const ROWS: number = SNAPSHOT_PAGE_RECORDS.requests;
const LINE_FEED = 0x0a;

interface Fingerprint {
  sequence: number;
  high: number;
  low: number;
}

export class RequestsPart {
  readonly #pages: RecordPages<Fingerprint>;
  readonly #idsKept: number;
  readonly #idsMost: number;
  readonly #record: Fingerprint = { sequence: 0, high: 0, low: 0 };
  /** Number of the oldest id that is kept. */
  #first = 0;
  #isRestored = false;

  constructor(sha256: Sha256, idsKept: number = IDS_KEPT) {
    this.#pages = new RecordPages("requests", REQUEST_RECORDS, ROWS, sha256, true);
    this.#idsKept = idsKept;
    this.#idsMost = idsKept + Math.floor(idsKept / 10);
  }

  take(sequence: number, { requestId, defaulted, tenant }: DecisionEntry): void {
    if (requestId === undefined) return;
    if (this.#pages.next - this.#first >= this.#idsMost) {
      const first = Math.floor((this.#pages.next - this.#idsKept) / ROWS) * ROWS;
      this.#pages.dropBefore(first);
      this.#first = Math.max(first, this.#first);
    }
    const namespace = tenant === undefined || defaulted.includes("tenant") ? "" : tenant;
    this.#record.sequence = sequence;
    fingerprint(namespace, requestId, this.#record);
    this.#pages.append(this.#record);
  }

  digests(): Generator<Uint8Array> {
    return this.#pages.digests();
  }

  restore(members: SnapshotMembers): void {
    if (!this.#isRestored) this.#first = members.whole("page") * ROWS;
    this.#isRestored = true;
    this.#pages.restore(members);
  }
}

/** Over the namespace, a line feed and the id, in UTF-16 code units. */
function fingerprint(namespace: string, requestId: string, out: Fingerprint): void {
  let high = 0x811c9dc5;
  let low = 0x9e3779b9;
  const split = namespace.length;
  const end = split + 1 + requestId.length;
  for (let at = 0; at < end; at++) {
    const code =
      at < split ? namespace.charCodeAt(at) : at === split ? LINE_FEED : requestId.charCodeAt(at - split - 1);
    high = Math.imul(high ^ code, 0x01000193);
    low = Math.imul(low ^ code, 0x85ebca6b);
    low ^= low >>> 13;
  }
  high = Math.imul(high ^ (high >>> 16), 0xc2b2ae35);
  low = Math.imul(low ^ (low >>> 15), 0x27d4eb2f);
  out.high = high ^ (high >>> 13);
  out.low = low ^ (low >>> 16);
}
