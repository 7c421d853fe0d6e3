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
    repeated: flag("True if it was so already; nothing changed."),
  }),
);

const counted = {
  decisions: count("Decisions that were made in shadow, too."),
  actionMismatches: count("Those with another action."),
  mismatches: count("Those with another action or candidate."),
};

const sequences = z.array(count("Journal sequence of a decision that differs.")).max(3);

const choice = named(
  "RolloutChoice",
  z.object({
    action: z.enum(["execute", "substitute", "reject"]).meta({ description: "What was decided, or would have been." }),
    candidate: z.string().nullable().meta({ description: "Name of the candidate; null for a rejection." }),
  }),
  "What one policy decides.",
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
  "A decision that the staged policy would have made otherwise.",
);

const effect = named(
  "RolloutEffect",
  z.object({
    difference: z
      .number()
      .nullable()
      .meta({ description: "The staged policy's mean less that of what ran; null before the first outcome." }),
    lower: z.number().meta({ description: "Valid however often it is looked at." }),
    upper: z.number().meta({ description: "Likewise." }),
  }),
  "A difference of success or net reward, as a share of the largest there is.",
);

const staged = named(
  "StagedPolicy",
  z.object({
    policyId: count("Its id."),
    name: text("Its name."),
    since: count("Journal sequence of the entry that staged it."),
    comparedSequence: count("Journal sequence of the last entry that is compared."),
    canaryBps: count("The share of the tenants that it decides for, in basis points."),
    canaryDecisions: count("Decisions that it made for them; in no other count."),
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
        tenant: z.string().nullable().meta({ description: "Null for no tenant; an empty name for all beyond 1,000." }),
        ...counted,
        mismatchSequences: sequences,
      }),
    ),
    mismatchSequences: z.array(count("Journal sequence of a decision that differs; the first 20.")),
    mismatchExamples: z.array(mismatch).max(20),
    outcomes: count("Outcomes that are compared."),
    outcomesUnknown: count("Outcomes whose draws are not known."),
    success: effect,
    reward: effect,
    isNoWorseAt: count("Outcome with which it was shown to be no worse.").nullable(),
    isBetterAt: count("Outcome with which it was shown to be better.").nullable(),
    passes: z
      .enum(["a", "b"])
      .nullable()
      .meta({ description: "The gate that is passed: few differ and no worse, or better." }),
    missing: z.array(text("What a promotion still needs.")),
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
        follows: count("Journal sequence of the last change of policy."),
        nextPolicyId: count("The id of a policy that is staged or activated next."),
      }),
      "What a signature of the next change of policy covers beside the change; null where the first entry is out of reach.",
    ).nullable(),
    staged: staged.nullable(),
  }),
);
