/**
 * The prior: the expected gain of the most expensive tier over the cheapest, in bps, before any outcome. `calybris train`
 * fits it offline, and the journal names it by its digest. It is evaluated in integers only, so that every machine computes
 * the same gain.
 *
 * A prior is a head over named integer features, the request's category and, if it reads text, one score of the text. The
 * head is either a weighted sum or a few small trees. Frozen boundaries divide the gain into eight regimes.
 *
 * Evaluation does not allocate. A prior must be used by one thread only, because scoring text uses its scratch space.
 * @module
 */
import { FEATURE_MISSING } from "@calybris/kernel";
import type { SuccessHead } from "./prior-success.ts";
import type { PriorText } from "./prior-text.ts";

export { FEATURE_MISSING } from "@calybris/kernel";

/** The gain is the premium tier's success minus the cheap tier's: −10,000 is certainly worse, 10,000 certainly better. */
export const GAIN_MAX_BPS = 10_000;
export const REGIME_COUNT = 8;
export const PRIOR_LIMITS: {
  readonly features: number;
  readonly categories: number;
  readonly trees: number;
  readonly nodes: number;
} = { features: 256, categories: 4_096, trees: 512, nodes: 32_768 };

/** Weights and leaves are in thousandths of a bps; standardised features are in thousandths of a spread. */
const THOUSANDTHS = 1_000;
/** A feature is clamped to this distance from its center, so that one extreme value cannot decide alone. */
const STANDARDISED_MAX = 8_000;

export interface LinearHead {
  readonly kind: "linear";
  readonly interceptMillibps: number;
  /** By feature, for one spread. */
  readonly weightsMillibps: Int32Array;
}

/** Trees as flat arrays of nodes: a leaf has feature −1, and a node's right child follows its left one. */
export interface TreesHead {
  readonly kind: "trees";
  readonly interceptMillibps: number;
  /** First node of each tree. */
  readonly roots: Int32Array;
  /** Index of a feature. The feature count stands for the category, and the next index for the text. */
  readonly nodeFeature: Int16Array;
  /** Values up to this go left. */
  readonly nodeThreshold: Int32Array;
  readonly nodeLeft: Int32Array;
  readonly leafMillibps: Int32Array;
}

/** A prior that was validated by `loadPrior`. */
export interface Prior {
  readonly digestHex: string;
  readonly featureNames: readonly string[];
  readonly centers: Int32Array;
  readonly spreads: Int32Array;
  readonly categoryIndexes: ReadonlyMap<string, number>;
  /** The gain added by each category; the last is for unknown categories. */
  readonly categoryBps: Int32Array;
  readonly head: LinearHead | TreesHead;
  readonly text: PriorText | undefined;
  /** One head for the level, or one per tier; empty if the prior predicts only the gain. */
  readonly success: readonly SuccessHead[];
  /** Seven gains, ascending: regime 0 is below the first, and regime 7 starts at the last. */
  readonly boundariesBps: Int32Array;
}

/** The index for {@link predictGainBps}. All unknown categories share one index. */
export function categoryIndexOf(prior: Prior, category: string | undefined): number {
  return (category === undefined ? undefined : prior.categoryIndexes.get(category)) ?? prior.categoryBps.length - 1;
}

/**
 * The expected gain of the most expensive tier over the cheapest, −10,000..10,000 bps. Does not allocate.
 *
 * @param features - 32-bit integers in the order of `prior.featureNames`, from `offset` on; {@link FEATURE_MISSING} for an
 *   unknown value.
 * @param categoryIndex - from {@link categoryIndexOf}.
 * @param textScoreBps - from `scoreText`; 0 without a text.
 */
export function predictGainBps(
  prior: Prior,
  features: ArrayLike<number>,
  categoryIndex: number,
  textScoreBps: number,
  offset = 0,
): number {
  const { head } = prior;
  // Both results fit in 32 bits: a larger number returned from a call would be allocated on the heap.
  return head.kind === "linear"
    ? linearGainBps(prior, head, features, offset, categoryIndex, textScoreBps)
    : treesGainBps(prior, head, features, offset, categoryIndex, textScoreBps);
}

function linearGainBps(
  prior: Prior,
  head: LinearHead,
  features: ArrayLike<number>,
  offset: number,
  categoryIndex: number,
  textScoreBps: number,
): number {
  const { centers, spreads, categoryBps } = prior;
  const { weightsMillibps } = head;
  let sum = 0;
  for (let at = 0; at < weightsMillibps.length; at += 1) {
    const value = features[offset + at] ?? FEATURE_MISSING;
    if (value === FEATURE_MISSING) continue;
    const away = Math.floor(((value - (centers[at] as number)) * THOUSANDTHS) / (spreads[at] as number));
    const standardised =
      away < -STANDARDISED_MAX ? -STANDARDISED_MAX : away > STANDARDISED_MAX ? STANDARDISED_MAX : away;
    sum += standardised * (weightsMillibps[at] as number);
  }
  const added = (categoryBps[categoryIndex] as number) + textScoreBps;
  const millibps = head.interceptMillibps + Math.floor(sum / THOUSANDTHS) + added * THOUSANDTHS;
  const gainBps = Math.floor(millibps / THOUSANDTHS);
  return gainBps < -GAIN_MAX_BPS ? -GAIN_MAX_BPS : gainBps > GAIN_MAX_BPS ? GAIN_MAX_BPS : gainBps;
}

function treesGainBps(
  prior: Prior,
  head: TreesHead,
  features: ArrayLike<number>,
  offset: number,
  categoryIndex: number,
  textScoreBps: number,
): number {
  const { roots, nodeFeature, nodeThreshold, nodeLeft, leafMillibps } = head;
  const { centers, categoryBps } = prior;
  const featureCount = centers.length;
  const addedByCategoryBps = categoryBps[categoryIndex] as number;
  let sum = head.interceptMillibps;
  for (let tree = 0; tree < roots.length; tree += 1) {
    let node = roots[tree] as number;
    for (let feature = nodeFeature[node] as number; feature >= 0; feature = nodeFeature[node] as number) {
      let value: number;
      if (feature < featureCount) {
        value = features[offset + feature] ?? FEATURE_MISSING;
        if (value === FEATURE_MISSING) value = centers[feature] as number;
      } else value = feature === featureCount ? addedByCategoryBps : textScoreBps;
      node = (nodeLeft[node] as number) + (value <= (nodeThreshold[node] as number) ? 0 : 1);
    }
    sum += leafMillibps[node] as number;
  }
  const gainBps = Math.floor(sum / THOUSANDTHS);
  return gainBps < -GAIN_MAX_BPS ? -GAIN_MAX_BPS : gainBps > GAIN_MAX_BPS ? GAIN_MAX_BPS : gainBps;
}
