/**
 * The searches that the fast tests run a share of, each from another seed and for as many cases as take seconds. The long
 * ones are in `test/torture/`.
 */
import { expect, test } from "vitest";
import { trySequences } from "../ledger/model/search.ts";
import { searchCrashes } from "./crash/workloads.ts";
import { searchAllFaults } from "./fault/scenarios.ts";
import { searchFlips } from "./flip/search.ts";
import { searchLies } from "./lie-search.ts";
import { searchRetries } from "./retry-search.ts";
import { searchRoom } from "./room-search.ts";
import { searchHalfApplied } from "./state-search.ts";
import { searchStops } from "./stop-search.ts";

const SEED = 1_000;

test("ports that fail: no command is taken after it, and what is durable was ordered before", async () => {
  expect((await searchStops({ seed: SEED, cases: 150 })).faults).toBeGreaterThanOrEqual(150);
});

test("kernels that lie: the engine stops, or reads back what it answered", async () => {
  expect((await searchLies(SEED, 600)).stopped).toBeGreaterThan(300);
});

test("calls of the disk that go wrong: nothing is acknowledged that is not durable", async () => {
  const { faults, calls } = await searchAllFaults({ seed: SEED, every: 40 });
  expect(faults).toBeGreaterThan(100);
  const kinds = ["create", "read", "sync", "syncData", "syncDirectory", "truncate", "write"];
  expect([...calls.keys()]).toEqual(expect.arrayContaining(kinds));
});

test("damage to a journal is refused, or set aside behind all that was promised", async () => {
  expect((await searchFlips({ seed: SEED, bits: 1, every: 40, auditEvery: 4 })).damages).toBeGreaterThan(1_000);
});

test("crashes: acknowledged ⊆ recovered ⊆ submitted", async () => {
  const size = { exhaustiveSectorsMax: 4, samples: 4, killEvery: 100, followEvery: 12, serveEvery: 4, processesMax: 2 };
  expect((await searchCrashes({ seed: SEED, states: 0, size })).states).toBeGreaterThan(5_000);
});

test("small queues: what is refused changes nothing", async () => {
  expect((await searchRoom(SEED, 40)).overloaded).toBeGreaterThan(120);
});

test("retries get their decision, whatever has changed", async () => {
  expect((await searchRetries(SEED, 30)).outlived).toBeGreaterThan(100);
});

test("entries that the state refuses change no part of it", async () => {
  expect((await searchHalfApplied(SEED, 4)).size).toBeGreaterThan(8);
});

test("the ledger agrees with the simplest that could be right", async () => {
  expect(await trySequences(SEED, 500)).toBe(500);
});
