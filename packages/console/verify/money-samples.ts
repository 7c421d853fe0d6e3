/**
 * Money at a bounded number of moments, evenly over entries, however many those turn out to be.
 * @module
 */
import type { Audit } from "@calybris/audit";
import type { MoneyAt } from "./protocol.ts";

const POINTS_MAX = 240;
/** Proving takes as long as there are tenants and reservations; when a proof takes longer, there are fewer. */
const PROOF_MS = 2;

export class MoneySamples {
  readonly #audit: Audit;
  #points: MoneyAt[] = [];
  #every = 1;
  #entries = 0;

  constructor(audit: Audit) {
    this.#audit = audit;
  }

  /** After each entry. */
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

  /** With the last entry. */
  finish(): readonly MoneyAt[] {
    this.#sample();
    return this.#points;
  }
}
