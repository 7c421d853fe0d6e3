/**
 * The latest closed reservations: only these can still be corrected. Each is kept as its record in a state snapshot
 * (docs/formats.md section 6), 53 bytes, with the first digits of its decision's identity. A claim object is created on
 * request.
 * @module
 */
import { CLOSED_RECORDS, type Sha256, SNAPSHOT_PAGE_RECORDS, type SnapshotMembers } from "@calybris/kernel";
import type { Account } from "./account.ts";
import type { Claim } from "./claim.ts";
import { LatestRecords } from "./latest-records.ts";
import { CLOSED_STATES, closedClaim } from "./restored-money.ts";

/** Number of closed reservations that may still be corrected. */
const CLOSED_KEPT_MAX = 262_144;
/** A sequence that no decision has. */
const NONE = -1;

export class ClosedPart {
  readonly #latest: LatestRecords<ReturnType<typeof CLOSED_RECORDS.read>>;
  readonly #accountAt: (place: number) => Account | undefined;
  /** The last result of {@link costOf}: an entry asks for the same one more than once. */
  #asked = NONE;
  #cost: bigint | undefined;

  /** @param accountAt - the account of a tenant, by its index among all. */
  constructor(sha256: Sha256, accountAt: (place: number) => Account | undefined, closedMax: number = CLOSED_KEPT_MAX) {
    this.#latest = new LatestRecords("closed", CLOSED_RECORDS, SNAPSHOT_PAGE_RECORDS.closed, sha256, closedMax);
    this.#accountAt = accountAt;
  }

  /** @param tenant - index of its tenant among all, from 0. */
  take(of: number, claim: Claim, tenant: number): void {
    this.#asked = NONE;
    const { state, since: sequence, costMicrocents: actualMicrocents, levels, decisionId } = claim;
    const [level1 = 0, level2 = 0, level3 = 0, level4 = 0] = levels;
    const code = CLOSED_STATES.indexOf(state) + 1;
    const identity = Number.parseInt(decisionId.slice(decisionId.indexOf("-") + 1), 16);
    this.#latest.take(
      { of, tenant, state: code, sequence, actualMicrocents, level1, level2, level3, level4 },
      identity,
    );
  }

  get(of: number): Claim | undefined {
    const record = this.#latest.get(of);
    return record === undefined ? undefined : this.#claimOf(record);
  }

  /** The cost at which a reservation was closed. */
  costOf(of: number): bigint | undefined {
    if (of === this.#asked) return this.#cost;
    this.#cost = this.#latest.get(of)?.actualMicrocents;
    this.#asked = of;
    return this.#cost;
  }

  /** In the order in which they were closed or last corrected. */
  *all(): Generator<readonly [of: number, claim: Claim]> {
    for (const record of this.#latest) yield [record.of, this.#claimOf(record)];
  }

  digests(): Generator<Uint8Array> {
    return this.#latest.digests();
  }

  /**
   * Restores a line. Throws RangeError if it is invalid. Returns the decisions of its records, in order; 0 for an erased
   * one.
   */
  restore(members: SnapshotMembers): readonly number[] {
    this.#asked = NONE;
    const decisions: number[] = [];
    const from = members.whole("page") * SNAPSHOT_PAGE_RECORDS.closed;
    this.#latest.restore(members, (record, number) => {
      while (decisions.length < number - from) decisions.push(0);
      decisions.push(record.of);
      this.#claimOf(record);
    });
    return decisions;
  }

  /** @param identity - the first eight digits of the decision's identity, as a number. */
  restoreIdentity(of: number, identity: number): void {
    this.#latest.note(of, identity);
  }

  #claimOf(record: ReturnType<typeof CLOSED_RECORDS.read>): Claim {
    return closedClaim(record, this.#accountAt(record.tenant), this.#latest.noteOf(record.of));
  }
}
