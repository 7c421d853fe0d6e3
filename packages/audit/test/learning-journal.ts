/** The entries of a small journal that has learned: a warm-up, regimes, tables, outcomes, holdouts. */
import { Engine, InlineDriver, LEARNING_DEFAULTS, Writer } from "@calybris/engine";
import { bps, type PolicySnapshot } from "@calybris/kernel";
import { MemoryDisk } from "../../engine/test/memory-disk.ts";
import { sampleSnapshot } from "../../engine/test/sample-snapshot.ts";

function snapshot(): PolicySnapshot {
  const sample = sampleSnapshot();
  const useCase = { ...sample.useCases["default"], qualityMinBps: bps(7_000) } as (typeof sample.useCases)[string];
  return {
    ...sample,
    useCases: { default: useCase },
    learning: { ...LEARNING_DEFAULTS, features: ["load"], warmUpRequests: 12 },
  };
}

/** The data of each. */
export async function learningJournal(): Promise<readonly string[]> {
  const disk = new MemoryDisk();
  let now = 1_000_000;
  const engine = await Engine.open({
    directory: "memory",
    policy: snapshot(),
    disk,
    nowUs: () => ++now,
    randomBytes: (count) => new Uint8Array(count).fill(3),
    driver: (start) => new InlineDriver(new Writer(disk, start, undefined, () => 0)),
  });
  for (let number = 0; number < 40; number++) {
    const { decisionId } = await engine.decide({
      inputTokens: 1_000_000,
      outputTokens: 500_000,
      valueMicrocents: 100_000_000,
      features: { load: number % 9 },
    });
    await engine.learning.observe({ decisionId, succeeded: number % 4 > 0 });
    engine.learning.refresh();
  }
  await engine.close();
  return [...disk.files]
    .filter(([name]) => name.startsWith("segment-"))
    .flatMap(([, bytes]) => Buffer.from(bytes).toString("utf8").split("\n"))
    .filter((line) => line !== "")
    .map((line) => line.slice(line.indexOf('"data":') + 7, -1));
}
