import {
  costMicrocents,
  type DecisionEntry,
  type EntryBody,
  type LimitEntry,
  microcents,
  NO_BUDGET_LIMIT,
} from "@calybris/kernel";
import { describe, expect, test } from "vitest";
import { AT, another, decision, honest, instead, lie, limit } from "./money-lies.ts";
import { auditOf, redecided } from "./rechain.ts";

// As money-lies.test.ts, of what decisions and limits say.

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
    const { headroomMicrocents: _room, asked: _asked, ...inDebt } = decision(AT.inDebt);
    const body = (): EntryBody => redecided(inDebt, { budgetLimitMicrocents: NO_BUDGET_LIMIT });
    expect(lie({ [AT.inDebt]: body })[0]).toEqual({
      sequence: AT.inDebt,
      problem: "money",
      expected: 'a reservation of at most 0 microcents from "solo"',
      found: "750 (remaining 0, reserved 0, debt 1000)",
    });
  });

  test("for no tenant, where `default` has a limit", () => {
    const { tenant: _tenant, ...anonymous } = decision(AT.unmetered);
    expect(lie({ [AT.unmetered]: another(anonymous) })).toEqual([]);
    const limitDefault = limit({ tenant: "default", metered: false });
    expect(lie({ [AT.limitTeam - 1]: another(limitDefault), [AT.unmetered]: another(anonymous) })).toEqual([
      {
        sequence: AT.unmetered,
        problem: "tenant",
        expected: 'a decision that names "default", which has a limit',
        found: "one that names none",
      },
    ]);
  });

  test("for a tenant without a limit, with a time for the reservation or a shortage", () => {
    const unlimited = { tenant: "nobody" };
    expect(lie({ [AT.unmetered]: instead<DecisionEntry>(unlimited) })).toEqual([]);
    const timed = instead<DecisionEntry>({ ...unlimited, reservationSeconds: 5 });
    expect(lie({ [AT.unmetered]: timed })).toMatchObject([
      { problem: "reservation", expected: "no time for a reservation that is not made", found: "5 seconds" },
    ]);
    const short = { ...unlimited, headroomMicrocents: microcents(0n) };
    expect(lie({ [AT.unmetered]: instead<DecisionEntry>(short) })[0]).toMatchObject({
      problem: "headroom",
      expected: "no shortage, because nothing is limited",
    });
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
  const short = (headroom: bigint, asked: bigint = NO_BUDGET_LIMIT): Partial<DecisionEntry> => ({
    headroomMicrocents: microcents(headroom),
    ...(asked === NO_BUDGET_LIMIT ? {} : { asked: { budgetMicrocents: costMicrocents(asked) } }),
  });

  test("more headroom than there was", () => {
    expect(lie({ [AT.refused]: instead(short(251n)) })).toEqual([
      { sequence: AT.refused, problem: "headroom", expected: "headroom of 0 to 250 microcents", found: "251" },
    ]);
  });

  test("less headroom than there was is what a thread's debit looks like", () => {
    expect(lie({ [AT.refused]: instead(short(249n)) })).toEqual([]);
    expect(lie({ [AT.refused]: instead(short(-1n)) })).toMatchObject([{ sequence: AT.refused, found: "-1" }]);
  });

  test("a budget that is not what the tenant wants of a shortage", () => {
    const body = (entry: EntryBody): EntryBody =>
      redecided(entry as DecisionEntry, { budgetLimitMicrocents: costMicrocents(250n) });
    expect(lie({ [AT.refused]: body })[0]).toEqual({
      sequence: AT.refused,
      problem: "headroom",
      expected: "a budget of 0 microcents (reject)",
      found: "250",
    });
    const substitute = instead<LimitEntry>({ onShortfall: "substitute" });
    expect(lie({ [AT.limitSolo]: substitute })[0]).toEqual({
      sequence: AT.refused,
      problem: "headroom",
      expected: "a budget of 250 microcents (substitute)",
      found: "0",
    });
  });

  test("no more asked for than there was headroom", () => {
    const findings = lie({ [AT.refused]: instead(short(250n, 250n)) });
    expect(findings[0]).toEqual({
      sequence: AT.refused,
      problem: "headroom",
      expected: "more than the headroom of 250 microcents asked for",
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
        problem: "headroom",
        expected: "a cost above 800 microcents under the budget asked for",
        found: "750 at most",
      },
    ]);
  });

  test("a shortage where nothing is limited", () => {
    expect(lie({ [AT.unmetered]: instead(short(5n)) })[0]).toEqual({
      sequence: AT.unmetered,
      problem: "headroom",
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
  expect(
    report.findings.filter(({ problem }) => ["money", "reservation", "headroom", "tenant"].includes(problem)),
  ).toEqual([]);
  expect(report.money).toBeUndefined();
  expect(report.reasonsIncomplete).toEqual([
    "no balance is known after entries that are missing: money was checked up to there",
  ]);
});
