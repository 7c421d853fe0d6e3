/**
 * Shifts of a tier's success, written from the formats (docs/formats.md) in unbounded integers, not from the engine: for
 * each tier, cumulative sums of how far outcomes lie above and below the usual one.
 * @module
 */
import type { ExactJson, SnapshotMembers } from "@calybris/kernel";

const TIERS = 8;
/** In sixteenths of a basis point: a tenth of a success, and twenty successes. */
const ALLOWED = 16_000n;
const LIMIT = 3_200_000n;
const KNOWN = 1_000_000n;
const DOUBT = 2_000;

export class ShiftTrust {
  #above: bigint[] = Array.from({ length: TIERS }, () => 0n);
  #below: bigint[] = Array.from({ length: TIERS }, () => 0n);
  /** Number of outcomes until a prior is trusted again. */
  doubted = 0;

  forget(): void {
    this.#above.fill(0n);
    this.#below.fill(0n);
    this.doubted = 0;
  }

  /** Whether this outcome shows a shift. */
  take(tier: number, away: bigint, count: bigint): boolean {
    this.doubted = Math.max(0, this.doubted - 1);
    if (count < KNOWN) return false;
    const above = (this.#above[tier] ?? 0n) + away - ALLOWED;
    const below = (this.#below[tier] ?? 0n) - away - ALLOWED;
    const isShift = above >= LIMIT || below >= LIMIT;
    this.#above[tier] = isShift || above < 0n ? 0n : above;
    this.#below[tier] = isShift || below < 0n ? 0n : below;
    if (isShift) this.doubted = DOUBT;
    return isShift;
  }

  toJson(tierCount: number): ExactJson {
    const both = Array.from({ length: tierCount }, (_, tier) => [this.#above[tier], this.#below[tier]]);
    return [...both.flat().map(Number), this.doubted];
  }

  toSnapshot(): { readonly rises: number[]; readonly falls: number[]; readonly doubted: number } {
    return { rises: this.#above.map(Number), falls: this.#below.map(Number), doubted: this.doubted };
  }

  restore(members: SnapshotMembers): void {
    this.#above = members.integers("rises").map(BigInt);
    this.#below = members.integers("falls").map(BigInt);
    this.doubted = members.whole("doubted");
  }
}
