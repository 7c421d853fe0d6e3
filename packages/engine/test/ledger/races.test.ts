import type { Kernel } from "@calybris/kernel";
import { samplePolicy, wasmKernel } from "@calybris/kernel";
import { expect, test } from "vitest";
import type { Decided } from "../../src/flows/decided.ts";
import { Engine } from "../../src/engine.ts";
import type { Ordering } from "../../src/journal/journal.ts";
import { FirstResults } from "../../src/flows/first-results.ts";
import { EngineLedger } from "../../src/flows/ledger.ts";
import { parseBudgets } from "../../src/intake/budgets-file.ts";
import { FailStop } from "../../src/journal/fail-stop.ts";
import { InlineDriver } from "../../src/journal/thread-driver.ts";
import { Writer } from "../../src/journal/writer.ts";
import { Cells, drive } from "../../src/ledger/cells.ts";
import { LedgerView } from "../../src/ledger/handle.ts";
import { LedgerInMemory } from "./model/in-memory.ts";
import { MemoryDisk } from "../support/memory-disk.ts";
import { sampleSnapshot } from "../support/sample-snapshot.ts";

const START_US = Date.UTC(2026, 0, 15, 12) * 1_000;

/** An engine in memory whose time is constant unless it is moved. */
async function engineFor(
  tenants: object,
  options: { readonly kernel?: Kernel } = {},
): Promise<{ engine: Engine; clock: { now: number } }> {
  const disk = new MemoryDisk();
  const clock = { now: START_US };
  const { kernel } = options;
  const engine = await Engine.open({
    directory: "memory",
    policy: sampleSnapshot(),
    disk,
    nowUs: () => clock.now,
    driver: (start) => new InlineDriver(new Writer(disk, start, undefined, () => 0)),
    ...(kernel === undefined ? {} : { kernelFor: () => kernel }),
  });
  await engine.ledger.apply(parseBudgets({ tenants }));
  return { engine, clock };
}

const give = (engine: Engine, tenant: string, amountMicrocents: bigint): Promise<unknown> =>
  engine.ledger.grant({ tenant, amountMicrocents, id: `first ${tenant}` });

const ask = (engine: Engine, tenant: string): Promise<Decided> =>
  engine.decide({
    tenant,
    inputTokens: 1_000_000,
    outputTokens: 500_000,
    valueMicrocents: 100_000_000,
    requested: "better",
  });

test("a grant sent twice at once is granted once, and both get the first result", async () => {
  const { engine } = await engineFor({ acme: {} });
  const grant = { tenant: "acme", amountMicrocents: 5n, id: "g" };
  const [first, second] = await Promise.all([engine.ledger.grant(grant), engine.ledger.grant(grant)]);
  expect(second).toEqual({ ...first, repeated: true });
  expect(engine.ledger.balance("acme").grantedMicrocents).toBe(5n);
});

test("what is settled while a sweep waits for the journal is passed over", async () => {
  const { promise: written, resolve: write } = Promise.withResolvers<string>();
  const journal = new LedgerInMemory(START_US);
  await journal.commands.apply(parseBudgets({ tenants: { acme: {} } }));
  await journal.commands.grant({ tenant: "acme", amountMicrocents: 100n, id: "g" });
  const first = journal.decide("acme", 10n) as string;
  const second = journal.decide("acme", 10n) as string;
  journal.now += 3_600_000_000;
  let free = 1;
  const ordering: Ordering = {
    step: (work) => journal.step(work),
    establishRoom: () => undefined,
    hasRoom: () => free > 0,
    nextSequence: 0,
    sequence: 0,
    whenDurable: async () => {
      await written;
    },
    append: (body) => journal.order(body),
    order: (body) => {
      free -= 1;
      return journal.order(body);
    },
  };
  const commands = new EngineLedger({
    ledger: journal.ledger,
    caused: () => ({ actor: "system:anna" }),
    journal: ordering,
    failStop: new FailStop(),
    firstResults: new FirstResults(ordering),
    position: () => journal,
    nowUs: () => journal.now,
  });
  const sweeping = commands.sweep();
  await journal.commands.settle({ decisionId: second, actualMicrocents: 1n });
  free = 1;
  write("");
  expect(await sweeping).toBe(1);
  expect(journal.commands.prove()).toMatchObject({ conserved: true, reservations: [] });
  expect(journal.commands.balance("acme")).toMatchObject({ settledMicrocents: 11n });
  await expect(journal.commands.settle({ decisionId: first, actualMicrocents: 1n })).rejects.toMatchObject({
    code: "CAL_LEDGER_RESERVATION_STATE",
  });
});

test("what costs nothing needs no headroom, also where more ran ahead than there is", () => {
  const cells = new Cells();
  drive(cells.credit(0, 10n));
  expect(new LedgerView({ buffer: cells.buffer }).reserve([0], 10n)).toBe(true);
  drive(cells.credit(0, -5n));
  expect(cells.headroom(0)).toBe(-5n);
  expect(drive(cells.reserve([0], 1n))).toBe(false);
  expect(drive(cells.reserve([0], 0n))).toBe(true);
  expect(cells.headroom(0)).toBe(-5n);
});

test.each<[string, unknown, unknown]>([
  ["amount", [0], -1n],
  ["amount", [0], 2n ** 63n],
  ["amount", [0], 1],
  ["amount", [0], undefined],
  ["levels[0]", [-1], 1n],
  ["levels[0]", [0.5], 1n],
  ["levels[0]", [Number.NaN], 1n],
  ["levels[0]", ["0"], 1n],
  ["levels[1]", [0, 1_023], 1n],
  ["levels[1]", [1, 1], 1n],
  ["levels", [0, 1, 2, 3, 4], 1n],
  ["levels", undefined, 1n],
])("a worker's %s of %j at %s microcents is refused by name, and no cell changes", (path, levels, amount) => {
  const cells = new Cells();
  for (const level of [0, 1, 2, 3, 4]) drive(cells.credit(level, 10n));
  const view = new LedgerView({ buffer: cells.buffer });
  const before = new BigInt64Array(cells.buffer).slice();
  const invalid = expect.objectContaining({
    code: "CAL_LEDGER_INVALID",
    details: { mistakes: [expect.objectContaining({ path })] },
  });
  expect(() => view.reserve(levels as number[], amount as bigint)).toThrow(invalid);
  expect(() => view.undo(levels as number[], amount as bigint)).toThrow(invalid);
  if (path !== "amount") expect(() => view.headroom(levels as number[])).toThrow(invalid);
  expect(new BigInt64Array(cells.buffer)).toEqual(before);
});

test("without a level nothing limits a worker; where more ran ahead than there is, there is no headroom", () => {
  const cells = new Cells();
  const view = new LedgerView({ buffer: cells.buffer });
  expect(view.headroom([])).toBeUndefined();
  expect(view.reserve([], 2n ** 63n - 1n)).toBe(true);
  drive(cells.credit(0, 10n));
  drive(cells.credit(1, 7n));
  expect(view.headroom([0, 1])).toBe(7n);
  expect(view.reserve([0, 1], 7n)).toBe(true);
  drive(cells.credit(1, -5n));
  expect(view.headroom([0, 1])).toBe(0n);
  view.undo([0, 1], 7n);
  expect([view.headroom([0]), view.headroom([1])]).toEqual([10n, 2n]);
});

test("a shortage seen while another thread tries in vain is looked at once more before it becomes a decision", async () => {
  const real = wasmKernel(samplePolicy());
  let meanwhile = (): void => undefined;
  const kernel: Kernel = {
    prescribe: (request) => {
      meanwhile();
      return real.prescribe(request);
    },
  };
  const { engine } = await engineFor({ org: {}, team: { parent: "org" } }, { kernel });
  await give(engine, "org", 1_000_000n);
  await give(engine, "team", 1_000n);
  const [org = 0, team = 0] = engine.ledger.levels("team");
  const other = new Cells(engine.ledger.handle().buffer).reserve([org, team], 1_000_000n);
  const view = new LedgerView(engine.ledger.handle());
  while (view.headroom([org]) !== 0n) other.next();
  meanwhile = (): void => {
    while (other.next().done !== true);
  };
  expect((await ask(engine, "org")).decision.action).toBe("execute");
});
