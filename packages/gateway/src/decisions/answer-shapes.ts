/**
 * The shapes of what the service answers, and their names in the OpenAPI document and in the client. Amounts of money are
 * decimal strings, because they may pass 2^53; everything else is a number that is exact.
 * @module
 */
import {
  ACTION_CODES,
  DECISION_ID_PATTERN,
  DEFAULTED,
  type Defaulted,
  DIGEST_PATTERN,
  FLOOR_SOURCES,
  REASON_CODES,
} from "@calybris/kernel";
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
    .meta({ description: `${what}, in microcents; $1 is 100,000,000.`, examples: ["120000"] });
export const count = (what: string): z.ZodType => z.int().min(0).meta({ description: what });
export const text = (what: string): z.ZodType => z.string().meta({ description: what });
const digest = (what: string): z.ZodType => z.string().regex(new RegExp(DIGEST_PATTERN)).meta({ description: what });
const flag = (what: string): z.ZodType => z.boolean().meta({ description: what });
export const decisionIdText: z.ZodType = z
  .string()
  .regex(new RegExp(DECISION_ID_PATTERN))
  .meta({ description: "Names the decision for outcomes and settlements.", examples: ["4-e87e4357"] });

const candidate = named(
  "Candidate",
  z.object({ id: z.int(), name: text("Its name in the policy.") }),
  "A candidate of the policy.",
);

const room = named(
  "Room",
  z.object({
    roomMicrocents: amountText("The headroom"),
    askedMicrocents: amountText("The request's own limit"),
  }),
  "The tenant's headroom was less than the request could have spent, so the headroom became its budget.",
);

const actor = named(
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
  requestedCostMicrocents: amountText("Estimated cost of the candidate asked for; null if none was").nullable(),
  savedMicrocents: amountText(
    "That cost less the cost of what runs; null if none was asked for or nothing runs",
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
  short: room.nullable(),
  repeated: flag("True if the request id was decided before; this is that decision."),
};

export const decisionShape: z.ZodType = named(
  "Decision",
  z.object(decisionMembers),
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
  }),
  "A decision, its explanation and its proof.",
);

const tenantMembers = {
  tenant: text("Its name."),
  parent: text("The tenant above.").optional(),
  metered: flag("Whether this level has a budget; a level without one limits nothing."),
  exposureCapMicrocents: amountText("Maximum that may be reserved at once").optional(),
  grantedMicrocents: amountText("Granted so far"),
  remainingMicrocents: amountText("Not reserved and not spent"),
  reservedMicrocents: amountText("Held for decisions that are not settled"),
  settledMicrocents: amountText("Spent"),
  debtMicrocents: amountText("Billed beyond what was granted"),
  billedInPeriodMicrocents: amountText("Billed since the period began, or since account creation"),
  period: z.object({ index: z.int(), startsAt: count("Microseconds."), endsAt: count("Microseconds.") }).optional(),
  conserved: flag("granted = remaining + reserved + settled, none below 0."),
};

export const tenantShape: z.ZodType = named("TenantBudget", z.object(tenantMembers), "A tenant's budget.");

export const budgetSetShape: z.ZodType = named(
  "BudgetChange",
  z.object({
    budget: tenantShape,
    limitChanged: flag("Whether the limits differ from those before."),
    grant: z
      .object({ id: text("Its id."), sequence: count("Its entry."), repeated: flag("True if it was granted before.") })
      .nullable(),
  }),
);

export const ledgerShape: z.ZodType = named(
  "LedgerProof",
  z.object({
    sequence: count("The entry up to which everything here counts."),
    digest: digest("`calyldg1`, with that entry as its watermark."),
    conserved: flag("Of every tenant."),
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
        tenant: text("The tenant."),
        amountMicrocents: amountText("The amount still reserved"),
        knownMicrocents: amountText("Settled already, of a held reservation"),
        expiresAt: count("Microseconds; from then on it is settled in full."),
        state: z.enum(["open", "held", "overdue"]),
      }),
    ),
  }),
  "granted = remaining + reserved + settled, per tenant and in total.",
);

export const settledShape: z.ZodType = named(
  "Settlement",
  z.object({
    decisionId: decisionIdText,
    tenant: text("The tenant that paid."),
    state: z.enum(["settled", "released", "held", "reconciled", "corrected"]).meta({
      description: "A cost beyond the tenant's overrun factor is held for an operator.",
    }),
    sequence: count("Journal sequence of its entry."),
    actualMicrocents: amountText("What it cost; while it is held, what is still reserved"),
    repeated: flag("True if it was in that state before; nothing changed."),
    budget: tenantShape,
  }),
  "The state of a reservation.",
);

export const observedShape: z.ZodType = named(
  "Observation",
  z.object({
    decisionId: decisionIdText,
    sequence: count("Journal sequence of its entry."),
    successBps: count("Quality in ten-thousandths, as reported or derived from the signals."),
    rewardBps: count("The reward, in ten-thousandths."),
    learned: flag("Whether the learner used it."),
    digest: digest("`calyout1`."),
    settlement: settledShape.nullable(),
    repeated: flag("True if it was reported before; nothing changed."),
  }),
);

const policyMembers = {
  policyId: count("Counts from 1."),
  name: text("Its name."),
  policyEpoch: z.string().meta({ description: "Grows with each change." }),
  policyDigest: digest("`calypol1`: what decides."),
  snapshotDigest: digest("Covers names, tiers and defaults as well."),
  candidates: z.array(candidate),
  isFromFile: flag("Whether it came from the configured policy file; true of the first."),
  inForce: flag("Whether it is the active policy."),
  sequence: count("Journal sequence of the entry that activated it."),
  actor: actor.nullable(),
};

export const policiesShape: z.ZodType = named(
  "Policies",
  z.object({ policies: z.array(named("PolicyRow", z.object(policyMembers))) }),
  "Every policy that was ever active, in order.",
);

export const policyCheckedShape: z.ZodType = named(
  "PolicyCheck",
  z.object({
    name: text("Its name."),
    policyDigest: digest("`calypol1`."),
    snapshotDigest: digest("Covers names, tiers and defaults as well."),
    candidateCount: count("Number of candidates."),
    isInForce: flag("Whether it is the active policy."),
  }),
);

export const policySetShape: z.ZodType = named(
  "PolicyChange",
  z.object({
    policyId: count("Its id."),
    sequence: count("Journal sequence of its entry; null if it was active already.").nullable(),
    snapshotDigest: digest("Digest of the active policy."),
    repeated: flag("True if it was active already; nothing changed."),
  }),
);

export const reloadedShape: z.ZodType = named(
  "Reload",
  z.object({
    policy: z
      .object({
        policyId: count("Its id."),
        sequence: count("Journal sequence of its entry."),
        snapshotDigest: digest("Its digest, as `calybris policy check` prints it."),
      })
      .nullable()
      .meta({ description: "The policy that was activated; null when the file has not changed." }),
    tenantsChanged: z.array(text("A tenant whose limits changed.")),
    keyCount: count("Keys that are accepted from now on."),
    restartNeeded: z.array(text("A changed option that takes effect at the next start.")),
  }),
  "What a reload changed.",
);

export const headShape: z.ZodType = named(
  "JournalHead",
  z.object({
    sequence: count("The last durable entry."),
    entryHash: text("Its hash; keep a copy elsewhere to notice a removed end."),
    keyed: flag("Whether verifying the chain needs a secret key."),
  }),
);

export const clockShape: z.ZodType = named(
  "ClockConfirmation",
  z.object({
    confirmed: z
      .object({ from: count("Microseconds since the Unix epoch."), to: count("Microseconds since the Unix epoch.") })
      .nullable()
      .meta({ description: "The step that is followed from now on; null when none waited." }),
  }),
);

export const healthShape: z.ZodType = named("Health", z.object({ status: z.literal("alive") }));
export const readyShape: z.ZodType = named(
  "Ready",
  z.object({
    status: z.literal("ready"),
    sequence: count("The last durable entry."),
    policyId: count("The active policy."),
  }),
);
