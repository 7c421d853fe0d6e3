/**
 * The schema of measured regret in answers.
 * @module
 */
import { z } from "zod";
import { count, flag, named, text } from "./shape-parts.ts";

const share = (what: string): z.ZodType => z.number().meta({ description: what });
const known = (what: string): z.ZodType =>
  z
    .number()
    .nullable()
    .meta({ description: `${what} Null while unknown.` });

const refusal = z.object({ reason: text("Machine-readable reason."), explanation: text("The reason as a sentence.") });

const policy = named(
  "PolicyRegret",
  z.object({
    name: text("`learner`, `base` (the floor of the use case alone), or `always` and a candidate."),
    value: known("The doubly robust estimate of its mean reward."),
    standardError: known("Standard error of the value, for a single look."),
    bySlope: z.object({
      value: known("Doubly robust estimate with shrinkage; SLOPE chooses the constant."),
      constant: known("The constant that SLOPE chose."),
    }),
    interval: z
      .object({
        lower: share("Lower bound of an anytime-valid interval."),
        upper: share("Upper bound of the same interval."),
        rows: count("Outcomes that the interval covers."),
        k: share("Weight above which predictions are cut."),
      })
      .nullable(),
    effectiveRows: share("Effective sample size: the number of equally weighted outcomes with the same information."),
    targetMassUnlogged: share("Share of its choices that had no probability to run."),
    maxWeight: share("The largest weight of an outcome."),
    refusals: z.array(refusal).meta({ description: "Reasons not to act on its figures; empty if there are none." }),
  }),
  "The estimated reward of a policy on the same decisions. Rewards are shares of the maximum.",
);

const calibration = named(
  "CalibrationCell",
  z.object({
    regime: count("0 to 7, or 8 before regimes are known."),
    tier: count("Index of the tier, cheapest first."),
    rows: count("Outcomes."),
    predicted: share("Mean predicted reward."),
    observed: share("Mean observed reward."),
    biasLower: share("Lower bound of observed minus predicted, anytime-valid."),
    biasUpper: share("Upper bound of observed minus predicted, anytime-valid."),
    isBiased: flag("Whether a bias of more than 0.01 is shown."),
  }),
  "Predicted and observed rewards of a regime and tier.",
);

export const regretShape: z.ZodType = named(
  "Regret",
  z.object({
    sequence: count("The last entry that the figures cover."),
    headSequence: count("The last durable entry; more than `sequence` while the service catches up."),
    decisions: count("Decisions."),
    outcomes: count("Outcomes of all decisions."),
    missing: count("Decisions without an outcome that counts."),
    alpha: share("The probability that an interval ever misses the true value."),
    margin: share("Largest loss that still counts as no worse."),
    calibration: z.array(calibration),
    all: z.object({
      rows: count("Outcomes of the learner's own decisions."),
      notLearned: count("Outcomes of other decisions."),
      unusable: count("Outcomes that were too late, or whose answers were not used."),
      ran: z.object({
        value: known("Mean reward of the candidates that ran."),
        standardError: known("Standard error of the value."),
      }),
      policies: z.array(policy),
      best: z
        .string()
        .nullable()
        .meta({ description: "The policy with the highest value among those without refusals." }),
      regret: known(
        "Value of the best policy minus the value of the candidates that ran; negative if the latter was better.",
      ),
      learnerIsBetterAt: count(
        "Number of the outcome at which the learner was shown to be better than the base policy.",
      ).nullable(),
      learnerIsNoWorseAt: count(
        "Number of the outcome at which it was shown to be at most the margin worse.",
      ).nullable(),
    }),
  }),
  "The rewards of decisions, compared with the estimated rewards of other policies.",
);
