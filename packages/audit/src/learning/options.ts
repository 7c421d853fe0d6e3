/**
 * What a request that left its floor to the learner may lead to: what the floor of its use case leads to, and what each tier
 * that may be drawn does.
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
  /** Cheapest tier first; empty when no tier is left. */
  readonly tiers: readonly Option[];
  /** What is above the recommended floor, where no tier is left: then nothing is drawn. */
  readonly certain: Option | undefined;
  /** The most that any way of answering may cost; it is what a tenant's headroom is compared with. */
  readonly costMostMicrocents: bigint;
}

/** The floors of an answer: of the use case, the recommended one, and of each tier; and whether the learner is left out. */
export interface Floors {
  readonly warmStartBps: number;
  readonly floorBps: number;
  readonly tierFloors: readonly number[];
  readonly isHoldout: boolean;
}

/** Options that were found last: money and learning ask for those of the same decision. */
export class LatestOptions {
  #options: Options | undefined;
  #kernel: Kernel | undefined;
  #request: Request | undefined;
  #floors: Floors | undefined;

  /** As {@link optionsOf}; a request that is the same object is the same request. */
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
  // Where no tier is left, whatever is above the floor is tried.
  const certain = tiers.length > 0 ? undefined : { tier: -1, tierFloor: floorBps, decision: decide(floorBps) };
  const last = certain === undefined || isHoldout ? [] : [certain.decision];
  const costs = [base, ...last, ...tiers.map(({ decision }) => decision)].map(
    (decision): bigint => decision.costMicrocents,
  );
  return { base, tiers, certain, costMostMicrocents: costs.reduce((most, cost) => (cost > most ? cost : most), 0n) };
}
