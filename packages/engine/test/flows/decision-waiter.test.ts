import { CalybrisError } from "@calybris/kernel";
import { EngineError } from "../../src/engine-errors.ts";
import fc from "fast-check";
import { expect, test, vi } from "vitest";
import type { Decided, Engine } from "../../src/engine.ts";
import type { DecisionWaiter } from "../../src/flows/decision-waiter.ts";
import type { ClientRequest } from "../../src/intake/client-request.ts";
import { CommandWorld } from "../support/command-world.ts";
import { sampleSnapshot } from "../support/sample-snapshot.ts";
import { withTimersHeld } from "../support/virtual-timers.ts";

// Goal: `submit` says of each request what `decide` says, once, with the token that it was given; a repetition waits for the
// first attempt, and hears of its failure; what a waiter throws is nobody else's affair.
// Method: the same random requests through both, and failures by hand.

/** Collects answers, as text in their order. */
class Collector implements DecisionWaiter {
  readonly reported: string[] = [];
  readonly #all = Promise.withResolvers<void>();
  readonly #count: number;

  constructor(count = Number.POSITIVE_INFINITY) {
    this.#count = count;
  }

  /** When all were answered. */
  get all(): Promise<void> {
    return this.#all.promise;
  }

  decided({ sequence, decision, requestId, repeated }: Decided, token: number): void {
    this.#note(`${token}: ${sequence} ${requestId ?? "-"} ${decision.action} ${repeated}`);
  }

  failed(error: unknown, token: number): void {
    this.#note(`${token}: ${error instanceof CalybrisError ? error.code : String(error)}`);
  }

  #note(text: string): void {
    this.reported.push(text);
    if (this.reported.length === this.#count) this.#all.resolve();
  }
}

async function viaDecide(engine: Engine, clients: readonly ClientRequest[]): Promise<string[]> {
  const collector = new Collector();
  const each = clients.map((client, token) =>
    engine.decide(client).then(
      (decided) => collector.decided(decided, token),
      (error: unknown) => collector.failed(error, token),
    ),
  );
  await Promise.all(each);
  return collector.reported.toSorted();
}

async function viaSubmit(engine: Engine, clients: readonly ClientRequest[]): Promise<string[]> {
  const collector = new Collector(clients.length);
  for (const [token, client] of clients.entries()) engine.submit(client, collector, token);
  await collector.all;
  return collector.reported.toSorted();
}

const client = fc.record(
  {
    requestId: fc.constantFrom("a", "b", "c"),
    inputTokens: fc.constantFrom(1, 10, 2_000, -1),
    tenant: fc.constantFrom("acme", "zebra"),
  },
  { requiredKeys: ["inputTokens"] },
);

test("submit gives for each request what decide answers, with its token", async () => {
  const property = fc.asyncProperty(fc.array(client, { minLength: 1, maxLength: 30 }), async (clients) => {
    const [one, other] = [
      await CommandWorld.open({ policy: sampleSnapshot() }),
      await CommandWorld.open({ policy: sampleSnapshot() }),
    ];
    expect(await viaSubmit(one.engine, clients)).toEqual(await viaDecide(other.engine, clients));
    expect(one.engine.stateDigest()).toBe(other.engine.stateDigest());
    await Promise.all([one.engine.close(), other.engine.close()]);
  });
  // On a busy machine one of the two would be idle for long enough to be sealed.
  await withTimersHeld(async () => fc.assert(property, { numRuns: 40 }));
});

test("a repetition of an attempt that failed hears of the failure, and so does one that was waiting", async () => {
  const { engine, disk } = await CommandWorld.open({ policy: sampleSnapshot() });
  disk.fault = (call) => (call === "syncData" ? "fail" : undefined);
  const collector = new Collector();
  engine.submit({ requestId: "a", inputTokens: 10 }, collector, 0);
  engine.submit({ requestId: "a", inputTokens: 10 }, collector, 1);
  engine.submit({ requestId: "a", inputTokens: 11 }, collector, 2);
  await vi.waitFor(() => expect(collector.reported).toHaveLength(3), { timeout: 60_000 });
  engine.submit({ requestId: "a", inputTokens: 10 }, collector, 3);
  await vi.waitFor(() => expect(collector.reported).toHaveLength(4), { timeout: 60_000 });
  expect(collector.reported).toEqual([0, 1, 2, 3].map((token) => `${token}: CAL_JOURNAL_FAILED`));
  await engine.close().catch(() => undefined);
});

test("what a waiter throws is an uncaught error of its own: the others are answered, and the engine goes on", async () => {
  const { engine } = await CommandWorld.open({ policy: sampleSnapshot() });
  const uncaught: unknown[] = [];
  const listeners = process.listeners("uncaughtException");
  process.removeAllListeners("uncaughtException");
  process.on("uncaughtException", (error) => uncaught.push(error));
  try {
    const broken = new Error("a waiter of the test fails");
    const failing: DecisionWaiter = {
      decided: () => {
        throw broken;
      },
      failed: () => {
        throw broken;
      },
    };
    const collector = new Collector();
    engine.submit({ requestId: "a", inputTokens: 10 }, failing, 0);
    engine.submit({ requestId: "a", inputTokens: 10 }, collector, 1);
    engine.submit({ inputTokens: -1 }, failing, 2);
    engine.submit({ inputTokens: 10 }, collector, 3);
    await vi.waitFor(() => expect(collector.reported).toHaveLength(2), { timeout: 60_000 });
    await vi.waitFor(() => expect(uncaught).toEqual([broken, broken]), { timeout: 60_000 });
    expect((await engine.decide({ inputTokens: 10 })).repeated).toBe(false);
  } finally {
    process.removeAllListeners("uncaughtException");
    for (const listener of listeners) process.on("uncaughtException", listener);
    await engine.close();
  }
});

test("a batch stops being read once its reader has had enough of mistakes", async () => {
  const { engine } = await CommandWorld.open({ policy: sampleSnapshot() });
  const enough = new EngineError("CAL_JOURNAL_OVERLOADED", { waiting: 0 });
  let refusals = 0;
  const results = await engine.decideMany(
    [1, -1, 2, -1, 3, -1].map((inputTokens) => ({ inputTokens })),
    undefined,
    () => {
      refusals += 1;
      return refusals === 2 ? enough : undefined;
    },
  );
  const codes = results.map((result) => ("decided" in result ? "decided" : result.refused.code));
  const [invalid, rest] = ["CAL_REQUEST_INVALID", "CAL_JOURNAL_OVERLOADED"];
  expect(codes).toEqual(["decided", invalid, "decided", invalid, rest, rest]);
  await engine.close();
});
