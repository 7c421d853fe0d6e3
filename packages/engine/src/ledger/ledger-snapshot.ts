/**
 * Tenants and grants as a state snapshot holds them.
 * @module
 */
import { type ExactJson, type LimitEntry, ledgerFromJson, SnapshotMembers, writeExact } from "@calybris/kernel";
import { type Account, newAccount, type Period } from "./account.ts";

/** A grant that was made. */
export interface Granted {
  readonly id: string;
  readonly sequence: number;
  readonly tenant: string;
  readonly amount: bigint;
}

export function tenantText(account: Account): string {
  const { limit, granted, remaining, reserved, settled, debt, period, periodRule } = account;
  const { endedCount, billedBefore, openCount } = account;
  const { kind: _, ...members } = limit;
  return writeExact({
    limit: members,
    balances: [granted, remaining, reserved, settled, debt, billedBefore],
    counts: [endedCount, openCount],
    period,
    periodRule,
  });
}

/**
 * Throws RangeError for what is no tenant.
 *
 * @param above - the tenant of a name that was restored before.
 */
export function restoredTenant(
  row: SnapshotMembers,
  index: number,
  above: (tenant: string) => Account | undefined,
): Account {
  const limit = ledgerFromJson("limit", row.json("limit") as { readonly [key: string]: ExactJson }) as LimitEntry;
  const parent = limit.parent === undefined ? undefined : above(limit.parent);
  if ((parent === undefined) !== (limit.parent === undefined)) throw new RangeError("the level above is not there");
  const account = newAccount(index, limit, parent);
  const [granted, remaining, reserved, settled, debt, billedBefore] = row.amounts("balances", 6);
  const [endedCount, openCount] = row.integers("counts");
  Object.assign(account, { granted, remaining, reserved, settled, debt, billedBefore, endedCount, openCount });
  if (row.has("period")) account.period = periodOf(new SnapshotMembers(row.json("period")));
  if (row.has("periodRule")) account.periodRule = ruleOf(row, limit);
  return account;
}

function periodOf(members: SnapshotMembers): Period {
  return { index: members.whole("index"), startsAt: members.whole("startsAt"), endsAt: members.whole("endsAt") };
}

/** A rule is read as that of a limit. */
function ruleOf(row: SnapshotMembers, { kind: _, ...limit }: LimitEntry): LimitEntry["period"] {
  const members = { ...limit, period: row.json("periodRule") } as unknown as { readonly [key: string]: ExactJson };
  return (ledgerFromJson("limit", members) as LimitEntry).period;
}

export function grantText({ id, sequence, tenant, amount }: Granted): string {
  return writeExact({ id, sequence, tenant, amount });
}

/** Throws RangeError for what is no grant. */
export function restoredGrant(row: SnapshotMembers): Granted {
  return {
    id: row.text("id"),
    sequence: row.whole("sequence"),
    tenant: row.text("tenant"),
    amount: row.amount("amount"),
  };
}
