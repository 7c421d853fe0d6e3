/**
 * The possible results of a request that left its floor to the learner: the decision at its use case's floor, and at each
 * tier that may be drawn.
 * @module
 */
import { bps, type Decision, type Kernel, type Request } from "@calybris/kernel";

export interface Option {
  readonly tier: number;
  readonly tierFloor: number;
  readonly decision: Decision;
}

export interface Options {
  readonly base: Decision;
  /** Cheapest tier first; empty if no tier qualifies. */
  readonly tiers: readonly Option[];
  /** The decision at the recommended floor, if no tier qualifies: then nothing is drawn. */
  readonly certain: Option | undefined;
  /** The highest cost of any of these decisions, which is compared with a tenant's headroom. */
  readonly costMostMicrocents: bigint;
}

/** The floors of an answer: the use case's, the recommended one and each tier's; and whether the decision is a holdout. */
export interface Floors {
  readonly warmStartBps: number;
  readonly floorBps: number;
  readonly tierFloors: readonly number[];
  readonly isHoldout: boolean;
}

/** The latest options: money and learning ask for those of the same decision. */
export class LatestOptions {
  #options: Options | undefined;
  #kernel: Kernel | undefined;
  #request: Request | undefined;
  #floors: Floors | undefined;

  /** As {@link optionsOf}. Requests are compared by object identity. */
  of(kernel: Kernel, request: Request, floors: Floors): Options {
    if (
      this.#options === undefined ||
      this.#kernel !== kernel ||
      this.#request !== request ||
      !haveSame(this.#floors, floors)
    ) {
      this.#options = optionsOf(kernel, request, floors);
      this.#kernel = kernel;
      this.#request = request;
      this.#floors = floors;
    }
    return this.#options;
  }
}

function haveSame(one: Floors | undefined, other: Floors): boolean {
  return (
    one?.warmStartBps === other.warmStartBps &&
    one.floorBps === other.floorBps &&
    one.isHoldout === other.isHoldout &&
    one.tierFloors === other.tierFloors
  );
}

export function optionsOf(kernel: Kernel, request: Request, floors: Floors): Options {
  const { warmStartBps, floorBps, tierFloors, isHoldout } = floors;
  const decide = (qualityMinBps: number): Decision =>
    kernel.prescribe({ ...request, qualityMinBps: bps(qualityMinBps) });
  const base = decide(warmStartBps);
  const tiers = tierFloors
    .map((tierFloor, tier) => ({ tier, tierFloor }))
    .filter(({ tierFloor }) => tierFloor >= floorBps)
    .map((option) => ({ ...option, decision: decide(option.tierFloor) }))
    .filter(({ decision }) => decision.action !== "reject");
  // If no tier qualifies, the recommended floor itself is tried.
  const certain = tiers.length > 0 ? undefined : { tier: -1, tierFloor: floorBps, decision: decide(floorBps) };
  const last = certain === undefined || isHoldout ? [] : [certain.decision];
  const costs = [base, ...last, ...tiers.map(({ decision }) => decision)].map(
    (decision): bigint => decision.costMicrocents,
  );
  return { base, tiers, certain, costMostMicrocents: costs.reduce((most, cost) => (cost > most ? cost : most), 0n) };
}
