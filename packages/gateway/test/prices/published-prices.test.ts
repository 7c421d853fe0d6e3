import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { gunzipSync } from "node:zlib";
import { describe, expect, test } from "vitest";
import { costOf } from "../../src/prices/call-cost.ts";
import { nearestId, pricedModels } from "../../src/prices/genai-prices.ts";
import { type PricedModel, pricesAt } from "../../src/prices/model-prices.ts";
import { NO_USAGE, type UsageRecord } from "../../src/usage/usage-record.ts";
import { usageOfAnswer } from "../../src/usage/usage-reader.ts";
import type { AnswerDialect } from "../../src/wire/dialect.ts";
import type { Json } from "../../src/wire/stream-sights.ts";
import { DATA_FOLDER } from "../wire/recorded-wire.ts";

// 1,577 usages of real calls with what genai-prices makes of them, and its price data of the same commit. Two questions:
// does our arithmetic give its prices for its counts, and where do our counts differ from its, and why?

interface Published {
  readonly provider_id: string;
  readonly api_flavor: string;
  readonly input_price?: string;
  readonly output_price?: string;
}
interface Extracted {
  readonly usage: { readonly [key: string]: number | undefined };
  readonly extractors: readonly Published[];
}
interface RealUsage {
  readonly body: Json & { readonly usage?: Json; readonly usageMetadata?: Json };
  readonly model?: string;
  readonly extracted: readonly Extracted[];
}
interface Provider {
  readonly id: string;
  readonly fallback_model_providers?: readonly string[];
}

const FILES = ["genai_usages_with_prices", "genai_prices_data"].map((name) =>
  join(DATA_FOLDER, "prices", `${name}.json.gz`),
);
const hasData = FILES.every((file) => existsSync(file));
const [usages = [], providers = []] = (hasData ? FILES.map(load) : []) as [RealUsage[]?, Provider[]?];
/** When the data was published. Of its prices by the time of day, the one at noon was taken. */
const PUBLISHED_MS = Date.parse("2026-08-21T12:00:00Z");

// Skipped where the data sets are missing; CALYBRIS_DATA names their folder.
describe.skipIf(!hasData)("1,577 real usages", () => {
  test("cost what was published to the microcent, for the counts that were published", () => {
    const tally = new Map<string, number>();
    for (const { usage, published, model } of pairs()) {
      const record = recordOf(usage);
      const cost = model && costOf(record, { provider: model.provider, prices: pricesAt(model, PUBLISHED_MS) });
      const isSame = cost?.costMicrocents === microcentsOf(published);
      count(
        tally,
        isSame ? "same" : model === undefined ? `no price of ${published.provider_id}` : imagesApart(model, record),
      );
    }
    expect(Object.fromEntries(tally)).toEqual({
      same: 3_463,
      // Published with the output of text apart from that of images, which the data of that commit does not price apart.
      "images apart": 5,
      // Models that the data of that commit does not have.
      "no price of aws": 5,
      "no price of zai": 1,
    });
  });

  test("are counted as published, or differ for a reason that is named", () => {
    const tally = new Map<string, number>();
    const unexplained: unknown[] = [];
    for (const { body, extracted } of usages) {
      const dialect = dialectOf(body);
      const record = dialect && usageOfAnswer(dialect, body);
      if (dialect === undefined || record === undefined) {
        count(tally, "another API");
        continue;
      }
      const reasons = extracted.map((one) => differenceOf(body, record, dialect, one));
      if (reasons.includes(undefined))
        unexplained.push({ body, record, extracted: extracted.map(({ usage }) => usage) });
      // What an extractor of the usage's own dialect says is what counts.
      const own = reasons.find((reason) => reason === "same") ?? reasons.find((reason) => reason !== "another dialect");
      count(tally, own ?? "another dialect");
    }
    expect(unexplained).toEqual([]);
    expect(Object.fromEntries(tally)).toEqual({
      same: 1_307,
      "another API": 237,
      "compaction is left out": 2,
      "a cache field is not read": 29,
      "hidden reasoning is left out": 2,
    });
  });

  test("have a price under their exact id in 2,398 of 3,474 cases; the source prices the others by a prefix", () => {
    const isExact = pairs().map(({ model, name }) => model?.exactIds.includes(name) === true);
    expect([isExact.filter(Boolean).length, isExact.length]).toEqual([2_398, 3_474]);
  });
});

function load(file: string): unknown {
  return JSON.parse(gunzipSync(readFileSync(file)).toString()) as unknown;
}

interface Pair {
  readonly usage: Extracted["usage"];
  readonly published: Published;
  readonly name: string;
  readonly model: PricedModel | undefined;
}

function pairs(): readonly Pair[] {
  const models = new Map(providers.map((provider) => [provider.id, pricedModels(provider)]));
  const found = new Map<string, PricedModel | undefined>();
  return usages.flatMap(({ body, model: stated, extracted }) => {
    const name = String(stated ?? body["model"] ?? body["modelVersion"]);
    return extracted.flatMap(({ usage, extractors }) =>
      extractors
        .filter(({ input_price }) => input_price !== undefined)
        .map((published) => {
          const key = `${published.provider_id} ${name}`;
          if (!found.has(key)) found.set(key, pinned(models, published.provider_id, name));
          return { usage, published, name, model: found.get(key) };
        }),
    );
  });
}

/** The model that the source takes a name for, at the provider or those whose prices it shares. */
function pinned(
  models: ReadonlyMap<string, readonly PricedModel[]>,
  id: string,
  name: string,
): PricedModel | undefined {
  const own = providers.find((provider) => provider.id === id);
  for (const one of [id, ...(own?.fallback_model_providers ?? [])]) {
    const nearest = nearestId(
      providers.find((provider) => provider.id === one),
      name,
    );
    if (nearest !== undefined) return models.get(one)?.find((model) => model.id === nearest);
  }
  return undefined;
}

/** The source's counts as a record. */
function recordOf(usage: Extracted["usage"]): UsageRecord {
  return {
    ...NO_USAGE,
    inputTokens: usage["input_tokens"] ?? 0,
    outputTokens: usage["output_tokens"] ?? 0,
    cacheReadTokens: usage["cache_read_tokens"] ?? 0,
    cacheWriteTokens: usage["cache_write_tokens"] ?? 0,
    audioInputTokens: usage["input_audio_tokens"] ?? 0,
    audioCacheReadTokens: usage["cache_audio_read_tokens"] ?? 0,
    audioOutputTokens: usage["output_audio_tokens"] ?? 0,
  };
}

/** Exact, from the decimals as they are published, and rounded up once. */
function microcentsOf({ input_price: input = "0", output_price: output = "0" }: Published): bigint {
  const digits = 24;
  const scaled = (text: string): bigint => {
    const [mantissa = "", exponent = "0"] = text.toLowerCase().split("e");
    const [whole = "", fraction = ""] = mantissa.split(".");
    return BigInt(whole + fraction) * 10n ** BigInt(digits - fraction.length + Number(exponent));
  };
  const unit = 10n ** BigInt(digits - 8);
  return (scaled(input) + scaled(output) + unit - 1n) / unit;
}

function imagesApart({ id }: PricedModel, { outputTokens }: UsageRecord): string {
  return /-image/.test(id) && outputTokens > 0 ? "images apart" : `unexplained: ${id}`;
}

function dialectOf({ usage, usageMetadata }: RealUsage["body"]): AnswerDialect | undefined {
  if (usageMetadata !== undefined) return "gemini";
  if (usage?.["prompt_tokens"] !== undefined) return "openai-chat";
  if (usage?.["input_tokens"] === undefined) return undefined;
  return usage["total_tokens"] === undefined ? "anthropic-messages" : "openai-responses";
}

/** Flavors of extractors that read a dialect; the source runs every one that finds its required fields. */
const FLAVORS: { readonly [Dialect in AnswerDialect]: readonly string[] } = {
  "openai-chat": ["chat", "default"],
  "openai-embeddings": ["embeddings"],
  "openai-responses": ["responses"],
  "anthropic-messages": ["anthropic", "default"],
  gemini: ["default"],
};

function differenceOf(
  { usage = {} }: RealUsage["body"],
  record: UsageRecord,
  dialect: AnswerDialect,
  { usage: theirs, extractors }: Extracted,
): string | undefined {
  const isOwn = extractors.some(({ api_flavor }) => FLAVORS[dialect].includes(api_flavor));
  const differs = {
    input: record.inputTokens !== (theirs["input_tokens"] ?? 0),
    output: record.outputTokens !== (theirs["output_tokens"] ?? 0),
    read: record.cacheReadTokens !== (theirs["cache_read_tokens"] ?? 0),
    written: record.cacheWriteTokens + record.cacheWrite1hTokens !== (theirs["cache_write_tokens"] ?? 0),
    searches: record.webSearches !== (theirs["web_searches"] ?? 0),
    audio: record.audioInputTokens !== (theirs["input_audio_tokens"] ?? 0),
    images: record.imageInputTokens !== (theirs["input_image_tokens"] ?? 0),
  };
  const names = Object.entries(differs).flatMap(([name, is]) => (is ? [name] : []));
  if (names.length === 0) return "same";
  if (!isOwn) return "another dialect";
  const only = (...allowed: readonly string[]): boolean => names.every((name) => allowed.includes(name));
  if (usage["iterations"] !== undefined && only("input", "output", "written")) return "compaction is left out";
  if (only("searches")) return "searches are left out";
  if (only("output") && record.doubts.length > 0) return "hidden reasoning is left out";
  // By the identity of the totals it is a part of the completion, and the extractor of xAI adds it.
  if (only("output", "read") && theirs["output_reasoning_tokens"] !== undefined && isInside(usage))
    return "reasoning is added";
  return only("read", "written", "audio") ? "a cache field is not read" : undefined;
}

function isInside({ prompt_tokens: input, completion_tokens: output, total_tokens: total }: Json): boolean {
  return Number(input) + Number(output) === Number(total);
}

function count(tally: Map<string, number>, name: string): void {
  tally.set(name, (tally.get(name) ?? 0) + 1);
}
