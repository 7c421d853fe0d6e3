import { expect, test } from "vitest";
import { Engine } from "../../src/engine.ts";
import { InlineDriver } from "../../src/journal/inline-driver.ts";
import { Writer } from "../../src/journal/writer.ts";
import { type SnapshotCounts, tryCuts } from "../search/snapshot-search.ts";
import { MemoryDisk } from "../support/memory-disk.ts";
import { sampleSnapshot } from "../support/sample-snapshot.ts";

// Goal: a snapshot holds what is staged, what was active when, and the counts of the shadow, wherever it is taken.
// Method: a journal with every kind of change between decisions; at every entry the state is restored from its snapshot and
// folded on to the end.

test("at every cut of a rollout a snapshot is restored and folded on to the whole fold", async () => {
  const disk = new MemoryDisk();
  let now = 1_000_000;
  const engine = await Engine.open({
    directory: "memory",
    policy: sampleSnapshot(1n),
    disk,
    nowUs: () => ++now,
    driver: (start) => new InlineDriver(new Writer(disk, start, undefined, () => 0)),
  });
  const decide = async (tenant: string | undefined): Promise<void> => {
    await engine.decide({
      inputTokens: 1_000_000,
      valueMicrocents: 100_000_000,
      ...(tenant === undefined ? {} : { tenant }),
    });
  };
  const other = sampleSnapshot(2n);
  const candidates = other.policy.candidates.map((one, index) => ({ ...one, enabled: (index === 0 ? 0 : 1) as 0 | 1 }));
  const one = { ...other, policy: { ...other.policy, candidates } };
  await decide("acme");
  await engine.rollout.stage(one);
  for (const tenant of ["acme", undefined, "blue"]) await decide(tenant);
  const { counts } = await engine.rollout.status();
  expect(counts).toMatchObject({ decisions: 3, actionMismatches: 0 });
  expect(counts?.tenants.map(({ tenant }) => tenant)).toEqual(["acme", undefined, "blue"]);
  const open = { decisionsMin: 0, actionDeltaMaxBps: 10_000, margin: 0.99, alpha: 0.999 };
  for (let outcome = 0; outcome < 5; outcome++) {
    const { decisionId } = await engine.decide({
      inputTokens: 1_000_000,
      valueMicrocents: 100_000_000,
      tenant: "acme",
    });
    await engine.learning.observe({ decisionId, succeeded: false });
  }
  const shadowed = (await engine.rollout.status()).counts;
  await engine.rollout.canary(2, 10_000, undefined, open);
  expect((await engine.rollout.status()).counts).toEqual(shadowed);
  await decide("acme");
  await engine.rollout.canary(2, 0);
  await decide("acme");
  expect((await engine.rollout.status()).counts).toMatchObject({ decisions: 9, canaryDecisions: 1 });
  await engine.setPolicy(sampleSnapshot(3n));
  await decide("acme");
  await engine.rollout.rollBack(1);
  await engine.rollout.stage(sampleSnapshot(4n));
  await decide("blue");
  await engine.rollout.rollBack(2);
  await decide("acme");
  await engine.close();
  const entries = [...disk.files]
    .filter(([name]) => name.startsWith("segment-"))
    .flatMap(([, bytes]) => Buffer.from(bytes).toString("utf8").split("\n"))
    .filter((line) => line !== "")
    .map((line) => line.slice(line.indexOf('"data":') + 7, -1));
  const found: SnapshotCounts = { cuts: 0, damages: 0, older: 0, whole: 0 };
  tryCuts(0, entries, found);
  expect(found.cuts).toBe(entries.length);
});
