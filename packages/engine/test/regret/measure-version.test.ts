import { createHash } from "node:crypto";
import { CalibrationFold, RegretFold } from "@calybris/estimate";
import { type OutcomeEntry, PROPENSITY_ONE } from "@calybris/kernel";
import { expect, test } from "vitest";
import { MEASURE_VERSION } from "../../src/regret/kept-regret.ts";

function outcome(at: number): OutcomeEntry {
  const share = ((1 + (at % 3)) * PROPENSITY_ONE) / 4;
  const treated = [
    { candidateId: 1, propensity: share, predictedBps: 5_000 + at },
    { candidateId: 2, propensity: PROPENSITY_ONE - share, predictedBps: 4_000 - at },
  ];
  const ran = treated[at % 2] as (typeof treated)[number];
  return {
    ...{ kind: "outcome", of: at + 2, disposition: "applied", successBps: 10_000, rewardBps: (at * 37) % 10_001 },
    ...{ useCase: "default", warmStartBps: 5_000, regime: at % 8, tier: ran.candidateId, candidate: ran.candidateId },
    ...{ propensity: ran.propensity, base: 2, treated, learned: true, digest: "0".repeat(64), observedAt: 0 },
    actor: "system:test",
  };
}

// What a snapshot holds is gone on with by whatever version reads it: a fold that is defined anew must not go on from the old one.
test("what is measured of fixed outcomes is what this version measured before: if this fails, raise MEASURE_VERSION", () => {
  const [regret, calibration] = [new RegretFold(), new CalibrationFold()];
  for (let at = 0; at < 400; at += 1) {
    regret.add(outcome(at), 2_000);
    calibration.add(outcome(at));
  }
  // Nine digits: the last bits of a logarithm may differ from one machine to another.
  const hash = createHash("sha256");
  const number = (value: number): number => {
    hash.update(`${value.toPrecision(9)},`);
    return value;
  };
  const numbers = { number };
  regret.carry(numbers);
  calibration.carry(numbers);
  expect([MEASURE_VERSION, hash.digest("hex").slice(0, 16)]).toEqual([1, "cc1c952d813cf8a2"]);
});
