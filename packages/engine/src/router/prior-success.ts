/**
 * The part of a prior that says how well each tier does, beside the gain of the top tier: what the offsets router measures
 * outcomes against. One head is the level, the mean success of the cheapest and the top tier; else there is one for each tier.
 * A head is a weighted sum over the prior's features, and what the request's category and the predicted gain add.
 *
 * Without a level, a prior whose gain is right and whose level is wrong would be taken to be wrong about the gain.
 * @module
 */
import { FEATURE_MISSING } from "@calybris/kernel";

/** A head over the features of its prior. */
export interface SuccessHead {
  readonly interceptMillibps: number;
  /** Per feature, for one spread. */
  readonly weightsMillibps: Int32Array;
  /** Per category of the prior; the last one is for a category that was never seen. */
  readonly categoriesBps: Int32Array;
  /** What the gain adds, in thousandths of it. */
  readonly gainThousandths: number;
}

/** The parts of a prior that success is predicted from. */
export interface SuccessParts {
  readonly centers: Int32Array;
  readonly spreads: Int32Array;
  /** The level, or one head a tier. */
  readonly success: readonly SuccessHead[];
}

const THOUSANDTHS = 1_000;
const STANDARDISED_MAX = 8_000;
const SUCCESS_MAX_BPS = 10_000;

/** The success that a head predicts, 0 to 10,000 bps. Allocates nothing. */
export function predictSuccessBps(
  { centers, spreads }: Pick<SuccessParts, "centers" | "spreads">,
  { interceptMillibps, weightsMillibps, categoriesBps, gainThousandths }: SuccessHead,
  features: ArrayLike<number>,
  categoryIndex: number,
  gainBps: number,
  offset = 0,
): number {
  let sum = 0;
  for (let at = 0; at < weightsMillibps.length; at += 1) {
    const value = features[offset + at] ?? FEATURE_MISSING;
    if (value === FEATURE_MISSING) continue;
    const away = Math.floor(((value - (centers[at] as number)) * THOUSANDTHS) / (spreads[at] as number));
    const standardised =
      away < -STANDARDISED_MAX ? -STANDARDISED_MAX : away > STANDARDISED_MAX ? STANDARDISED_MAX : away;
    sum += standardised * (weightsMillibps[at] as number);
  }
  const millibps =
    interceptMillibps +
    Math.floor(sum / THOUSANDTHS) +
    (categoriesBps[categoryIndex] as number) * THOUSANDTHS +
    gainBps * gainThousandths;
  const bps = Math.floor(millibps / THOUSANDTHS);
  return bps < 0 ? 0 : bps > SUCCESS_MAX_BPS ? SUCCESS_MAX_BPS : bps;
}

/** Fills in the success of each tier: the gain around the level, or what the head of each predicts. */
export function expectFromPrior(
  prior: SuccessParts,
  features: ArrayLike<number>,
  categoryIndex: number,
  gainBps: number,
  tierCount: number,
  out: number[],
  offset = 0,
): void {
  const { success } = prior;
  out.length = tierCount;
  const level = success[0] as SuccessHead;
  if (success.length === tierCount && tierCount > 1) {
    for (let tier = 0; tier < tierCount; tier++)
      out[tier] = predictSuccessBps(prior, success[tier] as SuccessHead, features, categoryIndex, gainBps, offset);
    return;
  }
  spreadGain(predictSuccessBps(prior, level, features, categoryIndex, gainBps, offset), gainBps, tierCount, out);
}

/** The gain around a middle; tiers between the ends are at even steps. The difference of the two ends is the gain exactly. */
export function spreadGain(middleBps: number, gainBps: number, tierCount: number, out: number[]): void {
  out.length = tierCount;
  const cheapest = middleBps - Math.trunc(gainBps / 2);
  const steps = Math.max(1, tierCount - 1);
  for (let tier = 0; tier < tierCount; tier++) out[tier] = cheapest + Math.trunc((gainBps * tier) / steps);
}
