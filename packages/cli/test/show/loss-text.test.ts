import {
  type Candidate,
  type PolicySnapshot,
  prescribe,
  type Request,
  samplePolicy,
  sampleRequest,
} from "@calybris/kernel";
import { describe, expect, test } from "vitest";
import { lossSentence, lossToTell } from "../../src/show/loss-text.ts";

/** The sample's two candidates under names, the second with other fields. */
function snapshotWith(fields: object): PolicySnapshot {
  const [first, second] = samplePolicy().candidates as [Candidate, Candidate];
  const policy = { ...samplePolicy(), candidates: [first, { ...second, ...fields }] };
  return { policy, candidateNames: ["grand", "petite"] } as unknown as PolicySnapshot;
}

function reported(fields: object, asked: object = {}): string | undefined {
  const snapshot = snapshotWith(fields);
  const request = { ...sampleRequest(), ...asked } as Request;
  const loss = lossToTell(snapshot, request, prescribe(snapshot.policy, request).decision);
  return loss === undefined ? undefined : lossSentence(snapshot, loss);
}

describe("what would have won, in a sentence", () => {
  test("is of the runner-up where the candidate asked for was selected, with the least change", () => {
    expect(reported({})).toBe(
      "petite lost by $0.0001328; with a quality of 8,976 bps instead of 7,500 it would have won.",
    );
  });

  test("is of the candidate asked for where another was selected", () => {
    const dear = {
      qualityBps: 10_000,
      outputPriceMicrocents: 20_000_000n,
      latencyP95Ms: 200,
      inputPriceMicrocents: 250n,
    };
    expect(reported(dear, { requestedId: 2 })).toBe(
      "petite lost by $0.00000999; at $0.18 instead of $0.2 per million output tokens it would have won.",
    );
  });

  test.each([
    [
      { qualityBps: 4_999, latencyP95Ms: 90 },
      "petite was refused by the gate quality; with a quality of 8,976 bps instead of 4,999 it would have won.",
    ],
    [
      { qualityBps: 9_100, latencyP95Ms: 1_001 },
      "petite was refused by the gate latency; with a 95th percentile of 650 ms instead of 1,001 it would have won.",
    ],
    [
      { qualityBps: 9_100, riskCeilingBps: 999 },
      "petite was refused by the gate risk_ceiling; with a risk ceiling of 1,000 bps instead of 999 it would have won.",
    ],
    [
      { qualityBps: 9_100, enabled: 0 },
      "petite was refused by the gate disabled; no other quality, latency, price or risk ceiling alone would have made it win.",
    ],
  ])("of one that a gate refused names the gate: %j", (fields, sentence) => {
    expect(reported(fields, { requestedId: 2 })).toBe(sentence);
  });

  test("is nothing where one candidate alone was eligible and asked for", () => {
    expect(reported({ enabled: 0 })).toBeUndefined();
  });
});
