/**
 * Outcomes as a state snapshot holds them (docs/formats.md section 6): a bit for each decision of which an outcome is known, and
 * the latest outcomes in full.
 * @module
 */
import {
  DISPOSITIONS,
  OUTCOME_RECORDS,
  type OutcomeEntry,
  outcomeCost,
  type Sha256,
  SIGNALS,
  SNAPSHOT_PAGE_RECORDS,
  type SnapshotMembers,
  toUtf8,
} from "@calybris/kernel";
import { pageLine, RecordPages } from "./record-pages.ts";

const OUTCOMES_MOST = 131_072;
const BITS: number = SNAPSHOT_PAGE_RECORDS.reported;
const NOT_REPORTED = 2;
/** What the cost of an outcome is: none is known, its own, or that of the reservation that was closed before. */
const [NONE, OWN, OF_THE_RESERVATION] = [0, 1, 2];

interface BitPage {
  readonly bits: Uint8Array;
  digest: Uint8Array | undefined;
}

export class OutcomesPart {
  readonly #sha256: Sha256;
  readonly #reported = new Map<number, BitPage>();
  readonly #latest: RecordPages<ReturnType<typeof OUTCOME_RECORDS.read>>;
  /** The number of each among the latest, the oldest first. */
  readonly #numbers = new Map<number, number>();
  /** Goes on from the oldest that is left: asking the Map for its first anew walks over all that were ever deleted. */
  readonly #oldest: MapIterator<number> = this.#numbers.keys();
  readonly #outcomesMost: number;

  constructor(sha256: Sha256, outcomesMost: number = OUTCOMES_MOST) {
    this.#sha256 = sha256;
    this.#latest = new RecordPages("outcomes", OUTCOME_RECORDS, SNAPSHOT_PAGE_RECORDS.outcomes, sha256);
    this.#outcomesMost = outcomesMost;
  }

  /** @param closedCost - what the reservation of its decision was closed at before. */
  take(sequence: number, entry: OutcomeEntry, closedCost: bigint | undefined): void {
    const { of, disposition, succeeded, signals = [], latencyMs, successBps, rewardBps, learned, digest } = entry;
    this.#mark(of);
    const own = outcomeCost(entry);
    const before = this.#numbers.get(of);
    if (before !== undefined) this.#forget(of, before);
    const number = this.#latest.append({
      of,
      sequence,
      disposition: DISPOSITIONS.indexOf(disposition),
      succeeded: succeeded === undefined ? NOT_REPORTED : Number(succeeded),
      signals: SIGNALS.reduce((bits, signal, bit) => (signals.includes(signal) ? bits | (1 << bit) : bits), 0),
      hasLatency: latencyMs === undefined ? 0 : 1,
      latencyMs: latencyMs ?? 0,
      cost: own !== undefined ? OWN : closedCost === undefined ? NONE : OF_THE_RESERVATION,
      costMicrocents: own ?? closedCost ?? 0n,
      successBps,
      rewardBps,
      learned: Number(learned),
      digest,
    });
    this.#numbers.set(of, number);
    if (this.#numbers.size <= this.#outcomesMost) return;
    const oldest = this.#oldest.next().value as number;
    this.#forget(oldest, this.#numbers.get(oldest) as number);
  }

  *digests(): Generator<Uint8Array> {
    const pages = [...this.#reported].sort(([one], [other]) => one - other);
    for (const [number, page] of pages) {
      page.digest ??= this.#sha256(toUtf8(pageLine("reported", number, page.bits)));
      yield page.digest;
    }
    yield* this.#latest.digests();
  }

  restoreReported(members: SnapshotMembers): void {
    const bits = new Uint8Array(BITS / 8);
    const given = members.bytes("bytes");
    if (given.byteLength > bits.byteLength) throw new RangeError("a page of reported is too long");
    bits.set(given);
    this.#reported.set(members.whole("page"), { bits, digest: undefined });
  }

  restoreLatest(members: SnapshotMembers): void {
    this.#latest.restore(members, ({ of }, number) => this.#numbers.set(of, number));
  }

  #mark(of: number): void {
    const number = Math.floor(of / BITS);
    const page = this.#reported.get(number) ?? { bits: new Uint8Array(BITS / 8), digest: undefined };
    this.#reported.set(number, page);
    const bit = of % BITS;
    page.bits[bit >> 3] = (page.bits[bit >> 3] as number) | (1 << (bit & 7));
    page.digest = undefined;
  }

  #forget(of: number, number: number): void {
    this.#numbers.delete(of);
    this.#latest.erase(number);
  }
}
