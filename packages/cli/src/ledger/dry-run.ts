/**
 * `calybris ledger apply --dry-run`: shows the limits that would change and the tenants that would be refused, from the
 * journal alone, even while a service has it open. Entries are not verified; `verify` does that.
 * @module
 */
import type { Budgets, UnknownTenants } from "@calybris/engine";
import { EngineState, type LimitPreview, previewLimits, readBody } from "@calybris/engine/internal";
import { DEFAULT_TENANT, InvariantViolation } from "@calybris/kernel";
import { EngineError } from "@calybris/engine";
import { readEntries } from "../journal/entries.ts";
import { logFiles } from "../journal/log-lines.ts";
import { counted } from "../terminal/number-text.ts";
import { printable } from "../terminal/terminal-text.ts";

export function previewOn(directory: string, budgets: Budgets, unknownTenants: UnknownTenants): LimitPreview {
  const state = new EngineState();
  const known = new Set<string>();
  for (const [segment, file] of logFiles(directory).files.entries()) {
    for (const { head, data, byteOffset } of readEntries(file)) {
      try {
        const body = readBody({ head, data, segment: segment + 1, offset: byteOffset }, state);
        state.apply(head.sequence, head.at, body);
        if (body.kind === "decision") known.add(body.tenant ?? DEFAULT_TENANT);
      } catch (cause) {
        if (!(cause instanceof InvariantViolation)) throw cause;
        const details = { file, sequence: head.sequence, byteOffset, expected: cause.message, found: "another entry" };
        throw new EngineError("CAL_JOURNAL_CORRUPT", details, { cause });
      }
    }
  }
  const at = Math.max(state.at, Date.now() * 1_000);
  return previewLimits(budgets, state.ledger, state.sequence, { known, at, unknownTenants });
}

export function previewText({ changed, refused }: LimitPreview): string {
  const lines = [
    `dry run: nothing was changed; ${changed.length} would change`,
    ...changed.map((tenant) => `  ${tenant}`),
    refused.length === 0
      ? "no known tenant would be refused"
      : `${counted(refused.length, "known tenant", "known tenants")} would be refused:`,
    ...refused.map((tenant) => `  ${tenant}`),
  ];
  if (refused.length > 0)
    lines.push("Grant them money (`calybris ledger grant`), give them an allotment, or leave them unlimited.");
  return lines.map(printable).join("\n");
}
