/**
 * Previews the requests that a change of limits would refuse.
 * @module
 */
import { type Actor, DEFAULT_TENANT } from "@calybris/kernel";
import type { Budgets } from "../intake/budgets-file.ts";
import type { Account } from "../ledger/account.ts";
import { periodsDue } from "../ledger/due-periods.ts";
import type { Ledger } from "../ledger/ledger.ts";
import type { UnknownTenants } from "./decide-step.ts";
import { limitChanges } from "./limit-changes.ts";

export interface LimitPreview {
  /** Tenants whose limits would change. */
  readonly changed: readonly string[];
  /** Known tenants whose next request with a cost would be refused but now is not; in alphabetical order. */
  readonly refused: readonly string[];
}

export interface PreviewOptions {
  /** Tenants of past requests; those with a limit are always included. */
  readonly known: Iterable<string>;
  /** Microseconds since the Unix epoch. */
  readonly at: number;
  /** The treatment of tenants without a limit after the change; before it, they count as unmetered. */
  readonly unknownTenants: UnknownTenants;
}

/**
 * Previews limits on a separate copy of the ledger, which it changes.
 *
 * @param sequence - the last that the ledger has applied.
 * @throws CalybrisError `CAL_BUDGETS_INVALID` for limits that are not possible.
 */
export function previewLimits(
  budgets: Budgets,
  ledger: Ledger,
  sequence: number,
  { known, at, unknownTenants }: PreviewOptions,
): LimitPreview {
  const tenants = [...new Set([...known, ...[...ledger.accounts()].map(({ tenant }) => tenant)])].sort();
  const before = new Set(tenants.filter((tenant) => isRefused(ledger, tenant, at, "unmetered")));
  const changes = limitChanges(budgets, ledger);
  let last = sequence;
  for (const limit of changes) {
    last += 1;
    ledger.apply(last, at, { kind: "limit", ...limit, actor: NOBODY });
    for (const period of periodsDue(ledger.account(limit.tenant) as Account, at)) {
      last += 1;
      ledger.apply(last, at, period);
    }
  }
  return {
    changed: changes.map(({ tenant }) => tenant),
    refused: tenants.filter((tenant) => !before.has(tenant) && isRefused(ledger, tenant, at, unknownTenants)),
  };
}

const NOBODY: Actor = "system:preview";

/** Whether any request of the tenant with a cost is refused: the tenant is unknown, or a level has no headroom. */
function isRefused(ledger: Ledger, tenant: string, at: number, unknownTenants: UnknownTenants): boolean {
  const account = ledger.account(tenant);
  if (account === undefined) return tenant !== DEFAULT_TENANT && unknownTenants === "refuse";
  return ledger.headroom(account, periodsDue(account, at)) === 0n;
}
