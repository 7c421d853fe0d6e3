import { DISPOSITIONS } from "@calybris/kernel";
import { expect, test } from "vitest";
import { Engine } from "../../src/engine.ts";
import { InlineDriver } from "../../src/journal/inline-driver.ts";
import { Writer } from "../../src/journal/writer.ts";
import { LEARNING_DEFAULTS } from "../../src/flows/learning-defaults.ts";
import { MemoryDisk } from "../support/memory-disk.ts";
import { sampleSnapshot } from "../support/sample-snapshot.ts";

// An outcome of what did not run to its end is kept, and nothing is believed because of it, however it is reported.

test.each(
  DISPOSITIONS.flatMap((disposition) =>
    [{ succeeded: true }, { succeeded: false }, { signals: ["error"] as const }, {}].map(
      (reported) => [disposition, reported] as const,
    ),
  ),
)("an outcome that is %s, reported as %j", async (disposition, reported) => {
  const disk = new MemoryDisk();
  let now = 1_000_000;
  const engine = await Engine.open({
    directory: "memory",
    policy: { ...sampleSnapshot(), learning: { ...LEARNING_DEFAULTS, holdoutBps: 0 } },
    disk,
    nowUs: () => ++now,
    randomBytes: (count) => new Uint8Array(count).fill(1),
    driver: (start) => new InlineDriver(new Writer(disk, start, undefined, () => 0)),
  });
  const ask = () => engine.decide({ inputTokens: 1_000_000, outputTokens: 500_000, valueMicrocents: 100_000_000 });
  const { decisionId } = await ask();
  const observed = await engine.learning.observe({ decisionId, disposition, ...reported });
  const isApplied = disposition === "applied";
  expect(observed.learned).toBe(isApplied);
  const observations = [0, 1].map((tier) => engine.learning.quality("default", 8, tier).observations);
  expect(observations.reduce((sum, count) => sum + count, 0)).toBe(isApplied ? 1 : 0);
  const { learning } = await ask();
  expect(learning?.source).toBe(isApplied ? "tracker" : "warm_start");
  await engine.close();
});
