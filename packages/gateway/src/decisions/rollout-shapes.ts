/**
 * The schemas of a rollout in answers.
 * @module
 */
import { z } from "zod";
import { count, flag, named, text } from "./shape-parts.ts";

export const rolloutChangeShape: z.ZodType = named(
  "RolloutChange",
  z.object({
    policyId: count("Its id."),
    sequence: count("Journal sequence of the entry that made the change."),
    repeated: flag("True if the change was already in effect; nothing changed."),
  }),
);

const counted = {
  decisions: count("Decisions that the staged policy also made, in shadow."),
  actionMismatches: count("Decisions with a different action."),
  mismatches: count("Decisions with a different action or candidate."),
};

const sequences = z.array(count("Journal sequence of a decision that differs.")).max(3);

const choice = named(
  "RolloutChoice",
  z.object({
    action: z.enum(["execute", "substitute", "reject"]).meta({ description: "The actual or hypothetical action." }),
    candidate: z.string().nullable().meta({ description: "Name of the candidate; null for a rejection." }),
  }),
  "The decision of one policy.",
);

const mismatch = named(
  "RolloutMismatch",
  z.object({
    sequence: count("Journal sequence of the decision."),
    tenant: z.string().nullable().meta({ description: "Its tenant; null for none." }),
    regime: count("Its regime; null where the policy does not learn.").nullable(),
    active: choice,
    staged: choice,
  }),
  "A decision that the staged policy would have made differently.",
);

const effect = named(
  "RolloutEffect",
  z.object({
    difference: z.number().nullable().meta({
      description: "The staged policy's mean minus the mean of the candidates that ran; null before the first outcome.",
    }),
    lower: z.number().meta({ description: "Lower bound of an anytime-valid interval." }),
    upper: z.number().meta({ description: "Upper bound of the same interval." }),
  }),
  "A difference in success or net reward, as a share of the maximum.",
);

const staged = named(
  "StagedPolicy",
  z.object({
    policyId: count("Its id."),
    name: text("Its name."),
    since: count("Journal sequence of the entry that staged it."),
    comparedSequence: count("Journal sequence of the last entry that is compared."),
    canaryBps: count("The share of the tenants that it decides for, in basis points."),
    canaryDecisions: count("Decisions that it made for them; not included in other counts."),
    ...counted,
    regimes: z.array(
      z.object({
        regime: count("0 to 7, or 8 before regimes are known."),
        ...counted,
        mismatchSequences: sequences,
      }),
    ),
    tenants: z.array(
      z.object({
        tenant: z.string().nullable().meta({
          description: "Null for decisions without a tenant; an empty name for all tenants beyond the first 1,000.",
        }),
        ...counted,
        mismatchSequences: sequences,
      }),
    ),
    mismatchSequences: z.array(count("Journal sequence of a decision that differs; the first 20.")),
    mismatchExamples: z.array(mismatch).max(20),
    outcomes: count("Outcomes that are compared."),
    outcomesUnknown: count("Outcomes whose draws are unknown."),
    success: effect,
    reward: effect,
    isNoWorseAt: count("Outcome with which it was shown to be no worse.").nullable(),
    isBetterAt: count("Outcome with which it was shown to be better.").nullable(),
    passes: z.enum(["a", "b"]).nullable().meta({
      description:
        "The gate that is passed: `a`, few actions differ and the reward is no worse; `b`, the reward is better.",
    }),
    missing: z.array(text("A requirement that a promotion does not meet yet.")),
  }),
  "How the staged policy compares with the active one.",
);

export const rolloutShape: z.ZodType = named(
  "Rollout",
  z.object({
    activePolicyId: count("The active policy."),
    nextChange: named(
      "NextChange",
      z.object({
        genesisHash: text("Hash of the journal's first entry, hexadecimal."),
        follows: count("Journal sequence of the last policy change."),
        nextPolicyId: count("The id of the next policy to be staged or activated."),
      }),
      "Members that the signature of the next policy change covers besides the change; null if the first entry cannot be read.",
    ).nullable(),
    staged: staged.nullable(),
  }),
);
