import { describe, expect, test } from "vitest";
import { costOf } from "../../src/prices/call-cost.ts";
import { pricesAt, type RateName } from "../../src/prices/model-prices.ts";
import { shippedPrices } from "../../src/prices/price-book.ts";
import { usageOfAnswer, usageReader } from "../../src/usage/usage-reader.ts";
import { asObject, type Json } from "../../src/wire/stream-sights.ts";
import { hasRecordings, recordedAnswers, recordedFiles, recordedStreams } from "../wire/recorded-wire.ts";

const TIME_MS = Date.UTC(2026, 10, 27);
const PRICED_UNITS = 1_000_000n;

/** The last usage of a recording, and the model that answered. */
function lastOf(events: readonly Json[]): { readonly usage: Json | undefined; readonly model: string } {
  const usage = events.map((event) => asObject(event["usageMetadata"])).findLast((one) => one !== undefined);
  return { usage, model: String(events.find((event) => event["modelVersion"] !== undefined)?.["modelVersion"]) };
}

const files = hasRecordings ? recordedFiles() : new Map<string, string>();
const recordings = [
  ...recordedStreams(files)
    .filter(({ dialect }) => dialect === "gemini")
    .map(({ name, events }) => ({ name, events: events.map((event) => JSON.parse(event) as Json), isStream: true })),
  ...recordedAnswers(files).flatMap(({ name, dialect, json }) => {
    const answer = asObject(json);
    return dialect === "gemini" && answer?.["usageMetadata"] !== undefined
      ? [{ name, events: [answer], isStream: false }]
      : [];
  }),
];

// Skipped where the data sets are missing; CALYBRIS_DATA names their folder.
describe.skipIf(!hasRecordings)("what Google was recorded to count", () => {
  test("costs to the microcent what its counts come to by hand: thoughts as output, tools' results as input, and no part twice", async () => {
    const book = await shippedPrices();
    const tally = { priced: 0, unpriced: 0, other: 0 };
    for (const { name, events, isStream } of recordings) {
      const { usage, model } = lastOf(events);
      const priced = book.find("google", model);
      if (usage === undefined || priced === undefined) {
        tally.unpriced += 1;
        continue;
      }
      const reader = usageReader("gemini");
      for (const event of events) reader.see(event);
      const record = isStream ? reader.record() : usageOfAnswer("gemini", events[0] as Json);
      if (record === undefined) throw new Error(`${name} has no usage`);
      // Sound and pictures have rates of their own, and searches are billed by the call.
      const isText =
        !/"modality":"(?:AUDIO|IMAGE|VIDEO|DOCUMENT)"/.test(JSON.stringify(usage)) && record.webSearches === 0;
      if (!isText || record.tier === "provisioned") {
        tally.other += 1;
        continue;
      }
      const prices = pricesAt(priced, TIME_MS);
      const rate = (rateName: RateName): bigint => prices.rates[rateName]?.base ?? -1n;
      const count = (member: string): bigint => BigInt((usage[member] as number | undefined) ?? 0);
      const cached = count("cachedContentTokenCount");
      const input = count("promptTokenCount") + count("toolUsePromptTokenCount") - cached;
      const output = count("candidatesTokenCount") + count("thoughtsTokenCount");
      const total = input * rate("input") + cached * rate("cacheRead") + output * rate("output");
      const { costMicrocents, unknown } = costOf(record, { provider: "google", prices });
      expect([costMicrocents, unknown], name).toEqual([(total + PRICED_UNITS - 1n) / PRICED_UNITS, []]);
      expect(input + cached + output, name).toBe(count("totalTokenCount"));
      tally.priced += 1;
    }
    expect(tally).toEqual({ priced: 114, unpriced: 0, other: 13 });
  });
});
