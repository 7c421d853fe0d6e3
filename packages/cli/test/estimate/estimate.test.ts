import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { gzipSync } from "node:zlib";
import { describe, expect, test } from "vitest";
import { calybris } from "../support/captured-terminal.ts";
import { Sandbox } from "../support/sample-files.ts";

const files = new Sandbox();
const HEADER = "arm,p,reward,plan\n";
const MAP = { chosen: "arm", propensity: "p", reward: "reward", target: "plan" };
const EVEN = HEADER + Array.from({ length: 200 }, (_, n) => `${n % 2 === 0 ? "a" : "b"},0.5,${n % 2},b\n`).join("");
const DATA = process.env["CALYBRIS_DATA"] ?? "../shared/data";

interface Report {
  readonly rows: {
    readonly used: number;
    readonly leftOut: readonly { readonly reason: string; readonly rows: number }[];
  };
  readonly estimates: readonly { readonly name: string; readonly value: number | null }[];
  readonly logged: { readonly value: number | null };
  readonly refusals: readonly { readonly reason: string }[];
}

async function estimate(
  log: string | Buffer,
  map: unknown,
  ...words: readonly string[]
): Promise<{ readonly exit: number; readonly report: Report; readonly err: string }> {
  const [logFile, mapFile] = [files.write("log.csv", log), files.write("map.json", JSON.stringify(map))];
  const {
    exit,
    out,
    complaints: err,
  } = await calybris("estimate", "--log", logFile, "--map", mapFile, "--json", ...words);
  return { exit, report: out === "" ? ({} as Report) : (JSON.parse(out) as Report), err };
}

const estimatedBy = ({ estimates }: Report, name: string): number | null =>
  estimates.find((one) => one.name === name)?.value ?? null;

describe("calybris estimate", () => {
  test("a log of two arms of which one always earns: uniform earns half, the plan earns all", async () => {
    const uniform = await estimate(EVEN, MAP);
    expect(uniform.exit).toBe(0);
    expect(estimatedBy(uniform.report, "snips")).toBeCloseTo(0.5, 9);
    expect(estimatedBy((await estimate(EVEN, MAP, "--target", "column")).report, "snips")).toBeCloseTo(1, 9);
    expect(estimatedBy((await estimate(EVEN, MAP, "--target", "arm:a")).report, "snips")).toBeCloseTo(0, 9);
  });

  test("a packed log and rewards on another scale come to the same, scaled", async () => {
    const scaled = EVEN.replaceAll(/,([01]),b/g, (_, reward: string) => `,${reward === "1" ? 30 : -10},b`);
    const map = { ...MAP, reward: { column: "reward", min: -10, max: 30 } };
    const { report } = await estimate(gzipSync(scaled), map);
    expect(estimatedBy(report, "snips")).toBeCloseTo(10, 9);
    expect(report.logged.value).toBeCloseTo(10, 9);
  });

  test("rows that cannot be used are left out with their reason, and cost the others nothing", async () => {
    const bad = "a,0,1,b\na,1.5,1,b\na,,1,b\nc,0.5,1,b\n,0.5,1,b\n";
    const { exit, report } = await estimate(EVEN + bad, { ...MAP, arms: ["a", "b"] });
    expect(exit).toBe(0);
    expect(report.rows.used).toBe(200);
    expect(report.rows.leftOut.reduce((sum, { rows }) => sum + rows, 0)).toBe(5);
    expect(report.rows.leftOut.map(({ reason }) => reason).sort()).toEqual([
      "a propensity is above 1 or in percent: divide percentages by 100",
      "a propensity is not a number from 0 to 1",
      "arm is empty",
      "arm is not an arm of the map",
      "the propensity of the arm that ran is 0",
    ]);
  });

  test("probabilities of all arms that do not sum to 1 are left out", async () => {
    const log = `arm,pa,pb,reward\n${"a,0.5,0.5,1\nb,0.5,0.5,0\n".repeat(30)}a,0.5,0.4,1\n`;
    const { report } = await estimate(log, { chosen: "arm", propensity: { a: "pa", b: "pb" }, reward: "reward" });
    expect(report.rows.used).toBe(60);
    expect(report.rows.leftOut[0]?.reason).toBe("logged must sum to 1");
  });

  test("a log that cannot answer is refused with exit code 1, and says why in words", async () => {
    const log = `arm,pa,pb,reward\n${"a,1,0,1\n".repeat(50)}`;
    const map = { chosen: "arm", propensity: { a: "pa", b: "pb" }, reward: "reward" };
    const { exit, report } = await estimate(log, map, "--target", "arm:b");
    expect(exit).toBe(1);
    expect(report.refusals.map(({ reason }) => reason)).toContain("no_overlap");
    const { out } = await calybris(
      ...["estimate", "--log", files.write("one.csv", log), "--map", files.write("one.json", JSON.stringify(map))],
      ...["--target", "arm:b"],
    );
    expect(out).toContain("The log cannot answer this question.");
    expect(out).toContain("100.0 % of the target's choices are arms that the log never chooses");
  });

  test.each<[string, unknown, readonly string[], string]>([
    ["a column that is not there", { ...MAP, reward: "rewrad" }, [], "reward"],
    ["an unknown field", { ...MAP, rewards: "reward" }, [], "rewards"],
    ["no probability", { chosen: "arm", reward: "reward" }, [], "propensity"],
    ["a range that is none", { ...MAP, reward: { column: "reward", min: 1, max: 1 } }, [], "min"],
    ["a target that is none", MAP, ["--target", "best"], "best"],
    ["an arm that is none", MAP, ["--target", "arm:z"], "which is not an arm"],
    ["a target column that the map does not name", { ...MAP, target: undefined }, ["--target", "column"], "target"],
    ["an alpha of 0", MAP, ["--alpha", "0"], "alpha"],
    ["a k below 0", MAP, ["--k", "-1"], "--k"],
  ])("%s is an error that names it", async (_what, map, words, named) => {
    const { exit, err } = await estimate(EVEN, map, ...words);
    expect(exit).toBe(2);
    expect(err).toContain(named);
  });

  test("a log without rows is an error", async () => {
    expect((await estimate(HEADER, MAP)).exit).toBe(2);
    expect((await estimate("", MAP)).exit).toBe(2);
  });

  test("--html writes one page that needs nothing else and holds names as text", async () => {
    const page = files.at("estimate.html");
    const { exit } = await estimate(EVEN.replaceAll("b,", "<script>,"), MAP, "--html", page);
    expect(exit).toBe(0);
    const html = readFileSync(page, "utf8");
    expect(html).toContain("&lt;script&gt;");
    expect(html).not.toMatch(/<script|https?:\/\/(?!www\.w3\.org)/);
  });

  const open = join(DATA, "obd/bts_men.csv.gz");
  // Skipped where the Open Bandit Dataset is absent: data is no part of the repository.
  test.skipIf(!existsSync(open))(
    "Open Bandit Dataset, men: the published estimates of uniform from Thompson sampling",
    async () => {
      const map = files.write(
        "obd.json",
        JSON.stringify({ chosen: "item_id", propensity: "propensity_score", reward: "click" }),
      );
      const { out } = await calybris("estimate", "--log", open, "--map", map, "--json");
      const report = JSON.parse(out) as Report;
      expect(estimatedBy(report, "ips")).toBeCloseTo(0.00300863, 8);
      expect(estimatedBy(report, "snips")).toBeCloseTo(0.00318942, 8);
    },
  );
});
