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
    askedMicrocents: amountText("The request's budget limit"),
  }),
  "The tenant's headroom was less than the amount that the request could spend, so the headroom became its budget.",
);

export const actor: z.ZodType = named(
  "Actor",
  z.object({
    actor: text(
      "Sequence of the entry that introduced the key, or `system:` and the name of an operating system user.",
    ),
    keyName: text("Name of the key; null for a user.").nullable(),
    claimedOnBehalfOf: text("The identity that the actor claimed to act for.").nullable(),
  }),
  "The caller that caused an entry.",
);

const decisionMembers = {
  decisionId: decisionIdText,
  requestId: text("The request's id.").nullable(),
  sequence: count("Journal sequence of its entry."),
  entryHash: digest("Hash of its entry; the next entry is chained to it."),
  digests: named(
    "Digests",
    z.object({
      policy: digest("Digest of the policy (`calypol1`)."),
      request: digest("Digest of the request as it was decided (`calyinp1`)."),
      decision: digest("Digest of the decision (`calydcn1`)."),
      identity: digest("Digest that binds the other three (`calyidn1`)."),
    }),
  ),
  action: z.enum(Object.keys(ACTION_CODES) as [string, ...string[]]),
  reason: z.enum(Object.keys(REASON_CODES) as [string, ...string[]]),
  selected: candidate.nullable(),
  costMicrocents: amountText("Maximum cost, which is reserved"),
  utilityMicrocents: amountText("Utility of the selected candidate"),
  counterfactual: named(
    "Counterfactual",
    z.object({ id: z.int(), name: text("Its name in the policy."), utilityMicrocents: amountText("Its utility") }),
    "The choice if the selected candidate did not exist.",
  ).nullable(),
  requestedCostMicrocents: amountText("Estimated cost of the requested candidate; null without one").nullable(),
  savedMicrocents: amountText(
    "`requestedCostMicrocents` minus the cost of the candidate that runs; null without a requested candidate, or if none runs",
  ).nullable(),
  floor: named(
    "Floor",
    z.object({
      qualityMinBps: count("Minimum quality, in ten-thousandths."),
      source: z.enum(["client", "use_case", ...FLOOR_SOURCES]).meta({ description: "Source of the floor." }),
    }),
  ),
  evaluatedCount: count("Candidates that were evaluated."),
  eligibleCount: count("Candidates that passed every gate."),
  policyId: count("Id of the policy that decided."),
  useCase: text("The use case that supplied omitted values."),
  defaulted: z.array(z.enum(DEFAULTED as [Defaulted, ...Defaulted[]])).meta({
    description: "Values that the client omitted; `tenant` means that `default` pays.",
  }),
  tenant: text("The tenant that pays; null if no tenant has a budget.").nullable(),
  budget: named(
    "Budget",
    z.object({ remainingMicrocents: amountText("Amount that the tenant can still reserve") }),
  ).nullable(),
  shortfall: shortfall.nullable(),
  repeated: flag("True if the request id was decided before; the response is that decision."),
};

const receipt: z.ZodType = z.looseObject({}).optional().meta({
  description:
    "With `?receipt=1`: `claims`, `signature`, `signer`, and `inclusion` if a checkpoint covers the entry; `calybris receipt verify` verifies it.",
});

export const decisionShape: z.ZodType = named(
  "Decision",
  z.object({ ...decisionMembers, receipt }),
  "A decision. Its entry is on disk.",
);

const mistakeShape = named(
  "Mistake",
  z.object({
    path: text("The field."),
    problem: text("The mistake in it."),
    remedy: text("How to fix it."),
    line: z.int().optional(),
  }),
);

export const errorShape: z.ZodType = named(
  "ErrorAnswer",
  z.object({
    error: z.object({
      code: text("Stable error code; switch on it. `docs/errors.md` lists all codes."),
      message: text("Human-readable description of the error."),
      remedy: text("How to fix the error."),
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
  measured: text("The candidate's value."),
  limit: text("The limit that the value violates."),
});
const eligibleRow = z.object({
  id: z.int(),
  name: text("Its name in the policy."),
  refusedBy: z.null(),
  utilityMicrocents: amountText("Utility: quality minus risk, cost and latency"),
  qualityMicrocents: amountText("Value of its quality"),
  riskMicrocents: amountText("Deduction for risk"),
  costMicrocents: amountText("Maximum cost"),
  latencyMicrocents: amountText("Deduction for latency"),
});

export const explainedShape: z.ZodType = named(
  "ExplainedDecision",
  z.object({
    ...decisionMembers,
    at: count("Microseconds since the Unix epoch."),
    actor: actor.nullable().meta({ description: "The caller that sent the request." }),
    request: z
      .looseObject({})
      .meta({ description: "The request as it was decided, with the values taken from the use case." }),
    requested: candidate.nullable(),
    learning: z.looseObject({}).nullable().meta({ description: "How the learner chose the floor and the tier." }),
    spending: z
      .object({
        state: text("`in_flight`, `held`, `settled`, `released`, `expired`, `reconciled`, `corrected` or `finished`."),
        reservedMicrocents: amountText("Amount still reserved"),
        costMicrocents: amountText("Known cost"),
      })
      .nullable()
      .meta({ description: "State of its reservation; null if nothing was reserved or is known." }),
    explanation: z
      .array(named("Explanation", z.union([refusedRow, eligibleRow])))
      .meta({ description: "One row for each candidate, in catalog order; none after a hard limit." }),
    proof: named(
      "Proof",
      z.object({
        line: text("The journal line, byte for byte; every hash can be recomputed from it."),
        previousHash: text("Hash of the previous entry; `genesis` for the first."),
        entryHash: digest("Hash of this entry."),
        head: z.object({ sequence: count("The last durable entry."), entryHash: text("Its hash.") }),
      }),
    ),
    receipt,
  }),
  "A decision, its explanation and its proof.",
);
