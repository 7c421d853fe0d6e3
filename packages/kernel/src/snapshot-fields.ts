/**
 * The field table of a policy snapshot as an entry embeds it.
 * @module
 */
import { type Fields, objectOf, recordOf } from "./entry-table.ts";
import { type EntryValue, I64, listOf, oneOf, U16, U32, U64, wholeFrom } from "./entry-value.ts";
import type { Candidate } from "./policy.ts";
import type {
  Bps,
  CandidateId,
  Mask,
  Microcents,
  Milliseconds,
  PriceMicrocents,
  ProviderId,
  Sequence,
  Tokens,
} from "./units.ts";

/** The defaults that a use case gives its requests. */
export interface UseCase {
  readonly valueMicrocents: Microcents;
  readonly riskBps: Bps;
  readonly confidenceBps: Bps;
  /** The floor: lowest acceptable quality. */
  readonly qualityMinBps: Bps;
  readonly outputTokens: Tokens;
}

/** How a policy learns. Shares are in basis points. */
export interface Learning {
  /** Names of the integer features of a request; if absent, its token counts are the features. */
  readonly features?: readonly string[];
  /** `offsets` selects the offsets router. Left out, the published router applies: regimes with Beta beliefs. */
  readonly method?: "offsets";
  /** Share of decisions spread evenly over the tiers that may be drawn; 0 selects the best and draws in shadow only. */
  readonly explorationBps: number;
  /** Share of decisions that use the floor of their use case only. */
  readonly holdoutBps: number;
  /** Target share of failures of the tracker (default: a third). */
  readonly targetFailureBps?: number;
  /** Share of a count that each outcome keeps, in millionths; 1,000,000 never forgets. */
  readonly discountPpm: number;
  /** Requests before the regimes are frozen. */
  readonly warmUpRequests: number;
  /** How far the floor of an anomalous request is raised above its use case's. */
  readonly anomalyRaiseBps: number;
  /** Maximum share of requests whose floor may be raised as anomalies. */
  readonly anomalyShareBps: number;
  /** Outcomes later than this are not learned from. */
  readonly attributionSeconds: number;
}

/** Only the provider of the requested candidate, or that provider and the listed ones. */
export type SubstituteWithin = "requestedProvider" | readonly string[];

/** A candidate with its name and the position of its tier. */
export interface NamedCandidate extends Candidate {
  readonly name: string;
  readonly tier: number;
}

/** A snapshot as an entry holds it. */
export interface SnapshotJson {
  readonly name: string;
  readonly policyEpoch: Sequence;
  readonly catalogEpoch: Sequence;
  readonly riskHardLimitBps: Bps;
  readonly confidenceMinBps: Bps;
  readonly riskPenaltyMultiplierBps: Bps;
  readonly latencyPenaltyMicrocentsPerMs: PriceMicrocents;
  readonly providers: readonly string[];
  readonly capabilities: readonly string[];
  readonly regions: readonly string[];
  readonly tiers: readonly string[];
  readonly spendLimit?: "none";
  readonly substituteWithin?: SubstituteWithin;
  readonly useCases: Readonly<Record<string, UseCase>>;
  readonly learning?: Learning;
  readonly candidates: readonly NamedCandidate[];
}

/** Text of any length, also empty. Names are checked when a policy is read. */
const ANY_TEXT: EntryValue<string> = {
  schema: { type: "string" },
  read: (json, key) => {
    if (typeof json !== "string") throw new RangeError(`${key} is not text`);
    return json;
  },
};
const NAMES = listOf(ANY_TEXT);
const PRICE = U64 as EntryValue<PriceMicrocents>;
const BPS_16 = U16 as EntryValue<Bps>;
const MASK = U64 as EntryValue<Mask>;
const EPOCH = U64 as EntryValue<Sequence>;

const WITHIN: EntryValue<SubstituteWithin> = {
  schema: { anyOf: [{ const: "requestedProvider" }, NAMES.schema] },
  read: (json, key) => (json === "requestedProvider" ? json : NAMES.read(json, key)),
};

const USE_CASE = objectOf<UseCase>({
  valueMicrocents: { type: I64 as EntryValue<Microcents>, holds: "value of a good answer" },
  riskBps: { type: BPS_16, holds: "risk" },
  confidenceBps: { type: BPS_16, holds: "confidence" },
  qualityMinBps: { type: BPS_16, holds: "quality floor" },
  outputTokens: { type: U32 as EntryValue<Tokens>, holds: "expected output work units" },
});

export const LEARNING_FIELDS: Fields<Learning> = {
  features: { type: NAMES, holds: "names of the features", leftOut: "they are the token counts" },
  method: {
    type: oneOf(["offsets"]),
    holds: "`offsets`: the offsets router learns",
    leftOut: "the regimes router learns",
  },
  explorationBps: { type: U32, holds: "share of decisions that is spread over the tiers that may be drawn" },
  holdoutBps: { type: U32, holds: "share of decisions that the floor of their use case alone makes" },
  targetFailureBps: { type: U32, holds: "share of failures that the tracker aims at", leftOut: "it is a third" },
  discountPpm: { type: U32, holds: "share of a count that each outcome keeps, in millionths" },
  warmUpRequests: { type: U32, holds: "requests before the regimes are frozen" },
  anomalyRaiseBps: { type: U32, holds: "amount by which the floor of an anomalous request is raised" },
  anomalyShareBps: { type: U32, holds: "maximum share of requests whose floor may be raised" },
  attributionSeconds: { type: U32, holds: "time after which an outcome is not used for learning" },
};

export const CANDIDATE_FIELDS: Fields<NamedCandidate> = {
  id: {
    type: wholeFrom(1, 0xffff_ffff) as EntryValue<CandidateId>,
    holds: "id of the candidate, from 1; ascending",
  },
  providerId: { type: U16 as EntryValue<ProviderId>, holds: "position in `providers`" },
  qualityBps: { type: BPS_16, holds: "quality" },
  riskCeilingBps: { type: BPS_16, holds: "maximum risk of a request that the candidate may serve" },
  enabled: { type: wholeFrom(0, 1), holds: "0 or 1" },
  latencyP95Ms: { type: U32 as EntryValue<Milliseconds>, holds: "latency at the 95th percentile" },
  capabilities: { type: MASK, holds: "mask: bits are positions in `capabilities`" },
  regions: { type: MASK, holds: "mask: bits are positions in `regions`" },
  inputPriceMicrocents: { type: PRICE, holds: "price per million input work units" },
  outputPriceMicrocents: { type: PRICE, holds: "price per million output work units" },
  name: { type: ANY_TEXT, holds: "name of the candidate" },
  tier: { type: U32, holds: "position in `tiers`" },
};

export const SNAPSHOT_FIELDS: Fields<SnapshotJson> = {
  name: { type: ANY_TEXT, holds: "name of the policy" },
  policyEpoch: { type: EPOCH, holds: "epoch of the policy" },
  catalogEpoch: { type: EPOCH, holds: "epoch of the catalog" },
  riskHardLimitBps: { type: BPS_16, holds: "requests at or above this risk are rejected" },
  confidenceMinBps: { type: BPS_16, holds: "requests below this confidence are rejected" },
  riskPenaltyMultiplierBps: { type: BPS_16, holds: "weight of risk" },
  latencyPenaltyMicrocentsPerMs: { type: PRICE, holds: "weight of latency" },
  providers: { type: NAMES, holds: "names; the position is the bit" },
  capabilities: { type: NAMES, holds: "names; the position is the bit" },
  regions: { type: NAMES, holds: "names; the position is the bit" },
  tiers: { type: NAMES, holds: "names of at most eight, cheapest first" },
  spendLimit: {
    type: oneOf(["none"]),
    holds: "`none`: a substitute may cost more than the requested candidate",
    leftOut: "the cost of the requested candidate bounds the budget",
  },
  substituteWithin: {
    type: WITHIN,
    holds: "`requestedProvider`, or a list of providers in the order of `providers`",
    leftOut: "any candidate may be the substitute",
  },
  useCases: {
    type: recordOf(USE_CASE),
    holds: "by name: `valueMicrocents`, `riskBps`, `confidenceBps`, `qualityMinBps`, `outputTokens`",
  },
  learning: { type: objectOf(LEARNING_FIELDS), holds: "settings of the learner", leftOut: "the policy does not learn" },
  candidates: { type: listOf(objectOf(CANDIDATE_FIELDS)), holds: "the candidates, ascending by id" },
};

export const SNAPSHOT: EntryValue<SnapshotJson> = objectOf(SNAPSHOT_FIELDS);
