import { describe, expect, test } from "vitest";
import { seededBelow } from "../../../../bench/harness.ts";
import {
  type Candidate,
  candidateFindings,
  certify,
  type Decision,
  explain,
  GATES,
  type GateName,
  lossOf,
  marginMicrocents,
  NO_INDEX,
  noRefusals,
  type Policy,
  prescribe,
  type Request,
} from "../../src/index.ts";
import { candidateWith, policyWith, requestWith } from "../cases.ts";
import { RandomCases } from "../random-cases.ts";

// Goal: what is said about a decision, by `explain`, by a certificate or by the verdicts, is what the decision was made by.
// Method: random policies and requests of every magnitude (random-cases.ts); rules and order once more, in the words of DESIGN.

function* cases(
  policies: number,
  requests: number,
): Generator<{ policy: Policy; request: Request; decision: Decision }> {
  const random = new RandomCases(20_261_127);
  for (let at = 0; at < policies; at++) {
    const policy = random.policy();
    for (let of = 0; of < requests; of++) {
      const request = random.request(policy);
      yield { policy, request, decision: prescribe(policy, request).decision };
    }
  }
}

/** cost = ceil(in · price / 10^6) + ceil(out · price / 10^6), at most 2^64 − 1. */
function costByTheWords(request: Request, candidate: Candidate): bigint {
  const part = (tokens: number, price: bigint): bigint => {
    const exact = BigInt(tokens) * price;
    return exact / 1_000_000n + (exact % 1_000_000n === 0n ? 0n : 1n);
  };
  const total =
    part(request.inputTokens, candidate.inputPriceMicrocents) +
    part(request.outputTokens, candidate.outputPriceMicrocents);
  return total >= 2n ** 64n ? 2n ** 64n - 1n : total;
}

/** quality − risk − cost − latency, each product cut off at 10^8, within 64 bits. */
function utilityByTheWords(policy: Policy, request: Request, candidate: Candidate): bigint {
  const value = request.valueMicrocents < 0n ? 0n : request.valueMicrocents;
  const quality = (value * BigInt(request.confidenceBps * candidate.qualityBps)) / 100_000_000n;
  const risk = (value * BigInt(request.riskBps * policy.riskPenaltyMultiplierBps)) / 100_000_000n;
  const latency = BigInt(candidate.latencyP95Ms) * policy.latencyPenaltyMicrocentsPerMs;
  const exact = quality - risk - costByTheWords(request, candidate) - latency;
  return exact > 2n ** 63n - 1n ? 2n ** 63n - 1n : exact < -(2n ** 63n) ? -(2n ** 63n) : exact;
}

/** Higher utility, lower cost, higher quality, lower id, earlier in the catalog. */
function isBefore(policy: Policy, request: Request, one: number, other: number): boolean {
  const keys = [one, other].map((index) => {
    const candidate = policy.candidates[index] as Candidate;
    const cost = costByTheWords(request, candidate);
    return [-utilityByTheWords(policy, request, candidate), cost, -candidate.qualityBps, candidate.id, index];
  }) as [(bigint | number)[], (bigint | number)[]];
  const at = keys[0].findIndex((key, place) => key !== keys[1][place]);
  return (keys[0][at] as bigint) < (keys[1][at] as bigint);
}

describe("an explanation", () => {
  test("never disagrees with the decision", () => {
    let [selected, rejected, limited] = [0, 0, 0];
    for (const { policy, request, decision } of cases(400, 8)) {
      const { decision: explained, rows } = explain(policy, request);
      expect(explained).toEqual(decision);
      expect(rows.length).toBe(decision.evaluatedCount);
      const refused: Record<GateName, number> = noRefusals();
      for (const row of rows) if (row.refusedBy !== undefined) refused[row.refusedBy] += 1;
      expect(refused).toEqual(prescribe(policy, request).refusals);
      const eligible = rows.flatMap((row, index) => (row.refusedBy === undefined ? [index] : []));
      expect(eligible.length).toBe(decision.eligibleCount);
      if (decision.action === "reject") {
        expect(eligible).toEqual([]);
        if (rows.length === 0) limited += 1;
        else rejected += 1;
        continue;
      }
      selected += 1;
      expect(eligible).toContain(decision.selectedIndex);
      for (const index of eligible.filter((at) => at !== decision.selectedIndex))
        if (!isBefore(policy, request, decision.selectedIndex, index)) expect.fail(`candidate ${index} is preferred`);
      const row = rows[decision.selectedIndex];
      if (row?.refusedBy !== undefined) expect.fail("the selected candidate is refused");
      expect(row?.terms.utilityMicrocents).toBe(decision.utilityMicrocents);
      expect(row?.terms.costMicrocents).toBe(decision.costMicrocents);
    }
    expect(Math.min(selected, rejected, limited)).toBeGreaterThan(100);
  });

  test("names the gate that refuses, with numbers for which it does", () => {
    const seen = new Set<GateName>();
    for (const { policy, request } of cases(150, 4)) {
      for (const { candidate, refusedBy, measured = "", limit = "" } of candidateFindings(policy, request)) {
        if (refusedBy === undefined) continue;
        seen.add(refusedBy);
        const first = GATES.find(({ admits }) => !admits(policy, request, candidate));
        expect(refusedBy).toBe(first?.name);
        const [found, bound] = [measured, limit].map(
          (text) => /-?(?:0x[0-9a-f]+|[0-9]+)(?= [a-z]+$|$)/.exec(text)?.[0],
        );
        const [number, needed] = [BigInt(found ?? "0"), BigInt(bound ?? "0")];
        if (limit.startsWith("at least")) expect(number).toBeLessThan(needed);
        if (limit.startsWith("at most")) expect(number).toBeGreaterThan(needed);
        if (limit.startsWith("more than")) expect(number).toBeLessThanOrEqual(needed);
        if (limit.startsWith("all of")) expect(number & needed).not.toBe(needed);
        if (limit.startsWith("any of")) expect(number & needed).toBe(0n);
      }
    }
    expect(seen.size).toBe(GATES.length);
  });

  test("has every candidate's verdict and utility, and they are the words' utility", () => {
    for (const { policy, request } of cases(60, 3)) {
      const verdicts = candidateFindings(policy, request);
      expect(verdicts.map(({ candidate }) => candidate)).toEqual(policy.candidates);
      for (const { candidate, terms } of verdicts) {
        expect(terms.utilityMicrocents).toBe(utilityByTheWords(policy, request, candidate));
        expect(terms.costMicrocents).toBe(costByTheWords(request, candidate));
      }
    }
  });
});

describe("a certificate", () => {
  test("of the kernel's own decision is established, with six rules of a selection that hold by their numbers", () => {
    for (const { policy, request, decision } of cases(300, 5)) {
      const { checks, isReplayed, isEstablished } = certify(policy, request, decision);
      expect([isReplayed, isEstablished]).toEqual([true, true]);
      const relations = { below: "<", at_least: ">=", at_most: "<=", above: ">" };
      const read = checks.map(({ rule, measured, relation, limit, holds }) => [
        rule,
        measured,
        relations[relation],
        limit,
        holds,
      ]);
      const isRisky = request.riskBps >= policy.riskHardLimitBps;
      const isUnsure = request.confidenceBps < policy.confidenceMinBps;
      const ofRequest = [
        ["risk_limit", BigInt(request.riskBps), "<", BigInt(policy.riskHardLimitBps), !isRisky],
        ["confidence_floor", BigInt(request.confidenceBps), ">=", BigInt(policy.confidenceMinBps), !isUnsure],
      ];
      const candidate = policy.candidates[decision.selectedIndex];
      if (decision.action === "reject" || candidate === undefined) {
        expect(read).toEqual(isRisky ? ofRequest.slice(0, 1) : ofRequest);
        continue;
      }
      const own = utilityByTheWords(policy, request, candidate);
      const second = decision.eligibleCount > 1 ? decision.counterfactualUtilityMicrocents : 0n;
      expect(read).toEqual([
        ...ofRequest,
        ["quality_floor", BigInt(candidate.qualityBps), ">=", BigInt(request.qualityMinBps), true],
        ["budget", costByTheWords(request, candidate), "<=", request.budgetLimitMicrocents, true],
        ["positive_utility", own, ">", 0n, true],
        ["optimality", own, ">=", second, true],
      ]);
      expect(isRisky || isUnsure || own < second || own <= 0n).toBe(false);
    }
  });

  test("of a decision with any field altered is not established", () => {
    for (const { policy, request, decision } of cases(60, 4)) {
      for (const [field, value] of Object.entries(decision)) {
        const other = typeof value === "bigint" ? value ^ 1n : typeof value === "number" ? value ^ 1 : undefined;
        const altered = {
          ...decision,
          [field]: other ?? (value === "reject" ? "execute" : value === "budget" ? "region" : "budget"),
        };
        if (field === "action" && value !== "reject") Object.assign(altered, { action: "reject" });
        const { isReplayed, isEstablished } = certify(policy, request, altered as Decision);
        expect([field, isReplayed, isEstablished]).toEqual([field, false, false]);
      }
    }
  });

  test("of any other choice has a rule that fails", () => {
    let tried = 0;
    for (const { policy, request, decision } of cases(120, 4)) {
      if (decision.action === "reject") continue;
      for (const index of policy.candidates.keys()) {
        if (index === decision.selectedIndex) continue;
        const { checks } = certify(policy, request, { ...decision, selectedIndex: index });
        expect(checks.length).toBe(6);
        expect(checks.every(({ holds }) => holds)).toBe(false);
        tried += 1;
      }
      expect(certify(policy, request, { ...decision, selectedIndex: NO_INDEX }).isEstablished).toBe(false);
    }
    expect(tried).toBeGreaterThan(1_000);
  });

  test("of equal utilities holds for the one that the order of preference puts first", () => {
    const twins = [candidateWith({ id: 1 }), candidateWith({ id: 2 })];
    const { decision } = prescribe(policyWith(twins), requestWith());
    const optimality = (selectedIndex: number): boolean | undefined =>
      certify(policyWith(twins), requestWith(), { ...decision, selectedIndex }).checks[5]?.holds;
    expect([optimality(0), optimality(1)]).toEqual([true, false]);
  });
});

describe("what would have won", () => {
  const FIELDS = {
    quality: "qualityBps",
    latency: "latencyP95Ms",
    input_price: "inputPriceMicrocents",
    output_price: "outputPriceMicrocents",
    risk_ceiling: "riskCeilingBps",
  } as const;
  type Kind = keyof typeof FIELDS;

  /** Whether the reference kernel selects candidate `index` once a field of it has this value. */
  function winsWith(policy: Policy, request: Request, index: number, kind: Kind, value: bigint): boolean {
    const candidate = policy.candidates[index] as Candidate;
    const field = FIELDS[kind];
    const changed = {
      ...candidate,
      [field]: typeof candidate[field] === "bigint" ? value : Number(value),
    } as Candidate;
    const { decision } = prescribe({ ...policy, candidates: policy.candidates.with(index, changed) }, request);
    return decision.selectedIndex === index;
  }

  test("is what brute force finds, among all values of each field", () => {
    const draw = seededBelow(7);
    const found = new Map<string, number>();
    for (let round = 0; round < 120; round++) {
      // Few values of each field, so that every one is tried; a million tokens cost what they are priced at.
      const candidates = Array.from({ length: 1 + draw(4) }, (_, at) =>
        candidateWith({
          id: at + 1,
          enabled: draw(12) === 0 ? 0 : 1,
          qualityBps: 9_970 + draw(31),
          latencyP95Ms: draw(30),
          riskCeilingBps: 9_970 + draw(31),
          inputPriceMicrocents: BigInt(draw(30)),
          outputPriceMicrocents: BigInt(draw(30)),
        }),
      );
      const policy = policyWith(candidates, {
        latencyPenaltyMicrocentsPerMs: BigInt(draw(3)),
        riskHardLimitBps: 10_001,
      });
      const request = requestWith({
        inputTokens: 1_000_000,
        outputTokens: draw(3) * 1_000_000,
        valueMicrocents: BigInt(40 + draw(50_000)),
        riskBps: draw(8) === 0 ? 10_001 : 9_960 + draw(30),
        confidenceBps: 9_000 + draw(1_000),
        qualityMinBps: draw(2) * (9_970 + draw(31)),
        latencyMaxMs: draw(2) * (1 + draw(30)),
        budgetLimitMicrocents: BigInt(20 + draw(60)),
      });
      for (const index of candidates.keys()) {
        const loss = lossOf(policy, request, index);
        const { decision } = prescribe(policy, request);
        expect(loss === undefined).toBe(decision.selectedIndex === index);
        if (loss === undefined) continue;
        for (const kind of Object.keys(FIELDS) as Kind[]) {
          const from = BigInt((candidates[index] as Candidate)[FIELDS[kind]]);
          const step = kind === "quality" || kind === "risk_ceiling" ? 1n : -1n;
          const last = step > 0n ? 10_000n : 0n;
          let value = from;
          while (value !== last && !winsWith(policy, request, index, kind, value)) value += step;
          const expected = value !== from && winsWith(policy, request, index, kind, value) ? value : undefined;
          expect([kind, loss.changes.find((change) => change.kind === kind)?.to]).toEqual([kind, expected]);
          const key = expected === undefined ? "none" : kind;
          found.set(key, (found.get(key) ?? 0) + 1);
        }
      }
    }
    expect([...found.keys()].sort()).toEqual([
      "input_price",
      "latency",
      "none",
      "output_price",
      "quality",
      "risk_ceiling",
    ]);
    expect(Math.min(...found.values())).toBeGreaterThan(5);
  });

  test("wins at the boundary and not one step short, at every magnitude", () => {
    let tried = 0;
    for (const { policy, request, decision } of cases(150, 4)) {
      for (const index of [...policy.candidates.keys()].slice(0, 12)) {
        for (const { kind, from, to } of lossOf(policy, request, index)?.changes ?? []) {
          tried += 1;
          const short = to > from ? to - 1n : to + 1n;
          expect(winsWith(policy, request, index, kind, to)).toBe(true);
          expect(winsWith(policy, request, index, kind, short)).toBe(false);
          expect(winsWith(policy, request, index, kind, (from + short) / 2n)).toBe(false);
          expect(decision.selectedIndex).not.toBe(index);
        }
      }
    }
    expect(tried).toBeGreaterThan(500);
  });

  test("begins with the change of the smallest share", () => {
    for (const { policy, request } of cases(80, 3)) {
      for (const index of [...policy.candidates.keys()].slice(0, 8)) {
        const shares = (lossOf(policy, request, index)?.changes ?? []).map(({ from, to }) =>
          from === 0n ? Number.POSITIVE_INFINITY : Number(to > from ? to - from : from - to) / Number(from),
        );
        for (const [at, share] of shares.entries())
          expect(share).toBeLessThanOrEqual((shares[at + 1] ?? share) * (1 + 1e-9));
      }
    }
  });

  test("is nothing after a hard limit, and the margin is that of the runner-up", () => {
    for (const { policy, request, decision } of cases(80, 4)) {
      const isLimited = decision.evaluatedCount === 0 && policy.candidates.length > 0;
      if (isLimited) expect(lossOf(policy, request, 0)?.changes).toEqual([]);
      const margin = marginMicrocents(policy, request);
      if (decision.eligibleCount < 2) expect(margin).toBeUndefined();
      else {
        const runnerUp = policy.candidates.findIndex(
          ({ id }, at) =>
            id === decision.counterfactualId &&
            at !== decision.selectedIndex &&
            lossOf(policy, request, at)?.lostByMicrocents === margin,
        );
        expect(runnerUp).toBeGreaterThanOrEqual(0);
      }
    }
  });
});
