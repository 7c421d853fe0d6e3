import { describe, expect, test } from "vitest";
import { ledgerTotals } from "../../src/ledger/totals.ts";
import { Ledger } from "../../src/ledger/ledger.ts";
import { type Account, newAccount } from "../../src/ledger/account.ts";

function account(name: string, parent: Account | undefined, reserved: bigint, debt = 0n): Account {
  return Object.assign(newAccount(0, { kind: "limit", tenant: name } as never, parent), {
    reservedMicrocents: reserved,
    debtMicrocents: debt,
  });
}

describe("the money of all tenants", () => {
  test("is nothing without one", () => {
    expect(ledgerTotals(new Ledger().accounts())).toEqual({ reservedMicrocents: 0n, debtMicrocents: 0n });
  });

  test("counts a reservation once, that is on every level of a path", () => {
    const org = account("org", undefined, 30n);
    const team = account("team", org, 30n);
    const levels = [org, team, account("a", team, 10n), account("b", team, 20n), account("other", undefined, 5n)];
    expect(ledgerTotals(levels).reservedMicrocents).toBe(35n);
  });

  test("counts what is below a level that is not limited", () => {
    const org = account("org", undefined, 0n);
    const totals = ledgerTotals([org, account("a", org, 10n, 1n), account("b", org, 20n, 2n)]);
    expect(totals).toEqual({ reservedMicrocents: 30n, debtMicrocents: 3n });
  });

  test("counts a debt once that more than one level could not cover", () => {
    const org = account("org", undefined, 0n, 4n);
    expect(ledgerTotals([org, account("a", org, 0n, 7n)]).debtMicrocents).toBe(7n);
    expect(ledgerTotals([org, account("a", org, 0n, 3n)]).debtMicrocents).toBe(4n);
  });
});
