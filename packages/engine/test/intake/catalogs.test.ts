import { existsSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { gunzipSync } from "node:zlib";
import { describe, expect, test } from "vitest";
import {
  BUILT_IN_CATALOGS,
  builtInCatalogPath,
  type CatalogFile,
  loadCatalog,
  readJsonFile,
} from "../../src/intake/intake.ts";

interface WrittenCandidate {
  readonly name: string;
  readonly provider: string;
  readonly qualityBps: number;
  readonly capabilities: readonly string[];
  readonly inputPriceDollarsPerMillion: string;
  readonly outputPriceDollarsPerMillion: string;
  readonly source: string;
}

async function writtenCandidates(): Promise<readonly WrittenCandidate[]> {
  const { value } = await readJsonFile(builtInCatalogPath("llm"));
  return (value as unknown as { candidates: readonly WrittenCandidate[] }).candidates;
}

/** `price PROVIDER/ENTRY; rating RATING as NAME`. */
function sourceOf({ source }: WrittenCandidate): { provider: string; entry: string; rating: number; ratedAs: string } {
  const match = /^price ([^/]+)\/([^;]+); rating ([0-9.]+) as (\S+)$/.exec(source);
  if (match === null) throw new Error(`${source} cites no price and no rating`);
  const [, provider = "", entry = "", rating = "", ratedAs = ""] = match;
  return { provider, entry, rating: Number(rating), ratedAs };
}

describe.each(BUILT_IN_CATALOGS)("%s", (name) => {
  test("is complete, and names the source of its figures", async () => {
    const { value } = await readJsonFile(builtInCatalogPath(name));
    const { sources } = value as { sources?: readonly string[] };
    expect(sources?.length).toBeGreaterThan(0);
    const { candidates } = await loadCatalog(name);
    expect(candidates.length).toBeGreaterThan(5);
  });

  test("has its tiers in order of price", async () => {
    const { candidates, tiers } = await loadCatalog(name);
    const middle = tiers.map((_tier, at) => {
      const prices = candidates.filter(({ tier }) => tier === at).map(priceOf);
      return prices.sort((a, b) => a - b)[Math.floor(prices.length / 2)] ?? Number.NaN;
    });
    expect(middle).toEqual(middle.toSorted((a, b) => a - b));
    expect(middle.some(Number.isNaN)).toBe(false);
  });

  test("is known by no name to kernel or engine", async () => {
    const { candidates, providers } = await loadCatalog(name);
    const names = [...candidates.map((candidate) => candidate.name), ...providers];
    for (const root of ["../../../kernel/src/", "../../src/"]) {
      const at = fileURLToPath(new URL(root, import.meta.url));
      for (const file of readdirSync(at, { recursive: true, encoding: "utf8" }).filter((path) =>
        path.endsWith(".ts"),
      )) {
        const words = new Set(readFileSync(join(at, file), "utf8").split(/[^A-Za-z0-9.-]+/));
        expect(
          names.filter((candidate) => words.has(candidate)),
          file,
        ).toEqual([]);
      }
    }
  });
});

/** Of a million in and a million out. */
function priceOf(candidate: CatalogFile["candidates"][number]): number {
  return Number(candidate.inputPriceMicrocents + candidate.outputPriceMicrocents);
}

describe("llm", () => {
  test("has 22 candidates or more of six providers", async () => {
    const candidates = await writtenCandidates();
    expect(candidates.length).toBeGreaterThanOrEqual(22);
    const providers = [...new Set(candidates.map(({ provider }) => provider))].sort();
    expect(providers).toEqual(["Anthropic", "DeepSeek", "Google", "Meta", "Mistral", "OpenAI"]);
  });

  test("has the quality that follows from the rating it cites", async () => {
    for (const candidate of await writtenCandidates()) {
      const { rating } = sourceOf(candidate);
      const chance = 1 / (1 + 10 ** ((1_150 - rating) / 400));
      // The rating is cited to two decimals.
      expect(Math.abs(candidate.qualityBps - chance * 10_000), candidate.name).toBeLessThan(0.6);
    }
  });
});

const beside = fileURLToPath(new URL("../../../../../shared/data", import.meta.url));
const data = join(process.env["CALYBRIS_DATA"] ?? beside, "prices");
const pricesFile = join(data, "genai_prices_data.json.gz");

// Skipped where the price and rating data sets are missing: they are not part of the project.
describe.skipIf(!existsSync(pricesFile))("llm beside its sources (skipped where CALYBRIS_DATA has none)", () => {
  type Rate = number | { readonly base: number; readonly tiers: readonly unknown[] };
  interface Prices {
    readonly input_mtok: Rate;
    readonly output_mtok: Rate;
  }
  interface Provider {
    readonly id: string;
    readonly models: readonly {
      readonly id: string;
      readonly prices: Prices | readonly { readonly prices: Prices }[];
    }[];
  }

  function read<Content>(file: string): Content {
    return JSON.parse(gunzipSync(readFileSync(join(data, file))).toString("utf8")) as Content;
  }

  test("each price is that of genai-prices: the most expensive hour, below the threshold of a long context", async () => {
    const providers = read<readonly Provider[]>("genai_prices_data.json.gz");
    for (const candidate of await writtenCandidates()) {
      const { provider, entry } = sourceOf(candidate);
      const found = providers.find(({ id }) => id === provider)?.models.find(({ id }) => id === entry);
      expect(found, `${provider}/${entry}`).toBeDefined();
      const prices = found?.prices ?? [];
      const all = "input_mtok" in prices ? [prices] : prices.map((dated) => dated.prices);
      const highestPrice = (of: (prices: Prices) => Rate): number =>
        Math.max(...all.map(of).map((rate) => (typeof rate === "number" ? rate : rate.base)));
      expect(Number(candidate.inputPriceDollarsPerMillion), candidate.name).toBe(
        highestPrice((each) => each.input_mtok),
      );
      expect(Number(candidate.outputPriceDollarsPerMillion), candidate.name).toBe(
        highestPrice((each) => each.output_mtok),
      );
      // A long context costs more there than the catalog says, so the candidate must not be chosen for one.
      if (all.some((each) => typeof each.input_mtok !== "number"))
        expect(candidate.capabilities).not.toContain("long_context");
    }
  });

  test("each rating is that of the leaderboard", async () => {
    const { full } = read<{ full: Record<string, { rating: number }> }>("arena_leaderboard_text.json.gz");
    for (const candidate of await writtenCandidates()) {
      const { rating, ratedAs } = sourceOf(candidate);
      expect(Math.abs((full[ratedAs]?.rating ?? 0) - rating), candidate.name).toBeLessThan(0.006);
    }
  });
});
