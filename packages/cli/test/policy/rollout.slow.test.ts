/**
 * A policy from staging to promotion and back, by commands on a journal and on a running service.
 */
import { Engine, loadPolicy } from "@calybris/engine";
import { describe, expect, test } from "vitest";
import { calybris } from "../support/captured-terminal.ts";
import { POLICY, Sandbox } from "../support/sample-files.ts";

type Json = Readonly<Record<string, unknown>>;

const files = new Sandbox();
const LEARNING = { features: ["load"], explorationBps: 5_000, warmUpRequests: 20 };
const first = files.write("first.json", JSON.stringify({ ...POLICY, learning: LEARNING }));
const { default: useCase } = POLICY["useCases"] as { readonly default: Json };
const better = files.write(
  "better.json",
  JSON.stringify({
    ...POLICY,
    name: "better",
    epoch: 2,
    learning: LEARNING,
    useCases: { default: { ...useCase, qualityMinBps: 8_600 } },
  }),
);

async function decideAll(directory: string, rounds: number, from = 0): Promise<void> {
  const engine = await Engine.open({ directory, policy: undefined });
  for (let start = from; start < from + rounds; start += 50) {
    await Promise.all(
      Array.from({ length: 50 }, async (_, at) => {
        const { decisionId, decision } = await engine.decide({
          inputTokens: 1_000,
          tenant: `t${(start + at) % 3}`,
          features: { load: at % 5 },
        });
        // The more expensive candidate succeeds always, the other one seldom.
        await engine.learning.observe({ decisionId, succeeded: decision.selectedId === 1 || at % 10 === 0 });
      }),
    );
  }
  await engine.close();
}

async function run(
  ...words: readonly string[]
): Promise<{ readonly exit: number; readonly out: string; readonly complaints: string }> {
  return calybris("policy", ...words);
}

describe("a policy that is better", () => {
  test("is staged, compared, promoted once that is shown, and rolled back; the journal verifies", async () => {
    const journal = files.at("journal");
    await (
      await Engine.open({
        directory: journal,
        policy: await loadPolicy(first),
        randomBytes: (count) => new Uint8Array(count).fill(1),
      })
    ).close();
    expect((await run("status", "--journal", journal)).out).toContain("none is staged");

    const staged = await run("stage", better, "--journal", journal, "--by", "ada");
    expect(staged.out).toMatch(/^policy 2 "better" is staged from entry \d+$/);
    const refused = await run("promote", "2", "--journal", journal);
    expect(refused.exit).toBe(2);
    expect(refused.complaints).toContain("CAL_ROLLOUT_GATES");
    expect(refused.complaints).toContain("0 of 1000 decisions in shadow");

    await decideAll(journal, 1_200);
    const status = await run("status", "--journal", journal, "--json");
    const { staged: compared } = JSON.parse(status.out) as {
      readonly staged: {
        readonly decisions: number;
        readonly mismatches: number;
        readonly mismatchSequences: readonly number[];
        readonly tenants: readonly { readonly decisions: number }[];
        readonly reward: { readonly lower: number };
        readonly passes: string | null;
      };
    };
    expect(compared.decisions).toBe(1_200);
    expect(compared.mismatches).toBeGreaterThan(100);
    expect(compared.mismatchSequences.length).toBe(20);
    expect(compared.tenants.reduce((sum, { decisions }) => sum + decisions, 0)).toBe(1_200);
    expect(compared.reward.lower).toBeGreaterThan(0.01);
    expect(compared.passes).not.toBeNull();
    expect((await run("status", "--journal", journal)).out).toContain("It passes gate");

    expect((await run("promote", "2", "--journal", journal)).out).toMatch(/^policy 2 is active from entry \d+$/);
    expect((await run("promote", "2", "--journal", journal)).out).toContain("already");
    await decideAll(journal, 50, 2_000);
    expect((await run("rollback", "1", "--journal", journal)).out).toMatch(/^policy 1 is active from entry \d+$/);
    await decideAll(journal, 50, 3_000);

    const show = await run("show", "--journal", journal, "--json");
    const { policies } = JSON.parse(show.out) as { readonly policies: readonly { readonly state: string }[] };
    expect(policies.map(({ state }) => state)).toEqual(["active", "inactive"]);
    const verified = await calybris("verify", journal, "--json");
    expect(JSON.parse(verified.out)).toMatchObject({ status: "intact" });
    expect((await run("rollback", "9", "--journal", journal)).complaints).toContain("CAL_ROLLOUT_POLICY_UNKNOWN");
  });
});
