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

const refusal = z.object({ reason: text("A word for programs."), explanation: text("The reason as a sentence.") });

const policy = named(
  "PolicyRegret",
  z.object({
    name: text("`learner`, `base` (the floor of the use case alone), or `always` and a candidate."),
    value: known("The doubly robust estimate of its mean reward."),
    standardError: known("Of the value, for one look."),
    bySlope: z.object({
      value: known("DR with shrinkage, its constant chosen by SLOPE."),
      constant: known("That constant."),
    }),
    interval: z
      .object({
        lower: share("Valid however often it is looked at."),
        upper: share("Likewise."),
        rows: count("Outcomes that it covers."),
        k: share("Where predictions are cut."),
      })
      .nullable(),
    effectiveRows: share("As many equally weighted outcomes would tell as much."),
    targetMassUnlogged: share("The share of its choices that were never going to run."),
    maxWeight: share("The largest weight of an outcome."),
    refusals: z.array(refusal).meta({ description: "Why its figures are not fit to act on; empty if they are." }),
  }),
  "What a policy would have earned on the same decisions. Rewards are shares of the largest there is.",
);

const calibration = named(
  "CalibrationCell",
  z.object({
    regime: count("0 to 7, or 8 before regimes are known."),
    tier: count("Its index, cheapest first."),
    rows: count("Outcomes."),
    predicted: share("Mean of the predicted rewards."),
    observed: share("Mean of the observed ones."),
    biasLower: share("Observed less predicted is above it, valid however often it is looked at."),
    biasUpper: share("And below it."),
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
    outcomes: count("Outcomes of any decision."),
    missing: count("Decisions without an outcome that counts."),
    alpha: share("The probability that an interval misses at any time."),
    margin: share("How much worse still counts as no worse."),
    calibration: z.array(calibration),
    all: z.object({
      rows: count("Outcomes of the learner's own decisions."),
      notLearned: count("Outcomes of other decisions."),
      unusable: count("Outcomes that came too late, or of answers that were not used."),
      ran: z.object({ value: known("Mean reward of what ran."), standardError: known("Of the value.") }),
      policies: z.array(policy),
      best: z.string().nullable().meta({ description: "The policy with the highest value that is not refused." }),
      regret: known("Its value less that of what ran; below 0, what ran was better."),
      learnerIsBetterAt: count(
        "Outcome with which the learner was shown to be better than the base policy.",
      ).nullable(),
      learnerIsNoWorseAt: count("Outcome with which it was shown to be no worse by more than the margin.").nullable(),
    }),
  }),
  "What decisions earned, beside what other policies would have earned.",
);
