/**
 * The score that determines a request's regime: what a prior predicts, or how far the features are from their usual values. Written
 * from the formats (docs/formats.md), not from the engine, and held equal to it by tests.
 * @module
 */
import { FEATURE_MISSING, type RegimesEntry, WARM_UP_REGIME } from "@calybris/kernel";
import type { LinearJson, PriorJson, TreesJson } from "./prior-json.ts";

/** Features, the use case and the text's score in; a whole number out. */
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

/** Features, the use case and the gain in; the success of each of so many tiers out. */
export type Expect = (
  features: readonly number[],
  useCase: string,
  gain: number,
  tierCount: number,
) => readonly number[];

/** What a prior expects of each tier; `undefined` where it predicts the gain alone. */
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

/** The ends of so many tiers, a gain apart around a middle, and even steps between. */
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

/** Without a prior: thousandths of a deviation from the mean, three deviations at most, added up over the features. */
export function standardScore({ means, deviations }: Pick<RegimesEntry, "means" | "deviations">): Score {
  return (features) =>
    means.reduce((sum, mean, at) => {
      const value = features[at] ?? FEATURE_MISSING;
      const deviation = deviations[at] ?? 0;
      if (deviation === 0 || value === FEATURE_MISSING) return sum;
      return sum + within(Math.trunc(((value * 8 - mean) * 1_000) / deviation), 3_000);
    }, 0);
}

/** How many boundaries a score reaches; the warm-up's regime while there are none. */
export function regimeIn(boundaries: readonly number[] | undefined, score: number): number {
  return boundaries === undefined ? WARM_UP_REGIME : boundaries.filter((boundary) => score >= boundary).length;
}

function within(value: number, most: number): number {
  return Math.min(Math.max(value, -most), most);
}
