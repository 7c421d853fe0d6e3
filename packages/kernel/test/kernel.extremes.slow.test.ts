import { expect, test } from "vitest";
import { caseCount, someOf } from "../../../test/share.ts";
import { type Candidate, I64_MAX, I64_MIN, type Policy, type Request, U64_MAX } from "../src/index.ts";
import { candidateWith, type Fields, policyWith, requestWith } from "./cases.ts";
import { compare } from "./equality.ts";

// Goal: no pair of fields at the ends of their widths makes the kernels differ.
// Method: from two everyday starting points, every pair of fields of a policy at every pair of ends, each met by every
// field of a request at each end; and the other way round.
type Values = readonly (number | bigint)[];
type Ends<Of> = readonly (readonly [field: keyof Of, values: Values])[];

const u16: Values = [0, 1, 65_534, 65_535];
const u32: Values = [0, 1, 0xffff_fffe, 0xffff_ffff];
const u64: Values = [0n, 1n, U64_MAX - 1n, U64_MAX];
const i64: Values = [I64_MIN, -1n, 0n, 1n, I64_MAX - 1n, I64_MAX];

const POLICY: Ends<Policy> = [
  ["riskHardLimitBps", u16],
  ["confidenceMinBps", u16],
  ["riskPenaltyMultiplierBps", u16],
  ["latencyPenaltyMicrocentsPerMs", u64],
];
const CANDIDATE: Ends<Candidate> = [
  ["id", u32],
  ["providerId", [0, 1, 63, 64, 65_535]],
  ["qualityBps", u16],
  ["riskCeilingBps", u16],
  ["enabled", [0, 1, 254, 255]],
  ["latencyP95Ms", u32],
  ["capabilities", u64],
  ["regions", u64],
  ["inputPriceMicrocents", u64],
  ["outputPriceMicrocents", u64],
];
const REQUEST: Ends<Request> = [
  ["sequence", u64],
  ["requestedId", u32],
  ["inputTokens", u32],
  ["outputTokens", u32],
  ["valueMicrocents", i64],
  ["budgetLimitMicrocents", u64],
  ["riskBps", u16],
  ["confidenceBps", u16],
  ["qualityMinBps", u16],
  ["latencyMaxMs", u32],
  ["capabilitiesRequired", u64],
  ["providersAllowed", [0n, 1n, 2n ** 63n, U64_MAX]],
  ["regionsRequired", u64],
];

/** One starts where nearly everything is admitted, the other where hardly anything is. */
const STARTS: readonly { policy: Fields<Policy>; candidate: Fields<Candidate>; request: Fields<Request> }[] = [
  {
    policy: { riskHardLimitBps: 65_535, confidenceMinBps: 0, riskPenaltyMultiplierBps: 1 },
    candidate: { riskCeilingBps: 65_535, inputPriceMicrocents: 7n },
    request: { valueMicrocents: 2n ** 40n, qualityMinBps: 0, latencyMaxMs: 0, budgetLimitMicrocents: U64_MAX },
  },
  {
    policy: { latencyPenaltyMicrocentsPerMs: 3n },
    candidate: { inputPriceMicrocents: 3_000_001n, regions: 2n },
    request: { regionsRequired: 3n, budgetLimitMicrocents: 4_000n, providersAllowed: 1n },
  },
];

test("fields at the ends of their widths, in pairs, are decided as the definition decides", () => {
  let cases = 0;
  for (const start of STARTS) {
    const policyOf = (policy: Fields<Policy>, candidate: Fields<Candidate>): Policy =>
      policyWith([candidateWith({ id: 2 }), candidateWith({ ...start.candidate, ...candidate })], {
        ...start.policy,
        ...policy,
      });
    const requestOf = (fields: Fields<Request>): Request => requestWith({ ...start.request, ...fields });
    const requestSingles = singles(REQUEST).map(requestOf);
    for (const fields of someOf(
      [...pairs<Policy & Candidate>([...POLICY, ...CANDIDATE] as Ends<Policy & Candidate>)],
      7,
    )) {
      compare(policyOf(within(POLICY, fields), within(CANDIDATE, fields)), requestSingles);
      cases += requestSingles.length;
    }
    const requestPairs = someOf([...pairs(REQUEST)], 7).map(requestOf);
    for (const fields of singles([...POLICY, ...CANDIDATE] as Ends<Policy & Candidate>)) {
      compare(policyOf(within(POLICY, fields), within(CANDIDATE, fields)), requestPairs);
      cases += requestPairs.length;
    }
  }
  expect(cases).toBeGreaterThan(caseCount(300_000, 40_000));
});

function singles<Of>(ends: Ends<Of>): Fields<Of>[] {
  return ends.flatMap(([field, values]) => values.map((value) => ({ [field]: value }) as Fields<Of>));
}

function* pairs<Of>(ends: Ends<Of>): Generator<Fields<Of>> {
  for (const [index, first] of ends.entries()) {
    for (const second of ends.slice(index + 1)) {
      for (const one of singles([first])) for (const other of singles([second])) yield { ...one, ...other };
    }
  }
}

/** Of the fields those that are named. */
function within<Of>(ends: Ends<Of>, fields: object): Fields<Of> {
  return Object.fromEntries(
    Object.entries(fields).filter(([field]) => ends.some(([name]) => name === field)),
  ) as Fields<Of>;
}
