/**
 * The parts of the active policy and prior that the router uses, and comparisons that show when they change.
 * @module
 */
import type { Learning } from "@calybris/kernel";

/** The router's view of a prior: features and the text score in, predicted gain in basis points out. */
export interface ScoringPrior {
  /** `calypri1`, hexadecimal: the digest that a certificate names. */
  readonly digest?: string;
  readonly boundaries: readonly number[];
  readonly predict: (features: readonly number[], useCase: string, textScore: number) => number;
  /** Writes the success of each tier, given the gain; omitted if the prior predicts only the gain. */
  readonly expect?: (
    features: readonly number[],
    useCase: string,
    gainBps: number,
    tierCount: number,
    out: number[],
  ) => void;
}

/** The router's view of the active policy. */
export interface RouterPolicy {
  readonly learning: Learning | undefined;
  readonly featureCount: number;
  /** Omitted if requests are distinguished by their tokens. */
  readonly featureNames?: readonly string[] | undefined;
  readonly tierNames?: readonly string[] | undefined;
  /** The lowest quality of the enabled candidates of each tier, cheapest first. */
  readonly tierFloors: readonly number[];
}

/** Two policies with equal text distinguish requests in the same way. */
export function featuresOf({ featureCount, featureNames }: RouterPolicy): string {
  return JSON.stringify(featureNames ?? featureCount);
}

/** The same for their tiers, cheapest first. */
export function tiersOf({ tierFloors, tierNames }: RouterPolicy): string {
  return JSON.stringify(tierNames ?? tierFloors.length);
}
