/**
 * The score that determines a request's regime: the prior's prediction, or the distance of the features from their usual
 * values. Written from the formats (docs/formats.md), not from the engine; tests check that both are equal.
 * @module
 */
import { FEATURE_MISSING, type RegimesEntry, WARM_UP_REGIME } from "@calybris/kernel";
import type { LinearJson, PriorJson, TreesJson } from "./prior-json.ts";

/** Input: features, use case and text score. Output: an integer. */
export type Score = (features: readonly number[], useCase: string, textScore: number) => number;

const GAIN_MOST_BPS = 10_000;
const SPREADS_MOST = 8_000;

/** The score by a prior. */
export function priorScore(prior: PriorJson): Score {
  const { categories, categoryOtherBps, features, head } = prior;
  const gainOf = head.kind === "linear" ? linear(features, head) : trees(features, head);
  return (values, useCase, textScore) => {
    const category = categories.find(({ name }) => name === useCase)?.gainBps ?? categoryOtherBps;
    return within(Math.floor(gainOf(values, category, textScore) / 1_000), GAIN_MOST_BPS);
  };
}

/** Input: features, use case, gain and tier count. Output: the success of each tier. */
export type Expect = (
  features: readonly number[],
  useCase: string,
  gain: number,
  tierCount: number,
) => readonly number[];

/** The success that a prior expects of each tier; `undefined` if it predicts only the gain. */
export function priorExpectation({ features, categories, success }: PriorJson): Expect | undefined {
  if (success === undefined) return undefined;
  return (values, useCase, gain, tierCount) => {
    const named = categories.findIndex(({ name }) => name === useCase);
    const predicted = success.map(({ interceptMillibps, weightsMillibps, categoriesBps, gainThousandths }) => {
      const weighed = weightsMillibps.map((weight, at) => {
        const [value, { center, spread }] = [values[at] ?? FEATURE_MISSING, features[at] ?? { center: 0, spread: 1 }];
        return value === FEATURE_MISSING
          ? 0
          : within(Math.floor(((value - center) * 1_000) / spread), SPREADS_MOST) * weight;
      });
      const category = (named === -1 ? categoriesBps.at(-1) : categoriesBps[named]) ?? 0;
      const sum = Math.floor(weighed.reduce((so, each) => so + each, 0) / 1_000);
      return Math.min(
        Math.max(Math.floor((interceptMillibps + sum + category * 1_000 + gain * gainThousandths) / 1_000), 0),
        10_000,
      );
    });
    return predicted.length === tierCount && tierCount > 1
      ? predicted
      : aroundMiddle(predicted[0] ?? 0, gain, tierCount);
  };
}

/** Evenly spaced values for the tiers, from first to last a gain apart, around a middle. */
export function aroundMiddle(middle: number, gain: number, tierCount: number): readonly number[] {
  const from = middle - Math.trunc(gain / 2);
  return Array.from({ length: tierCount }, (_, tier) => from + Math.trunc((gain * tier) / Math.max(1, tierCount - 1)));
}

type Gain = (values: readonly number[], category: number, textScore: number) => number;

function linear(features: PriorJson["features"], head: LinearJson): Gain {
  return (values, category, textScore) => {
    const weighed = features.map(({ center, spread }, at) => {
      const value = values[at] ?? FEATURE_MISSING;
      if (value === FEATURE_MISSING) return 0;
      return within(Math.floor(((value - center) * 1_000) / spread), SPREADS_MOST) * (head.weightsMillibps[at] ?? 0);
    });
    return (
      head.interceptMillibps +
      Math.floor(weighed.reduce((sum, value) => sum + value, 0) / 1_000) +
      (category + textScore) * 1_000
    );
  };
}

function trees(features: PriorJson["features"], head: TreesJson): Gain {
  return (values, category, textScore) => {
    const known = features.map(({ center }, at) => {
      const value = values[at] ?? FEATURE_MISSING;
      return value === FEATURE_MISSING ? center : value;
    });
    const inputs = [...known, category, textScore];
    const leafOf = (root: number): number => {
      let node = root;
      for (let feature = head.nodeFeature[node] ?? -1; feature >= 0; feature = head.nodeFeature[node] ?? -1) {
        const goesLeft = (inputs[feature] as number) <= (head.nodeThreshold[node] ?? 0);
        node = (head.nodeLeft[node] ?? 0) + (goesLeft ? 0 : 1);
      }
      return node;
    };
    return head.roots.reduce((sum, root) => sum + (head.leafMillibps[leafOf(root)] ?? 0), head.interceptMillibps);
  };
}

/**
 * The score without a prior: the distance of each feature from its mean, in thousandths of a standard deviation and clamped
 * to ±3 standard deviations, summed over the features.
 */
export function standardScore({ means, deviations }: Pick<RegimesEntry, "means" | "deviations">): Score {
  return (features) =>
    means.reduce((sum, mean, at) => {
      const value = features[at] ?? FEATURE_MISSING;
      const deviation = deviations[at] ?? 0;
      if (deviation === 0 || value === FEATURE_MISSING) return sum;
      return sum + within(Math.trunc(((value * 8 - mean) * 1_000) / deviation), 3_000);
    }, 0);
}

/** The number of boundaries that a score reaches; the warm-up regime if there are none. */
export function regimeIn(boundaries: readonly number[] | undefined, score: number): number {
  return boundaries === undefined ? WARM_UP_REGIME : boundaries.filter((boundary) => score >= boundary).length;
}

function within(value: number, most: number): number {
  return Math.min(Math.max(value, -most), most);
}
