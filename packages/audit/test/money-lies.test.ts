import {
  type CorrectionEntry,
  type DecisionEntry,
  type EntryBody,
  type ExpiryEntry,
  type GrantEntry,
  I64_MAX,
  microcents,
  type PeriodEntry,
  type SettlementEntry,
} from "@calybris/kernel";
import { describe, expect, test } from "vitest";
import { AT, another, type Found, grant, honest, instead, lie, nothing, settlement } from "./money-lies.ts";
import { auditOf, type Written } from "./rechain.ts";

// Goal: an attacker who can write the journal and recompute its chain cannot lie about money.
// Method: a journal in which everything about money has happened once; entries are altered, and all is chained anew.

/** When an entry of the honest journal was ordered. */
const atOf = (sequence: number): number => honest[sequence - 1]?.head.at ?? 0;
const FOUR_WEEKS_US = 28 * 86_400_000_000;

test("the journal is intact, and each entry is where the tests expect it", () => {
  expect(auditOf(honest)).toMatchObject({ status: "intact", findings: [], money: { tenants: 4, conserved: true } });
  const kinds = Object.values(AT).map((sequence) => honest[sequence - 1]?.body.kind);
  expect(kinds.slice(6, 16)).toEqual([
    ...["decision", "settlement", "decision", "release", "decision", "hold"],
    ...["decision", "decision", "settlement", "decision"],
  ]);
  expect(honest).toHaveLength(AT.seal);
});

test("the money of the journal, to the microcent", () => {
  const { money } = auditOf(honest);
  // org: 3 allotments of 10,000, less 7,950 and 9,999 withdrawn; solo: 1,000 granted, all spent, and 1,000 owed.
  expect(money?.total).toEqual({
    grantedMicrocents: 30_000n - 7_950n - 9_999n + 1_000n,
    remainingMicrocents: 9_999n,
    reservedMicrocents: 0n,
    settledMicrocents: 600n + 700n + 750n + 1n + 1n + 1_000n,
    debtMicrocents: 1_000n,
  });
});

describe("what becomes of a reservation", () => {
  test.each<[string, EntryBody, string, string]>([
    [
      "settled twice",
      settlement(AT.settled, 500n),
      "settlement of a reservation that is open",
      "which is corrected since entry 20 at 600",
    ],
    [
      "settled after its release",
      settlement(AT.released, 1n),
      "settlement of a reservation that is open",
      "which is released since entry 12 at 0",
    ],
    [
      "released after its settlement",
      { kind: "release", of: AT.overrun, actor: "system:anna" },
      "release of a reservation that is open",
      "which is settled since entry 17 at 2000",
    ],
    [
      "corrected after its release",
      { kind: "correction", of: AT.released, actualMicrocents: microcents(1n), actor: "system:anna" },
      "correction of a reservation that is settled or expired or reconciled or corrected",
      "which is released since entry 12 at 0",
    ],
    [
      "held when it is over",
      { kind: "hold", of: AT.left, cause: "timeout", actor: "system:anna" },
      "hold of a reservation that is open",
      "which is expired since entry 22 at 750",
    ],
    [
      "of a decision that selected nothing",
      settlement(AT.refused, 1n),
      "settlement of a decision that reserved",
      "of entry 16, which holds no reservation",
    ],
    [
      "of a decision that nobody limits",
      { kind: "release", of: AT.unmetered, actor: "system:anna" },
      "release of a decision that reserved",
      "of entry 23, which holds no reservation",
    ],
    [
      "of what is no decision",
      { kind: "expiry", of: AT.grantTeam },
      "expiry of a decision that reserved",
      "of entry 7, which holds no reservation",
    ],
    [
      "of what is not there yet",
      settlement(AT.seal + 5, 1n),
      "settlement of a decision that reserved",
      "of entry 35, which holds no reservation",
    ],
  ])("%s", (_what, body, expected, found) => {
    const findings = lie({ [AT.seal]: another(body) });
    expect(findings).toMatchObject([{ sequence: AT.seal, problem: "reservation", expected }]);
    expect(findings[0]?.found).toContain(found);
  });

  test("expired before its time", () => {
    const findings = lie({ [AT.hold]: another({ kind: "expiry", of: AT.held } satisfies ExpiryEntry) });
    expect(findings[0]).toMatchObject({ sequence: AT.hold, problem: "reservation" });
    expect(findings[0]?.expected).toMatch(/^expiry of 13-[0-9a-f]{8} at [0-9]+ or later$/);
    expect(findings[0]?.expected).toContain(` at ${atOf(AT.held) + 600_000_000} or later`);
    expect(findings[0]?.found).toBe(`at ${atOf(AT.hold)}`);
  });

  test.each([
    ["a second before its time", -1_000_000, 1],
    ["a microsecond before its time", -1, 1],
    ["at its time", 0, 0],
    ["after its time", 1, 0],
  ])("expired %s", (_what, afterUs, findings) => {
    const expiresAt = (honest[AT.left - 1]?.head.at ?? 0) + 60_000_000;
    const expiry = honest[AT.expiry - 1] as Written;
    const report = auditOf(
      honest.with(AT.expiry - 1, { ...expiry, head: { ...expiry.head, at: expiresAt + afterUs } }),
    );
    expect(report.findings).toHaveLength(findings);
    for (const found of report.findings) expect(found).toMatchObject({ sequence: AT.expiry, problem: "reservation" });
  });

  test("open longer than anybody may ask for", () => {
    const findings = lie({ [AT.left]: instead<DecisionEntry>({ reservationSeconds: 2_678_401 }) });
    expect(findings.map(({ sequence, problem }) => [sequence, problem])).toEqual([
      [AT.left, "reservation"],
      [AT.expiry, "reservation"],
    ]);
  });
});

describe("grants", () => {
  test("a larger one is found where more would have been left over", () => {
    const first = lie({ [AT.periodOrg]: instead<PeriodEntry>({ allotmentMicrocents: microcents(11_000n) }) });
    expect(first).toEqual([
      {
        sequence: AT.periodOrg,
        problem: "money",
        expected: '10000 microcents allotted to "org"',
        found: "11000",
      },
    ]);
    const org = another(grant({ tenant: "org", amountMicrocents: microcents(5n), id: "gift" }));
    expect(lie({ [AT.release]: org })[0]).toEqual({
      sequence: AT.secondPeriod,
      problem: "money",
      expected: '7205 microcents withdrawn from "org"',
      found: "7950",
    });
  });

  test("a smaller one is found where more is reserved than there was", () => {
    const findings = lie({ [AT.grantSolo]: instead<GrantEntry>({ amountMicrocents: microcents(749n) }) });
    expect(findings[0]).toEqual({
      sequence: AT.overrun,
      problem: "money",
      expected: 'a reservation of at most 749 microcents from "solo"',
      found: "750 (remaining 749, reserved 0, debt 0)",
    });
  });

  test.each<[string, EntryBody, Omit<Found, "sequence">]>([
    [
      "under an id that was used",
      grant({ id: "first" }),
      { problem: "money", expected: "a grant under an id of its own", found: 'id "first", of entry 7' },
    ],
    [
      "to a tenant that is not metered",
      grant({ tenant: "open" }),
      { problem: "money", expected: "a grant to a tenant that is metered", found: '"open"' },
    ],
    [
      "to nobody who is known",
      grant({ tenant: "nobody" }),
      { problem: "tenant", expected: "a tenant that has a limit", found: '"nobody"' },
    ],
    [
      "of nothing",
      grant({ amountMicrocents: microcents(0n) }),
      { problem: "money", expected: "a grant above 0", found: "0" },
    ],
    [
      "beyond 64 bit",
      grant({ amountMicrocents: microcents(I64_MAX) }),
      {
        problem: "money",
        expected: 'balances of "team" from 0 to 2^63−1',
        found: `granted ${I64_MAX + 20_000n} (remaining ${I64_MAX + 20_000n - 2_052n}, reserved 0, debt 0, cap 3000)`,
      },
    ],
  ])("%s", (_what, body, finding) => {
    expect(lie({ [AT.seal]: another(body) })).toEqual([{ sequence: AT.seal, ...finding }]);
  });
});

describe("costs", () => {
  test("one that was altered is found where the period ends", () => {
    expect(lie({ [AT.secondSettlement]: instead<SettlementEntry>({ actualMicrocents: microcents(2n) }) })).toEqual([
      {
        sequence: AT.thirdPeriod,
        problem: "money",
        expected: '9998 microcents withdrawn from "org"',
        found: "9999",
      },
    ]);
  });

  test("one beyond 64 bit is found at once, however large the debt may be", () => {
    const body = {
      kind: "correction",
      of: AT.inThirdPeriod,
      actualMicrocents: microcents(I64_MAX),
      actor: "system:anna",
    } as const;
    const findings = lie({ [AT.seal]: another(body satisfies CorrectionEntry) });
    expect(findings.map(({ sequence, problem }) => [sequence, problem])).toEqual([
      [AT.seal, "money"],
      [AT.seal, "money"],
    ]);
    expect(findings[0]?.found).toContain(`billed and reserved ${I64_MAX + 2_051n}`);
  });
});

describe("periods", () => {
  test.each<[string, Partial<PeriodEntry>, string, string]>([
    ["that withdraws nothing", { withdrawnMicrocents: microcents(0n) }, '7950 microcents withdrawn from "org"', "0"],
    [
      "that withdraws less",
      { withdrawnMicrocents: microcents(7_949n) },
      '7950 microcents withdrawn from "org"',
      "7949",
    ],
    ["that allots more", { allotmentMicrocents: microcents(10_001n) }, '10000 microcents allotted to "org"', "10001"],
    ["again", { index: 1 }, 'period 2 or later of "org"', "period 1"],
    [
      "that has not begun",
      { startsAt: atOf(AT.secondPeriod) + 1, endsAt: atOf(AT.secondPeriod) + 1 + FOUR_WEEKS_US },
      `a period that contains ${atOf(AT.secondPeriod)}`,
      `one from ${atOf(AT.secondPeriod) + 1} to ${atOf(AT.secondPeriod) + 1 + FOUR_WEEKS_US}`,
    ],
  ])("one %s", (_what, change, expected, found) => {
    expect(lie({ [AT.secondPeriod]: instead<PeriodEntry>(change) })[0]).toEqual({
      sequence: AT.secondPeriod,
      problem: "money",
      expected,
      found,
    });
  });

  test("one before the last is over", () => {
    const body = { ...honest[AT.secondPeriod - 1]?.body, startsAt: 0 } as PeriodEntry;
    expect(lie({ [AT.release]: another(body) })[0]).toEqual({
      sequence: AT.release,
      problem: "money",
      expected: 'period 1 of "org" to last until 1769904000000000',
      found: `its end at ${atOf(AT.release)}`,
    });
  });

  test("one of a tenant that has none", () => {
    const body = { ...honest[AT.secondPeriod - 1]?.body, tenant: "team" } as PeriodEntry;
    expect(lie({ [AT.seal]: another(body) })).toEqual([
      { sequence: AT.seal, problem: "money", expected: "a period of a tenant that has periods", found: '"team"' },
    ]);
  });

  test("one that is missing is found at the next decision", () => {
    const findings = lie({ [AT.secondPeriod]: nothing });
    expect(findings[0]).toMatchObject({
      sequence: AT.inSecondPeriod,
      expected: `a period of "org" that contains ${atOf(AT.inSecondPeriod)}`,
      found: "one until 1769904000000000",
    });
    expect(findings.at(-1)).toMatchObject({
      sequence: AT.thirdPeriod,
      expected: '7949 microcents withdrawn from "org"',
      found: "9999",
    });
  });
});
