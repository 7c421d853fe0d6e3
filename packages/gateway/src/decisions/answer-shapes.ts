/**
 * The schemas of decisions, batches and errors in answers.
 * @module
 */
import { ACTION_CODES, DEFAULTED, type Defaulted, FLOOR_SOURCES, REASON_CODES } from "@calybris/kernel";
import { z } from "zod";
import { amountText, count, decisionIdText, digest, flag, named, text } from "./shape-parts.ts";

export const candidate: z.ZodType = named(
  "Candidate",
  z.object({ id: z.int(), name: text("Its name in the policy.") }),
  "A candidate of the policy.",
);

const shortfall = named(
  "Shortfall",
  z.object({
    headroomMicrocents: amountText("The headroom"),
    askedMicrocents: amountText("The request's own limit"),
  }),
  "The tenant's headroom was less than the request could have spent, so the headroom became its budget.",
);

export const actor: z.ZodType = named(
  "Actor",
  z.object({
    actor: text("Sequence of the entry that introduced the key, or `system:` and a user of the operating system."),
    keyName: text("Name of the key; null for a user.").nullable(),
    claimedOnBehalfOf: text("On whose behalf, as the actor claimed.").nullable(),
  }),
  "Who did it.",
);

const decisionMembers = {
  decisionId: decisionIdText,
  requestId: text("The request's own id.").nullable(),
  sequence: count("Journal sequence of its entry."),
  entryHash: digest("Hash of its entry; the next entry is chained to it."),
  digests: named(
    "Digests",
    z.object({
      policy: digest("Of the policy (`calypol1`)."),
      request: digest("Of the request as it was decided (`calyinp1`)."),
      decision: digest("Of the decision (`calydcn1`)."),
      identity: digest("Binds the other three (`calyidn1`)."),
    }),
  ),
  action: z.enum(Object.keys(ACTION_CODES) as [string, ...string[]]),
  reason: z.enum(Object.keys(REASON_CODES) as [string, ...string[]]),
  selected: candidate.nullable(),
  costMicrocents: amountText("Most it can cost, which is reserved"),
  utilityMicrocents: amountText("Its worth less its cost"),
  counterfactual: named(
    "Counterfactual",
    z.object({ id: z.int(), name: text("Its name in the policy."), utilityMicrocents: amountText("Its utility") }),
    "The choice without the selected candidate.",
  ).nullable(),
  requestedCostMicrocents: amountText("Estimated cost of the requested candidate; null without one").nullable(),
  savedMicrocents: amountText(
    "That cost less the cost of what runs; null without a requested candidate, or if nothing runs",
  ).nullable(),
  floor: named(
    "Floor",
    z.object({
      qualityMinBps: count("Least acceptable quality, in ten-thousandths."),
      source: z.enum(["client", "use_case", ...FLOOR_SOURCES]).meta({ description: "Where it came from." }),
    }),
  ),
  evaluatedCount: count("Candidates that were evaluated."),
  eligibleCount: count("Candidates that passed every gate."),
  policyId: count("The policy it was decided under."),
  useCase: text("The use case that values left out were taken from."),
  defaulted: z.array(z.enum(DEFAULTED as [Defaulted, ...Defaulted[]])).meta({
    description: "Values that the client left out; `tenant` means that `default` pays.",
  }),
  tenant: text("The tenant that pays; null if no tenant has a budget.").nullable(),
  budget: named(
    "Budget",
    z.object({ remainingMicrocents: amountText("What the tenant can still reserve") }),
  ).nullable(),
  shortfall: shortfall.nullable(),
  repeated: flag("True if the request id was decided before; this is that decision."),
};

const receipt: z.ZodType = z.looseObject({}).optional().meta({
  description:
    "With `?receipt=1`: `claims`, `signature`, `signer`, and `inclusion` where a checkpoint covers the entry; `calybris receipt verify` reads it.",
});

export const decisionShape: z.ZodType = named(
  "Decision",
  z.object({ ...decisionMembers, receipt }),
  "A decision. Its entry is on the disk.",
);

const mistakeShape = named(
  "Mistake",
  z.object({
    path: text("The field."),
    problem: text("What is wrong with it."),
    remedy: text("What to do."),
    line: z.int().optional(),
  }),
);

export const errorShape: z.ZodType = named(
  "ErrorAnswer",
  z.object({
    error: z.object({
      code: text("Stable; switch on it. `docs/errors.md` lists them."),
      message: text("What happened, for a person."),
      remedy: text("What to do about it."),
      details: z.looseObject({ mistakes: z.array(mistakeShape).optional() }),
    }),
  }),
  "Error response.",
);

export const batchShape: z.ZodType = named(
  "Batch",
  z.object({
    results: z.array(z.union([decisionShape, errorShape])).meta({
      description: "In the order of the requests: a decision, or the error in its place.",
    }),
  }),
);

const refusedRow = z.object({
  id: z.int(),
  name: text("Its name in the policy."),
  refusedBy: text("The first gate that refused it."),
  measured: text("What was measured."),
  limit: text("The limit it was measured against."),
});
const eligibleRow = z.object({
  id: z.int(),
  name: text("Its name in the policy."),
  refusedBy: z.null(),
  utilityMicrocents: amountText("Its utility: quality less risk, cost and latency"),
  qualityMicrocents: amountText("Value of its quality"),
  riskMicrocents: amountText("Deduction for risk"),
  costMicrocents: amountText("Most it can cost"),
  latencyMicrocents: amountText("Deduction for latency"),
});

export const explainedShape: z.ZodType = named(
  "ExplainedDecision",
  z.object({
    ...decisionMembers,
    at: count("Microseconds since the Unix epoch."),
    actor: actor.nullable().meta({ description: "Who asked." }),
    request: z
      .looseObject({})
      .meta({ description: "The request as it was decided, with the values taken from the use case." }),
    requested: candidate.nullable(),
    learning: z.looseObject({}).nullable().meta({ description: "How the learner chose the floor and the tier." }),
    spending: z
      .object({
        state: text("`in_flight`, `held`, `settled`, `released`, `expired`, `reconciled`, `corrected` or `finished`."),
        reservedMicrocents: amountText("What is still reserved"),
        costMicrocents: amountText("What it cost, as far as is known"),
      })
      .nullable()
      .meta({ description: "What became of its money; null where nothing was reserved or is known." }),
    explanation: z
      .array(named("Explanation", z.union([refusedRow, eligibleRow])))
      .meta({ description: "One row for each candidate, in catalog order; none after a hard limit." }),
    proof: named(
      "Proof",
      z.object({
        line: text("The journal line, byte for byte: every hash can be recomputed from it."),
        previousHash: text("Hash of the entry before; `genesis` for the first."),
        entryHash: digest("Hash of this one."),
        head: z.object({ sequence: count("The last durable entry."), entryHash: text("Its hash.") }),
      }),
    ),
    receipt,
  }),
  "A decision, its explanation and its proof.",
);
