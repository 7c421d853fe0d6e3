import {
  type CorrectionEntry,
  costMicrocents,
  type DecisionEntry,
  type EntryBody,
  type ExpiryEntry,
  type GrantEntry,
  I64_MAX,
  type LimitEntry,
  microcents,
  NO_BUDGET_LIMIT,
  type PeriodEntry,
  type SettlementEntry,
} from "@calybris/kernel";
import { beforeAll, describe, expect, test } from "vitest";
import type { Finding } from "../src/index.ts";
import { moneyJournal } from "./money-journal.ts";
import { auditOf, redecided, type Written, written } from "./rechain.ts";

// Goal: whoever may write the journal, and chains what he writes, cannot lie about money.
// Method: a journal in which everything about money has happened once; entries are altered, and all is chained anew.

let honest: readonly Written[];
beforeAll(async () => {
  honest = written(await moneyJournal());
});

/** Where things stand in the journal. A test below holds these to it. */
const AT = {
  limitOrg: 2,
  periodOrg: 3,
  limitSolo: 4,
  limitTeam: 6,
  grantTeam: 7,
  grantSolo: 8,
  settled: 9,
  settlement: 10,
  released: 11,
  release: 12,
  held: 13,
  hold: 14,
  overrun: 15,
  refused: 16,
  overrunSettlement: 17,
  inDebt: 18,
  reconciliation: 19,
  correction: 20,
  left: 21,
  expiry: 22,
  unmetered: 23,
  secondPeriod: 24,
  inSecondPeriod: 25,
  secondSettlement: 26,
  thirdPeriod: 27,
  inThirdPeriod: 28,
  thirdSettlement: 29,
  seal: 30,
} as const;

type Found = Pick<Finding, "sequence" | "problem" | "expected" | "found">;

/** The findings when entries are replaced; each is given what stands there. */
function lie(changes: Readonly<Record<number, (body: EntryBody) => EntryBody>>): readonly Found[] {
  const report = auditOf(
    honest.map((entry, index) => {
      const change = changes[index + 1];
      return change === undefined ? entry : { ...entry, body: change(entry.body) };
    }),
  );
  expect(report.status).toBe(report.findingCount === 0 ? "whole" : "broken");
  return report.findings.map(({ sequence, problem, expected, found }) => ({ sequence, problem, expected, found }));
}

/** Other members in the entry that stands there. */
function instead<Body extends EntryBody>(change: Partial<Body>): (body: EntryBody) => EntryBody {
  return (body) => ({ ...body, ...change }) as EntryBody;
}

const another = (body: EntryBody) => (): EntryBody => body;
const nothing = another({ kind: "seal", cause: "idle" });
const settlement = (of: number, amount: bigint): EntryBody => ({
  kind: "settlement",
  of,
  actualMicrocents: microcents(amount),
});
const decision = (sequence: number): DecisionEntry => honest[sequence - 1]?.body as DecisionEntry;
const grant = (change: Partial<GrantEntry>): EntryBody => ({
  kind: "grant",
  tenant: "team",
  amountMicrocents: microcents(1n),
  id: "another",
  by: "anna",
  ...change,
});
/** Members in the order in which they are written. */
const limit = ({
  tenant = "fresh",
  parent,
  metered = true,
  exposureCapMicrocents,
  ...rest
}: Partial<LimitEntry>): EntryBody => ({
  kind: "limit",
  tenant,
  ...(parent === undefined ? {} : { parent }),
  metered,
  ...(exposureCapMicrocents === undefined ? {} : { exposureCapMicrocents }),
  whenShort: "substitute",
  reservationSeconds: rest.reservationSeconds ?? 600,
  by: "anna",
});

test("the journal is whole, and things stand where they are said to", () => {
  expect(auditOf(honest)).toMatchObject({ status: "whole", findings: [], money: { tenants: 4, conserved: true } });
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
      { kind: "release", of: AT.overrun },
      "release of a reservation that is open",
      "which is settled since entry 17 at 2000",
    ],
    [
      "corrected after its release",
      { kind: "correction", of: AT.released, actualMicrocents: microcents(1n), by: "anna" },
      "correction of a reservation that is settled or expired or reconciled or corrected",
      "which is released since entry 12 at 0",
    ],
    [
      "held when it is over",
      { kind: "hold", of: AT.left, cause: "timeout" },
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
      { kind: "release", of: AT.unmetered },
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
    expect(findings[0]?.expected).toMatch(/^expiry of 13-[0-9a-f]{8} at 1768479000000023 or later$/);
    expect(findings[0]?.found).toBe("at 1768478400000024");
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
      by: "anna",
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
      { startsAt: 1_771_156_861_000_043 },
      "a period that has begun at 1771156861000042",
      "one from 1771156861000043 to 1772323200000000",
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
      found: "its end at 1768478400000021",
    });
  });

  test("one of a tenant that has none", () => {
    const body = { ...honest[AT.secondPeriod - 1]?.body, tenant: "team" } as PeriodEntry;
    expect(lie({ [AT.seal]: another(body) })).toEqual([
      { sequence: AT.seal, problem: "money", expected: "a period of a tenant that has periods", found: '"team"' },
    ]);
  });

  test("one that is missing is found at the next", () => {
    expect(lie({ [AT.secondPeriod]: nothing })[0]).toMatchObject({
      sequence: AT.thirdPeriod,
      expected: '7949 microcents withdrawn from "org"',
      found: "9999",
    });
  });
});

describe("decisions", () => {
  test("beyond the cap", () => {
    const body = (): EntryBody => redecided(decision(AT.inThirdPeriod), { inputTokens: 4_000_000_000 as never });
    expect(lie({ [AT.inThirdPeriod]: body }).slice(0, 2)).toMatchObject([
      {
        sequence: AT.inThirdPeriod,
        problem: "money",
        expected: 'a reservation of at most 10000 microcents from "org"',
      },
      {
        sequence: AT.inThirdPeriod,
        problem: "money",
        expected: 'a reservation of at most 3000 microcents from "team"',
        found: "1000500 (remaining 17949, reserved 0, debt 0, cap 3000)",
      },
    ]);
  });

  test("with a debt", () => {
    const { short: _short, ...inDebt } = decision(AT.inDebt);
    const body = (): EntryBody => redecided(inDebt, { budgetLimitMicrocents: NO_BUDGET_LIMIT });
    expect(lie({ [AT.inDebt]: body })[0]).toEqual({
      sequence: AT.inDebt,
      problem: "money",
      expected: 'a reservation of at most 0 microcents from "solo"',
      found: "750 (remaining 0, reserved 0, debt 1000)",
    });
  });

  test("for nobody, once anybody has a limit", () => {
    const { tenant: _tenant, ...anonymous } = decision(AT.unmetered);
    expect(lie({ [AT.unmetered]: another(anonymous) })).toEqual([
      {
        sequence: AT.unmetered,
        problem: "tenant",
        expected: "a decision that names its tenant",
        found: "one that names none",
      },
    ]);
  });

  test("for a tenant that is not known", () => {
    expect(lie({ [AT.unmetered]: instead<DecisionEntry>({ tenant: "nobody" }) })).toMatchObject([
      { sequence: AT.unmetered, problem: "tenant", expected: "a tenant that has a limit", found: '"nobody"' },
    ]);
  });

  test("at another tenant's expense is found where the period ends", () => {
    expect(lie({ [AT.overrun]: instead<DecisionEntry>({ tenant: "team" }) })[0]).toEqual({
      sequence: AT.secondPeriod,
      problem: "money",
      expected: '5950 microcents withdrawn from "org"',
      found: "7950",
    });
  });
});

describe("what is said of a shortage", () => {
  const short = (room: bigint, asked: bigint = NO_BUDGET_LIMIT): Partial<DecisionEntry> => ({
    short: { roomMicrocents: microcents(room), askedMicrocents: costMicrocents(asked) },
  });

  test("more room than there was", () => {
    expect(lie({ [AT.refused]: instead(short(251n)) })).toEqual([
      { sequence: AT.refused, problem: "room", expected: "room for 0 to 250 microcents", found: "251" },
    ]);
  });

  test("less room than there was is what a thread's debit looks like", () => {
    expect(lie({ [AT.refused]: instead(short(249n)) })).toEqual([]);
    expect(lie({ [AT.refused]: instead(short(-1n)) })).toMatchObject([{ sequence: AT.refused, found: "-1" }]);
  });

  test("a budget that is not what the tenant wants of a shortage", () => {
    const body = (entry: EntryBody): EntryBody =>
      redecided(entry as DecisionEntry, { budgetLimitMicrocents: costMicrocents(250n) });
    expect(lie({ [AT.refused]: body })[0]).toEqual({
      sequence: AT.refused,
      problem: "room",
      expected: "a budget of 0 microcents (reject)",
      found: "250",
    });
    const substitute = instead<LimitEntry>({ whenShort: "substitute" });
    expect(lie({ [AT.limitSolo]: substitute })[0]).toEqual({
      sequence: AT.refused,
      problem: "room",
      expected: "a budget of 250 microcents (substitute)",
      found: "0",
    });
  });

  test("no more asked for than there was room", () => {
    const findings = lie({ [AT.refused]: instead(short(250n, 250n)) });
    expect(findings[0]).toEqual({
      sequence: AT.refused,
      problem: "room",
      expected: "more than the room of 250 microcents asked for",
      found: "250",
    });
  });

  test("a shortage where what was asked for would have fitted", () => {
    const body = (entry: EntryBody): EntryBody => ({
      ...redecided(entry as DecisionEntry, { budgetLimitMicrocents: costMicrocents(800n) }),
      ...short(800n),
    });
    expect(lie({ [AT.inThirdPeriod]: body })).toEqual([
      {
        sequence: AT.inThirdPeriod,
        problem: "room",
        expected: "a cost above 800 microcents under the budget asked for",
        found: "750 (execute, requested_maximizes_utility)",
      },
    ]);
  });

  test("a shortage where nothing is limited", () => {
    expect(lie({ [AT.unmetered]: instead(short(5n)) })[0]).toEqual({
      sequence: AT.unmetered,
      problem: "room",
      expected: "no shortage, because nothing is limited",
      found: "5 left",
    });
  });
});

describe("limits", () => {
  test.each<[string, Partial<LimitEntry>, string, string]>([
    ["another level above", { tenant: "team", parent: "solo" }, '"org" above "team", as before', '"solo"'],
    ["no level above any more", { tenant: "team" }, '"org" above "team", as before', "nobody"],
    [
      "a level above that is not there",
      { parent: "later" },
      'a tenant that stands before it, above "fresh"',
      '"later"',
    ],
    ["no time for a reservation", { reservationSeconds: 0 }, "1 to 2678400 seconds for a reservation", "0"],
    [
      "a cap without a meter",
      { metered: false, exposureCapMicrocents: microcents(5n) },
      'no cap and no period for "fresh", which is not metered',
      "one",
    ],
  ])("%s", (_what, change, expected, found) => {
    expect(lie({ [AT.seal]: another(limit(change)) })).toEqual([
      { sequence: AT.seal, problem: "tenant", expected, found },
    ]);
  });

  test("a fifth level", () => {
    const chain = ["key", "user", "device"].map((tenant, index) =>
      another(limit({ tenant, parent: ["team", "key", "user"][index] ?? "" })),
    );
    const findings = lie(placed(chain));
    expect(findings.filter(({ problem }) => problem === "tenant")).toEqual([
      { sequence: AT.seal, problem: "tenant", expected: "at most 4 levels", found: '"device" on level 5' },
    ]);
  });

  function placed(bodies: readonly (() => EntryBody)[]): Record<number, () => EntryBody> {
    return Object.fromEntries(bodies.map((body, index) => [AT.seal - bodies.length + 1 + index, body]));
  }
});

test("after damage no balance is known: it is said once, and nothing is made up", () => {
  const report = auditOf(honest, AT.released);
  expect(report.status).toBe("broken");
  expect(report.findings.filter(({ problem }) => ["money", "reservation", "room", "tenant"].includes(problem))).toEqual(
    [],
  );
  expect(report.money).toBeUndefined();
  expect(report.reasonsIncomplete).toEqual([
    "no balance is known after entries that are missing: money was checked up to there",
  ]);
});
