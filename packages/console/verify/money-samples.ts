/**
 * Samples money at a bounded number of moments, evenly over the entries, whose number is unknown at the start.
 * @module
 */
import type { Audit } from "@calybris/audit";
import type { MoneyAt } from "./protocol.ts";

const POINTS_MAX = 240;
/** A proof takes time in proportion to tenants and reservations; if one takes longer than this, samples become fewer. */
const PROOF_MS = 2;

export class MoneySamples {
  readonly #audit: Audit;
  #points: MoneyAt[] = [];
  #every = 1;
  #entries = 0;

  constructor(audit: Audit) {
    this.#audit = audit;
  }

  /** To be called after each entry. */
  note(): void {
    this.#entries += 1;
    if (this.#entries % this.#every !== 0) return;
    const started = performance.now();
    this.#sample();
    const isSlow = performance.now() - started > PROOF_MS * this.#every;
    if (this.#points.length < POINTS_MAX && !isSlow) return;
    this.#points = this.#points.filter((_, at) => at % 2 === 1);
    this.#every *= 2;
  }

  #sample(): void {
    const proof = this.#audit.prove();
    if (proof === undefined || proof.tenants.length === 0) return;
    const { remainingMicrocents, reservedMicrocents, settledMicrocents, debtMicrocents } = proof.total;
    if (this.#points.at(-1)?.sequence === proof.sequence) return;
    this.#points.push({
      sequence: proof.sequence,
      remaining: remainingMicrocents,
      reserved: reservedMicrocents,
      settled: settledMicrocents,
      debt: debtMicrocents,
      conserved: proof.conserved,
    });
  }

  /** The samples, including one at the last entry. */
  finish(): readonly MoneyAt[] {
    this.#sample();
    return this.#points;
  }
}
