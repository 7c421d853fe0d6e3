/**
 * The policy of the benchmarks that decide: the catalog of language models, with learning on.
 * @module
 */
export const POLICY: Readonly<Record<string, unknown>> = {
  name: "of the benchmark",
  epoch: 1,
  catalog: "llm",
  riskHardLimitBps: 9_600,
  confidenceMinBps: 5_500,
  riskPenaltyMultiplierBps: 1_000,
  latencyPenaltyMicrocentsPerMs: 1,
  learning: {},
  useCases: {
    default: { valueDollars: "1", riskBps: 100, confidenceBps: 9_500, qualityMinBps: 5_000, outputTokens: 500 },
  },
};
