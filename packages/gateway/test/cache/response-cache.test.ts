import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { type CachedAnswer, type CacheKey, ResponseCache } from "../../src/cache/response-cache.ts";

const key = (part: Partial<CacheKey> = {}): CacheKey => ({
  tenant: "t",
  requestDigest: "d",
  candidate: "c",
  versions: [],
  ...part,
});
const answer = (text: string): CachedAnswer => ({
  body: Buffer.from(text),
  contentType: "application/json",
  costMicrocents: 7n,
});

describe("the cache", () => {
  test("gives an answer back to an equal request only", () => {
    const cache = new ResponseCache({ bytesMax: 1_000_000, ttlMs: 1_000 });
    cache.put(key(), answer("{}"), 0);
    expect(Buffer.from(cache.get(key(), 999)?.body ?? []).toString()).toBe("{}");
    const others: Partial<CacheKey>[] = [
      { tenant: "u" },
      { requestDigest: "e" },
      { candidate: "other" },
      { versions: ["2023-06-01"] },
      { tenant: 't","d', requestDigest: "" },
    ];
    for (const other of others) expect(cache.get(key(other), 0)).toBeUndefined();
  });

  test("is a map with a clock and a bound, for any calls", () => {
    const step = fc.record({
      kind: fc.constantFrom("get", "put"),
      digest: fc.constantFrom("a", "b", "c", "d"),
      size: fc.nat(900),
      afterMs: fc.nat(400),
    });
    fc.assert(
      fc.property(fc.array(step, { maxLength: 60 }), (steps) => {
        const bytesMax = 20_000;
        const cache = new ResponseCache({ bytesMax, ttlMs: 1_000 });
        const kept = new Map<string, { readonly body: string; readonly untilMs: number }>();
        let nowMs = 0;
        for (const { kind, digest, size, afterMs } of steps) {
          nowMs += afterMs;
          if (kind === "put") {
            cache.put(key({ requestDigest: digest }), answer("x".repeat(size)), nowMs);
            // Larger than a sixteenth: not kept, and what was there is gone.
            if (size + 512 > bytesMax / 16) kept.delete(digest);
            else kept.set(digest, { body: "x".repeat(size), untilMs: nowMs + 1_000 });
            continue;
          }
          const model = kept.get(digest);
          const expected = model !== undefined && nowMs < model.untilMs ? model.body : undefined;
          const got = cache.get(key({ requestDigest: digest }), nowMs);
          expect(got && Buffer.from(got.body).toString()).toBe(expected);
        }
        expect(cache.bytes).toBeLessThanOrEqual(bytesMax);
      }),
    );
  });

  test("forgets what was used longest ago when it is full", () => {
    const cache = new ResponseCache({ bytesMax: 16 * 1_024, ttlMs: 1_000 });
    for (let index = 0; index < 16; index += 1)
      cache.put(key({ requestDigest: `${index}` }), answer("x".repeat(500)), 0);
    cache.get(key({ requestDigest: "0" }), 1);
    cache.put(key({ requestDigest: "new" }), answer("x".repeat(500)), 1);
    expect(cache.get(key({ requestDigest: "0" }), 1)).toBeDefined();
    expect(cache.get(key({ requestDigest: "1" }), 1)).toBeUndefined();
    expect(cache.bytes).toBeLessThanOrEqual(16 * 1_024);
  });

  test("holds its own bytes", () => {
    const cache = new ResponseCache({ bytesMax: 1_000_000, ttlMs: 1_000 });
    const body = Buffer.from("{}");
    cache.put(key(), { ...answer(""), body }, 0);
    body.fill(0);
    expect(Buffer.from(cache.get(key(), 0)?.body ?? []).toString()).toBe("{}");
  });

  test.each([
    { bytesMax: 0, ttlMs: 1 },
    { bytesMax: 1, ttlMs: 0.5 },
  ])("with %j is refused", (options) => {
    expect(() => new ResponseCache(options)).toThrow(RangeError);
  });
});
