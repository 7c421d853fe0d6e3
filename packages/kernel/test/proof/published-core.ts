/**
 * Values published with the Rust core (emirhuseynrmx/calybris-core: `tests/fixtures/calybris_outcome_v1.json`,
 * `fuzz/seeds/receipt_decode/anchored.json`, `tests/proof_surface_golden.rs`), and the inputs they were computed from.
 * @module
 */
import { type Outcome, type Policy, type Request, type Selection, samplePolicy, U64_MAX } from "../../src/index.ts";

const CANDIDATE = { riskCeilingBps: 9_500, enabled: 1, capabilities: 1n, regions: U64_MAX };

export const OUTCOME_POLICY = {
  policyEpoch: 1n,
  catalogEpoch: 1n,
  riskHardLimitBps: 9_000,
  confidenceMinBps: 1_000,
  riskPenaltyMultiplierBps: 2_000,
  latencyPenaltyMicrocentsPerMs: 5n,
  candidates: [
    {
      ...CANDIDATE,
      id: 1,
      providerId: 0,
      qualityBps: 9_000,
      latencyP95Ms: 200,
      inputPriceMicrocents: 3_000_000n,
      outputPriceMicrocents: 15_000_000n,
    },
    {
      ...CANDIDATE,
      id: 2,
      providerId: 1,
      qualityBps: 8_000,
      latencyP95Ms: 100,
      inputPriceMicrocents: 1_000_000n,
      outputPriceMicrocents: 5_000_000n,
    },
  ],
} as unknown as Policy;

export function outcomeRequest(sequence: bigint, budgetLimitMicrocents: bigint): Request {
  return {
    sequence,
    requestedId: 1,
    inputTokens: 1_000,
    outputTokens: 500,
    valueMicrocents: 5_000_000n,
    budgetLimitMicrocents,
    riskBps: 1_000,
    confidenceBps: 9_000,
    qualityMinBps: 0,
    latencyMaxMs: 0,
    capabilitiesRequired: 1n,
    providersAllowed: U64_MAX,
    regionsRequired: 0n,
  } as unknown as Request;
}

const FOLLOWED = { strategy: "maximize_utility", actedId: 2, propensityBps: 10_000 } as unknown as Selection;
export const OBSERVED_AT = 1_760_000_000_000_000;

export const IDENTITY_42 = "f59916be70553cd4addb0da4a07ef2348f869992ee9f7494e8c7523f00e4c67c";
export const IDENTITY_43 = "1c9cb379da0d3d653f2f7888146ed9748ca1670e4f9f9ff284c4566ea4d175b6";

/** Label, sequence of the decision, selection and its digest, outcome and its digest. */
export const OUTCOMES: readonly (readonly [string, bigint, Selection, string, Omit<Outcome, "observedAt">, string])[] =
  [
    [
      "followed-applied-fully-measured",
      42n,
      FOLLOWED,
      "6f18f1ddda0bc2d62fb92fe5de0f2adc78cd8b5cf2e1c71ec2a5634a9c78a708",
      { revision: 0, disposition: "applied", costMicrocents: 4_100_000n, latencyMs: 238, succeeded: true },
      "363772c0d988b22a8565cfeb80986a123708550862f4bc9508522062cc84d7b3",
    ],
    [
      "followed-abandoned",
      42n,
      FOLLOWED,
      "6f18f1ddda0bc2d62fb92fe5de0f2adc78cd8b5cf2e1c71ec2a5634a9c78a708",
      { revision: 0, disposition: "abandoned" },
      "fe695945f2d1187316f35e48114cbdfead6fc32f34657fe75f7777ddf5233321",
    ],
    [
      "followed-in-flight-partial",
      42n,
      FOLLOWED,
      "6f18f1ddda0bc2d62fb92fe5de0f2adc78cd8b5cf2e1c71ec2a5634a9c78a708",
      { revision: 0, disposition: "in_flight", costMicrocents: 2_000_000n },
      "8845cf7d497cf4338371b4e4e79ba50fe1a864d08fb852f0d33924b194ebd292",
    ],
    [
      "explored-one-basis-point",
      42n,
      { strategy: "explore", actedId: 2, propensityBps: 1 },
      "6c4d30c44e717615b3e3110e7b03d17a399be122c3e359913eacb8d87a4ebdb0",
      { revision: 0, disposition: "applied", costMicrocents: 9_000_000n, latencyMs: 95, succeeded: false },
      "e3a0555b05c9763d29ea5dd6152a5c94cfe6c939b45ba581a7f697399bfb8a94",
    ],
    [
      "human-no-propensity",
      42n,
      { strategy: "human", actedId: 2 },
      "41854e7c87bed961e2477cd04f53af36b4394ec7870d13db97a7cd983be6c354",
      { revision: 0, disposition: "applied", costMicrocents: 4_100_000n, latencyMs: 238, succeeded: true },
      "ddf32098800485ed7fa068ed65868c37732269659f7d1d540cb061227ece5b4f",
    ],
    [
      "zero-measurements-revision-seven",
      42n,
      FOLLOWED,
      "6f18f1ddda0bc2d62fb92fe5de0f2adc78cd8b5cf2e1c71ec2a5634a9c78a708",
      { revision: 7, disposition: "applied", costMicrocents: 0n, latencyMs: 0, succeeded: false },
      "35532e90d6effe0261a2ed0b20d2402109aca32985a2322a1227cf87618bf83a",
    ],
    [
      "rejection-abandoned",
      43n,
      { strategy: "maximize_utility", actedId: 0, propensityBps: 10_000 },
      "f06b0211efedf983849e67e0b02fbf6f8f4dc6b4e774a189f98c0248c35e045b",
      { revision: 0, disposition: "abandoned" },
      "1523ac0abc8838bd3f7a509f7d3705ab997a7f9c7c63a1e0f88393217d81812c",
    ],
  ];

/** Claims with state and entry. */
export const ANCHORED = {
  policy: "d3f12aa201a164f2668d3a4055710bc895a2345acb0b89cf39a91f35f6d7c173",
  request: "ccb29ca46a0533292092a00258e6ea6220befbe4f4071e81a57f18b85689c31e",
  decision: "55cc31eba5dcf8c2d5702723feaebb359b754019154980dd4fef54b70cd1a554",
  step: 3n,
  before: "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa",
  after: "bbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbb",
  sequence: 7n,
  entryHash: "cccccccccccccccccccccccccccccccccccccccccccccccccccccccccccccccc",
  claimsDigest: "4082c539add8adcaad7f23155aec94d1df01b96cc465c44c9afff221cf7e9b05",
};

/** A policy of one candidate, signed by the seed of nines. */
export const SIGNED_POLICY: {
  readonly policy: Policy;
  readonly digest: string;
  readonly signerId: string;
  readonly signedAtMs: bigint;
  readonly publicKey: string;
  readonly signature: string;
} = {
  policy: { ...samplePolicy(), candidates: samplePolicy().candidates.slice(0, 1) },
  digest: "bd6fa32994734821ba8fd8cba027df4cf219ecc9f290ba9ba182589ea269126c",
  signerId: "risk-officer:ayse",
  signedAtMs: 1_783_000_000_000n,
  publicKey: "fd1724385aa0c75b64fb78cd602fa1d991fdebf76b13c58ed702eac835e9f618",
  signature:
    "62afc28bc1f7848fd49247f9444ff80ce718da9f2e668503a9e45ed678789684d3b18b95b3acbc68d00b405060427dafac5801a088d887b13f01fd06798eb609",
};

/** Step 1, and 42 as u64. */
export const STATE_DIGEST = "8c53c2b4d7877e6ffefeb307a46cdc48eac7664d15e0cec5d561637f847512e7";
