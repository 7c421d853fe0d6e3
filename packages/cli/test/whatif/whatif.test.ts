/**
 * What-if on journals that an engine wrote in a world where the answer is known: how often each candidate succeeds is fixed, so the
 * difference that another policy makes can be computed beside the estimate.
 */
import { readFileSync } from "node:fs";
import { Engine, loadPolicy } from "@calybris/engine";
import { beforeAll, describe, expect, test } from "vitest";
import { calybris } from "../support/captured-terminal.ts";
import { CATALOG, POLICY, Sandbox } from "../support/sample-files.ts";

type Json = Readonly<Record<string, unknown>>;

interface Effect {
  readonly difference: number | null;
  readonly interval: { readonly lower: number; readonly upper: number } | null;
  readonly unanswered: number;
  readonly refusals: readonly { readonly reason: string }[];
}

interface Group {
  readonly decisions: number;
  readonly changed: number;
  readonly actionChanged: number;
  readonly newlyRejected: number;
  readonly costMicrocents: string;
  readonly otherCostMicrocents: string;
  readonly savedMicrocents: string;
  readonly outcomes: number;
  readonly success: Effect;
  readonly reward: Effect;
}

interface Report {
  readonly all: Group;
  readonly groups: readonly ({ readonly name: string } & Group)[];
  readonly transitions: readonly { readonly from: string; readonly to: string; readonly decisions: number }[];
  readonly invalid: number;
  readonly observed: number;
  readonly winning: {
    readonly requests: number;
    readonly wins: number;
    readonly outOfReach: number;
    readonly changes: readonly { readonly kind: string; readonly from: string; readonly half: string }[];
  } | null;
  readonly diff: { readonly count: number; readonly decisions: readonly Json[] } | null;
}

const files = new Sandbox();
const LEARNING = { features: ["load"], explorationBps: 2_000, warmUpRequests: 50 };
const LEARNS: Json = { ...POLICY, learning: LEARNING };
const learns = files.write("learns.json", JSON.stringify(LEARNS));
const fixed = files.write("fixed.json", JSON.stringify(POLICY));
const ROUNDS = 800;
/** They share a sync. */
const TOGETHER = 40;
const RATES: Readonly<Record<number, number>> = { 1: 90, 2: 60 };

/** The world: whether a candidate succeeds on a request. */
const succeeds = (number: number, candidate: number): boolean => (number * 7_919) % 100 < (RATES[candidate] ?? 0);

function withFloor(policy: Json, qualityMinBps: number): Json {
  const { default: useCase } = policy["useCases"] as { readonly default: Json };
  return { ...policy, useCases: { default: { ...useCase, qualityMinBps } } };
}

async function decideAll(directory: string, policyFile: string, rounds: number): Promise<void> {
  const engine = await Engine.open({
    directory,
    policy: await loadPolicy(policyFile),
    randomBytes: (count) => new Uint8Array(count).fill(1),
  });
  const one = async (number: number): Promise<void> => {
    const { decisionId, decision } = await engine.decide({
      inputTokens: 1_000 + (number % 7) * 100,
      tenant: number % 3 === 0 ? "acme" : "blue",
      ...(number % 2 === 0 ? { requested: "grand" } : {}),
      // A client's floor leaves nothing to choose.
      ...(number % 11 === 0 ? { qualityMinBps: 8_600 } : {}),
      ...(policyFile === learns ? { features: { load: number % 9 } } : {}),
    });
    if (decision.action !== "reject")
      await engine.learning.observe({ decisionId, succeeded: succeeds(number, decision.selectedId) });
  };
  for (let first = 0; first < rounds; first += TOGETHER) {
    await Promise.all(Array.from({ length: TOGETHER }, (_, at) => one(first + at)));
    engine.learning.refresh();
  }
  await engine.close();
}

const learned = files.at("learned");
const plain = files.at("plain");

beforeAll(async () => {
  await decideAll(learned, learns, ROUNDS);
  await decideAll(plain, fixed, 120);
});

async function whatIf(journal: string, policy: Json, ...words: readonly string[]): Promise<Report> {
  const file = files.write("other.json", JSON.stringify(policy));
  const { exit, out, complaints } = await calybris(
    "whatif",
    "--journal",
    journal,
    "--policy",
    file,
    "--json",
    ...words,
  );
  expect(complaints).toBe("");
  expect(exit).toBe(0);
  return JSON.parse(out) as Report;
}

describe("calybris whatif", () => {
  test("under a journal's own policy no decision changes and no outcome differs", async () => {
    for (const [journal, policy] of [
      [learned, LEARNS],
      [plain, POLICY],
    ] as const) {
      const { all, transitions, invalid } = await whatIf(journal, policy, "--diff");
      expect(all).toMatchObject({ changed: 0, actionChanged: 0, newlyRejected: 0, savedMicrocents: "0" });
      expect(all.success).toMatchObject({ unanswered: 0, refusals: [] });
      expect(all.success.difference).toBeCloseTo(0, 9);
      expect(all.reward.difference).toBeCloseTo(0, 9);
      expect(transitions).toEqual([]);
      expect(invalid).toBe(0);
    }
  });

  test("positions and ids of the other policy make no difference, its names do", async () => {
    const { candidates = [] } = CATALOG as { readonly candidates?: readonly Json[] };
    const [grand = {}, swift = {}] = candidates;
    const renumbered = {
      ...CATALOG,
      providers: ["beta", "alpha"],
      regions: ["south", "north"],
      candidates: [
        { ...swift, id: 7 },
        { ...grand, id: 9 },
      ],
    };
    const same = await whatIf(learned, { ...LEARNS, catalog: renumbered });
    expect(same.all.changed).toBe(0);
    expect(same.all.success.difference).toBeCloseTo(0, 9);
    const renamed = { ...CATALOG, candidates: [{ ...grand, name: "vast" }, swift] };
    const other = await whatIf(learned, { ...LEARNS, catalog: renamed });
    // Half of the requests ask for it by its name.
    expect(other.invalid).toBe(ROUNDS / 2);
    expect(other.all.decisions).toBe(ROUNDS / 2);
  });

  test("the difference that a floor makes is within its interval, and savings are exact", async () => {
    const { all, transitions } = await whatIf(learned, withFloor(POLICY, 8_600));
    expect(all.decisions).toBe(ROUNDS);
    expect(transitions).toHaveLength(1);
    expect(transitions[0]).toMatchObject({ from: "swift", to: "grand", decisions: all.changed });
    expect(BigInt(all.savedMicrocents)).toBe(BigInt(all.costMicrocents) - BigInt(all.otherCostMicrocents));
    // Every request then costs what grand does.
    const cost = (number: number): bigint => BigInt(1_000 + (number % 7) * 100) * 1_000n + 500n * 3_000n;
    const numbers = Array.from({ length: ROUNDS }, (_, number) => number);
    expect(BigInt(all.otherCostMicrocents)).toBe(numbers.reduce((sum, number) => sum + cost(number), 0n));
    expect(all.success.refusals).toEqual([]);
    const { difference, interval } = all.success;
    const truth = (all.changed / ROUNDS) * 0.3;
    expect(interval?.lower).toBeLessThanOrEqual(truth);
    expect(interval?.upper).toBeGreaterThanOrEqual(truth);
    expect(Math.abs((difference ?? 0) - truth)).toBeLessThan(0.05);
    expect(interval?.lower).toBeGreaterThan(-0.2);
  });

  test("a journal without chance cannot answer for other choices: a refusal, and an interval that says as much", async () => {
    const { all } = await whatIf(plain, withFloor(POLICY, 8_600));
    expect(all.changed).toBeGreaterThan(50);
    expect(all.success.difference).toBeNull();
    expect(all.success.refusals.map(({ reason }) => reason)).toContain("no_overlap");
    expect(all.success.unanswered).toBeCloseTo(all.changed / all.decisions, 9);
    // Whatever those choices would have earned.
    const { lower = 0, upper = 0 } = all.success.interval ?? {};
    expect(lower).toBeLessThan(0);
    expect(upper).toBeGreaterThan(0);
  });

  test.each(["tenant", "useCase", "model"])("--by %s shares out every decision, saving and outcome", async (by) => {
    const { all, groups } = await whatIf(learned, withFloor(LEARNS, 8_600), "--by", by);
    const total = (of: (group: Group) => number): number => groups.reduce((sum, group) => sum + of(group), 0);
    expect(total(({ decisions }) => decisions)).toBe(all.decisions);
    expect(total(({ changed }) => changed)).toBe(all.changed);
    expect(total(({ outcomes }) => outcomes)).toBe(all.outcomes);
    expect(total(({ savedMicrocents }) => Number(savedMicrocents))).toBe(Number(all.savedMicrocents));
  });

  test("--wins finds the change with which a candidate wins, and with which it does not", async () => {
    const { winning } = await whatIf(plain, POLICY, "--wins", "grand");
    const price = winning?.changes.find(({ kind }) => kind === "input_price");
    expect(winning?.wins).toBeGreaterThan(0);
    const at = async (microcents: bigint): Promise<number> => {
      const { candidates = [] } = CATALOG as { readonly candidates?: readonly Json[] };
      const [grand = {}, swift = {}] = candidates;
      const { inputPriceDollarsPerMillion: _, ...rest } = grand;
      const cheaper = { ...rest, inputPriceMicrocentsPerMillion: Number(microcents) };
      const catalog = { ...CATALOG, candidates: [cheaper, swift] };
      return (await whatIf(plain, { ...POLICY, catalog }, "--wins", "grand")).winning?.wins ?? 0;
    };
    const half = BigInt(price?.half ?? 0);
    const reachable = (winning?.requests ?? 0) - (winning?.wins ?? 0) - (winning?.outOfReach ?? 0);
    if (price !== undefined) {
      const gained = (await at(half)) - (winning?.wins ?? 0);
      expect(gained).toBeGreaterThanOrEqual(reachable / 2 - 1);
    } else expect(reachable).toBeGreaterThanOrEqual(0);
  });

  test("--wins refuses a candidate that the policy does not have", async () => {
    const { exit, complaints } = await calybris("whatif", "--journal", plain, "--policy", fixed, "--wins", "gran");
    expect(exit).toBe(2);
    expect(complaints).toContain("grand");
  });

  test("--diff writes every decision that changes, and the first of them without a file", async () => {
    const list = files.at("diff.jsonl");
    const { all, diff } = await whatIf(learned, withFloor(POLICY, 8_600), "--diff", list);
    const lines = readFileSync(list, "utf8").trimEnd().split("\n");
    expect(diff).toEqual({ count: all.changed, file: list, decisions: [] });
    expect(lines).toHaveLength(all.changed);
    const saved = lines
      .map((line) => JSON.parse(line) as { readonly costMicrocents: string; readonly otherCostMicrocents: string })
      .reduce((sum, line) => sum + BigInt(line.costMicrocents) - BigInt(line.otherCostMicrocents), 0n);
    expect(String(saved)).toBe(all.savedMicrocents);
    const first = await whatIf(learned, withFloor(POLICY, 8_600), "--diff");
    expect(first.diff?.decisions).toHaveLength(50);
  });

  test("prints a sentence, a table and a page that needs nothing else", async () => {
    const page = files.at("whatif.html");
    const other = files.write("dearer.json", JSON.stringify(withFloor(POLICY, 8_600)));
    const words = ["--policy", other, "--by", "tenant", "--wins", "swift", "--diff", "--html", page];
    const { exit, out } = await calybris("whatif", "--journal", learned, ...words);
    expect(exit).toBe(0);
    expect(out).toContain("would change");
    expect(out).toContain("swift");
    const html = readFileSync(page, "utf8");
    expect(html).not.toMatch(/<script|https?:\/\/(?!www\.w3\.org)/);
    expect(html).not.toContain("NaN");
  });
});
