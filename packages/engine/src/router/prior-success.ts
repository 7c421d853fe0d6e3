/**
 * The success heads of a prior, beside the gain of the top tier. The offsets router compares outcomes with their
 * predictions. Either one head predicts the level, the mean success of the cheapest and the top tier, or there is one head
 * per tier. A head is a weighted sum over the prior's features, plus a part for the category and a share of the predicted
 * gain.
 *
 * Without a level, a prior with a correct gain and a wrong level would look as if its gain were wrong.
 * @module
 */
import { FEATURE_MISSING } from "@calybris/kernel";

/** A head over the features of its prior. */
export interface SuccessHead {
  readonly interceptMillibps: number;
  /** By feature, for one spread. */
  readonly weightsMillibps: Int32Array;
  /** By category of the prior; the last is for unknown categories. */
  readonly categoriesBps: Int32Array;
  /** The share of the gain that is added, in thousandths. */
  readonly gainThousandths: number;
}

/** The parts of a prior that predict success. */
export interface SuccessParts {
  readonly centers: Int32Array;
  readonly spreads: Int32Array;
  /** One head for the level, or one per tier. */
  readonly success: readonly SuccessHead[];
}

const THOUSANDTHS = 1_000;
const STANDARDISED_MAX = 8_000;
const SUCCESS_MAX_BPS = 10_000;

/** The success predicted by a head, 0 to 10,000 bps. Does not allocate. */
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

/** Writes the success of each tier: the gain around the level, or the prediction of each tier's head. */
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

/**
 * The gain spread around a middle, with tiers between the ends at even steps. The difference of both ends equals the gain
 * exactly.
 */
export function spreadGain(middleBps: number, gainBps: number, tierCount: number, out: number[]): void {
  out.length = tierCount;
  const cheapest = middleBps - Math.trunc(gainBps / 2);
  const steps = Math.max(1, tierCount - 1);
  for (let tier = 0; tier < tierCount; tier++) out[tier] = cheapest + Math.trunc((gainBps * tier) / steps);
}
