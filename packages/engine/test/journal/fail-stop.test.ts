import { CalybrisError, type Kernel } from "@calybris/kernel";
import fc from "fast-check";
import { expect, test } from "vitest";
import { caseCount } from "../../../../test/share.ts";
import type { Engine } from "../../src/engine.ts";
import type { EngineError } from "../../src/engine-errors.ts";
import { searchLies } from "../search/lie-search.ts";
import { searchStops } from "../search/stop-search.ts";
import { CommandWorld, learning } from "../support/command-world.ts";
import { linearPrior } from "../support/linear-prior.ts";
import { sampleSnapshot } from "../support/sample-snapshot.ts";

// Goal: once a claim of the engine is broken, it takes no more commands until a new process recovers, and what is durable
// is what was ordered before. Nothing that a client sends breaks a claim.
// Method: a port fails at a call of a random command of a random history (stop-search.ts); a kernel lies about one field
// (lie-search.ts); arbitrary values in place of every argument.

const ASKED = { inputTokens: 1_000_000, outputTokens: 500_000, valueMicrocents: 100_000_000 };

test("whatever port fails at whatever command, every command after it is refused alike, and what was ordered before is durable", async () => {
  const { faults, met } = await searchStops({ seed: 1, cases: caseCount(60, 28) });
  expect(faults).toBeGreaterThanOrEqual(caseCount(60, 28));
  const expected = ["nowUs decide", "nowUs grant", "nowUs observe", "nowUs pass", "kernel decideMany", "nowUs sweep"];
  expect([...met.keys()]).toEqual(expect.arrayContaining(expected));
});

test("a kernel that lies in any field of a decision stops the engine, or its decision is refused when it is read back", async () => {
  const { stopped, held } = await searchLies(1, caseCount(100, 20));
  expect(stopped).toBeGreaterThan(10);
  expect(held).toBeGreaterThan(1);
});

test("the error names the broken claim and an incident, its cause is what was thrown, and no message of a port is shown", async () => {
  const secret = new Error("a secret of the embedder");
  const kernelFor = (): Kernel => ({
    prescribe: () => {
      throw secret;
    },
  });
  const { engine } = await CommandWorld.open({ policy: sampleSnapshot(), kernelFor });
  const error = (await engine.decide(ASKED).catch((thrown: unknown) => thrown)) as EngineError<"CAL_ENGINE_STOPPED">;
  expect(error).toBeInstanceOf(CalybrisError);
  expect(error).toMatchObject({ code: "CAL_ENGINE_STOPPED", status: 503 });
  expect(error.details.incident).toMatch(/^[0-9a-f-]{36}$/);
  expect(error.message).toContain(error.details.claim);
  expect(error.cause).toBe(secret);
  expect(JSON.stringify(error.details) + error.message + error.remedy).not.toContain(secret.message);
  expect(engine.reading.failure).toBe(error);
  await engine.close();
});

test("an engine that its embedder stops refuses every command, and closes", async () => {
  const { engine } = await CommandWorld.open({ policy: sampleSnapshot() });
  const first = engine.decide(ASKED);
  const error = engine.stop(new Error("an answer was wrong"));
  expect((await first).sequence).toBe(2);
  await expect(engine.decide(ASKED)).rejects.toBe(error);
  expect(() => engine.learning.refresh()).toThrow(error);
  expect(engine.stop(new Error("another"))).toBe(error);
  await engine.close();
});

/** Every command, with anything as its argument. */
const COMMANDS: Readonly<Record<string, (engine: Engine, given: never) => unknown>> = {
  decide: (engine, given) => engine.decide(given),
  decideMany: (engine, given) => engine.decideMany([given]),
  grant: ({ ledger }, given) => ledger.grant(given),
  settle: ({ ledger }, given) => ledger.settle(given),
  release: ({ ledger }, given) => ledger.release(given),
  hold: ({ ledger }, given) => ledger.hold(given),
  reconcile: ({ ledger }, given) => ledger.reconcile(given),
  correct: ({ ledger }, given) => ledger.correct(given),
  observe: ({ learning }, given) => learning.observe(given),
  certify: ({ learning }, given) => learning.certify(given),
  setPrior: ({ learning }, given) => learning.setPrior(given),
};

const HONEST: Readonly<Record<string, unknown>> = {
  requestId: "a",
  tenant: "default",
  ...ASKED,
  decisionId: "2-00000000",
  actualMicrocents: 1,
  cause: "timeout",
  amountMicrocents: 1,
  id: "g",
  by: "ada",
  regimes: 0,
  alphaBps: 1,
  deltaBps: 1,
  samples: 1,
  succeeded: true,
  ...linearPrior({ names: ["load"] }),
};

/** What JSON has no word for, and what it has no exact number for. */
const junk = fc.oneof(
  { weight: 3, arbitrary: fc.anything({ withBigInt: true, withNullPrototype: true, withSparseArray: true }) },
  fc.constantFrom<unknown>(Number.NaN, 0.5, -0, 2 ** 53, "\ud800", "a\nb", "", () => 1, Symbol("s"), new Date(0)),
  fc.string({ unit: "binary", maxLength: 200 }),
);
const objects = fc
  .tuple(fc.subarray(Object.keys(HONEST)), fc.constantFrom(...Object.keys(HONEST), "features", "useCase", "x"), junk)
  .map(([keys, spoilt, value]) => ({ ...Object.fromEntries(keys.map((key) => [key, HONEST[key]])), [spoilt]: value }));
const throwing = fc.constantFrom(...Object.keys(HONEST)).map((key) =>
  Object.defineProperty({ ...HONEST }, key, {
    enumerable: true,
    get: () => {
      throw new Error("a getter of the client");
    },
  }),
);

test("whatever is given to any command, the engine is not stopped by it", async () => {
  const world = await CommandWorld.open({ policy: learning(1n) });
  const { engine } = world;
  await fc.assert(
    fc.asyncProperty(
      fc.constantFrom(...Object.keys(COMMANDS)),
      fc.oneof({ weight: 4, arbitrary: objects }, junk, throwing),
      async (name, given) => {
        const command = COMMANDS[name] as (engine: Engine, given: unknown) => Promise<unknown>;
        await command(engine, given).catch(() => undefined);
        expect(engine.reading.failure, name).toBeUndefined();
      },
    ),
    { numRuns: caseCount(3_000), seed: 9 },
  );
  expect((await engine.decide({ ...ASKED, requestId: "afterwards" })).repeated).toBe(false);
  await engine.close();
});
