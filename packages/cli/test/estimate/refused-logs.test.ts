/** Logs as people have them, with what is wrong with each: a refusal with its reason, and no number. */
import { readFileSync } from "node:fs";
import { gzipSync } from "node:zlib";
import { describe, expect, test } from "vitest";
import { calybris } from "../support/captured-terminal.ts";
import { Sandbox } from "../support/sample-files.ts";

const files = new Sandbox();
const MAP = { chosen: "arm", propensity: "p", reward: "reward" };
const TWO = { chosen: "arm", propensity: { a: "pa", b: "pb" }, reward: "reward" };
const THREE = { ...TWO, propensity: { a: "pa", b: "pb", c: "pc" } };
const ROWS = 400;

/** A row for each number, under a header. */
function logOf(row: (n: number) => string, header = "arm,p,reward"): string {
  return `${header}\n${Array.from({ length: ROWS }, (_, n) => `${row(n)}\n`).join("")}`;
}

const armOf = (n: number): string => (n % 2 === 0 ? "a" : "b");
/** 40 % of each arm's rows. */
const rewardOf = (n: number): number => (n % 10 < 4 ? 1 : 0);

async function estimate(log: string | Buffer, map: unknown, ...words: readonly string[]) {
  const [logFile, mapFile] = [files.write("log.csv", log), files.write("map.json", JSON.stringify(map))];
  return calybris("estimate", "--log", logFile, "--map", mapFile, ...words);
}

interface Report {
  readonly estimates: readonly { readonly name: string; readonly value: number | null }[];
  readonly interval: unknown;
  readonly overTime: readonly unknown[];
  readonly ifMissing: { readonly lower: number; readonly upper: number } | null;
  readonly warnings: readonly string[];
  readonly refusals: readonly { readonly reason: string; readonly explanation: string }[];
}

describe("a log that cannot answer", () => {
  test.each<[string, string, unknown, readonly string[], string, string]>([
    ["no outcome", logOf((n) => `${armOf(n)},0.5,`), MAP, [], "no_outcomes", "None of the 400 rows has an outcome."],
    ["no reward is a number", logOf((n) => `${armOf(n)},0.5,yes`), MAP, [], "no_outcomes", "None of the 400 rows"],
    ["every propensity is 0", logOf((n) => `${armOf(n)},0,1`), MAP, [], "no_rows", "no usable row"],
    ["propensities in percent", logOf((n) => `${armOf(n)},50,1`), MAP, [], "no_rows", "no usable row"],
    [
      "a fifth of the propensities is missing",
      logOf((n) => `${armOf(n)},${n % 5 === 0 ? "" : 0.5},1`),
      MAP,
      [],
      "rows_unusable",
      "80 of 400 rows are unusable; at most 5 % may be",
    ],
    [
      "a fifth of the propensities is above 1",
      logOf((n) => `${armOf(n)},${n % 5 === 0 ? 1.5 : 0.5},1`),
      MAP,
      [],
      "rows_unusable",
      "80 of 400 rows are unusable",
    ],
    [
      "negative rewards without a range",
      logOf((n) => `${armOf(n)},0.5,${rewardOf(n) - 1}`),
      MAP,
      [],
      "reward_out_of_range",
      '240 rewards lie outside the range of the map (the first in line 6: "-1")',
    ],
    [
      "one reward above 1",
      logOf((n) => `${armOf(n)},0.5,${n === 50 ? 2 : rewardOf(n)}`),
      MAP,
      [],
      "reward_out_of_range",
      '1 reward lies outside the range of the map (the first in line 52: "2")',
    ],
    [
      "one reward is infinite",
      logOf((n) => `${armOf(n)},0.5,${n === 50 ? "inf" : rewardOf(n)}`),
      MAP,
      [],
      "reward_out_of_range",
      '1 reward lies outside the range of the map (the first in line 52: "inf")',
    ],
    [
      "a deterministic log, of which only the probability of what ran is known",
      logOf((n) => `${armOf(n)},1,${rewardOf(n)}`),
      MAP,
      [],
      "no_overlap",
      "50.0 % of the target's choices are arms that the log never chooses",
    ],
    [
      "an arm that was never tried, with one propensity",
      logOf((n) => `${armOf(n)},0.5,${rewardOf(n)}`),
      { ...MAP, arms: ["a", "b", "c"] },
      [],
      "no_overlap",
      "33.3 % of the target's choices are arms that no row with an outcome ran",
    ],
    [
      "an arm that was never tried, with its propensity",
      logOf((n) => `${armOf(n)},0.499,0.499,0.002,${rewardOf(n)}`, "arm,pa,pb,pc,reward"),
      THREE,
      [],
      "no_overlap",
      "33.3 % of the target's choices are arms that no row with an outcome ran",
    ],
    [
      "an arm that the log never chooses",
      logOf((n) => `${armOf(n)},0.5,0.5,0,${rewardOf(n)}`, "arm,pa,pb,pc,reward"),
      THREE,
      ["--target", "arm:c"],
      "no_overlap",
      "100.0 % of the target's choices are arms that the log never chooses",
    ],
    [
      "one weight of a million",
      logOf((n) => `${armOf(n)},${n === 7 ? 1e-6 : 0.5},${rewardOf(n)}`),
      MAP,
      [],
      "few_effective_rows",
      "1.0 effective rows of 400, and 10 are needed; the largest weight is 5.000e+5",
    ],
    [
      "every weight is a million",
      logOf((n) => `${armOf(n)},0.000001,${rewardOf(n)}`),
      MAP,
      [],
      "contradiction",
      "weights average 5.000e+5 where 1.000 is expected",
    ],
    [
      "propensities that are too large",
      logOf((n) => `${armOf(n)},0.9,${rewardOf(n)}`),
      MAP,
      [],
      "contradiction",
      "weights average 0.5556 where 1.000 is expected",
    ],
    [
      "a target column that holds probabilities",
      logOf((n) => `${armOf(n)},0.5,${rewardOf(n)},0.9`, "arm,p,reward,plan"),
      { ...MAP, target: "plan" },
      ["--target", "column"],
      "no_overlap",
      "100.0 % of the target's choices are arms that no row with an outcome ran",
    ],
  ])("%s", async (_what, log, map, words, reason, sentence) => {
    const { exit, out } = await estimate(log, map, ...words, "--json");
    const report = JSON.parse(out) as Report;
    expect(exit).toBe(1);
    expect(report.refusals.map((one) => one.reason)).toContain(reason);
    expect(report.refusals.map(({ explanation }) => explanation).join()).toContain(sentence);
    expect(report.estimates.filter(({ value }) => value !== null)).toEqual([]);
    expect([report.interval, report.ifMissing, report.overTime]).toEqual([null, null, []]);
    const page = files.at("refused.html");
    const { out: text } = await estimate(log, map, ...words, "--html", page);
    expect(text).toContain("The log cannot answer this question.");
    expect(text).toContain(`- ${reason}: `);
    expect(text).not.toMatch(/doubly robust|would have earned|is between/);
    expect(readFileSync(page, "utf8")).not.toMatch(/<svg|would have earned <b>/);
  });

  test("a packed log that was cut anywhere is an error, and nothing of it is used", async () => {
    const packed = gzipSync(logOf((n) => `${armOf(n)},0.5,${Math.sin(n) ** 2}`));
    for (const bytes of [3, 10, 18, packed.length >> 1, packed.length - 9, packed.length - 1]) {
      const { exit, out, complaints } = await estimate(packed.subarray(0, bytes), MAP, "--json");
      expect([exit, out]).toEqual([2, ""]);
      expect(complaints).toContain("is not a whole gzip file");
    }
  });
});

test.each([
  ["percentages as text", "50%"],
  ["percentages as numbers", "50"],
])("%s are left out by that name", async (_what, propensity) => {
  const { exit, out } = await estimate(
    logOf((n) => `${armOf(n)},${propensity},${rewardOf(n)}`),
    MAP,
  );
  expect(exit).toBe(1);
  expect(out).toContain("400: a propensity is above 1 or in percent: divide percentages by 100 (first in line 2)");
});

test("rows that each stand four times are warned of, since the estimate leaves its interval", async () => {
  const noise = (n: number): number => {
    const value = Math.sin(n * 12.9898) * 43_758.5453;
    return value - Math.floor(value);
  };
  const log = logOf((line) => {
    const n = line >> 2;
    const arm = noise(n) < 0.5 ? "a" : "b";
    return `${arm},0.5,${noise(n + 0.5) < (arm === "a" ? 0.8 : 0.3) ? 1 : 0}`;
  });
  const { exit, out } = await estimate(log, MAP);
  expect([exit, out]).toEqual([0, expect.stringContaining("The estimate is outside the interval")]);
  expect((await estimate(log, MAP, "--interval", "drifting")).out).not.toContain("is outside the interval");
});

describe("a log that can answer, in other dress", () => {
  const plain = logOf((n) => `${armOf(n)},0.5,${rewardOf(n)}`);

  async function headline(log: string | Buffer, map: unknown = MAP): Promise<string> {
    const { exit, out } = await estimate(log, map);
    expect(exit).toBe(0);
    return out.split("\n")[0] ?? "";
  }

  test.each<[string, (log: string) => string | Buffer]>([
    ["CRLF", (log) => log.replaceAll("\n", "\r\n")],
    ["a byte order mark", (log) => `\uFEFF${log}`],
    ["quotes", (log) => log.replaceAll(/^(\w+),/gm, '"$1",')],
    ["empty lines", (log) => log.replaceAll("\n", "\n\n")],
    ["gzip", (log) => gzipSync(log)],
    ["several gzip members", (log) => Buffer.concat([gzipSync(log.slice(0, 999)), gzipSync(log.slice(999))])],
    ["a plus and an exponent", (log) => log.replaceAll(",0.5,", ",+5e-1,")],
    ["true and false", (log) => log.replaceAll(/,1$/gm, ",True").replaceAll(/,0$/gm, ",False")],
    ["arms that are numbers", (log) => log.replaceAll(/^a,/gm, "0,").replaceAll(/^b,/gm, "1,")],
    ["arms that are names of members", (log) => log.replaceAll(/^a,/gm, "__proto__,").replaceAll(/^b,/gm, "toString,")],
  ])("%s", async (_what, changed) => {
    expect(await headline(changed(plain))).toBe(await headline(plain));
  });

  test("rewards on the scale of the map come to the same, scaled", async () => {
    const negative = plain.replaceAll(/,([01])$/gm, (_, reward: string) => `,${10 * Number(reward) - 5}`);
    const { out } = await estimate(negative, { ...MAP, reward: { column: "reward", min: -5, max: 5 } }, "--json");
    const ips = (JSON.parse(out) as Report).estimates.find(({ name }) => name === "ips");
    expect(ips?.value).toBeCloseTo(-1, 9);
  });

  test("a column that is separated otherwise is named with its delimiter", async () => {
    const { exit, complaints } = await estimate(plain.replaceAll(",", ";"), MAP);
    expect(exit).toBe(2);
    expect(complaints).toContain('Its columns are separated by ";": set `delimiter` in the map.');
    expect(await headline(plain.replaceAll(",", ";"), { ...MAP, delimiter: ";" })).toBe(await headline(plain));
  });

  test("rewards that are no numbers count as missing, and the bounds cover whatever they were", async () => {
    const { exit, out } = await estimate(
      logOf((n) => `${armOf(n)},0.5,${n % 20 === 3 ? "timeout" : rewardOf(n)}`),
      MAP,
      "--json",
    );
    const { ifMissing, warnings } = JSON.parse(out) as Report;
    expect(exit).toBe(0);
    expect(warnings.join()).toContain('20 rewards are not numbers (the first in line 5: "timeout")');
    expect((ifMissing?.upper ?? 0) - (ifMissing?.lower ?? 0)).toBeCloseTo(0.05, 2);
  });

  test("the doubly robust headline never leaves the range of rewards", async () => {
    const { out } = await estimate(
      logOf((n) => `${n % 40 === 0 ? "b" : "a"},${n % 40 === 0 ? 0.02 : 0.98},1`),
      MAP,
      "--target",
      "arm:b",
    );
    expect(Number(/earned ([\d.]+)/.exec(out)?.[1])).toBeLessThanOrEqual(1);
  });
});

test.each([
  [
    "probabilities in percent",
    (n: number) => `${armOf(n)},50,${rewardOf(n)}`,
    "The log has no usable row. Of 400, the first in line 2: a propensity is above 1 or in percent: divide percentages by 100.",
  ],
  [
    "rewards in words",
    (n: number) => `${armOf(n)},0.5,${rewardOf(n) === 1 ? "yes" : "no"}`,
    'None of the 400 rows has an outcome. 400 rewards are not numbers (the first in line 2: "yes"): write numbers, or true and false.',
  ],
])("a log that is refused as a whole says what each row has instead: %s", async (_name, row, explanation) => {
  const { exit, out } = await estimate(logOf(row), MAP, "--json");
  expect(exit).toBe(1);
  expect((JSON.parse(out) as { refusals: readonly unknown[] }).refusals).toEqual([
    expect.objectContaining({ explanation }),
  ]);
});
