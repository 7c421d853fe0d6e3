/** The entries of a small journal that has learned: a warm-up, regimes, tables, outcomes, holdouts. */
import { Engine } from "@calybris/engine";
import { InlineDriver, LEARNING_DEFAULTS, Writer } from "@calybris/engine/internal";
import { bps, type PolicySnapshot } from "@calybris/kernel";
import { digestOf, linearPrior } from "../../engine/test/support/linear-prior.ts";
import { MemoryDisk } from "../../engine/test/support/memory-disk.ts";
import { sampleSnapshot } from "../../engine/test/support/sample-snapshot.ts";

/** How the policy learns. */
type Method = Pick<NonNullable<PolicySnapshot["learning"]>, "method">;

function snapshot(method: Method): PolicySnapshot {
  const sample = sampleSnapshot();
  const useCase = { ...sample.useCases["default"], qualityMinBps: bps(7_000) } as (typeof sample.useCases)[string];
  return {
    ...sample,
    useCases: { default: useCase },
    learning: { ...LEARNING_DEFAULTS, ...method, features: ["load"], warmUpRequests: 12 },
  };
}

/** The data of each. */
export async function learningJournal(method: Method = {}): Promise<readonly string[]> {
  const { engine, disk } = await opened(method);
  await live(engine, 40);
  await engine.close();
  return dataOf(disk);
}

/** The same with two priors after each other and a certificate of each. */
export async function governedJournal(method: Method = {}): Promise<readonly string[]> {
  const { engine, disk } = await opened(method);
  await live(engine, 20);
  for (const weight of [1_000_000, 3_000_000]) {
    // By offsets a prior may say how well each tier does, or leave it to the catalog.
    const success = method.method === undefined || weight === 1_000_000 ? {} : { success: [LEVEL] };
    const prior = linearPrior({ names: ["load"], weight, ...success });
    const certificate = { alphaBps: 400, deltaBps: 1_000, samples: 500 };
    await live(engine, 4, 100);
    await engine.learning.setPrior(prior);
    await live(engine, 8, 100);
    await engine.learning.certify({ regimes: 3, ...certificate, prior: digestOf(prior) });
    await live(engine, 16, 100);
  }
  await engine.close();
  return dataOf(disk);
}

const LEVEL = {
  interceptMillibps: 7_000_000,
  weightsMillibps: [40_000],
  categoriesBps: [-300, 0],
  gainThousandths: -120,
};

async function opened(method: Method): Promise<{ readonly engine: Engine; readonly disk: MemoryDisk }> {
  const disk = new MemoryDisk();
  let now = 1_000_000;
  const engine = await Engine.open({
    directory: "memory",
    policy: snapshot(method),
    disk,
    nowUs: () => ++now,
    randomBytes: (count) => new Uint8Array(count).fill(3),
    driver: (start) => new InlineDriver(new Writer(disk, start, undefined, () => 0)),
  });
  return { engine, disk };
}

async function live(engine: Engine, rounds: number, step = 1): Promise<void> {
  for (let number = 0; number < rounds; number++) {
    const { decisionId } = await engine.decide({
      inputTokens: 1_000_000,
      outputTokens: 500_000,
      valueMicrocents: 100_000_000,
      features: { load: (number % 9) * step },
    });
    await engine.learning.observe({ decisionId, succeeded: number % 4 > 0 });
    engine.learning.refresh();
  }
}

function dataOf(disk: MemoryDisk): readonly string[] {
  return [...disk.files]
    .filter(([name]) => name.startsWith("segment-"))
    .flatMap(([, bytes]) => Buffer.from(bytes).toString("utf8").split("\n"))
    .filter((line) => line !== "")
    .map((line) => line.slice(line.indexOf('"data":') + 7, -1));
}
