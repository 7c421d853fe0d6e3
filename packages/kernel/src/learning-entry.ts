/**
 * Learning as it stands in the journal: what a decision was recommended by, what became of it, and what changed the
 * learner's state: sampling tables, regimes, a prior, a certificate. Integers only; a reader re-derives every
 * recommendation from these entries alone.
 * @module
 */
import { type Caused, CAUSED_MEMBERS, causedFromJson } from "./actor.ts";
import { amount, digest, integer, integers, list, type Members, oneOf, optional, text, whole } from "./entry-fields.ts";
import type { ExactJson } from "./exact-json.ts";
import type { Request } from "./request.ts";
import { BPS_MAX, type Microcents } from "./units.ts";

/** Eight regimes, and the one that everything is in until they are known. */
export const REGIME_COUNT = 8;
export const WARM_UP_REGIME: number = REGIME_COUNT;
export const TIER_COUNT_MAX = 8;
/** A propensity is a whole number over this. */
export const PROPENSITY_ONE: number = 2 ** 32;
export const FEATURE_COUNT_MAX = 64;
/** A feature that is not known. */
export const FEATURE_MISSING = -2_147_483_648;

/** Which of the floors was the highest; `requested` where it was lowered to the quality of what was asked for. */
export type FloorSource = "tracker" | "certified" | "quality" | "anomaly" | "warm_start" | "requested";
export const FLOOR_SOURCES: readonly FloorSource[] = Object.freeze([
  "tracker",
  "certified",
  "quality",
  "anomaly",
  "warm_start",
  "requested",
]);

/** A tier that may be drawn, the candidate that it leads to, and its probability over {@link PROPENSITY_ONE}. */
export interface Arm {
  readonly tier: number;
  readonly candidateId: number;
  readonly propensity: number;
}

/** How the floor of a decision came about, when the client gave none; as an entry holds it. */
export interface Recommendation {
  readonly regime: number;
  readonly score: number;
  readonly features: readonly number[];
  /** What the prior makes of the text, at the edge; the text is not kept. */
  readonly textScore?: number;
  readonly floorBps: number;
  readonly source: FloorSource;
  /** The request is unlike its regime, and its floor was lifted for it. */
  readonly anomalous: boolean;
  /** Routed without the learner, to compare with. */
  readonly holdout: boolean;
  /** Journal sequence of the belief entry whose table was drawn from; 0 when there was nothing to draw. */
  readonly belief: number;
  /** 32 bits. */
  readonly draw: number;
  /** The tier drawn; of a holdout, that of the candidate that runs. -1 when nothing runs. */
  readonly tier: number;
  /** With which probability the candidate that runs was to run, over {@link PROPENSITY_ONE}. */
  readonly propensity: number;
  /** Not the tier that is believed to be best. */
  readonly explored: boolean;
}

/** The same, with what follows from the request, its policy and the table that it names. */
export interface ExplainedRecommendation extends Recommendation {
  /** Cheapest tier first; empty when no tier was left. */
  readonly arms: readonly Arm[];
  /** What the floor of the use case alone leads to; 0 for nothing. */
  readonly baseId: number;
}

/** A sampling table of one regime, for one set of tiers. */
export interface BeliefEntry {
  readonly kind: "belief";
  readonly regime: number;
  readonly tiers: readonly number[];
  /** Beta counts in ten-thousandths, by position in `tiers`. */
  readonly alpha: readonly number[];
  readonly beta: readonly number[];
  /** Over {@link PROPENSITY_ONE}; sums to it. */
  readonly table: readonly number[];
  /** How the table was computed; left out for the quadrature of docs/formats.md. The engine refuses any other. */
  readonly method?: string;
}

/** Freezes the regimes: where their scores end, and what features are measured against. */
export interface RegimesEntry {
  readonly kind: "regimes";
  /** Seven scores that only rise; a score belongs to the regime of the first that it is below. */
  readonly boundaries: readonly number[];
  readonly means: readonly number[];
  readonly deviations: readonly number[];
}

/** Puts a prior in force: predicted gain becomes the score. */
export interface PriorEntry extends Caused {
  readonly kind: "prior";
  /** `calypri1`, hexadecimal. */
  readonly digest: string;
  readonly prior: ExactJson;
}

/**
 * How many regimes, by predicted gain, may be served below the top tier. It speaks of the regimes of the prior that it names
 * and of no others: once they mean something else, none may.
 */
export interface CertificateEntry extends Caused {
  readonly kind: "certificate";
  readonly regimes: number;
  readonly alphaBps: number;
  readonly deltaBps: number;
  readonly samples: number;
  /** `calypri1` of the prior that it was found with, hexadecimal as in the prior's own entry; left out without one. */
  readonly prior?: string;
}

export type Disposition = "applied" | "abandoned" | "in_flight";
export const DISPOSITIONS: readonly Disposition[] = Object.freeze(["applied", "abandoned", "in_flight"]);

/** Signs of quality where nobody says whether it was good. */
export type Signal = "slow" | "error" | "retried" | "aborted" | "truncated";
export const SIGNALS: readonly Signal[] = Object.freeze(["slow", "error", "retried", "aborted", "truncated"]);

/** What became of a decision. Everything that learning needs of it stands here again; a reader compares. */
export interface OutcomeEntry extends Caused {
  readonly kind: "outcome";
  /** Journal sequence of the decision. */
  readonly of: number;
  readonly disposition: Disposition;
  /** As reported, moving no money. At most one of this and the next two is there. */
  readonly costMicrocents?: Microcents;
  /** The cost, which settles the reservation with this entry. */
  readonly settledMicrocents?: Microcents;
  /** A cost so far beyond the reservation that this entry holds it for an operator. */
  readonly claimedMicrocents?: Microcents;
  readonly latencyMs?: number;
  readonly succeeded?: boolean;
  readonly signals?: readonly Signal[];
  /** 0 to 10,000: what was said, or what the signals say. */
  readonly successBps: number;
  readonly rewardBps: number;
  readonly useCase: string;
  /** The use case's own floor when it was decided. */
  readonly warmStartBps: number;
  readonly regime?: number;
  readonly tier: number;
  /** Too late, of a holdout, or of a decision with a client's floor: kept, and nothing is believed because of it. */
  readonly learned: boolean;
  /** `calyout1`, hexadecimal. */
  readonly digest: string;
  /** Microseconds since the Unix epoch, as the caller says; in the digest. */
  readonly observedAt: number;
}

export type LearningEntry = BeliefEntry | RegimesEntry | PriorEntry | CertificateEntry | OutcomeEntry;
export type LearningKind = LearningEntry["kind"];

/** Members by kind, in their order. */
export const LEARNING_MEMBERS: Readonly<Record<LearningKind, readonly string[]>> = Object.freeze({
  belief: ["regime", "tiers", "alpha", "beta", "table", "method"],
  regimes: ["boundaries", "means", "deviations"],
  prior: ["digest", "prior", ...CAUSED_MEMBERS],
  certificate: ["regimes", "alphaBps", "deltaBps", "samples", "prior", ...CAUSED_MEMBERS],
  outcome: [
    "of",
    "disposition",
    "costMicrocents",
    "settledMicrocents",
    "claimedMicrocents",
    "latencyMs",
    "succeeded",
    "signals",
    "successBps",
    "rewardBps",
    "useCase",
    "warmStartBps",
    "regime",
    "tier",
    "learned",
    "digest",
    "observedAt",
    ...CAUSED_MEMBERS,
  ],
});

/** The cost that an outcome's entry carries of its own, settled or not; `undefined` for none. */
export function outcomeCost(
  entry: Pick<OutcomeEntry, "costMicrocents" | "settledMicrocents" | "claimedMicrocents">,
): Microcents | undefined {
  return entry.settledMicrocents ?? entry.costMicrocents ?? entry.claimedMicrocents;
}

/**
 * The member `learning` of a decision. Left out are features that are the request's tokens, a floor that is the request's,
 * a score of 0, a warm start, and a propensity of {@link PROPENSITY_ONE}.
 */
export function recommendationText(
  recommendation: Recommendation,
  request: Pick<Request, "inputTokens" | "outputTokens" | "qualityMinBps">,
  defaulted: readonly string[],
): string {
  const { regime, score, features, textScore, floorBps, source, belief, draw, tier, propensity } = recommendation;
  const tokens = tokenFeatures(request, defaulted);
  const areTokens = features.length === tokens.length && features.every((value, index) => value === tokens[index]);
  return (
    `{"regime":${regime}${unless(score === 0, "score", score)}` +
    `${areTokens ? "" : `,"features":[${features.join(",")}]`}` +
    unless(textScore === undefined, "textScore", textScore) +
    unless(floorBps === request.qualityMinBps, "floorBps", floorBps) +
    `${source === WARM_START ? "" : `,"source":"${source}"`}` +
    unless(!recommendation.anomalous, "anomalous", true) +
    unless(!recommendation.holdout, "holdout", true) +
    `${unless(belief === 0, "belief", belief)},"draw":${draw},"tier":${tier}` +
    `${unless(propensity === PROPENSITY_ONE, "propensity", propensity)}${unless(!recommendation.explored, "explored", true)}}`
  );
}

const WARM_START: FloorSource = "warm_start";

function unless(isLeftOut: boolean, key: string, value: number | true | undefined): string {
  return isLeftOut ? "" : `,"${key}":${value}`;
}

/** What stands for features where a policy names none. */
export function tokenFeatures(
  { inputTokens, outputTokens }: Pick<Request, "inputTokens" | "outputTokens">,
  defaulted: readonly string[],
): readonly number[] {
  return [inputTokens, defaulted.includes("output") ? FEATURE_MISSING : outputTokens];
}

/** Reads it back. Throws RangeError naming the member. */
export function recommendationFromJson(
  members: Members,
  request: Pick<Request, "inputTokens" | "outputTokens" | "qualityMinBps">,
  defaulted: readonly string[],
): Recommendation {
  const has = (key: string): boolean => members[key] !== undefined;
  return {
    regime: whole(members, "regime"),
    score: has("score") ? integer(members["score"], "score") : 0,
    features: has("features") ? integers(members, "features") : tokenFeatures(request, defaulted),
    ...(has("textScore") ? { textScore: integer(members["textScore"], "textScore") } : {}),
    floorBps: has("floorBps") ? whole(members, "floorBps") : request.qualityMinBps,
    source: has("source") ? oneOf(members, "source", FLOOR_SOURCES) : WARM_START,
    anomalous: members["anomalous"] === true,
    holdout: members["holdout"] === true,
    belief: has("belief") ? whole(members, "belief") : 0,
    draw: whole(members, "draw"),
    tier: integer(members["tier"], "tier"),
    propensity: has("propensity") ? whole(members, "propensity") : PROPENSITY_ONE,
    explored: members["explored"] === true,
  };
}

/** Reads the members of a learning entry; `undefined` when the kind is another. Throws RangeError naming the member. */
export function learningFromJson(kind: string, members: Members): LearningEntry | undefined {
  switch (kind) {
    case "belief":
      return {
        kind,
        regime: whole(members, "regime"),
        tiers: integers(members, "tiers"),
        alpha: integers(members, "alpha"),
        beta: integers(members, "beta"),
        table: integers(members, "table"),
        ...optional(members, "method", text),
      };
    case "regimes":
      return {
        kind,
        boundaries: integers(members, "boundaries"),
        means: integers(members, "means"),
        deviations: integers(members, "deviations"),
      };
    case "prior":
      return {
        kind,
        digest: digest(members, "digest"),
        prior: members["prior"] as ExactJson,
        ...causedFromJson(members),
      };
    case "certificate":
      return {
        kind,
        regimes: whole(members, "regimes"),
        alphaBps: whole(members, "alphaBps"),
        deltaBps: whole(members, "deltaBps"),
        samples: whole(members, "samples"),
        ...optional(members, "prior", digest),
        ...causedFromJson(members),
      };
    case "outcome":
      return outcomeFromJson(members);
    default:
      return undefined;
  }
}

function outcomeFromJson(members: Members): OutcomeEntry {
  const costs = ["costMicrocents", "settledMicrocents", "claimedMicrocents"].filter((key) => key in members);
  if (costs.length > 1) throw new RangeError(`${costs.join(" and ")} are in one outcome`);
  return {
    kind: "outcome",
    of: whole(members, "of"),
    disposition: oneOf(members, "disposition", DISPOSITIONS),
    ...optional(members, "costMicrocents", amount),
    ...optional(members, "settledMicrocents", amount),
    ...optional(members, "claimedMicrocents", amount),
    ...optional(members, "latencyMs", whole),
    ...optional(members, "succeeded", isTrue),
    ...optional(members, "signals", signalsIn),
    successBps: bpsOf(members, "successBps"),
    rewardBps: bpsOf(members, "rewardBps"),
    useCase: text(members, "useCase"),
    warmStartBps: bpsOf(members, "warmStartBps"),
    ...optional(members, "regime", whole),
    tier: whole(members, "tier"),
    learned: members["learned"] === true,
    digest: digest(members, "digest"),
    observedAt: whole(members, "observedAt"),
    ...causedFromJson(members),
  };
}

function isTrue(members: Members, key: string): boolean {
  return members[key] === true;
}

function signalsIn(members: Members, key: string): readonly Signal[] {
  return list(members, key).map((_, index, all) => oneOf(all as unknown as Members, String(index), SIGNALS));
}

function bpsOf(members: Members, key: string): number {
  const value = whole(members, key);
  if (value > BPS_MAX) throw new RangeError(`${key} is above ${BPS_MAX}`);
  return value;
}
