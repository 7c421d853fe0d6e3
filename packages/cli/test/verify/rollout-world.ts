/**
 * Policies that differ, a world with a clock of its own that journals decisions under them, and the audit of its journal.
 * @module
 */
import { createFold, type Finding } from "@calybris/audit";
import { type ClientRequest, Engine, nodeSha256 } from "@calybris/engine";
import { InlineDriver, LEARNING_DEFAULTS, Writer } from "@calybris/engine/internal";
import { bps, createPolicy, type PolicySnapshot, sequence, type TrustedSigner } from "@calybris/kernel";
import { MemoryDisk } from "../../../engine/test/support/memory-disk.ts";
import { sampleSnapshot } from "../../../engine/test/support/sample-snapshot.ts";

/** Policies that decide otherwise: by their floor, by learning, with other ids, without a candidate that is asked for. */
export const VARIANTS = ["as it is", "learns", "high floor", "other ids", "one candidate"] as const;
export type Variant = (typeof VARIANTS)[number];

export function policyOf(variant: Variant): PolicySnapshot {
  const sample = sampleSnapshot(BigInt(VARIANTS.indexOf(variant) + 1));
  const useCase = sample.useCases["default"] as (typeof sample.useCases)[string];
  switch (variant) {
    case "learns":
      return {
        ...sample,
        learning: { ...LEARNING_DEFAULTS, features: ["load"], warmUpRequests: 3, explorationBps: 5_000 },
      };
    case "high floor":
      return { ...sample, useCases: { default: { ...useCase, qualityMinBps: bps(8_000) } } };
    case "other ids": {
      const candidates = sample.policy.candidates.map((one) => ({ ...one, id: (one.id + 40) as typeof one.id }));
      return { ...sample, policy: createPolicy({ ...sample.policy, candidates }) };
    }
    case "one candidate":
      return {
        ...sample,
        policy: createPolicy({
          ...sample.policy,
          candidates: sample.policy.candidates.slice(0, 1),
          policyEpoch: sequence(9n),
        }),
        candidateNames: sample.candidateNames.slice(0, 1),
        candidateTiers: sample.candidateTiers.slice(0, 1),
      };
    default:
      return sample;
  }
}

/** A request that a number stands for: with and without a value, a floor, a budget, a name. */
export function requestOf(number: number): ClientRequest {
  return {
    requestId: undefined,
    inputTokens: 1_000_000 + number,
    outputTokens: 500_000,
    ...(number % 3 === 0 ? {} : { valueMicrocents: 100_000_000 }),
    ...(number % 4 === 0 ? { requested: "better" } : {}),
    ...(number % 5 === 0 ? { qualityMinBps: 6_000 } : {}),
    ...(number % 7 === 0 ? { budgetMicrocents: 2_000_000 } : {}),
    tenant: number % 2 === 0 ? "acme" : number % 3 === 0 ? "blue" : "core",
  };
}

/** Gates that are open: what is promoted is up to the steps. */
export const OPEN = { decisionsMin: 0, actionDeltaMaxBps: 10_000, margin: 0.99, alpha: 0.999 };

export class World {
  readonly disk: MemoryDisk = new MemoryDisk();
  #now = 1_000_000;

  open(policy?: PolicySnapshot, changeSigners?: readonly TrustedSigner[]): Promise<Engine> {
    const { disk } = this;
    return Engine.open({
      directory: "memory",
      policy,
      changeSigners,
      disk,
      nowUs: () => ++this.#now,
      randomBytes: (count) => new Uint8Array(count).fill(3),
      driver: (start) => new InlineDriver(new Writer(disk, start, undefined, () => 0)),
    });
  }

  /** The data of every entry. */
  entries(): readonly string[] {
    return [...this.disk.files]
      .filter(([name]) => name.startsWith("segment-"))
      .sort(([a], [b]) => (a < b ? -1 : 1))
      .flatMap(([, bytes]) => Buffer.from(bytes).toString("utf8").split("\n"))
      .filter((line) => line !== "")
      .map((line) => line.slice(line.indexOf('"data":') + 7, -1));
  }
}

export function audited(entries: readonly string[]): {
  readonly digests: ReadonlyMap<number, string>;
  readonly findings: readonly Omit<Finding, "file" | "byteOffset">[];
} {
  const findings: Omit<Finding, "file" | "byteOffset">[] = [];
  const fold = createFold({ sha256: nodeSha256, onFinding: (finding) => void findings.push(finding) });
  const digests = new Map<number, string>();
  for (const data of entries) digests.set(fold.apply(data).sequence, fold.stateDigest());
  return { digests, findings };
}
