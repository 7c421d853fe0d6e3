import { expect, test } from "vitest";
import { CommandWorld, learning } from "../support/command-world.ts";
import { searchRoom } from "../search/room-search.ts";
import { sampleSnapshot } from "../support/sample-snapshot.ts";
import { plainDecided } from "../../src/flows/decided.ts";

// Goal: a command is taken whole or not at all: the entries that it needs beside its own, and every request of a batch.
// Method: small queues and a disk that waits, in random histories, against an engine that has room (room-search.ts).

test("what is refused for want of room changes nothing, and what is taken is what an engine with room does, request by request", async () => {
  const counts = await searchRoom(1, 8);
  expect(counts.overloaded).toBeGreaterThan(24);
  expect(counts.overloadedMany).toBeGreaterThan(10);
  expect(counts.overloadedBySome).toBeGreaterThan(8);
  expect(counts.takenMany).toBeGreaterThan(16);
  expect(counts.passedMany).toBeGreaterThan(0);
});

test("a batch as large as the queue is taken when nothing waits, whatever it needs beside its decisions", async () => {
  const { engine } = await CommandWorld.open({ policy: learning(1n), waitingMax: 20 });
  for (let round = 0; round < 3; round++) {
    const requests = Array.from({ length: 20 }, (_, index) => ({
      requestId: `r${round}-${index}`,
      inputTokens: 1_000_000,
      outputTokens: 500_000,
      valueMicrocents: 100_000_000,
      features: { load: index * 7 + round },
    }));
    const results = await engine.decideMany(requests);
    expect(results.filter((result) => "decided" in result)).toHaveLength(20);
  }
  await engine.close();
});

test("a batch beyond the queue is refused, and an empty one is answered with nothing", async () => {
  const { engine } = await CommandWorld.open({ policy: sampleSnapshot(), waitingMax: 2 });
  const digest = engine.stateDigest();
  await expect(engine.decideMany([1, 2, 3].map((inputTokens) => ({ inputTokens })))).rejects.toMatchObject({
    code: "CAL_JOURNAL_OVERLOADED",
    status: 429,
  });
  expect(await engine.decideMany([])).toEqual([]);
  expect(engine.stateDigest()).toBe(digest);
  await engine.close();
});

test("after the disk refused a batch of entries, each new request is refused in its place, and what was decided is found", async () => {
  const { engine, disk } = await CommandWorld.open({ policy: sampleSnapshot() });
  const first = await engine.decide({ requestId: "a", inputTokens: 10 });
  disk.fault = (call) => (call === "syncData" ? "fail" : undefined);
  const asked = [
    { requestId: "a", inputTokens: 10 },
    { requestId: "b", inputTokens: 10 },
  ];
  for (let tries = 0; tries < 2; tries++) {
    const [known, unknown] = await engine.decideMany(asked);
    expect(known).toEqual({ decided: { ...plainDecided(first), repeated: true } });
    expect(unknown).toMatchObject({ refused: { code: "CAL_JOURNAL_FAILED" } });
  }
  await expect(engine.close()).rejects.toMatchObject({ code: "CAL_JOURNAL_FAILED" });
});

test("each request of a batch has its own answer or refusal in its place; a repeated id is one decision", async () => {
  const { engine } = await CommandWorld.open({ policy: sampleSnapshot(), unknownTenants: "refuse" });
  const asked = { requestId: "a", inputTokens: 10 };
  const results = await engine.decideMany([
    asked,
    { inputTokens: -1 },
    asked,
    { ...asked, inputTokens: 11 },
    { ...asked, tenant: "default" },
    { inputTokens: 10, tenant: "nobody" },
    null as never,
    { requestId: "b", inputTokens: 1, capabilities: Array.from({ length: 1_000 }, () => "plain") },
  ]);
  const shown = results.map((result) => ("decided" in result ? result.decided.sequence : result.refused.code));
  expect(shown).toEqual([
    2,
    "CAL_REQUEST_INVALID",
    2,
    "CAL_REQUEST_ID_REUSED",
    3,
    "CAL_LEDGER_TENANT_UNKNOWN",
    "CAL_REQUEST_INVALID",
    "CAL_REQUEST_INVALID",
  ]);
  await engine.close();
});
