/**
 * Reads the content of a decision's record as objects.
 * @module
 */
import {
  type Arm,
  DEFAULTED,
  type Decision,
  type Defaulted,
  type ExplainedRecommendation,
  FLOOR_SOURCES,
  type FloorSource,
  type Recommendation,
} from "@calybris/kernel";
import { ARM_BYTES, AT, HAS, type Pages } from "./decision-record.ts";

type Writable<Type> = { -readonly [Key in keyof Type]: Type[Key] };

/** The epochs of the deciding policy, which the kernel's record does not hold. */
export type Epochs = Pick<Decision, "policyEpoch" | "catalogEpoch">;

/** The origin of the floor, from a decision's record and its policy and table. */
export function learningIn(pages: Pages, at: number): ExplainedRecommendation {
  const recommendation = recommendationIn(pages, at, featuresIn(pages, at));
  return { ...recommendation, arms: armsIn(pages, at), baseId: pages.u32[(at + AT.baseId) >>> 2] as number };
}

/** The same, as in the entry. */
export function recommendationIn(pages: Pages, at: number, features: readonly number[]): Recommendation {
  const { u8, i8, u32, f64 } = pages;
  const has = u32[(at + AT.has) >>> 2] as number;
  const recommendation: Writable<Recommendation> = {
    regime: u8[at + AT.regime] as number,
    score: f64[(at + AT.score) >>> 3] as number,
    features,
    floorBps: u32[(at + AT.floorBps) >>> 2] as number,
    source: FLOOR_SOURCES[u8[at + AT.source] as number] as FloorSource,
    anomalous: (has & HAS.anomalous) !== 0,
    holdout: (has & HAS.holdout) !== 0,
    belief: f64[(at + AT.belief) >>> 3] as number,
    draw: u32[(at + AT.draw) >>> 2] as number,
    tier: i8[at + AT.tier] as number,
    propensity: f64[(at + AT.propensity) >>> 3] as number,
    explored: (has & HAS.explored) !== 0,
  };
  if ((has & HAS.textScore) !== 0) recommendation.textScore = f64[(at + AT.textScore) >>> 3] as number;
  if (u8[at + AT.expectedCount] !== 0) recommendation.expected = expectedIn(pages, at);
  if ((has & HAS.boundary) !== 0) recommendation.boundary = true;
  return recommendation;
}

function expectedIn({ u8, i32 }: Pages, at: number): readonly number[] {
  const from = (at + AT.expected) >>> 2;
  return [...i32.subarray(from, from + (u8[at + AT.expectedCount] as number))];
}

function armsIn({ u8, u32, f64 }: Pages, at: number): readonly Arm[] {
  return Array.from({ length: u8[at + AT.armCount] as number }, (_, arm) => {
    const from = at + AT.arms + arm * ARM_BYTES;
    return {
      tier: u32[(from + 12) >>> 2] as number,
      candidateId: u32[(from + 8) >>> 2] as number,
      propensity: f64[from >>> 3] as number,
    };
  });
}

function featuresIn({ u16, f64 }: Pages, at: number): readonly number[] {
  const features: number[] = [];
  const count = u16[(at + AT.featureCount) >>> 1] as number;
  for (let index = 0; index < count; index++) features.push(f64[((at + AT.features) >>> 3) + index] as number);
  return features;
}

/** The fields that the client left to the use case. */
export function defaultedIn({ u8 }: Pages, at: number): readonly Defaulted[] {
  return DEFAULTED_LISTS[u8[at + AT.defaulted] as number] as readonly Defaulted[];
}

/** Lists by the bits of the defaulted fields. */
const DEFAULTED_LISTS: readonly (readonly Defaulted[])[] = Array.from({ length: 1 << DEFAULTED.length }, (_, bits) =>
  Object.freeze(DEFAULTED.filter((_name, bit) => (bits & (1 << bit)) !== 0)),
);
