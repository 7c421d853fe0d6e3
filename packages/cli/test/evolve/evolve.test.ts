/**
 * Proposals on journals of worlds in which it is known whether a lower floor keeps success.
 */
import { readFileSync } from "node:fs";
import { Engine, loadPolicy } from "@calybris/engine";
import { describe, expect, test } from "vitest";
import { isChoosing } from "../../src/evolve/proposal.ts";
import { calybris } from "../support/captured-terminal.ts";
import { POLICY, Sandbox } from "../support/sample-files.ts";

type Json = Readonly<Record<string, unknown>>;

interface Proposal {
  readonly verdict: string;
  readonly reasons: readonly string[];
  readonly floors: readonly { readonly name: string; readonly toBps: number | null }[];
  readonly savedShare: number;
  readonly valued: { readonly all: { readonly decisions: number } };
  readonly digest: string;
}

const files = new Sandbox();
const LEARNING = { features: ["load"], explorationBps: 4_000, warmUpRequests: 20, holdoutBps: 1_000 };
const { default: useCase } = POLICY["useCases"] as { readonly default: Json };
/** Both candidates are above the floor, so the learner tries both. */
const careful = { ...POLICY, learning: LEARNING, useCases: { default: { ...useCase, qualityMinBps: 5_000 } } };

async function journalOf(name: string, cheapSuccess: number, rounds: number): Promise<string> {
  const directory = files.at(name);
  const policy = await loadPolicy(files.write(`${name}.json`, JSON.stringify(careful)));
  // One seed, one log: what is concluded from a random one is now and then wrong, as it should be.
  const engine = await Engine.open({ directory, policy, randomBytes: (count) => new Uint8Array(count).fill(1) });
  for (let first = 0; first < rounds; first += 50) {
    await Promise.all(
      Array.from({ length: 50 }, async (_, at) => {
        const number = first + at;
        const { decisionId, decision } = await engine.decide({ inputTokens: 1_000, features: { load: at % 5 } });
        const succeeded = (number * 7_919) % 100 < (decision.selectedId === 1 ? 95 : cheapSuccess);
        await engine.learning.observe({ decisionId, succeeded });
      }),
    );
    // Tables by the number of outcomes, not by the time that they take.
    engine.learning.refresh();
  }
  // An odd number of decisions, so that the halves differ.
  await engine.decide({ inputTokens: 1_000, features: { load: 1 } });
  await engine.close();
  return directory;
}

async function evolve(journal: string, ...words: readonly string[]): Promise<Proposal> {
  const { exit, out } = await calybris("evolve", "--journal", journal, "--json", ...words);
  expect(exit).toBe(0);
  return JSON.parse(out) as Proposal;
}

describe("calybris evolve", () => {
  test("a proposal is the same on every run, keeps floors above 0.20, and changes nothing", async () => {
    const journal = await journalOf("same", 100, 450);
    const before = files.contents("same");
    const first = await evolve(journal);
    expect(await evolve(journal)).toEqual(first);
    expect(first.digest).toMatch(/^[0-9a-f]{64}$/);
    expect(["PROMOTE", "REVIEW", "REJECT"]).toContain(first.verdict);
    const decisions = [
      ...files.text("same/segment-000001.jsonl").matchAll(/"data":\{"sequence":(\d+),[^{]*"kind":"decision"/g),
    ];
    expect(decisions).toHaveLength(451);
    const valued = decisions.filter(([, sequence]) => !isChoosing(Number(sequence)));
    expect(first.valued.all.decisions).toBe(valued.length);
    for (const { toBps } of first.floors) expect(toBps ?? 2_000).toBeGreaterThanOrEqual(2_000);
    expect(files.contents("same")).toEqual(before);
  });

  // When tables are made depends on time: a difference of 5 % in success outweighs what that changes.
  test("where the cheap candidate never fails and the other does, the proposal is the cheap tier's floor, and it saves", async () => {
    const proposal = await evolve(files.at("same"));
    expect([proposal.verdict, proposal.reasons]).toEqual([expect.not.stringMatching("REJECT"), proposal.reasons]);
    expect(proposal.savedShare).toBeGreaterThan(0.05);
    expect(proposal.floors.some(({ toBps }) => toBps === 8_500)).toBe(true);
  });

  test("where the cheap candidate fails, its floor is proposed nowhere", async () => {
    const proposal = await evolve(await journalOf("fails", 10, 400));
    expect(proposal.verdict).toBe("REJECT");
    expect(proposal.floors.length).toBeGreaterThan(0);
    expect(proposal.floors.every(({ toBps }) => toBps !== 8_500)).toBe(true);
  });

  test("prints a verdict and writes a page that needs nothing else", async () => {
    const page = files.at("evolve.html");
    const { exit, out } = await calybris("evolve", "--journal", files.at("same"), "--html", page);
    expect(exit).toBe(0);
    expect(out).toMatch(/^(PROMOTE|REVIEW|REJECT): /);
    expect(readFileSync(page, "utf8")).not.toMatch(/<script|https?:\/\/(?!www\.w3\.org)|NaN/);
  });
});
