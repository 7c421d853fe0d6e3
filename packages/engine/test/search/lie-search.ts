/**
 * The search for a lie of a kernel that becomes durable. One field of an honest decision is changed; then either the engine
 * stops and nothing was decided, or the field is one that an entry holds as it was given, and a new process reads back what
 * was answered.
 * @module
 */
import { CalybrisError, type Decision, type Kernel, prescribe, type Request } from "@calybris/kernel";
import { isDeepStrictEqual } from "node:util";
import { type Decided, Engine, plainDecided } from "../../src/engine.ts";
import { InlineDriver } from "../../src/journal/thread-driver.ts";
import { Writer } from "../../src/journal/writer.ts";
import { type Chance, seededChance } from "../support/seeded-chance.ts";
import { MemoryDisk } from "../support/memory-disk.ts";
import { sampleSnapshot } from "../support/sample-snapshot.ts";

export interface LieCounts {
  /** Lies that stopped the engine, and lies that an entry holds as they were given. */
  stopped: number;
  held: number;
}

/** What no kernel may be wrong about: what runs, what it costs, and which request and policy it answers. */
const NEVER_HELD: readonly (keyof Decision)[] = [
  "sequence",
  "action",
  "selectedId",
  "selectedIndex",
  "costMicrocents",
  "evaluatedCount",
  "policyEpoch",
  "catalogEpoch",
];

/** @throws Error with the seed and the lie that became durable, or changed on its way. */
export async function searchLies(seed: number, cases: number): Promise<LieCounts> {
  const counts: LieCounts = { stopped: 0, held: 0 };
  for (let number = seed; number < seed + cases; number++) {
    const chance = seededChance(number);
    const lie = drawLie(chance);
    try {
      await tryLie(lie, drawRequest(chance), counts);
    } catch (error) {
      throw new Error(`seed ${number}, ${lie.field} ${String(lie.value)}: ${(error as Error).message}`, {
        cause: error,
      });
    }
  }
  return counts;
}

interface Lie {
  readonly field: keyof Decision;
  readonly value: unknown;
}

async function tryLie({ field, value }: Lie, request: object, counts: LieCounts): Promise<void> {
  const disk = new MemoryDisk();
  let isLie = false;
  const lying: Kernel = {
    prescribe: (asked: Request) => {
      const { decision } = prescribe(sampleSnapshot().policy, asked);
      const reported = relative(decision[field], value);
      isLie = !Object.is(decision[field], reported);
      return { ...decision, [field]: reported } as Decision;
    },
  };
  const engine = await open(disk, lying);
  const outcome = await engine
    .decide({ ...request, requestId: "a" } as never)
    .then(plainDecided)
    .catch((error: unknown) => error);
  const isDecided = !(outcome instanceof Error);
  if (!isDecided && !(outcome instanceof CalybrisError && outcome.code === "CAL_ENGINE_STOPPED")) throw outcome;
  if (isDecided && isLie && NEVER_HELD.includes(field)) throw new Error("it was answered");
  await engine.close();
  const again = await open(disk, { prescribe: (asked) => prescribe(sampleSnapshot().policy, asked).decision });
  const retrying = again.decide({ ...request, requestId: "a" } as never).then(plainDecided);
  if (isDecided && isLie) {
    const refused = await retrying.catch((error: unknown) => error);
    if ((refused as Partial<CalybrisError>).code !== "CAL_JOURNAL_ENTRY_MALFORMED")
      throw new Error("a decision that the kernel does not make again is given again");
  }
  const retried = isDecided && isLie ? { ...(outcome as Decided), repeated: true } : await retrying;
  await again.close();
  if (retried.repeated !== isDecided) throw new Error(isDecided ? "it was forgotten" : "it is durable");
  if (isDecided && !isDeepStrictEqual(retried, { ...(outcome as Decided), repeated: true }))
    throw new Error("what is read back is not what was answered");
  if (isDecided) counts.held += 1;
  else counts.stopped += 1;
}

function open(disk: MemoryDisk, kernel: Kernel): Promise<Engine> {
  return Engine.open({
    directory: "memory",
    policy: sampleSnapshot(),
    disk,
    nowUs: () => 1_000_000,
    kernelFor: () => kernel,
    driver: (start) => new InlineDriver(new Writer(disk, start, undefined, () => 0)),
  });
}

function drawLie(chance: Chance): Lie {
  const [field, values] = LIES[chance(LIES.length)] as (typeof LIES)[number];
  return { field, value: values[chance(values.length)] };
}

/** A value, or by how much it is off. */
const LIES: readonly (readonly [keyof Decision, readonly unknown[]])[] = [
  ["sequence", [off(1n), off(-1n), 0n, 1, undefined]],
  ["action", ["execute", "substitute", "reject", "wait", undefined]],
  ["reason", ["requested_maximizes_utility", "alternative_maximizes_utility", "budget", "region", "whim", undefined]],
  ["selectedId", [off(1), off(-1), 0, 99, 1.5, undefined]],
  ["selectedIndex", [off(1), off(-1), 0, 65_535, -1, undefined]],
  ["costMicrocents", [off(1n), off(-1n), 0n, -5n, 2n ** 64n, 5, undefined]],
  ["utilityMicrocents", [off(1n), 0n, -1n, 2n ** 63n, 1, undefined]],
  ["counterfactualId", [off(1), 0, 1, 2, 99, -1, 2 ** 32, 0.5, undefined]],
  ["counterfactualUtilityMicrocents", [off(1n), 0n, -7n, 2n ** 63n, 3, undefined]],
  ["evaluatedCount", [off(1), off(-1), 0, undefined]],
  ["eligibleCount", [off(1), off(-1), 0, 1, 2, 0.5, 65_536, undefined]],
  ["policyEpoch", [off(1n), 0n, 7, undefined]],
  ["catalogEpoch", [off(1n), 0n, undefined]],
];

function off(by: number | bigint): (honest: never) => unknown {
  return (honest) => (typeof by === "bigint" ? (honest as bigint) + by : (honest as number) + by);
}

function relative(honest: unknown, value: unknown): unknown {
  return typeof value === "function" ? value(honest) : value;
}

/** Some are executed, some substituted, some rejected, and some have one eligible candidate. */
function drawRequest(chance: Chance): object {
  return {
    inputTokens: 1_000_000 + chance(1_000),
    outputTokens: 500_000,
    valueMicrocents: 100_000_000,
    ...(chance(3) === 0 ? { requested: ["better", "cheaper"][chance(2)] } : {}),
    ...(chance(4) === 0 ? { budgetMicrocents: chance(2) * 300 } : {}),
    ...(chance(4) === 0 ? { qualityMinBps: 9_000 } : {}),
    ...(chance(6) === 0 ? { qualityMinBps: 10_000 } : {}),
    ...(chance(8) === 0 ? { riskBps: 9_999 } : {}),
  };
}
