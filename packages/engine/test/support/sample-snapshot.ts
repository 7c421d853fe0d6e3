import { bps, createPolicy, microcents, type PolicySnapshot, samplePolicy, sequence, tokens } from "@calybris/kernel";

/**
 * The sample policy with names for people; `epoch` distinguishes snapshots. A substitute may cost more than what was
 * asked for, so that every gate can be met; `spend-limit.test.ts` has the default.
 */
export function sampleSnapshot(epoch = 7n): PolicySnapshot {
  return {
    name: `sample ${epoch}`,
    policy: createPolicy({ ...samplePolicy(), policyEpoch: sequence(epoch) }),
    providers: ["first", "second"],
    capabilities: ["plain", "long", "exact"],
    regions: ["here", "there"],
    tiers: ["economy", "premium"],
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
