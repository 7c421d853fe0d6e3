import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { Repeats } from "../../src/brake/repeats.ts";
import { StormBrake } from "../../src/brake/storm-brake.ts";

const MINUTE_MS = 60_000;

/** Calls in order: how long after the one before, which prompt, and whether it is answered. */
const calls = fc.array(
  fc.record({
    afterMs: fc.oneof(fc.nat(3_000), fc.nat(70_000)),
    tenant: fc.constantFrom("a", "b"),
    digest: fc.constantFrom("x", "y"),
    isAnswered: fc.boolean(),
  }),
  { maxLength: 80 },
);

describe("a storm", () => {
  test("is exactly when so many calls of the prompt have failed within a minute and since its last answer", () => {
    fc.assert(
      fc.property(calls, fc.integer({ min: 1, max: 5 }), (list, perMinute) => {
        const brake = new StormBrake({ perMinute });
        let nowMs = 0;
        const ends: { readonly key: string; readonly atMs: number; readonly isAnswered: boolean }[] = [];
        for (const { afterMs, tenant, digest, isAnswered } of list) {
          nowMs += afterMs;
          const key = tenant + digest;
          const since = ends.findLastIndex((end) => end.key === key && end.isAnswered);
          const failed = ends.slice(since + 1).filter((end) => end.key === key && end.atMs > nowMs - MINUTE_MS);
          const { failedCount, isStorm, retryAfterMs } = brake.check(tenant, digest, nowMs);
          expect(failedCount).toBe(Math.min(failed.length, perMinute));
          expect(isStorm).toBe(failed.length >= perMinute);
          if (isStorm) {
            expect(brake.check(tenant, digest, nowMs + retryAfterMs - 1).isStorm).toBe(true);
            expect(retryAfterMs).toBe((failed.at(-perMinute)?.atMs ?? 0) + MINUTE_MS - nowMs);
            continue;
          }
          brake.ended(tenant, digest, { isAnswered, nowMs });
          ends.push({ key, atMs: nowMs, isAnswered });
        }
      }),
      { numRuns: 500 },
    );
  });

  test("of a client without end costs what may be lost in a minute, and no more", () => {
    const brake = new StormBrake({ perMinute: 5 });
    let sentCount = 0;
    for (let nowMs = 0; nowMs < 10 * MINUTE_MS; nowMs += 100) {
      if (brake.check("t", "d", nowMs).isStorm) continue;
      sentCount += 1;
      brake.ended("t", "d", { isAnswered: false, nowMs });
    }
    expect(sentCount).toBe(50);
  });

  test("takes memory for a bounded number of prompts, and for none that is answered", () => {
    const brake = new StormBrake({ perMinute: 1, promptsMax: 3 });
    for (let index = 0; index < 100; index += 1) brake.ended("t", `d${index}`, { isAnswered: false, nowMs: index });
    expect(brake.promptCount).toBe(3);
    expect([96, 97, 98, 99].map((index) => brake.check("t", `d${index}`, 100).isStorm)).toEqual([
      false,
      true,
      true,
      true,
    ]);
    for (let index = 0; index < 100; index += 1) brake.ended("t", `d${index}`, { isAnswered: true, nowMs: 100 });
    expect(brake.promptCount).toBe(0);
  });

  test.each([0, 1.5, 1_001, Number.NaN])("of %d a minute is refused", (perMinute) => {
    expect(() => new StormBrake({ perMinute })).toThrow(RangeError);
  });
});

describe("a repeat", () => {
  test("is the same prompt of the same tenant within a minute", () => {
    fc.assert(
      fc.property(calls, (list) => {
        const repeats = new Repeats();
        const lastMs = new Map<string, number>();
        let nowMs = 0;
        for (const { afterMs, tenant, digest } of list) {
          nowMs += afterMs;
          const before = lastMs.get(tenant + digest);
          expect(repeats.sent(tenant, digest, nowMs)).toBe(before !== undefined && before > nowMs - MINUTE_MS);
          lastMs.set(tenant + digest, nowMs);
        }
      }),
    );
  });

  test("is remembered for a bounded number of prompts, and for a minute", () => {
    const repeats = new Repeats(10);
    for (let index = 0; index < 100; index += 1) repeats.sent("t", `d${index}`, 0);
    expect(repeats.promptCount).toBe(10);
    repeats.sent("t", "later", MINUTE_MS);
    expect(repeats.promptCount).toBe(1);
  });

  test("is found among the last sends, as many as are kept, and of no send before them", () => {
    const sends = fc.array(fc.record({ afterMs: fc.nat(20_000), digest: fc.nat(8) }), { maxLength: 80 });
    fc.assert(
      fc.property(sends, fc.integer({ min: 1, max: 6 }), (list, sendsMax) => {
        const repeats = new Repeats(sendsMax);
        const sent: { readonly digest: number; readonly atMs: number }[] = [];
        let nowMs = 0;
        for (const { afterMs, digest } of list) {
          nowMs += afterMs;
          const kept = sent.slice(-sendsMax).filter(({ atMs }) => atMs > nowMs - MINUTE_MS);
          expect(repeats.sent("t", String(digest), nowMs)).toBe(kept.some((one) => one.digest === digest));
          sent.push({ digest, atMs: nowMs });
          expect(repeats.promptCount).toBeLessThanOrEqual(sendsMax);
        }
      }),
    );
  });
});
