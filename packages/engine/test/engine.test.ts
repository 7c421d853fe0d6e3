import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type EntryBody, type Kernel, type Policy, parseEntryBody, prescribe } from "@calybris/kernel";
import { afterEach, beforeEach, expect, test } from "vitest";
import { Engine, type EngineOptions } from "../src/engine.ts";
import { nodeChain } from "../src/journal/chain-hash.ts";
import { nodeDisk } from "../src/journal/disk.ts";
import { recover } from "../src/journal/recovery.ts";
import { InlineDriver } from "../src/journal/thread-driver.ts";
import { Writer } from "../src/journal/writer.ts";
import { EngineState } from "../src/state/state.ts";
import { MemoryDisk } from "./support/memory-disk.ts";
import { sampleSnapshot } from "./support/sample-snapshot.ts";
import { plainDecided } from "../src/flows/decided.ts";

let directory: string;
beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), "engine-"));
});
afterEach(() => {
  rmSync(directory, { recursive: true, force: true });
});

const open = (options: Partial<EngineOptions> = {}): Promise<Engine> =>
  Engine.open({ directory, policy: sampleSnapshot(), ...options });
const asked = (inputTokens: number): { inputTokens: number; requested: string } => ({
  inputTokens,
  requested: "better",
});

/** An engine whose journal is in memory, with a clock that counts. */
function inMemory(disk: MemoryDisk, options: Partial<EngineOptions> = {}): Promise<Engine> {
  let now = 1_000_000;
  return Engine.open({
    directory: "memory",
    policy: sampleSnapshot(),
    disk,
    nowUs: () => ++now,
    driver: (start) => new InlineDriver(new Writer(disk, start, undefined, () => 0)),
    ...options,
  });
}

test("a request id is decided once: again with the same content gives the same decision, with other content is refused", async () => {
  const engine = await open();
  const first = await engine.decide({ ...asked(10), requestId: "a" });
  expect(await engine.decide({ requestId: "a", ...asked(10) })).toEqual({ ...plainDecided(first), repeated: true });
  await expect(engine.decide({ ...asked(11), requestId: "a" })).rejects.toMatchObject({
    code: "CAL_REQUEST_ID_REUSED",
    status: 409,
  });
  await engine.close();
  const again = await open();
  expect(await again.decide({ ...asked(10), requestId: "a" })).toEqual({ ...plainDecided(first), repeated: true });
  await expect(again.decide({ ...asked(11), requestId: "a" })).rejects.toMatchObject({ code: "CAL_REQUEST_ID_REUSED" });
  await again.close();
});

test("a thousand requests at once with one id are one decision", async () => {
  const engine = await open();
  const decided = await Promise.all(
    Array.from({ length: 1_000 }, () => engine.decide({ ...asked(10), requestId: "one" })),
  );
  expect(new Set(decided.map(({ sequence }) => sequence)).size).toBe(1);
  expect(decided.filter(({ repeated }) => !repeated)).toHaveLength(1);
  expect((await engine.decide(asked(10))).request.sequence).toBe(2n);
  await engine.close();
});

test("the live state is the folded state after every entry", async () => {
  const disk = new MemoryDisk();
  const engine = await inMemory(disk, { segmentBytesMax: 3_000 });
  const live = new Map<number, string>();
  for (let number = 1; number <= 30; number++) {
    const { sequence } = await engine.decide({ ...asked(number), requestId: `r${number}` });
    live.set(sequence, engine.stateDigest());
    if (number % 10 === 0)
      live.set((await engine.setPolicy(sampleSnapshot(BigInt(number)))).sequence, engine.stateDigest());
  }
  const folded = new EngineState();
  recover(disk, "memory", nodeChain(), false, ({ head, data }) => {
    folded.apply(head.sequence, head.at, parseEntryBody(head, data, () => folded.current.snapshot) as EntryBody);
    if (live.has(head.sequence)) expect(folded.digest()).toBe(live.get(head.sequence));
  });
  expect(folded.digest()).toBe(engine.stateDigest());
  expect(live.size).toBe(33);
});

test("a policy that is set decides from the next decision on, and is still active after a restart", async () => {
  const engine = await open();
  const before = await engine.decide(asked(10));
  expect(await engine.setPolicy(sampleSnapshot(8n))).toEqual({
    sequence: before.sequence + 1,
    policyId: 2,
    repeated: false,
  });
  expect((await engine.decide(asked(10))).decision.policyEpoch).toBe(8n);
  await engine.close();
  await expect(open()).rejects.toMatchObject({ code: "CAL_ENGINE_POLICY_MISMATCH" });
  const again = await open({ policy: sampleSnapshot(8n) });
  expect(again.snapshot.name).toBe("sample 8");
  await again.close();
});

test("a journal in use by another engine is refused, and free once that is closed", async () => {
  const engine = await open();
  await expect(open()).rejects.toMatchObject({ code: "CAL_JOURNAL_LOCKED" });
  await engine.close();
  await (await open()).close();
});

test("a new journal without a policy, a file in place of a directory, a key where there was none: coded errors", async () => {
  await expect(Engine.open({ directory })).rejects.toMatchObject({ code: "CAL_ENGINE_POLICY_REQUIRED" });
  const file = join(directory, "file");
  writeFileSync(file, "");
  await expect(open({ directory: file })).rejects.toMatchObject({ code: "CAL_JOURNAL_UNREADABLE" });
  await (await open()).close();
  await expect(open({ key: new Uint8Array(32) })).rejects.toMatchObject({ code: "CAL_JOURNAL_CORRUPT" });
});

test("a keyed journal opens with its key and no other", async () => {
  const key = new Uint8Array(32).fill(7);
  const engine = await open({ key });
  await engine.decide(asked(10));
  await engine.close();
  await (await open({ key })).close();
  await expect(open()).rejects.toMatchObject({ code: "CAL_JOURNAL_CORRUPT" });
  await expect(open({ key: new Uint8Array(32).fill(8) })).rejects.toMatchObject({ code: "CAL_JOURNAL_CORRUPT" });
});

test("governance stops a faulty kernel before it spends: nothing is decided, nothing is written", async () => {
  const disk = new MemoryDisk();
  const spendthrift = (): Kernel => ({
    prescribe: (request) => {
      const { decision } = prescribe(sampleSnapshot().policy, request);
      return {
        ...decision,
        costMicrocents: (request.valueMicrocents * 2n) as unknown as typeof decision.costMicrocents,
      };
    },
  });
  const engine = await inMemory(disk, { kernelFor: spendthrift });
  const digest = engine.stateDigest();
  await expect(engine.decide(asked(10))).rejects.toThrow("what runs respects governance, but cost_exceeds_value");
  expect(engine.stateDigest()).toBe(digest);
});

test.each([
  ["risk", { riskBps: 9_600 }, "risk_hard_limit"],
  ["confidence", { confidenceBps: 5_499 }, "confidence_hard_limit"],
] as const)(
  "a request beyond the governance limit on %s is rejected, whatever the kernel says",
  async (_name, beyond, reason) => {
    const eager = (policy: Policy): Kernel => ({
      prescribe: (request) =>
        prescribe(
          {
            ...policy,
            riskHardLimitBps: 65_535 as typeof policy.riskHardLimitBps,
            confidenceMinBps: 0 as typeof policy.confidenceMinBps,
          },
          request,
        ).decision,
    });
    const engine = await inMemory(new MemoryDisk(), { kernelFor: eager });
    const { decision } = await engine.decide({ ...asked(10), ...beyond });
    expect(decision).toMatchObject({ action: "reject", reason, evaluatedCount: 0 });
  },
);

test("after the disk refused a batch, every request is answered with the failure, and a new engine finds what survived", async () => {
  const disk = new MemoryDisk();
  const engine = await inMemory(disk);
  await engine.decide({ ...asked(10), requestId: "kept" });
  disk.fault = (call) => (call === "syncData" ? "fail" : undefined);
  await expect(engine.decide(asked(11))).rejects.toMatchObject({ code: "CAL_JOURNAL_FAILED" });
  disk.fault = () => undefined;
  await expect(engine.decide(asked(12))).rejects.toMatchObject({ code: "CAL_JOURNAL_FAILED" });
  const again = await inMemory(disk.copy());
  expect((await again.decide({ ...asked(10), requestId: "kept" })).repeated).toBe(true);
});

test("the directory of a real disk holds the journal and its head and nothing half done", async () => {
  const engine = await open();
  await engine.decide(asked(10));
  await engine.close();
  expect(nodeDisk.list(directory)).toEqual(["head.json", "lock", "segment-000001.jsonl", "tree-0.hashes"]);
});
