import { createReadStream, existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { createGunzip, gunzipSync } from "node:zlib";
import { dataDirectory } from "@calybris/datasets";
import { describe, expect, test } from "vitest";
import { savings } from "../src/index.ts";
import { CATALOG, reportOf } from "./exports.ts";

const data = dataDirectory(join(import.meta.dirname, "..", "..", ".."));
const USAGES = join(data ?? "", "prices", "genai_usages_with_prices.json.gz");
const TRACES = ["AzureLLMInferenceTrace_code.csv.gz", "AzureLLMInferenceTrace_conv.csv.gz"].map((name) =>
  join(data ?? "", "traces", name),
);

interface Payload {
  readonly body: { readonly usage?: { readonly input_tokens?: number; readonly prompt_tokens?: number } };
  readonly extracted: readonly {
    readonly extractors: readonly {
      readonly provider_id: string;
      readonly api_flavor: string;
      readonly input_price?: string;
      readonly output_price?: string;
    }[];
  }[];
}

const FLAVORS = new Set(["anthropic default", "openai chat", "openai responses"]);
/** Beyond it some models cost more; the catalog holds the price below it. */
const LONG_CONTEXT_TOKENS = 200_000;

// The data set's own prices are computed by another project, from the same price list.
// Skipped where the data sets are missing; CALYBRIS_DATA names their folder.
describe.skipIf(!existsSync(USAGES))("1,577 recorded answers of providers", () => {
  test("are recognised and estimated at what another program computes, cached input included", async () => {
    const payloads = JSON.parse(gunzipSync(readFileSync(USAGES)).toString()) as readonly Payload[];
    let [equal, cached] = [0, 0];
    for (const { body, extracted } of payloads) {
      const priced = extracted
        .flatMap(({ extractors }) => extractors)
        .find(
          ({ provider_id, api_flavor, input_price }) =>
            input_price !== undefined && FLAVORS.has(`${provider_id} ${api_flavor}`),
        );
      const input = body.usage?.input_tokens ?? body.usage?.prompt_tokens ?? 0;
      if (priced === undefined || input > LONG_CONTEXT_TOKENS) continue;
      const { total, unknownModels } = await reportOf(`${JSON.stringify(body)}\n`);
      if (unknownModels.length > 0) continue;
      const expected = (Number(priced.input_price) + Number(priced.output_price)) * 1e8;
      // Each side of a cost is rounded up.
      expect(Math.abs(Number(total.estimatedMicrocents) - expected), JSON.stringify(body)).toBeLessThanOrEqual(4);
      equal += 1;
      if (total.cachedInputTokens > 0n) cached += 1;
    }
    expect(equal).toBeGreaterThan(500);
    expect(cached).toBeGreaterThan(10);
  });
});

// Skipped where the data sets are missing; CALYBRIS_DATA names their folder.
describe.skipIf(!TRACES.every(existsSync))("the Azure traces", () => {
  test.each(["gpt-4o", "gpt-4o-mini", "claude-sonnet-4-5", "gemini-3-pro", "gpt-5-nano", "llama-3.1-8b"])(
    "asked of %s cost no more at any floor, and every row is used",
    async (model) => {
      const reports = await Promise.all(
        TRACES.map((file) => savings(createReadStream(file).pipe(createGunzip()), { file, catalog: CATALOG, model })),
      );
      expect(reports.map(({ rows }) => [rows.used, rows.bad, rows.unreadTimes])).toEqual([
        [8_819, 0, 0],
        [19_366, 0, 0],
      ]);
      for (const { curve, total, comparableMicrocents } of reports) {
        expect(comparableMicrocents).toBe(total.paidMicrocents);
        for (const { savedMicrocents } of curve) expect(savedMicrocents).toBeGreaterThanOrEqual(0n);
      }
    },
  );
});
