import { type OutcomeEntry, PROPENSITY_ONE } from "@calybris/kernel";
import { describe, expect, test } from "vitest";
import { outcomeRow, type OutcomeRow, RegretFold, targetRow } from "../src/index.ts";

const QUARTER = PROPENSITY_ONE / 4;

function outcome(change: Partial<OutcomeEntry>): OutcomeEntry {
  return {
    kind: "outcome",
    of: 2,
    disposition: "applied",
    successBps: 10_000,
    rewardBps: 9_000,
    useCase: "default",
    warmStartBps: 5_000,
    regime: 0,
    tier: 0,
    candidate: 2,
    propensity: 3 * QUARTER,
    base: 1,
    treated: [
      { candidateId: 1, propensity: QUARTER, predictedBps: 5_000 },
      { candidateId: 2, propensity: 3 * QUARTER, predictedBps: 6_000 },
    ],
    learned: true,
    digest: "0".repeat(64),
    observedAt: 0,
    actor: "system:test",
    ...change,
  };
}

describe("the row of an outcome", () => {
  test("has the probability of learner and holdout together", () => {
    expect(outcomeRow(outcome({}), 2_000)?.logged.logged).toEqual([0.2 + 0.8 * 0.25, 0.8 * 0.75]);
  });

  test("of a holdout counts as the base policy's", () => {
    const { propensity: _, base: __, ...rest } = outcome({ candidate: 1, holdout: true });
    expect(outcomeRow(rest as OutcomeEntry, 2_000)?.logged.chosen).toBe(0);
  });

  test("under a target policy has the target's share of each candidate, and of one that was never going to run", () => {
    const row = outcomeRow(outcome({}), 2_000) as OutcomeRow;
    expect(targetRow(row, { ids: [2, 9, 1, 2], shares: [0.25, 0.25, 0.25, 0.25] })).toMatchObject({
      logged: [0.2 + 0.8 * 0.25, 0.8 * 0.75, 0],
      target: [0.25, 0.5, 0.25],
      chosen: 1,
    });
    const fold = new RegretFold({ hasTarget: true });
    for (let at = 0; at < 30; at += 1) fold.add(outcome({}), 2_000, { ids: [9], shares: [1] });
    fold.add(outcome({}), 2_000);
    fold.addUnusable();
    const { policies, target, unusable, best } = fold.regret();
    const refused = policies.find(({ policy }) => policy === "target")?.refusals.map(({ reason }) => reason);
    expect(refused).toContain("no_overlap");
    expect([target?.difference.rows, target?.unknown, unusable]).toEqual([30, 1, 1]);
    expect(best?.policy).not.toBe("target");
  });

  test("of a decision that was only observed is none: what was asked for ran for certain, whatever was drawn", () => {
    const { propensity: _, ...observed } = outcome({ candidate: 2 });
    expect(outcomeRow(observed as OutcomeEntry, 2_000)).toBeUndefined();
    const never = { candidateId: 3, propensity: 0, predictedBps: 0 };
    const { propensity: __, ...other } = outcome({ candidate: 3, treated: [...(outcome({}).treated ?? []), never] });
    expect(outcomeRow(other as OutcomeEntry, 0)).toBeUndefined();
    const fold = new RegretFold();
    fold.add(other as OutcomeEntry, 0);
    expect(fold.regret()).toMatchObject({ rows: 0, notLearned: 1 });
  });
});

test("a policy that is refused is never the best, and without any other there is no regret", () => {
  const fold = new RegretFold();
  for (let at = 0; at < 5; at += 1) fold.add(outcome({}), 2_000);
  const { policies, best, regret } = fold.regret();
  expect(policies.every(({ refusals }) => refusals.length > 0)).toBe(true);
  expect([best, regret]).toEqual([undefined, undefined]);
});
