/**
 * Tenants and grants in a state snapshot.
 * @module
 */
import {
  type ExactJson,
  LEDGER_TABLES,
  type LimitEntry,
  readMembers,
  SnapshotMembers,
  writeExact,
} from "@calybris/kernel";
import { type Account, newAccount, type Period } from "./account.ts";

/** A recorded grant. */
export interface Granted {
  readonly id: string;
  readonly sequence: number;
  readonly tenant: string;
  readonly amountMicrocents: bigint;
}

export function tenantText(account: Account): string {
  const {
    limit,
    grantedMicrocents,
    remainingMicrocents,
    reservedMicrocents,
    settledMicrocents,
    debtMicrocents,
    period,
    periodRule,
  } = account;
  const { endedCount, billedBeforeMicrocents, openCount } = account;
  const { kind: _, ...members } = limit;
  return writeExact({
    limit: members,
    balances: [
      grantedMicrocents,
      remainingMicrocents,
      reservedMicrocents,
      settledMicrocents,
      debtMicrocents,
      billedBeforeMicrocents,
    ],
    counts: [endedCount, openCount],
    period,
    periodRule,
  });
}

/**
 * Throws RangeError for an invalid row.
 *
 * @param above - looks up a tenant that was restored before, by name.
 */
export function restoredTenant(
  row: SnapshotMembers,
  index: number,
  above: (tenant: string) => Account | undefined,
): Account {
  const limit = limitOf(row.json("limit"));
  const parent = limit.parent === undefined ? undefined : above(limit.parent);
  if ((parent === undefined) !== (limit.parent === undefined)) throw new RangeError("the level above is not there");
  const account = newAccount(index, limit, parent);
  const [granted = 0n, remaining = 0n, reserved = 0n, settled = 0n, debt = 0n, billedBefore = 0n] = row.amounts(
    "balances",
    6,
  );
  account.grantedMicrocents = granted;
  account.remainingMicrocents = remaining;
  account.reservedMicrocents = reserved;
  account.settledMicrocents = settled;
  account.debtMicrocents = debt;
  account.billedBeforeMicrocents = billedBefore;
  const [endedCount = 0, openCount = 0] = row.integers("counts");
  account.endedCount = endedCount;
  account.openCount = openCount;
  if (row.has("period")) account.period = periodOf(new SnapshotMembers(row.json("period")));
  if (row.has("periodRule")) account.periodRule = ruleOf(row, limit);
  return account;
}

function periodOf(members: SnapshotMembers): Period {
  return { index: members.whole("index"), startsAt: members.whole("startsAt"), endsAt: members.whole("endsAt") };
}

/** A period's rule is parsed as the rule of a limit. */
function ruleOf(row: SnapshotMembers, { kind: _, ...limit }: LimitEntry): LimitEntry["period"] {
  return limitOf({ ...limit, period: row.json("periodRule") } as ExactJson).period;
}

function limitOf(json: ExactJson): LimitEntry {
  const members = json as { readonly [key: string]: ExactJson };
  return { kind: "limit", ...(readMembers(LEDGER_TABLES.limit, members) as Omit<LimitEntry, "kind">) };
}

export function grantText({ id, sequence, tenant, amountMicrocents }: Granted): string {
  return writeExact({ id, sequence, tenant, amount: amountMicrocents });
}

/** Throws RangeError for an invalid row. */
export function restoredGrant(row: SnapshotMembers): Granted {
  return {
    id: row.text("id"),
    sequence: row.whole("sequence"),
    tenant: row.text("tenant"),
    amountMicrocents: row.amount("amount"),
  };
}
