/**
 * What changes the learner's state: sampling tables, regimes, a prior, a certificate. Outcomes: `outcome-entry.ts`. Integers
 * only; a reader re-derives every recommendation from these entries alone.
 * @module
 */
import { type Caused, CAUSED_FIELDS } from "./actor.ts";
import { type EntryTable, formOf } from "./entry-table.ts";
import { BPS, DIGEST, type EntryValue, listOf, OBJECT, SIGNED, TEXT, WHOLE, wholeFrom } from "./entry-value.ts";
import type { ExactJson } from "./exact-json.ts";
import type { OutcomeEntry } from "./outcome-entry.ts";
import { PROPENSITY_ONE, REGIME_COUNT, TIER_COUNT_MAX, WARM_UP_REGIME } from "./recommendation.ts";

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

/** Activates a prior: predicted gain becomes the score. */
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

export type LearningEntry = BeliefEntry | RegimesEntry | PriorEntry | CertificateEntry | OutcomeEntry;
export type LearningKind = LearningEntry["kind"];

/** Beta counts in ten-thousandths: from one observation to 200,000. */
const COUNTS: EntryValue<readonly number[]> = listOf(wholeFrom(10_000, 2_000_000_000));
const TIERS: EntryValue<readonly number[]> = listOf(wholeFrom(0, TIER_COUNT_MAX - 1), {
  wanted: "a list of ascending tiers",
  holds: (tiers) => tiers.length > 0 && tiers.every((tier, at) => tier > (tiers[at - 1] ?? -1)),
  schema: { minItems: 1, uniqueItems: true },
});

/** The field tables of the kinds that change the learner's state; that of outcomes is beside them. */
export const LEARNING_TABLES: Readonly<Record<Exclude<LearningKind, "outcome">, EntryTable>> = Object.freeze({
  belief: {
    says: "A sampling table of one regime, for one set of tiers.",
    forms: [
      formOf<BeliefEntry>(
        {
          regime: { type: wholeFrom(0, WARM_UP_REGIME), holds: "0 to 7, or 8 before regimes are known" },
          tiers: { type: TIERS, holds: "the tiers that may be drawn, ascending" },
          alpha: { type: COUNTS, holds: "successes of each in ten-thousandths, and 10,000" },
          beta: { type: COUNTS, holds: "failures of each in ten-thousandths, and 10,000" },
          table: { type: listOf(wholeFrom(0, PROPENSITY_ONE)), holds: "the share of each over 2^32" },
          method: { type: TEXT, holds: "how the table was computed", leftOut: "by the quadrature described below" },
        },
        ({ tiers, alpha, beta, table }) =>
          [alpha, beta, table].every(({ length }) => length === tiers.length)
            ? undefined
            : "alpha, beta and table are not as long as tiers",
      ),
    ],
  },
  regimes: {
    says: "Freezes the regimes.",
    forms: [
      formOf<RegimesEntry>({
        boundaries: { type: listOf(SIGNED), holds: "seven scores that only rise" },
        means: { type: listOf(SIGNED), holds: "mean of each feature, in eighths" },
        deviations: { type: listOf(SIGNED), holds: "deviation of each feature, in eighths" },
      }),
    ],
  },
  prior: {
    says: "Activates a prior: predicted gain becomes the score.",
    forms: [
      formOf<PriorEntry>({
        digest: { type: DIGEST, holds: "`calypri1`, hexadecimal" },
        prior: { type: OBJECT, holds: "the file, whole" },
        ...CAUSED_FIELDS,
      }),
    ],
  },
  certificate: {
    says: "How many regimes may be served below the top tier.",
    forms: [
      formOf<CertificateEntry>({
        regimes: { type: wholeFrom(0, REGIME_COUNT), holds: "how many, by predicted gain" },
        alphaBps: { type: BPS, holds: "the most failures that it allows" },
        deltaBps: { type: BPS, holds: "failure probability δ" },
        samples: { type: WHOLE, holds: "how many it was found with" },
        prior: { type: DIGEST, holds: "`calypri1` of the prior that it was found with", leftOut: "there was none" },
        ...CAUSED_FIELDS,
      }),
    ],
  },
});
