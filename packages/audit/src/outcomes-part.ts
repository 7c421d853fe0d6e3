/**
 * Outcomes as a state snapshot holds them (docs/formats.md section 6): one bit for each decision with a known outcome, and
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
import { LatestRecords } from "./latest-records.ts";
import { pageLine } from "./record-pages.ts";

const OUTCOMES_MOST = 131_072;
const BITS: number = SNAPSHOT_PAGE_RECORDS.reported;
const NOT_REPORTED = 2;
/** The source of an outcome's cost: none, its own, or the reservation that was closed before. */
const [NONE, OWN, OF_THE_RESERVATION] = [0, 1, 2];

interface BitPage {
  readonly bits: Uint8Array;
  digest: Uint8Array | undefined;
}

export class OutcomesPart {
  readonly #sha256: Sha256;
  readonly #reported = new Map<number, BitPage>();
  readonly #latest: LatestRecords<ReturnType<typeof OUTCOME_RECORDS.read>>;

  constructor(sha256: Sha256, outcomesMost: number = OUTCOMES_MOST) {
    this.#sha256 = sha256;
    this.#latest = new LatestRecords("outcomes", OUTCOME_RECORDS, SNAPSHOT_PAGE_RECORDS.outcomes, sha256, outcomesMost);
  }

  /** @param closedCost - the cost at which the decision's reservation was closed before. */
  take(sequence: number, entry: OutcomeEntry, closedCost: bigint | undefined): void {
    const { of, disposition, succeeded, signals = [], latencyMs, successBps, rewardBps, learned, digest } = entry;
    this.#mark(of);
    const own = outcomeCost(entry);
    this.#latest.take({
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
    this.#latest.restore(members);
  }

  #mark(of: number): void {
    const number = Math.floor(of / BITS);
    const page = this.#reported.get(number) ?? { bits: new Uint8Array(BITS / 8), digest: undefined };
    this.#reported.set(number, page);
    const bit = of % BITS;
    page.bits[bit >> 3] = (page.bits[bit >> 3] as number) | (1 << (bit & 7));
    page.digest = undefined;
  }
}
