/**
 * The schemas of budgets, settlements and outcomes in answers.
 * @module
 */
import { z } from "zod";
import { amountText, count, decisionIdText, digest, flag, named, text } from "./shape-parts.ts";

const tenantMembers = {
  tenant: text("Its name."),
  parent: text("The parent tenant.").optional(),
  metered: flag("Whether this level has a budget; a level without one limits nothing."),
  exposureCapMicrocents: amountText("Maximum that may be reserved at once").optional(),
  grantedMicrocents: amountText("Granted so far"),
  remainingMicrocents: amountText("Neither reserved nor spent"),
  reservedMicrocents: amountText("Reserved for decisions that are not settled"),
  settledMicrocents: amountText("Spent"),
  debtMicrocents: amountText("Billed beyond the granted amount"),
  billedInPeriodMicrocents: amountText("Billed since the period began, or since the account was created"),
  period: z.object({ index: z.int(), startsAt: count("Microseconds."), endsAt: count("Microseconds.") }).optional(),
  conserved: flag("granted = remaining + reserved + settled, none below 0."),
};

export const tenantShape: z.ZodType = named("TenantBudget", z.object(tenantMembers), "A tenant's budget.");

export const budgetSetShape: z.ZodType = named(
  "BudgetChange",
  z.object({
    budget: tenantShape,
    limitChanged: flag("Whether the limits changed."),
    grant: z
      .object({ id: text("Its id."), sequence: count("Its entry."), repeated: flag("True if it was granted before.") })
      .nullable(),
  }),
);

export const ledgerShape: z.ZodType = named(
  "LedgerProof",
  z.object({
    sequence: count("The last entry that the figures include."),
    digest: digest("`calyldg1`, with that entry as its watermark."),
    conserved: flag("Whether every tenant's amounts are conserved."),
    total: z.object({
      grantedMicrocents: amountText("Granted"),
      remainingMicrocents: amountText("Neither reserved nor spent"),
      reservedMicrocents: amountText("Reserved"),
      settledMicrocents: amountText("Spent"),
      debtMicrocents: amountText("Billed beyond the granted amounts"),
    }),
    tenants: z.array(tenantShape),
    reservations: z.array(
      z.object({
        decisionId: decisionIdText,
        tenant: text("The tenant."),
        amountMicrocents: amountText("The amount still reserved"),
        knownMicrocents: amountText("Part of a held reservation that is settled"),
        expiresAt: count("Microseconds since the Unix epoch, from when on it is settled in full."),
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
    actualMicrocents: amountText("Actual cost; while it is held, the amount still reserved"),
    repeated: flag("True if it was already in that state; nothing changed."),
    budget: tenantShape,
  }),
  "The state of a reservation.",
);

export const reconciledExportShape: z.ZodType = named(
  "ReconciledExport",
  z.object({
    exportDigest: digest("SHA-256 of the export, recorded in each entry."),
    reconciled: z
      .array(z.object({ decisionId: decisionIdText, costMicrocents: amountText("Total cost") }))
      .meta({ description: "Held decisions that were reconciled." }),
    stillHeld: z
      .array(decisionIdText)
      .meta({ description: "Decisions that stay held: an attempt has neither a row nor a known cost." }),
    otherRowCount: count("Rows of decisions that are not held."),
    unexplainedRowCount: count("Rows that name no decision of this journal."),
    unexplainedMicrocents: amountText("Total cost of those rows"),
    buckets: z
      .array(
        z.object({
          callCount: count("Held decisions that the bill was spread over."),
          unexplainedMicrocents: amountText("Part of the bill that no decision explains"),
        }),
      )
      .meta({ description: "Bills for time ranges, in the order of the export." }),
  }),
  "The result of a usage export.",
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
    repeated: flag("True if the same outcome was already reported; nothing changed."),
  }),
);
