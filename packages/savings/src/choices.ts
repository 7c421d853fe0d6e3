/**
 * The candidate that a request gets at a quality floor, exactly as the policy that `--write-policy` writes decides it.
 *
 * At each floor, dominated candidates are disabled: those for which another one costs no more for input or output, and is
 * rated at least as high as the floor or as they are. Of the rest, a request gets the best that costs no more than the
 * requested candidate, at catalog prices for the same tokens. Its floor is the lower of the policy's floor and the quality
 * of the requested candidate, so that a request for a cheap candidate is not refused.
 * @module
 */
import type { CatalogFile } from "@calybris/engine";
import type { Candidate } from "./prices.ts";

/** Providers to which a request may move; its own is always included. */
export type Within = "any" | "requestedProvider" | readonly string[];

export interface ChoiceLimits {
  readonly within?: Within | undefined;
  /** Names of candidates that are never chosen. */
  readonly exclude?: readonly string[] | undefined;
}

/** A group of floors at which requests for one candidate have the same choices. */
export interface ChoiceGroup {
  /** Positions in {@link Choices.floors}. */
  readonly floors: readonly number[];
  /** Positions of candidates, best first. */
  readonly candidates: readonly number[];
}

export class Choices {
  readonly candidates: readonly Candidate[];
  /** The floors at which choices change, highest first: the qualities of the candidates that may be chosen. */
  readonly floors: readonly number[];
  readonly #allowed: readonly boolean[];
  readonly #choosable: readonly boolean[];

  constructor(catalog: CatalogFile, { within = "any", exclude = [] }: ChoiceLimits = {}) {
    this.candidates = catalog.candidates;
    this.#choosable = catalog.candidates.map(({ enabled, name }) => enabled !== 0 && !exclude.includes(name));
    this.#allowed = catalog.candidates.map(({ providerId }) => {
      if (within === "any") return true;
      return within !== "requestedProvider" && within.includes(catalog.providers[providerId] ?? "");
    });
    const enabled = catalog.candidates.filter((_, index) => this.#choosable[index] === true);
    this.floors = [...new Set(enabled.map(({ qualityBps }) => Number(qualityBps)))].sort((a, b) => b - a);
  }

  /** The choices of requests for a candidate, at all floors. */
  groupsFor(requested: number): readonly ChoiceGroup[] {
    const groups = new Map<string, { floors: number[]; candidates: readonly number[] }>();
    for (const [index, floor] of this.floors.entries()) {
      const candidates = this.#choicesAt(requested, floor);
      const key = candidates.join(" ");
      const group = groups.get(key);
      if (group === undefined) groups.set(key, { floors: [index], candidates });
      else group.floors.push(index);
    }
    return [...groups.values()];
  }

  /** Whether a request for this candidate may get it at this floor. */
  isChoosableAt(index: number, floor: number): boolean {
    return this.#enabledAt(floor).includes(index);
  }

  /** The candidates that any request may get and that are rated at least `floor`. */
  goodEnough(floor: number): readonly Candidate[] {
    return this.candidates.filter(
      ({ qualityBps }, index) =>
        this.#choosable[index] === true && this.#allowed[index] === true && qualityBps >= floor,
    );
  }

  /** The candidates that may replace the requested one and are rated at least `floor`. */
  reachable(requested: number, floor: number): readonly Candidate[] {
    const { providerId: own } = this.#at(requested);
    return this.candidates.filter(
      ({ providerId, qualityBps }, index) =>
        this.#choosable[index] === true && (this.#allowed[index] === true || providerId === own) && qualityBps >= floor,
    );
  }

  /** Candidates of the catalog that a policy at this floor disables. */
  disabledAt(floor: number): readonly number[] {
    const enabled = new Set(this.#enabledAt(floor));
    return this.candidates.flatMap(({ enabled: isEnabled }, index) =>
      isEnabled !== 0 && !enabled.has(index) ? [index] : [],
    );
  }

  #choicesAt(requested: number, floor: number): readonly number[] {
    const asked = this.#at(requested);
    return this.#enabledAt(floor)
      .filter((index) => {
        const { qualityBps, providerId } = this.#at(index);
        const isReachable = this.#allowed[index] === true || providerId === asked.providerId;
        return isReachable && qualityBps >= Math.min(floor, asked.qualityBps);
      })
      .sort((a, b) => this.#at(b).qualityBps - this.#at(a).qualityBps || this.#at(a).id - this.#at(b).id);
  }

  readonly #enabledByFloor = new Map<number, readonly number[]>();

  #enabledAt(floor: number): readonly number[] {
    let enabled = this.#enabledByFloor.get(floor);
    if (enabled === undefined) {
      const all = this.candidates.flatMap((_, index) => (this.#choosable[index] === true ? [index] : []));
      enabled = all.filter((index) => !all.some((other) => this.#dominates(other, index, floor)));
      this.#enabledByFloor.set(floor, enabled);
    }
    return enabled;
  }

  /** Dominance is a strict partial order, so an undominated candidate always remains. */
  #dominates(otherIndex: number, index: number, floor: number): boolean {
    const [other, candidate] = [this.#at(otherIndex), this.#at(index)];
    if (otherIndex === index || other.qualityBps < Math.min(floor, candidate.qualityBps)) return false;
    // Every request that may get the candidate must be able to get the other.
    const isReachable =
      this.#allowed[otherIndex] === true ||
      (this.#allowed[index] !== true && other.providerId === candidate.providerId);
    if (!isReachable) return false;
    const input = compare(other.inputPriceMicrocents, candidate.inputPriceMicrocents);
    const output = compare(other.outputPriceMicrocents, candidate.outputPriceMicrocents);
    if (input > 0 || output > 0) return false;
    if (input < 0 || output < 0) return true;
    return (other.qualityBps - candidate.qualityBps || candidate.id - other.id) > 0;
  }

  #at(index: number): Candidate {
    return this.candidates[index] as Candidate;
  }
}

function compare(a: bigint, b: bigint): number {
  return a === b ? 0 : a < b ? -1 : 1;
}
