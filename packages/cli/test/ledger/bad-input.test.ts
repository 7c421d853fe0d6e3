import { type Decided, Engine, parseBudgets } from "@calybris/engine";
import { InlineDriver, Writer } from "@calybris/engine/internal";
import type { EngineError } from "@calybris/engine";
import { CalybrisError, I64_MAX } from "@calybris/kernel";
import { beforeEach, describe, expect, test } from "vitest";
import { MemoryDisk } from "../../../engine/test/support/memory-disk.ts";
import { sampleSnapshot } from "../../../engine/test/support/sample-snapshot.ts";

// Goal: whatever a command of the ledger is given, it is done or refused with a code that names the field; a refusal
// changes nothing, in memory or on the disk.

let engine: Engine;
let disk: MemoryDisk;
let open: Decided;
let released: Decided;

beforeEach(async () => {
  disk = new MemoryDisk();
  let now = Date.UTC(2026, 0, 15, 12) * 1_000;
  engine = await Engine.open({
    directory: "memory",
    policy: sampleSnapshot(),
    disk,
    nowUs: () => ++now,
    driver: (start) => new InlineDriver(new Writer(disk, start, undefined, () => 0)),
  });
  await engine.ledger.apply(parseBudgets({ tenants: { acme: {}, other: {}, free: { unlimited: true } } }));
  await engine.ledger.grant({ tenant: "acme", amountMicrocents: 10_000n, id: "first" });
  open = await ask();
  released = await ask();
  await engine.ledger.release({ decisionId: released.decisionId });
});

function ask(): Promise<Decided> {
  return engine.decide({
    inputTokens: 1_000_000,
    outputTokens: 500_000,
    valueMicrocents: 100_000_000,
    requested: "better",
    tenant: "acme",
  });
}

/** No journal of these tests is longer; what follows is prepared space. */
const JOURNAL_BYTES = 64 * 1024;

/** Entries of the journal but for seals, which come by themselves. */
function entryCount(): number {
  const bytes = disk.files.get("segment-000001.jsonl")?.subarray(0, JOURNAL_BYTES) ?? [];
  const lines = Buffer.from(bytes).toString("utf8").split("\n");
  return lines.filter((line) => line !== "" && !line.includes('"kind":"seal"')).length;
}

async function refused(run: () => Promise<unknown>): Promise<CalybrisError> {
  const before = { entries: entryCount(), ...engine.ledger.prove(), digest: "", sequence: 0 };
  // A command that is refused rejects: its caller must not have to catch twice.
  const error = await run().then(
    () => undefined,
    (reason: unknown) => reason,
  );
  expect(error).toBeInstanceOf(CalybrisError);
  expect({ entries: entryCount(), ...engine.ledger.prove(), digest: "", sequence: 0 }).toEqual(before);
  return error as CalybrisError;
}

/** What is no amount, and no zero either. */
const NO_AMOUNTS: readonly (readonly [string, unknown])[] = [
  ["negative", -1n],
  ["negative number", -1],
  ["minus zero", -0],
  ["fractional", 1.5],
  ["NaN", Number.NaN],
  ["Infinity", Number.POSITIVE_INFINITY],
  ["-Infinity", Number.NEGATIVE_INFINITY],
  ["beyond what a number holds", 2 ** 53],
  ["beyond 64 bit", I64_MAX + 1n],
  ["text that is no number", "five"],
  ["negative text", "-5"],
  ["fractional text", "1.5"],
  ["text in another base", "0x10"],
  ["text with an exponent", "1e3"],
  ["text beyond 64 bit", String(I64_MAX + 1n)],
  ["empty text", ""],
  ["null", null],
  ["missing", undefined],
  ["a list", [5]],
  ["an object", { valueOf: () => 5 }],
  ["true", true],
];

const NO_NAMES: readonly (readonly [string, unknown])[] = [
  ["missing", undefined],
  ["null", null],
  ["empty", ""],
  ["blank", "  "],
  ["a number", 5],
  ["too long", "x".repeat(129)],
  ["with a control character", "a\nb"],
  ["half a character", "\ud800"],
  ["an object", {}],
];

describe("amounts", () => {
  test.each([...NO_AMOUNTS, ["zero", 0] as const])("a grant of an amount that is %s", async (_what, amount) => {
    const command = { tenant: "acme", amountMicrocents: amount as bigint, id: "second" };
    const error = await refused(() => engine.ledger.grant(command));
    expect(error).toMatchObject({ code: "CAL_LEDGER_INVALID", status: 400 });
    expect(error.message).toContain("amountMicrocents");
  });

  test.each(NO_AMOUNTS)("a cost that is %s", async (_what, amount) => {
    const { decisionId } = open;
    const actualMicrocents = amount as bigint;
    const commands = [
      () => engine.ledger.settle({ decisionId, actualMicrocents }),
      () => engine.ledger.reconcile({ decisionId, actualMicrocents }),
      () => engine.ledger.correct({ decisionId, actualMicrocents }),
    ];
    for (const command of commands) {
      const error = await refused(command);
      expect(error.code).toBe("CAL_LEDGER_INVALID");
      expect(error.message).toContain("actualMicrocents");
    }
  });

  test("a sum beyond 64 bit is refused and never wrapped", async () => {
    const most = { tenant: "acme", amountMicrocents: I64_MAX, id: "most" };
    expect(await refused(() => engine.ledger.grant(most))).toMatchObject({
      code: "CAL_LEDGER_OVERFLOW",
      details: { tenant: "acme", field: "granted" },
    });
    const { decisionId } = open;
    await engine.ledger.hold({ decisionId, cause: "timeout" });
    await engine.ledger.reconcile({ decisionId, actualMicrocents: I64_MAX });
    expect(engine.ledger.balance("acme")).toMatchObject({ debtMicrocents: I64_MAX - 10_000n, remainingMicrocents: 0n });
    await engine.ledger.correct({ decisionId, actualMicrocents: 1n });
    expect(engine.ledger.balance("acme")).toMatchObject({ debtMicrocents: 0n, remainingMicrocents: 9_999n });
    const other = await ask();
    await engine.ledger.settle({ decisionId: other.decisionId, actualMicrocents: 5n });
    const error = await refused(() => engine.ledger.correct({ decisionId, actualMicrocents: I64_MAX }));
    expect(error).toMatchObject({ code: "CAL_LEDGER_OVERFLOW", details: { tenant: "acme", field: "billed" } });
  });
});

describe("names", () => {
  test.each(NO_NAMES)("a grant whose tenant, id or person is %s", async (_what, name) => {
    const whole = { tenant: "acme", amountMicrocents: 5n, id: "second" };
    for (const field of ["tenant", "id"]) {
      const error = await refused(() => engine.ledger.grant({ ...whole, [field]: name as string }));
      expect(error.code).toBe("CAL_LEDGER_INVALID");
      expect(error.message).toContain(field);
    }
  });

  test.each(NO_NAMES.filter(([what]) => what !== "missing"))(
    "a claim of on whose behalf that is %s applies no limits, reconciles and corrects nothing",
    async (_what, by) => {
      const { decisionId } = open;
      const caller = { onBehalfOf: by as string };
      for (const command of [
        () => engine.ledger.apply(parseBudgets({ tenants: { fresh: {} } }), caller),
        () => engine.ledger.reconcile({ decisionId, actualMicrocents: 1n }, caller),
        () => engine.ledger.correct({ decisionId, actualMicrocents: 1n }, caller),
      ])
        expect(await refused(command)).toMatchObject({
          code: "CAL_LEDGER_INVALID",
          message: expect.stringContaining("onBehalfOf"),
        });
    },
  );

  test("every mistake is reported at once", async () => {
    const command = { tenant: "", amountMicrocents: 0n, id: "" };
    const error = await refused(() => engine.ledger.grant(command));
    const { mistakes: reported } = (error as EngineError<"CAL_LEDGER_INVALID">).details;
    expect(reported.map(({ path }) => path)).toEqual(["tenant", "amountMicrocents", "id"]);
  });

  test("a tenant that is unknown, or not metered, gets no grant", async () => {
    const grant = { amountMicrocents: 5n, id: "second" };
    expect(await refused(() => engine.ledger.grant({ ...grant, tenant: "nobody" }))).toMatchObject({
      code: "CAL_LEDGER_TENANT_UNKNOWN",
      details: { tenant: "nobody" },
    });
    expect(await refused(() => engine.ledger.grant({ ...grant, tenant: "free" }))).toMatchObject({
      code: "CAL_LEDGER_TENANT_UNMETERED",
    });
    engine.unknownTenants = "refuse";
    expect(await refused(() => engine.decide({ inputTokens: 5, tenant: "nobody" }))).toMatchObject({
      code: "CAL_LEDGER_TENANT_UNKNOWN",
      details: { tenant: "nobody" },
    });
  });

  test("an id that granted something else", async () => {
    const first = { tenant: "acme", amountMicrocents: 10_000n, id: "first" };
    expect(await refused(() => engine.ledger.grant({ ...first, amountMicrocents: 9_999n }))).toMatchObject({
      code: "CAL_LEDGER_ID_REUSED",
      details: { id: "first" },
    });
    expect(await refused(() => engine.ledger.grant({ ...first, tenant: "other" }))).toMatchObject({
      code: "CAL_LEDGER_ID_REUSED",
    });
    expect(await engine.ledger.grant(first)).toMatchObject({ repeated: true });
  });
});

describe("reservations", () => {
  test.each<[string, unknown]>([
    ["missing", undefined],
    ["null", null],
    ["a number", 5],
    ["empty", ""],
    ["an entry alone", "9"],
    ["of no entry", "999999-00000000"],
    ["beyond a sequence", "99999999999999999999-00000000"],
    ["with a sign", "-5-00000000"],
    ["an object", {}],
  ])("a decision id that is %s", async (_what, decisionId) => {
    const command = { decisionId: decisionId as string };
    for (const run of [
      () => engine.ledger.settle({ ...command, actualMicrocents: 1n }),
      () => engine.ledger.release(command),
      () => engine.ledger.hold({ ...command, cause: "timeout" }),
      () => engine.ledger.reconcile({ ...command, actualMicrocents: 1n }),
      () => engine.ledger.correct({ ...command, actualMicrocents: 1n }),
    ])
      expect((await refused(run)).code).toBe("CAL_LEDGER_RESERVATION_UNKNOWN");
  });

  test("a decision id with another identity is made up, and binds to nothing", async () => {
    const madeUp = open.decisionId.replace(/-.*/, "-00000000");
    expect((await refused(() => engine.ledger.release({ decisionId: madeUp }))).code).toBe(
      "CAL_LEDGER_RESERVATION_UNKNOWN",
    );
  });

  test("another tenant's", async () => {
    const { decisionId } = open;
    expect(await refused(() => engine.ledger.release({ decisionId, tenant: "other" }))).toMatchObject({
      code: "CAL_LEDGER_RESERVATION_FOREIGN",
      details: { decisionId, tenant: "other" },
    });
    expect(await engine.ledger.release({ decisionId, tenant: "acme" })).toMatchObject({ state: "released" });
  });

  test("settling after a release, and whatever else does not follow", async () => {
    const { decisionId } = released;
    for (const run of [
      () => engine.ledger.settle({ decisionId, actualMicrocents: 1n }),
      () => engine.ledger.hold({ decisionId, cause: "timeout" }),
      () => engine.ledger.reconcile({ decisionId, actualMicrocents: 1n }),
      () => engine.ledger.correct({ decisionId, actualMicrocents: 1n }),
    ])
      expect(await refused(run)).toMatchObject({
        code: "CAL_LEDGER_RESERVATION_STATE",
        details: { state: "released", actualMicrocents: 0n },
      });
    expect(await engine.ledger.release({ decisionId })).toMatchObject({ repeated: true });
  });

  test("a cause that is none, and another cause than before", async () => {
    const { decisionId } = open;
    const error = await refused(() => engine.ledger.hold({ decisionId, cause: "whim" as "timeout" }));
    expect(error).toMatchObject({ code: "CAL_LEDGER_INVALID", message: expect.stringContaining("cause") });
    const held = await engine.ledger.hold({ decisionId, cause: "timeout" });
    expect(await engine.ledger.hold({ decisionId, cause: "timeout" })).toMatchObject({
      repeated: true,
      sequence: held.sequence,
    });
    expect(await refused(() => engine.ledger.hold({ decisionId, cause: "stream_cut" }))).toMatchObject({
      code: "CAL_LEDGER_RESERVATION_STATE",
    });
  });
});

describe("budgets", () => {
  const mistakes = (value: unknown): readonly { readonly path: string; readonly remedy: string }[] => {
    try {
      parseBudgets(value);
    } catch (error) {
      expect(error).toMatchObject({ code: "CAL_BUDGETS_INVALID" });
      return (error as EngineError<"CAL_BUDGETS_INVALID">).details.mistakes;
    }
    return [];
  };

  test.each<[object, string, string]>([
    [{ tenatns: {} }, "tenatns", "tenants"],
    [{ tenants: { a: { unlimitd: true } } }, "tenants.a.unlimitd", "unlimited"],
    [{ tenants: { a: { exposureCapDollar: "5" } } }, "tenants.a.exposureCapDollar", "exposureCapDollars"],
    [{ tenants: { a: { resevationSeconds: 5 } } }, "tenants.a.resevationSeconds", "reservationSeconds"],
    [{ tenants: { a: { onshortfall: "reject" } } }, "tenants.a.onshortfall", "onShortfall"],
    [
      { tenants: { a: { period: { every: "day", timezone: "UTC", allotmentDollars: "1" } } } },
      "tenants.a.period.timezone",
      "timeZone",
    ],
  ])("a key that is misspelt in %j refuses all and names the nearest", (value, path, nearest) => {
    const found = mistakes(value).find((mistake) => mistake.path === path);
    expect(found, JSON.stringify(mistakes(value))).toBeDefined();
    expect(found?.remedy).toContain(`"${nearest}"`);
  });

  test("a tenant under a name that no checker looks into is refused, with whatever is misspelt in it", () => {
    expect(mistakes(JSON.parse('{"tenants":{"__proto__":{"unlimitd":true}}}'))).toMatchObject([
      { path: "tenants.__proto__" },
    ]);
  });

  test.each<[string, unknown]>([
    ["negative", -5],
    ["fractional", 0.5],
    ["NaN", Number.NaN],
    ["beyond 64 bit", 2n ** 63n],
    ["text with a unit", "5 dollars"],
    ["null", null],
    ["true", true],
  ])("a cap that is %s", (_what, exposureCapMicrocents) => {
    expect(mistakes({ tenants: { a: { exposureCapMicrocents } } })).toMatchObject([
      { path: "tenants.a.exposureCapMicrocents" },
    ]);
  });

  test.each(["Mars/Olympus", "", "+02:00", "UTC+2", 5])("a time zone that is %j", (timeZone) => {
    const value = { tenants: { a: { period: { every: "day", timeZone, allotmentMicrocents: 5 } } } };
    expect(mistakes(value)).toMatchObject([{ path: "tenants.a.period.timeZone" }]);
  });

  test("a tenant keeps the level above it", async () => {
    const moved = parseBudgets({ tenants: { acme: { parent: "other" }, other: {} } });
    expect(await refused(() => engine.ledger.apply(moved))).toMatchObject({
      code: "CAL_BUDGETS_INVALID",
      message: expect.stringContaining("tenants.acme.parent"),
    });
  });
});
