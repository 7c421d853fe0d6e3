/**
 * What the router reads of the active policy and of the active prior, and when either is another.
 * @module
 */
import type { Learning } from "@calybris/kernel";

/** What a prior is to the router: features and the text's score in, predicted gain in basis points out. */
export interface ScoringPrior {
  /** `calypri1`, hexadecimal: what a certificate names. */
  readonly digest?: string;
  readonly boundaries: readonly number[];
  readonly predict: (features: readonly number[], useCase: string, textScore: number) => number;
  /** Fills in the success of each of so many tiers, given the gain; left out where the prior predicts the gain alone. */
  readonly expect?: (
    features: readonly number[],
    useCase: string,
    gainBps: number,
    tierCount: number,
    out: number[],
  ) => void;
}

/** What the router knows of the active policy. */
export interface RouterPolicy {
  readonly learning: Learning | undefined;
  readonly featureCount: number;
  /** Left out where requests are distinguished by their tokens. */
  readonly featureNames?: readonly string[] | undefined;
  readonly tierNames?: readonly string[] | undefined;
  /** Least quality of the enabled candidates of each tier, cheapest first. */
  readonly tierFloors: readonly number[];
}

/** Two policies with the same text distinguish requests in the same way. */
export function featuresOf({ featureCount, featureNames }: RouterPolicy): string {
  return JSON.stringify(featureNames ?? featureCount);
}

/** The same for their tiers, from the cheapest on. */
export function tiersOf({ tierFloors, tierNames }: RouterPolicy): string {
  return JSON.stringify(tierNames ?? tierFloors.length);
}
