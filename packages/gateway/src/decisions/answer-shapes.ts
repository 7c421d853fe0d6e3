/**
 * The shapes of what the service answers, and their names in the OpenAPI document and in the client. Amounts of money are
 * decimal strings, because they may pass 2^53; everything else is a number that is exact.
 * @module
 */
import { ACTION_CODES, FLOOR_SOURCES, REASON_CODES } from "@calybris/kernel";
import { z } from "zod";

/** Names of the shapes that documents refer to. */
export const shapes: z.core.$ZodRegistry<{ id: string; description?: string }> = z.registry<{
  id: string;
  description?: string;
}>();

/** Gives a shape its name. */
export function named<Schema extends z.ZodType>(id: string, schema: Schema, description?: string): Schema {
  shapes.add(schema, description === undefined ? { id } : { id, description });
  return schema;
}

export const amountText = (what: string): z.ZodType =>
  z
    .string()
    .regex(/^-?[0-9]{1,20}$/)
    .meta({ description: `${what}, in microcents; $1 is 100,000,000.` });
export const count = (what: string): z.ZodType => z.int().min(0).meta({ description: what });
export const words = (what: string): z.ZodType => z.string().meta({ description: what });
const digest = (what: string): z.ZodType =>
  z
    .string()
    .regex(/^[0-9a-f]{64}$/)
    .meta({ description: what });
const yes = (what: string): z.ZodType => z.boolean().meta({ description: what });
export const decisionIdText: z.ZodType = z
  .string()
  .regex(/^[1-9][0-9]{0,15}-[0-9a-f]{8}$/)
  .meta({ description: "Names the decision for outcomes and settlements." });

const candidate = named(
  "Candidate",
  z.object({ id: z.int(), name: words("As the policy calls it.") }),
  "A candidate of the policy.",
);

const room = named(
  "Room",
  z.object({
    roomMicrocents: amountText("What there was room for"),
    askedMicrocents: amountText("The request's own limit"),
  }),
  "The tenant had less room than the request would have spent, so the room became its budget.",
);

const decisionMembers = {
  decisionId: decisionIdText,
  requestId: words("The request's own id.").nullable(),
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
  costMicrocents: amountText("What it will cost at most: what is reserved"),
  utilityMicrocents: amountText("What it is worth, less what it costs"),
  counterfactual: named(
    "Counterfactual",
    z.object({ id: z.int(), name: words("As the policy calls it."), utilityMicrocents: amountText("Its utility") }),
    "What would have been chosen without the selected candidate.",
  ).nullable(),
  floor: named(
    "Floor",
    z.object({
      qualityMinBps: count("Least acceptable quality, in ten-thousandths."),
      source: z.enum(["client", "use_case", ...FLOOR_SOURCES]).meta({ description: "Who set it." }),
    }),
  ),
  evaluatedCount: count("Candidates that were walked."),
  eligibleCount: count("Candidates that passed every gate."),
  policyId: count("The policy it was decided under."),
  useCase: words("What was not said came from this use case."),
  defaulted: z.array(z.enum(["value", "risk", "confidence", "floor", "output"])).meta({
    description: "What the client left to the use case.",
  }),
  tenant: words("Whose money it is; null where nobody has a budget.").nullable(),
  budget: named(
    "Budget",
    z.object({ remainingMicrocents: amountText("What the tenant may still reserve") }),
  ).nullable(),
  short: room.nullable(),
  repeated: yes("The request id was decided before; this is that decision."),
};

export const decisionShape: z.ZodType = named(
  "Decision",
  z.object(decisionMembers),
  "A decision. Its entry is on the disk.",
);

const mistakeShape = named(
  "Mistake",
  z.object({
    path: words("The field."),
    problem: words("What is wrong with it."),
    remedy: words("What to do."),
    line: z.int().optional(),
  }),
);

export const errorShape: z.ZodType = named(
  "ErrorAnswer",
  z.object({
    error: z.object({
      code: words("Stable; switch on it. `docs/errors.md` lists them."),
      message: words("What happened, for a person."),
      remedy: words("What to do about it."),
      details: z.looseObject({ mistakes: z.array(mistakeShape).optional() }),
    }),
  }),
  "Why there is no answer.",
);

export const batchShape: z.ZodType = named(
  "Batch",
  z.object({
    results: z.array(z.union([decisionShape, errorShape])).meta({
      description: "In the order of the requests: each its decision, or why there is none.",
    }),
  }),
);

const refusedRow = z.object({
  id: z.int(),
  name: words("As the policy calls it."),
  refusedBy: words("The first gate that refused it."),
  measured: words("What was measured."),
  limit: words("What it was held against."),
});
const eligibleRow = z.object({
  id: z.int(),
  name: words("As the policy calls it."),
  refusedBy: z.null(),
  utilityMicrocents: amountText("Its utility: quality less risk, cost and latency"),
  qualityMicrocents: amountText("What its quality is worth"),
  riskMicrocents: amountText("What the risk takes off"),
  costMicrocents: amountText("What it costs at most"),
  latencyMicrocents: amountText("What its latency takes off"),
});

export const explainedShape: z.ZodType = named(
  "ExplainedDecision",
  z.object({
    ...decisionMembers,
    at: count("Microseconds since the Unix epoch."),
    request: z.looseObject({}).meta({ description: "As it was decided, what was defaulted included." }),
    requested: candidate.nullable(),
    learning: z.looseObject({}).nullable().meta({ description: "How the learner came to the floor and the tier." }),
    explanation: z
      .array(named("Explanation", z.union([refusedRow, eligibleRow])))
      .meta({ description: "One row for each candidate, in catalog order; none after a hard limit." }),
    proof: named(
      "Proof",
      z.object({
        line: words("The entry as it stands in the journal: whoever has it can compute every hash again."),
        previousHash: words("Hash of the entry before; `genesis` for the first."),
        entryHash: digest("Hash of this one."),
        head: z.object({ sequence: count("The last durable entry."), entryHash: words("Its hash.") }),
      }),
    ),
  }),
  "A decision, why it was decided so, and what proves it.",
);

const tenantMembers = {
  tenant: words("Its name."),
  parent: words("The tenant above.").optional(),
  metered: yes("Whether this level holds money; one that does not lets everything through."),
  exposureCapMicrocents: amountText("Most that may be reserved at once").optional(),
  grantedMicrocents: amountText("Given so far"),
  remainingMicrocents: amountText("Not reserved and not spent"),
  reservedMicrocents: amountText("Held for decisions that are not settled"),
  settledMicrocents: amountText("Spent"),
  debtMicrocents: amountText("Billed beyond what was granted"),
  billedInPeriodMicrocents: amountText("Billed since the period began; since ever where there is none"),
  period: z.object({ index: z.int(), startsAt: count("Microseconds."), endsAt: count("Microseconds.") }).optional(),
  conserved: yes("granted = remaining + reserved + settled, none below 0."),
};

export const tenantShape: z.ZodType = named("TenantBudget", z.object(tenantMembers), "What a tenant has.");

export const budgetSetShape: z.ZodType = named(
  "BudgetChange",
  z.object({
    budget: tenantShape,
    limitChanged: yes("Whether the limits differ from those before."),
    grant: z
      .object({ id: words("Its id."), sequence: count("Its entry."), repeated: yes("It was granted before.") })
      .nullable(),
  }),
);

export const ledgerShape: z.ZodType = named(
  "LedgerProof",
  z.object({
    sequence: count("The entry up to which everything here counts."),
    digest: digest("`calyldg1`, with that entry as its watermark."),
    conserved: yes("Of every tenant."),
    total: z.object({
      grantedMicrocents: amountText("Given"),
      remainingMicrocents: amountText("Left"),
      reservedMicrocents: amountText("Held"),
      settledMicrocents: amountText("Spent"),
      debtMicrocents: amountText("Owed"),
    }),
    tenants: z.array(tenantShape),
    reservations: z.array(
      z.object({
        decisionId: decisionIdText,
        tenant: words("Whose it is."),
        amountMicrocents: amountText("What is held"),
        expiresAt: count("Microseconds; from then on it is settled in full."),
        state: z.enum(["open", "held", "overdue"]),
      }),
    ),
  }),
  "What was granted is what remains, what is reserved and what was settled: per tenant and in total.",
);

export const settledShape: z.ZodType = named(
  "Settlement",
  z.object({
    decisionId: decisionIdText,
    tenant: words("Whose money it was."),
    state: z.enum(["settled", "released", "held", "reconciled", "corrected"]),
    sequence: count("Journal sequence of the entry that says so."),
    actualMicrocents: amountText("What it cost"),
    repeated: yes("It was so before; nothing changed."),
    budget: tenantShape,
  }),
  "What became of a reservation.",
);

export const observedShape: z.ZodType = named(
  "Observation",
  z.object({
    decisionId: decisionIdText,
    sequence: count("Journal sequence of its entry."),
    successBps: count("How good it was, in ten-thousandths: what was said, or what the signals say."),
    rewardBps: count("The reward, in ten-thousandths."),
    learned: yes("Whether beliefs and floors took it in."),
    digest: digest("`calyout1`."),
    repeated: yes("It was told before; nothing changed."),
  }),
);

const policyMembers = {
  policyId: count("Counts from 1."),
  name: words("What people call it."),
  policyEpoch: z.string().meta({ description: "Grows with each change." }),
  policyDigest: digest("`calypol1`: what decides."),
  snapshotDigest: digest("Covers names, tiers and defaults as well."),
  candidates: z.array(candidate),
  inForce: yes("Whether the next decision is made under it."),
};

export const policiesShape: z.ZodType = named(
  "Policies",
  z.object({ policies: z.array(named("PolicyRow", z.object(policyMembers))) }),
  "Every policy that was ever in force, in order.",
);

export const policyCheckedShape: z.ZodType = named(
  "PolicyCheck",
  z.object({
    name: words("What people call it."),
    policyDigest: digest("`calypol1`."),
    snapshotDigest: digest("Covers names, tiers and defaults as well."),
    candidateCount: count("How many candidates it has."),
    isInForce: yes("Whether it is the one in force."),
  }),
);

export const policySetShape: z.ZodType = named(
  "PolicyChange",
  z.object({
    policyId: count("Its id."),
    sequence: count("Journal sequence of its entry; 0 when it was in force already.").nullable(),
    snapshotDigest: digest("Of the policy in force."),
    repeated: yes("It was in force already; nothing changed."),
  }),
);

export const headShape: z.ZodType = named(
  "JournalHead",
  z.object({
    sequence: count("The last durable entry."),
    entryHash: words("Its hash; keep it elsewhere, and a removed end will be noticed."),
    keyed: yes("Whether the chain takes a secret key to verify."),
  }),
);

export const healthShape: z.ZodType = named("Health", z.object({ status: z.literal("alive") }));
export const readyShape: z.ZodType = named(
  "Ready",
  z.object({
    status: z.literal("ready"),
    sequence: count("The last durable entry."),
    policyId: count("The policy in force."),
  }),
);
