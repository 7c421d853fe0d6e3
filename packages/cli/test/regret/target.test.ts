/** `calybris regret --target`, late and unused outcomes, and the calibration check, on a journal that an engine wrote. */
import { readFileSync } from "node:fs";
import { Engine, loadPolicy } from "@calybris/engine";
import { beforeAll, describe, expect, test } from "vitest";
import { calybris } from "../support/captured-terminal.ts";
import { POLICY, Sandbox } from "../support/sample-files.ts";

interface Policy {
  readonly name: string;
  readonly value: number | null;
  readonly bySlope: { readonly value: number | null };
}

interface Report {
  readonly decisions: number;
  readonly outcomes: number;
  readonly missing: number;
  readonly target: string | null;
  readonly calibration: readonly { readonly rows: number; readonly biasLower: number; readonly biasUpper: number }[];
  readonly all: {
    readonly rows: number;
    readonly unusable: number;
    readonly ran: { readonly value: number };
    readonly policies: readonly Policy[];
    readonly targetDifference: {
      readonly difference: number;
      readonly lower: number;
      readonly upper: number;
      readonly rows: number;
    } | null;
  };
  readonly groups: readonly { readonly by: string; readonly name: string; readonly rows: number }[];
}

const files = new Sandbox();
const journal = files.at("journal");
const LEARNING = { features: ["load"], explorationBps: 2_000, warmUpRequests: 50 };
const LEARNS = { ...POLICY, learning: LEARNING };
const learns = files.write("learns.json", JSON.stringify(LEARNS));
const fixed = files.write("fixed.json", JSON.stringify(POLICY));
const [ROUNDS, TOGETHER, LATE, ABANDONED] = [600, 30, 20, 10];
const DAY_US = 86_400_000_000;

const targetOf = ({ all }: Report): Policy | undefined => all.policies.find(({ name }) => name === "target");

beforeAll(async () => {
  const engine = await Engine.open({
    directory: journal,
    policy: await loadPolicy(learns),
    randomBytes: (count) => new Uint8Array(count).fill(1),
  });
  const one = async (number: number): Promise<void> => {
    const { decisionId, decision } = await engine.decide({
      inputTokens: 1_000,
      tenant: number % 3 === 0 ? "acme" : "blue",
      features: { load: number % 9 },
    });
    const good = (number * 7_919) % 100 < (decision.selectedId === 1 ? 90 : 60);
    const isLate = number < LATE;
    const isAbandoned = !isLate && number < LATE + ABANDONED;
    await engine.learning.observe({
      decisionId,
      succeeded: good,
      ...(isLate ? { observedAt: Date.now() * 1_000 + 40 * DAY_US } : {}),
      ...(isAbandoned ? { disposition: "abandoned" as const } : {}),
    });
  };
  for (let first = 0; first < ROUNDS; first += TOGETHER) {
    await Promise.all(Array.from({ length: TOGETHER }, (_, at) => one(first + at)));
    engine.learning.refresh();
  }
  await engine.close();
});

async function regret(...words: readonly string[]): Promise<Report> {
  const { exit, out, complaints } = await calybris("regret", "--journal", journal, "--json", ...words);
  expect([exit, complaints]).toEqual([0, ""]);
  return JSON.parse(out) as Report;
}

describe("calybris regret --target", () => {
  test("the journal's own policy earned what ran, and differs by nothing", async () => {
    const report = await regret("--target", learns);
    expect(Math.abs((targetOf(report)?.value ?? 0) - report.all.ran.value)).toBeLessThan(0.05);
    expect(report.all.targetDifference?.difference).toBeCloseTo(0, 6);
    expect(report.all.targetDifference?.rows).toBe(report.all.rows);
    expect(report.target).not.toBeNull();
  });

  test("the policy without learning earns what the base policy earns, to the last digit", async () => {
    const report = await regret("--target", fixed);
    const base = report.all.policies.find(({ name }) => name === "base");
    expect(targetOf(report)?.value).toBeCloseTo(base?.value ?? Number.NaN, 9);
    expect(targetOf(report)?.bySlope.value).toBeCloseTo(base?.bySlope.value ?? Number.NaN, 9);
    const { difference = 0, lower = 0, upper = 0 } = report.all.targetDifference ?? {};
    expect(lower).toBeLessThanOrEqual(difference);
    expect(upper).toBeGreaterThanOrEqual(difference);
  });

  test("prints its sentence, and a page with plots", async () => {
    const page = files.at("regret.html");
    const { out } = await calybris(
      "regret",
      "--journal",
      journal,
      "--target",
      fixed,
      "--by",
      "tenant,day",
      "--html",
      page,
    );
    expect(out).toMatch(/The policy ".+" against the candidates that ran: -?[\d.]+, between -?[\d.]+ and/);
    expect(out).toContain("by SLOPE");
    expect(out).toContain("predicted");
    expect(readFileSync(page, "utf8")).toContain("Predicted and observed");
  });
});

describe("outcomes that do not count", () => {
  test("late ones and those of answers that nobody used are in no estimate, and are counted as missing", async () => {
    const { all, outcomes, missing, decisions } = await regret();
    expect(all.unusable).toBe(LATE + ABANDONED);
    expect(all.rows).toBe(ROUNDS - LATE - ABANDONED);
    expect([decisions, outcomes, missing]).toEqual([ROUNDS, ROUNDS, LATE + ABANDONED]);
  });
});

describe("several groupings", () => {
  test("each shares out every outcome", async () => {
    const { all, groups } = await regret("--by", "tenant,regime,day");
    for (const by of ["tenant", "regime", "day"])
      expect(groups.filter((one) => one.by === by).reduce((sum, { rows }) => sum + rows, 0)).toBe(all.rows);
  });

  test("an unknown one is an error that lists them", async () => {
    const { exit, complaints } = await calybris("regret", "--journal", journal, "--by", "tenant,planet");
    expect([exit, complaints]).toEqual([2, expect.stringContaining("useCase")]);
  });
});

test("the calibration check counts every outcome of a learned decision once", async () => {
  const { all, calibration } = await regret();
  expect(calibration.reduce((sum, { rows }) => sum + rows, 0)).toBe(all.rows);
  for (const { biasLower, biasUpper } of calibration) expect(biasLower).toBeLessThanOrEqual(biasUpper);
});
