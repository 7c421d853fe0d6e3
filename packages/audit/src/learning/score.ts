/**
 * The score that tells a request's regime: what a prior predicts, or how far the features stand from what is usual. Written
 * from the formats (docs/formats.md), not from the engine, and held equal to it by tests.
 * @module
 */
import { type ExactJson, FEATURE_MISSING, type RegimesEntry, WARM_UP_REGIME } from "@calybris/kernel";

/** Features, the use case and the text's score in; a whole number out. */
export type Score = (features: readonly number[], useCase: string, textScore: number) => number;

interface PriorJson {
  readonly features: readonly { readonly center: number; readonly spread: number }[];
  readonly categories: readonly { readonly name: string; readonly gainBps: number }[];
  readonly categoryOtherBps: number;
  readonly head: {
    readonly kind: string;
    readonly interceptMillibps: number;
    readonly weightsMillibps: readonly number[];
    readonly roots: readonly number[];
    readonly nodeFeature: readonly number[];
    readonly nodeThreshold: readonly number[];
    readonly nodeLeft: readonly number[];
    readonly leafMillibps: readonly number[];
  };
  readonly boundariesBps: readonly number[];
}

const GAIN_MOST_BPS = 10_000;
const SPREADS_MOST = 8_000;

/** The score of a journal's prior, and where its regimes end. Throws RangeError for what is none. */
export function priorScore(json: ExactJson): { readonly score: Score; readonly boundaries: readonly number[] } {
  const prior = json as unknown as PriorJson;
  if (!Array.isArray(prior?.features) || !Array.isArray(prior.boundariesBps) || typeof prior.head !== "object")
    throw new RangeError("a prior has features, a head and boundaries");
  const gainOf = prior.head.kind === "linear" ? linear(prior) : trees(prior);
  const score: Score = (features, useCase, textScore) => {
    const category = prior.categories.find(({ name }) => name === useCase)?.gainBps ?? prior.categoryOtherBps;
    return within(Math.floor(gainOf(features, category, textScore) / 1_000), GAIN_MOST_BPS);
  };
  return { score, boundaries: prior.boundariesBps };
}

function linear({ features, head }: PriorJson) {
  return (values: readonly number[], category: number, textScore: number): number => {
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

function trees({ features, head }: PriorJson) {
  return (values: readonly number[], category: number, textScore: number): number => {
    const known = features.map(({ center }, at) => {
      const value = values[at] ?? FEATURE_MISSING;
      return value === FEATURE_MISSING ? center : value;
    });
    const inputs = [...known, category, textScore];
    const leafFrom = (node: number): number => {
      const feature = head.nodeFeature[node] ?? -1;
      if (feature < 0) return node;
      const goesLeft = (inputs[feature] as number) <= (head.nodeThreshold[node] ?? 0);
      return leafFrom((head.nodeLeft[node] ?? 0) + (goesLeft ? 0 : 1));
    };
    return head.roots.reduce((sum, root) => sum + (head.leafMillibps[leafFrom(root)] ?? 0), head.interceptMillibps);
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
