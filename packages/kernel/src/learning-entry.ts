/**
 * Entries that change the learner's state: beliefs, regimes, priors and certificates. For outcomes see `outcome-entry.ts`.
 * Integers only; a reader re-derives every recommendation from these entries alone.
 * @module
 */
import { type Caused, CAUSED_FIELDS } from "./actor.ts";
import { type EntryTable, formOf } from "./entry-table.ts";
import { BPS, DIGEST, type EntryValue, listOf, OBJECT, oneOf, SIGNED, TEXT, WHOLE, wholeFrom } from "./entry-value.ts";
import type { ExactJson } from "./exact-json.ts";
import { DEVIATION_MAX, MEAN_MAX } from "./offset-propensity.ts";
import type { OutcomeEntry } from "./outcome-entry.ts";
import { PROPENSITY_ONE, REGIME_COUNT, TIER_COUNT_MAX, WARM_UP_REGIME } from "./recommendation.ts";

/** The belief about one regime, for one set of tiers, in the form of the router that made it. */
export type BeliefEntry = BetaBelief | OffsetBelief;

/** A sampling table: every decision of the regime is drawn from it. */
export interface BetaBelief {
  readonly kind: "belief";
  readonly regime: number;
  readonly tiers: readonly number[];
  /** Beta counts in ten-thousandths, by position in `tiers`. */
  readonly alpha: readonly number[];
  readonly beta: readonly number[];
  /** Propensities, which sum to {@link PROPENSITY_ONE}. */
  readonly table: readonly number[];
  /** Absent: the table was computed by the quadrature of docs/formats.md. */
  readonly method?: never;
}

/** Difference of success from the prior's expectation. A decision's table follows from it, the expectation and the costs. */
export interface OffsetBelief {
  readonly kind: "belief";
  readonly regime: number;
  readonly tiers: readonly number[];
  /** By position in `tiers`, in sixteenths of a basis point: the offset, or success itself if the belief is flat. */
  readonly means: readonly number[];
  readonly deviations: readonly number[];
  /** Share explored in the boundary zone; a tenth of it outside. */
  readonly explorationBps: number;
  /** Ignores the prior's expectation, because it does not rank requests in this regime. */
  readonly flat?: true;
  readonly method: "offsets";
}

/** The members of both forms, for reading an entry. */
interface BeliefMembers {
  readonly kind: "belief";
  readonly regime: number;
  readonly tiers: readonly number[];
  readonly alpha?: readonly number[];
  readonly beta?: readonly number[];
  readonly table?: readonly number[];
  readonly means?: readonly number[];
  readonly deviations?: readonly number[];
  readonly explorationBps?: number;
  readonly flat?: true;
  readonly method?: string;
}

/** Freezes the regimes: their score boundaries, and the means and deviations that standardize features. */
export interface RegimesEntry {
  readonly kind: "regimes";
  /** Seven ascending scores. A score belongs to the regime of the first boundary that it is below. */
  readonly boundaries: readonly number[];
  readonly means: readonly number[];
  readonly deviations: readonly number[];
}

/** Activates a prior: predicted gain becomes the score. */
export interface PriorEntry extends Caused {
  readonly kind: "prior";
  /** `calypri1`, hexadecimal. */
  readonly digest: string;
  readonly prior: ExactJson;
}

/**
 * The number of regimes, in order of predicted gain, that may be served below the top tier. It applies only to the regimes
 * of the prior that it names: if they change, none may.
 */
export interface CertificateEntry extends Caused {
  readonly kind: "certificate";
  readonly regimes: number;
  readonly alphaBps: number;
  readonly deltaBps: number;
  readonly samples: number;
  /** `calypri1` of the prior that it was computed with, in hexadecimal as in the prior's entry; absent without one. */
  readonly prior?: string;
}

export type LearningEntry = BeliefEntry | RegimesEntry | PriorEntry | CertificateEntry | OutcomeEntry;
export type LearningKind = LearningEntry["kind"];

/** Beta counts in ten-thousandths: from one observation to 200,000. */
const COUNTS: EntryValue<readonly number[]> = listOf(wholeFrom(10_000, 2_000_000_000));
const TIERS: EntryValue<readonly number[]> = listOf(wholeFrom(0, TIER_COUNT_MAX - 1), {
  wanted: "a list of ascending tiers",
  holds: (tiers) => tiers.length > 0 && tiers.every((tier, at) => tier > (tiers[at - 1] ?? -1)),
  schema: { minItems: 1, uniqueItems: true },
});

const OFFSETS_ONLY = "`method` is `offsets`";
const REGIMES_ONLY = "`method` is left out";

function beliefFault({ tiers, alpha, beta, table, ...rest }: BeliefMembers): string | undefined {
  const { means, deviations, explorationBps, flat, method } = rest;
  // Members of an unknown method are defined by a later version, and not checked.
  if (method !== undefined && method !== "offsets") return undefined;
  const isOffsets = method === "offsets";
  const own = isOffsets ? [means, deviations] : [alpha, beta, table];
  const names = isOffsets ? "means and deviations" : "alpha, beta and table";
  if (!own.every((list) => list?.length === tiers.length)) return `${names} are not as long as tiers`;
  const others = isOffsets ? [alpha, beta, table] : [means, deviations, explorationBps, flat];
  if (others.some((member) => member !== undefined)) return "a belief has the members of one method";
  return isOffsets && explorationBps === undefined ? "explorationBps is missing" : undefined;
}

/** The field tables of the kinds in this file; for outcomes see `outcome-entry.ts`. */
export const LEARNING_TABLES: Readonly<Record<Exclude<LearningKind, "outcome">, EntryTable>> = Object.freeze({
  belief: {
    says: "The belief about one regime, for one set of tiers: a sampling table (regimes router), or offsets from the prior's expectations (offsets router).",
    forms: [
      formOf<BeliefMembers>(
        {
          regime: { type: wholeFrom(0, WARM_UP_REGIME), holds: "0 to 7, or 8 before regimes are known" },
          tiers: { type: TIERS, holds: "tiers that may be drawn, ascending" },
          alpha: { type: COUNTS, holds: "per tier, successes in ten-thousandths plus 10,000", leftOut: OFFSETS_ONLY },
          beta: { type: COUNTS, holds: "per tier, failures in ten-thousandths plus 10,000", leftOut: OFFSETS_ONLY },
          table: {
            type: listOf(wholeFrom(0, PROPENSITY_ONE)),
            holds: "per tier, its share times 2^32",
            leftOut: OFFSETS_ONLY,
          },
          means: {
            type: listOf(wholeFrom(-MEAN_MAX, MEAN_MAX)),
            holds: "per tier, the offset from its expected success, or if `flat` its success; sixteenths of a bps",
            leftOut: REGIMES_ONLY,
          },
          deviations: {
            type: listOf(wholeFrom(1, DEVIATION_MAX)),
            holds: "per tier, the standard deviation; sixteenths of a bps",
            leftOut: REGIMES_ONLY,
          },
          explorationBps: {
            type: BPS,
            holds: "exploration share in the boundary zone; outside the zone, a tenth of it",
            leftOut: REGIMES_ONLY,
          },
          flat: {
            type: oneOf([true]),
            holds: "the prior's expectations do not rank requests in this regime, and are ignored",
            leftOut: "they do",
          },
          method: {
            type: TEXT,
            holds: "`offsets`: the sampling table of a decision is computed from the belief (described below)",
            leftOut: "the table is computed by the quadrature described below",
          },
        },
        beliefFault,
      ),
    ],
  },
  regimes: {
    says: "Freezes the boundaries of the regimes.",
    forms: [
      formOf<RegimesEntry>({
        boundaries: { type: listOf(SIGNED), holds: "seven ascending scores" },
        means: { type: listOf(SIGNED), holds: "mean of each feature, in eighths" },
        deviations: { type: listOf(SIGNED), holds: "standard deviation of each feature, in eighths" },
      }),
    ],
  },
  prior: {
    says: "Activates a prior. The score of a request is then its predicted gain.",
    forms: [
      formOf<PriorEntry>({
        digest: { type: DIGEST, holds: "`calypri1`, hexadecimal" },
        prior: { type: OBJECT, holds: "content of the prior file" },
        ...CAUSED_FIELDS,
      }),
    ],
  },
  certificate: {
    says: "Sets the number of regimes that may be served below the top tier.",
    forms: [
      formOf<CertificateEntry>({
        regimes: { type: wholeFrom(0, REGIME_COUNT), holds: "number of regimes, by ascending predicted gain" },
        alphaBps: { type: BPS, holds: "risk α: maximum share of failures" },
        deltaBps: { type: BPS, holds: "failure probability δ" },
        samples: { type: WHOLE, holds: "number of labelled requests that the certificate is based on" },
        prior: {
          type: DIGEST,
          holds: "`calypri1` of the prior that the certificate belongs to",
          leftOut: "it belongs to no prior",
        },
        ...CAUSED_FIELDS,
      }),
    ],
  },
});
