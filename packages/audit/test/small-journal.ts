/** A small journal in memory, written with the kernel's own encoders. */
import {
  bps,
  type ChainHash,
  decisionDigests,
  type EntryBody,
  entryData,
  entryDataTail,
  type ExactJson,
  JOURNAL_FORMAT,
  microcents,
  parseExact,
  plainChain,
  type PolicySnapshot,
  policyDigest,
  prescribe,
  type Request,
  samplePolicy,
  sampleRequest,
  sequence,
  snapshotToJson,
  toHex,
  tokens,
  writeExact,
} from "@calybris/kernel";
import { ChainAnew } from "../../engine/test/support/chain-anew.ts";

export function sampleSnapshot(): PolicySnapshot {
  return {
    name: "sample",
    policy: samplePolicy(),
    providers: ["north", "south"],
    capabilities: ["text", "image", "tools"],
    regions: ["eu"],
    tiers: ["low", "high"],
    spendLimit: "none",
    candidateNames: ["better", "cheaper"],
    candidateTiers: [1, 0],
    useCases: {
      default: {
        valueMicrocents: microcents(100_000n),
        riskBps: bps(1_000),
        confidenceBps: bps(9_000),
        qualityMinBps: bps(5_000),
        outputTokens: tokens(500),
      },
    },
  };
}

export function genesis(): EntryBody {
  const snapshot = parseExact(writeExact(snapshotToJson(sampleSnapshot()))) as ExactJson;
  return {
    kind: "genesis",
    format: JOURNAL_FORMAT,
    policyId: 1,
    snapshot,
    policyDigest: toHex(policyDigest(samplePolicy())),
  };
}

export function promotion(policyId: number): EntryBody {
  const { snapshot, policyDigest: digest } = genesis() as { snapshot: ExactJson; policyDigest: string };
  return { kind: "policy", change: "promoted", policyId, snapshot, policyDigest: digest, actor: "system:ada" };
}

export function decided(number: number, change: Partial<Request> = {}): EntryBody {
  const request = { ...sampleRequest(), ...change, sequence: sequence(BigInt(number)) };
  const { decision } = prescribe(samplePolicy(), request);
  const { identity } = decisionDigests(policyDigest(samplePolicy()), request, decision);
  return {
    kind: "decision",
    useCase: "default",
    defaulted: [],
    request,
    decision,
    identity: toHex(identity),
  };
}

/** Genesis, two decisions, a promotion, a rejection, a seal. */
export function sampleBodies(): EntryBody[] {
  return [
    genesis(),
    decided(1),
    decided(2, { inputTokens: 900_000 as Request["inputTokens"] }),
    promotion(2),
    decided(3, { riskBps: 9_700 as Request["riskBps"] }),
    { kind: "seal", cause: "close" },
  ];
}

/** Chains data texts; entry n holds the n-th. */
export function chainData(texts: readonly string[], chain: ChainHash = plainChain()): string[] {
  const anew = new ChainAnew(chain);
  return texts.map((data) => anew.line(data));
}

export function dataOf(bodies: readonly EntryBody[]): string[] {
  return bodies.map((body, index) =>
    entryData(index + 1, index, entryDataTail({ sequence: index + 1, at: 1_000_000 + index, body })),
  );
}

export function journal(bodies: readonly EntryBody[] = sampleBodies(), chain?: ChainHash): string[] {
  return chainData(dataOf(bodies), chain);
}
