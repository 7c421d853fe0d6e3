/**
 * The member `learning` of a decision's entry: the origin of its floor. Integers only; a reader re-derives it from the
 * entries before.
 * @module
 */
import type { Field } from "./entry-table.ts";
import {
  BPS,
  type EntryValue,
  listOf,
  type Members,
  oneOf,
  refuseUnknown,
  SIGNED,
  U32,
  WHOLE,
  wholeFrom,
  written,
} from "./entry-value.ts";
import type { Request } from "./request.ts";
import type { TextCursor } from "./text-cursor.ts";

/** Eight regimes; until they are known, every request is in the warm-up regime. */
export const REGIME_COUNT = 8;
export const WARM_UP_REGIME: number = REGIME_COUNT;
export const TIER_COUNT_MAX = 8;
/** Denominator of propensities. */
export const PROPENSITY_ONE: number = 2 ** 32;
export const FEATURE_COUNT_MAX = 64;
/** The value of an unknown feature. */
export const FEATURE_MISSING = -2_147_483_648;

/** The highest of the floors; `requested` if it was lowered to the quality of the requested candidate. */
export type FloorSource = "tracker" | "certified" | "quality" | "anomaly" | "warm_start" | "requested";
export const FLOOR_SOURCES: readonly FloorSource[] = Object.freeze([
  "tracker",
  "certified",
  "quality",
  "anomaly",
  "warm_start",
  "requested",
]);

/** A tier that may be drawn, the candidate that it selects, and its probability over {@link PROPENSITY_ONE}. */
export interface Arm {
  readonly tier: number;
  readonly candidateId: number;
  readonly propensity: number;
}

/** The origin of a decision's floor, if the client gave none; as an entry holds it. */
export interface Recommendation {
  readonly regime: number;
  readonly score: number;
  readonly features: readonly number[];
  /** The prior's score of the text, computed when the request arrives; the text is not kept. */
  readonly textScore?: number;
  /** Offsets router: the expected success of each tier of the policy, in bps; it may be below 0 or above 10,000. */
  readonly expected?: readonly number[];
  readonly floorBps: number;
  readonly source: FloorSource;
  /** The request is an anomaly in its regime, and its floor was raised. */
  readonly anomalous: boolean;
  /** Decided without the learner, for comparison. */
  readonly holdout: boolean;
  /** Journal sequence of the belief entry whose table was drawn from; 0 if nothing was drawn. */
  readonly belief: number;
  /** 32 bits. */
  readonly draw: number;
  /** The drawn tier; for a holdout, the tier of the candidate that runs. −1 if nothing runs. */
  readonly tier: number;
  /** The probability that the candidate that runs would run, over {@link PROPENSITY_ONE}. */
  readonly propensity: number;
  /** The drawn tier is not the one with the greatest share. */
  readonly explored: boolean;
  /** Offsets router: the two best tiers are so close that exploration is at its full share. */
  readonly boundary?: true;
}

/** A recommendation with the values derived from the request, its policy and its belief. */
export interface ExplainedRecommendation extends Recommendation {
  /** Cheapest tier first; empty if no tier was left. */
  readonly arms: readonly Arm[];
  /** The candidate selected by the floor of the use case alone; 0 for none. */
  readonly baseId: number;
}

/** Bound of an expected success: any level from 0 to 10,000, plus or minus a gain of up to 10,000. */
export const EXPECTED_MAX_BPS = 20_000;
export const EXPECTED: EntryValue<readonly number[]> = listOf(wholeFrom(-EXPECTED_MAX_BPS, EXPECTED_MAX_BPS));

export const PROPENSITY: EntryValue<number> = wholeFrom(0, PROPENSITY_ONE);

/** The parts of an entry from which the defaults of its recommendation follow. */
export interface RecommendationDefaults {
  readonly request: Pick<Request, "inputTokens" | "outputTokens" | "qualityMinBps">;
  readonly defaulted: readonly string[];
}

/** A member of `learning`: its field, and its default in a decision. */
interface RecommendationField<Value> extends Field<Value> {
  standardIn?(defaults: RecommendationDefaults): Value | undefined;
}

const TRUE = oneOf([true]) as EntryValue<boolean>;

/** The members of `learning`, in order. */
export const RECOMMENDATION_FIELDS: {
  readonly [Key in keyof Recommendation]-?: RecommendationField<Exclude<Recommendation[Key], undefined>>;
} = {
  regime: { type: wholeFrom(0, WARM_UP_REGIME), holds: "0 to 7, or 8 before regimes are known" },
  score: {
    type: SIGNED,
    holds: "predicted gain in bps, or thousandths of a deviation",
    leftOut: "it is 0",
    standardIn: () => 0,
  },
  features: {
    type: listOf(SIGNED),
    holds: "feature values in the policy's order; −2^31 marks a missing one",
    leftOut: "they are `inputTokens` and `outputTokens`, the latter missing where `output` was defaulted",
    standardIn: ({ request, defaulted }) => tokenFeatures(request, defaulted),
  },
  textScore: { type: SIGNED, holds: "score of the text under the prior, in bps", leftOut: "no text was scored" },
  expected: {
    type: EXPECTED,
    holds: "expected success of each tier of the policy, in bps",
    leftOut: "the policy does not learn by offsets",
  },
  floorBps: {
    type: BPS,
    holds: "the highest floor",
    leftOut: "it is `request.qualityMinBps`",
    standardIn: ({ request }) => request.qualityMinBps,
  },
  source: {
    type: oneOf(FLOOR_SOURCES),
    holds: "kind of that floor",
    leftOut: "it is `warm_start`",
    standardIn: () => "warm_start",
  },
  anomalous: {
    type: TRUE,
    holds: "the request is anomalous in its regime, and its floor was raised",
    leftOut: "it is false",
    standardIn: () => false,
  },
  holdout: {
    type: TRUE,
    holds: "the floor of the use case alone decided",
    leftOut: "it is false",
    standardIn: () => false,
  },
  belief: {
    type: WHOLE,
    holds: "sequence of the `belief` entry whose table was used for the draw",
    leftOut: "nothing was drawn",
    standardIn: () => 0,
  },
  draw: {
    type: U32,
    holds: "the draw, which selects the first arm whose cumulative propensity exceeds it",
  },
  tier: {
    type: wholeFrom(-1, TIER_COUNT_MAX - 1),
    holds: "tier drawn, or in a holdout the tier of the candidate that runs; −1 for none",
  },
  propensity: {
    type: PROPENSITY,
    holds: "probability with which the candidate was chosen to run, times 2^32; the sum over all tiers that lead to it",
    leftOut: "it is 2^32",
    standardIn: () => PROPENSITY_ONE,
  },
  explored: {
    type: TRUE,
    holds: "the tier drawn is not the one with the greatest share",
    leftOut: "it is false",
    standardIn: () => false,
  },
  boundary: {
    type: oneOf([true]),
    holds: "offsets router: the two best tiers are within five of their common standard deviations",
    leftOut: "they are not, or nothing was drawn",
  },
};

const FIELDS = Object.entries(RECOMMENDATION_FIELDS) as readonly [keyof Recommendation, RecommendationField<unknown>][];

/** The member `learning` of a decision. */
export function recommendationText(recommendation: Recommendation, defaults: RecommendationDefaults): string {
  let text = "";
  for (const [key, { type, standardIn }] of FIELDS) {
    const value = recommendation[key];
    if (value === undefined || (standardIn !== undefined && isSame(value, standardIn(defaults)))) continue;
    text += `,"${key}":${written(type, value)}`;
  }
  return `{${text.slice(1)}}`;
}

/** Reads it back. Throws RangeError naming the member. */
export function recommendationFromJson(members: Members, defaults: RecommendationDefaults): Recommendation {
  refuseUnknown(members, RECOMMENDATION_FIELDS, "learning.");
  const recommendation: { [key: string]: unknown } = {};
  for (const [key, { type, leftOut, standardIn }] of FIELDS) {
    const member = members[key];
    const value =
      member === undefined && leftOut !== undefined ? standardIn?.(defaults) : type.read(member, `learning.${key}`);
    if (value !== undefined) recommendation[key] = value;
  }
  return recommendation as unknown as Recommendation;
}

const SCANNED = FIELDS.map(([key, { type, leftOut, standardIn }]) => ({
  key,
  lead: `"${key}":`,
  initial: key.charCodeAt(0),
  scan: type.scan,
  isRequired: leftOut === undefined,
  standardIn,
}));

/** The same directly from text, only in the form that is written; `undefined` if the general reader must read it. */
export function recommendationIn(cursor: TextCursor, defaults: RecommendationDefaults): Recommendation | undefined {
  const recommendation: { [key: string]: unknown } = {};
  cursor.expect("{");
  let isFirst = true;
  for (const { key, lead, initial, scan, isRequired, standardIn } of SCANNED) {
    const isNext = isFirst ? cursor.skip(lead) : cursor.has(initial, 2) && cursor.skip(`,${lead}`);
    if (isNext) {
      isFirst = false;
      const value = scan?.(cursor);
      if (value === undefined || !cursor.holds) break;
      if (standardIn !== undefined && isSame(value, standardIn(defaults))) cursor.refuse();
      recommendation[key] = value;
    } else if (isRequired) cursor.refuse();
    else if (standardIn !== undefined) recommendation[key] = standardIn(defaults);
  }
  cursor.expect("}");
  return cursor.holds ? (recommendation as unknown as Recommendation) : undefined;
}

/** Equality; lists are compared item by item. */
function isSame(one: unknown, other: unknown): boolean {
  if (!Array.isArray(one) || !Array.isArray(other)) return one === other;
  return one.length === other.length && one.every((value, index) => value === other[index]);
}

/** The features of a request if the policy names none. */
function tokenFeatures(
  { inputTokens, outputTokens }: Pick<Request, "inputTokens" | "outputTokens">,
  defaulted: readonly string[],
): readonly number[] {
  return [inputTokens, defaulted.includes("output") ? FEATURE_MISSING : outputTokens];
}
