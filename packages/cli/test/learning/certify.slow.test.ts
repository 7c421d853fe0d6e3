/**
 * From labels to an active certificate, through the command: what was certified is what is activated, for that prior and
 * no other. The commands of docs/learning.md are run with those of the other pages.
 */
import { readFileSync } from "node:fs";
import { loadPrior } from "@calybris/engine";
import { beforeAll, describe, expect, test } from "vitest";
import { bpsAbove } from "../../src/learning/certified-certificate.ts";
import { calybris } from "../support/captured-terminal.ts";
import { Sandbox } from "../support/sample-files.ts";

const files = new Sandbox();

interface CertifiedJson {
  readonly certificate?: {
    readonly regimes: number;
    readonly alphaBps: number;
    readonly deltaBps: number;
    readonly samples: number;
    readonly prior: string;
  };
  readonly noCertificate?: string;
  readonly passed: number;
  readonly samples: number;
}

interface Ran {
  readonly exit: number;
  readonly reported: CertifiedJson;
  readonly error: string;
}

async function certifyJson(...words: readonly string[]): Promise<Ran> {
  const { exit, out, complaints } = await calybris("certify", ...words, "--json");
  return { exit, reported: (out === "" ? {} : JSON.parse(out)) as CertifiedJson, error: complaints };
}

/** Small fails the more often the larger the size; the colour says nothing, the price is the size in cents. */
function rows(seed: number, decimals = 2): string {
  let state = seed;
  const chance = (): number => {
    state = (state * 16_807) % 2_147_483_647;
    return state % 1_000;
  };
  const lines = Array.from({ length: 1_200 }, () => {
    const size = chance();
    const colour = chance() < 400 ? "red" : "blue";
    return `${size},${(size / 100).toFixed(decimals)},${colour},${chance() < size - 400 ? 0 : 1},1`;
  });
  return `size,price,colour,small,large\n${lines.join("\n")}\n`;
}

function mapOf(features: readonly unknown[]): string {
  const tier = (name: string, cents: number): object => ({
    name,
    outcome: name,
    cost: { const: cents, unit: "cents" },
  });
  return JSON.stringify({ name: "own", features, tiers: [tier("small", 1), tier("large", 10)] });
}

const SHARES = ["--alpha", "0.05", "--delta", "0.1"];

describe("certify", () => {
  const [past, later] = [files.write("past.csv", rows(3)), files.write("later.csv", rows(4))];
  const map = files.write("own.map.json", mapOf(["size"]));
  const prior = files.at("prior.json");
  const on = ["--data", later, "--map", map];

  beforeAll(async () => {
    const { exit } = await calybris(
      "train",
      "--data",
      past,
      "--map",
      map,
      "--kind",
      "ridge",
      "--out",
      prior,
      "--quiet",
    );
    expect(exit).toBe(0);
  });

  test("with a prior and its regimes writes the certificate that `certificate set` reads", async () => {
    const out = files.at("certified.json");
    const { exit, reported } = await certifyJson(...on, "--prior", prior, "--regimes", ...SHARES, "--out", out);
    expect(exit).toBe(0);
    const { digestHex } = loadPrior(JSON.parse(readFileSync(prior, "utf8")));
    expect(reported.certificate).toEqual({
      regimes: reported.passed,
      alphaBps: 500,
      deltaBps: 1_000,
      samples: 1_200,
      prior: digestHex,
    });
    // The harm of the regimes below x is (x − 400)² / 2,000,000: a twentieth lies in the sixth of eight.
    expect([4, 5]).toContain(reported.passed);
    expect(JSON.parse(readFileSync(out, "utf8"))).toEqual(reported);
  });

  test("speaks in ten-thousandths, rounded up, and says so", async () => {
    const { reported } = await certifyJson(
      ...on,
      "--prior",
      prior,
      "--regimes",
      "--alpha",
      "0.05001",
      "--delta",
      "0.10009",
    );
    expect(reported.certificate).toMatchObject({ alphaBps: 501, deltaBps: 1_001 });
    const { out } = await calybris("certify", ...on, "--prior", prior, "--regimes", ...SHARES);
    expect(out).toContain("α 500 and δ 1000 bps, rounded up");
    expect(out).toMatch(/p-value +│ [0-9.e-]+; of the next threshold, which failed, 0\.[0-9]+ /);
    expect([0.04, 0.07, 0.1, 0.29, 0.00001, 0.9999, 0.57].map(bpsAbove)).toEqual([
      400, 700, 1_000, 2_900, 1, 9_999, 5_700,
    ]);
    for (let bps = 1; bps < 10_000; bps++) expect(bpsAbove(bps / 10_000)).toBe(bps);
  });

  test("without a prior that is kept, or without regimes, says why nothing can be activated", async () => {
    const thrown = await certifyJson(...on, "--regimes", ...SHARES);
    expect(thrown.reported).not.toHaveProperty("certificate");
    expect(thrown.reported.noCertificate).toContain("discarded");
    expect((await certifyJson(...on, "--prior", prior, ...SHARES)).reported.noCertificate).toContain("--regimes");
    expect((await calybris("certify", ...on, ...SHARES)).out).toContain("cannot be activated");
  });

  test("keeps the prior that it fitted when asked to, and certifies that one on the other half", async () => {
    const kept = files.at("kept.json");
    const { reported } = await certifyJson(...on, "--prior-out", kept, "--regimes", ...SHARES);
    const { digestHex } = loadPrior(JSON.parse(readFileSync(kept, "utf8")));
    expect(reported.certificate).toMatchObject({ prior: digestHex, regimes: reported.passed, samples: 600 });
    expect(reported.passed).toBeGreaterThan(2);
  });

  test("walks the regimes of a prior on a log too", async () => {
    const log = Array.from({ length: 4_000 }, (_, at) => `${((at * 37) % 4_000) - 2_000},${at % 2},0.5,0`);
    const file = files.write("log.csv", `scoreBps,ranCheap,cheapPropensity,failed\n${log.join("\n")}\n`);
    const { reported } = await certifyJson("--log", file, "--prior", prior, "--regimes", ...SHARES);
    expect(reported.certificate).toMatchObject({ regimes: 8, samples: 4_000 });
    expect((await certifyJson("--log", file, ...SHARES)).reported.noCertificate).toContain("--prior");
  });

  test.each([
    ["an α of everything", ["--alpha", "0.99999", "--delta", "0.1"], "0.9999"],
    ["an α of nothing", ["--alpha", "0", "--delta", "0.1"], "between 0 and 1"],
    ["two priors", [...SHARES, "--prior", "a.json", "--prior-out", "b.json"], "cannot be used with"],
    [
      "a place that cannot be written",
      [...SHARES, "--prior", prior, "--out", "/nowhere/at/all.json"],
      "CAL_OUTPUT_UNWRITABLE",
    ],
  ])("%s is refused", async (_name, words, reported) => {
    const { exit, error } = await certifyJson(...on, ...words);
    expect(exit).toBe(2);
    expect(error).toContain(reported);
  });

  test("refuses a table that lacks what the prior reads, or reads it otherwise", async () => {
    const fitted = async (features: readonly unknown[], name: string): Promise<string> => {
      const own = files.write(`${name}.map.json`, mapOf(features));
      const out = files.at(`${name}.prior.json`);
      await calybris("train", "--data", past, "--map", own, "--kind", "ridge", "--out", out, "--quiet");
      return out;
    };
    const refusal = async (priorOf: string, table: string, features: readonly unknown[]): Promise<string> => {
      const own = files.write("refused.map.json", mapOf(features));
      return (await certifyJson("--data", table, "--map", own, "--prior", priorOf, "--regimes", ...SHARES)).error;
    };
    const coarse = files.write("coarse.csv", rows(5, 1));
    const [ofPrice, ofColour] = [await fitted(["price"], "price"), await fitted(["size", "colour"], "colour")];
    expect(await refusal(ofPrice, later, ["size"])).toContain("read price, which own lacks");
    expect(await refusal(ofPrice, later, ["price"])).toBe("");
    expect(await refusal(ofPrice, coarse, ["price"])).toContain("price × 100, and in own it is price × 10");
    expect(await refusal(ofPrice, coarse, [{ column: "price", scale: 100 }])).toBe("");
    expect(await refusal(ofColour, later, ["size", "colour"])).toContain("Fix `words`");
    expect(await refusal(ofColour, later, ["size", { column: "colour", words: ["blue", "red"] }])).toContain(
      "places of",
    );
    const fixed = await fitted(["size", { column: "colour", words: ["blue", "red"] }], "fixed");
    expect(await refusal(fixed, later, ["size", { column: "colour", words: ["blue", "red"] }])).toBe("");
  });
});

// Skipped where there is no shell to type into.
