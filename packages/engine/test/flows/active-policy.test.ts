import { expect, test } from "vitest";
import { Engine } from "../../src/engine.ts";
import { InlineDriver } from "../../src/journal/thread-driver.ts";
import { Writer } from "../../src/journal/writer.ts";
import { MemoryDisk } from "../support/memory-disk.ts";
import { sampleSnapshot } from "../support/sample-snapshot.ts";

// Goal: activating the policy that is active writes nothing, and one of another source or another content does.

const open = (disk: MemoryDisk): Promise<Engine> => {
  const policy = disk.files.size === 0 ? sampleSnapshot() : undefined;
  const driver = (start: ConstructorParameters<typeof Writer>[1]): InlineDriver =>
    new InlineDriver(new Writer(disk, start, undefined, () => 0));
  return Engine.open({ directory: "memory", policy, disk, nowUs: () => 1, driver });
};

test("the policy that is active is activated once, also in flight and after a restart", async () => {
  const disk = new MemoryDisk();
  const engine = await open(disk);
  const [first, again] = await Promise.all([
    engine.setPolicy(sampleSnapshot(2n)),
    engine.setPolicy(sampleSnapshot(2n)),
  ]);
  expect(first).toEqual({ sequence: 2, policyId: 2, repeated: false });
  expect(again).toEqual({ ...first, repeated: true });
  await engine.close();
  const restarted = await open(disk);
  expect(await restarted.setPolicy(sampleSnapshot(2n))).toEqual(again);
  const other = await restarted.setPolicy(sampleSnapshot(3n));
  expect(other).toMatchObject({ policyId: 3, repeated: false });
  expect(await restarted.setPolicy(sampleSnapshot(2n))).toMatchObject({ policyId: 4, repeated: false });
  await restarted.close();
});

test("another name is another policy, and so is the same policy from another source", async () => {
  const engine = await open(new MemoryDisk());
  expect(await engine.setPolicy({ ...sampleSnapshot(2n), name: "one" })).toMatchObject({ policyId: 2 });
  expect(await engine.setPolicy({ ...sampleSnapshot(2n), name: "two" })).toMatchObject({ policyId: 3 });
  const policy = { ...sampleSnapshot(2n), name: "two" };
  expect(await engine.reconfigure({ policy, policyFrom: "file" })).toMatchObject({ policyId: 4 });
  expect(await engine.reconfigure({ policy, policyFrom: "file" })).toEqual({ tenantsChanged: [] });
  expect(await engine.setPolicy(policy)).toMatchObject({ policyId: 5, repeated: false });
  await engine.close();
});

test("the policy that the journal began with came from a file", async () => {
  const engine = await open(new MemoryDisk());
  expect(await engine.reconfigure({ policy: sampleSnapshot(), policyFrom: "file" })).toEqual({ tenantsChanged: [] });
  expect(engine.reading.policies()).toHaveLength(1);
  await engine.close();
});
