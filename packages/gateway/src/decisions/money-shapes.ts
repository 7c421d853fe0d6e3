/**
 * The schemas of budgets, settlements and outcomes in answers.
 * @module
 */
import { z } from "zod";
import { amountText, count, decisionIdText, digest, flag, named, text } from "./shape-parts.ts";

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

export const reconciledExportShape: z.ZodType = named(
  "ReconciledExport",
  z.object({
    exportDigest: digest("SHA-256 of the export; each entry names it."),
    reconciled: z
      .array(z.object({ decisionId: decisionIdText, costMicrocents: amountText("What it cost in total") }))
      .meta({ description: "Decisions that were held." }),
    stillHeld: z
      .array(decisionIdText)
      .meta({ description: "An attempt of theirs has neither a row nor a known cost." }),
    otherRowCount: count("Rows of decisions that are not held."),
    unexplainedRowCount: count("Rows that name no decision of this journal."),
    unexplainedMicrocents: amountText("What those rows cost together"),
    buckets: z
      .array(
        z.object({
          callCount: count("Held decisions that it was spread over."),
          unexplainedMicrocents: amountText("What of it no decision explains"),
        }),
      )
      .meta({ description: "In the order of the export." }),
  }),
  "What a usage export came to.",
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
