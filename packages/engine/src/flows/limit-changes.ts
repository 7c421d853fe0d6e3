/**
 * Compares the limits of a budgets file with those of the ledger, and refuses changes that are not possible.
 * @module
 */
import { type LimitEntry, type Mistake, writeExact } from "@calybris/kernel";
import { EngineError } from "../engine-errors.ts";
import type { Budgets, TenantLimit } from "../intake/budgets-file.ts";
import { TENANTS_MAX } from "../ledger/cells.ts";
import type { Ledger } from "../ledger/ledger.ts";

/**
 * The limits that differ from those of the ledger, in their order.
 *
 * @throws CalybrisError `CAL_BUDGETS_INVALID`.
 */
export function limitChanges(budgets: Budgets, ledger: Ledger): Budgets {
  refuseWhatCannotBe(budgets, ledger);
  return budgets.filter((limit) => !isSameLimit(ledger.account(limit.tenant)?.limit, limit));
}

/** Whether two limits are equal, regardless of the caller that set them. */
function isSameLimit(before: LimitEntry | undefined, limit: TenantLimit): boolean {
  if (before === undefined) return false;
  const { kind: _kind, actor: _actor, onBehalfOf: _onBehalfOf, ...known } = before;
  return writeExact(known) === writeExact({ ...limit });
}

/** A tenant keeps its parent, where its open reservations were made; and the number of tenants is bounded. */
function refuseWhatCannotBe(budgets: Budgets, ledger: Ledger): void {
  const mistakes: Mistake[] = [];
  for (const { tenant, parent } of budgets) {
    const account = ledger.account(tenant);
    if (account === undefined || account.limit.parent === parent) continue;
    const problem = `is ${parent ?? "left out"}, and was ${account.limit.parent ?? "left out"}`;
    const remedy = "A tenant keeps the level above it; make a new tenant instead.";
    mistakes.push({ path: `tenants.${tenant}.parent`, problem, remedy });
  }
  const count = budgets.filter(({ tenant }) => ledger.account(tenant) === undefined).length + ledger.tenantCount;
  if (count > TENANTS_MAX) {
    const remedy = `A journal holds at most ${TENANTS_MAX} tenants; those that were ever named count.`;
    mistakes.push({ path: "tenants", problem: `would make ${count} in all`, remedy });
  }
  if (mistakes.length > 0) throw new EngineError("CAL_BUDGETS_INVALID", { mistakes });
}
