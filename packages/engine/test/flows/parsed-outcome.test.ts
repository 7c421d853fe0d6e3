/**
 * An outcome without a mistake is taken as it is given, without an object for each field. Whatever the way, what comes of it is
 * what the fields say one by one.
 */
import { CalybrisError, DISPOSITIONS, SIGNALS, U32_MAX } from "@calybris/kernel";
import fc from "fast-check";
import { expect, test } from "vitest";
import { endedEntry } from "../../src/flows/attempt-orders.ts";
import type { AttemptEnd } from "../../src/flows/client-call.ts";
import { type ClientOutcome, readOutcome } from "../../src/flows/parsed-outcome.ts";

const NOW = 1_700_000_000_000_000;
const odd = fc.constantFrom<unknown>(undefined, null, -0, -1, 1.5, 2 ** 53, "", "1", " 1", {}, [], true, Number.NaN);
const whole = fc.oneof(fc.integer({ min: 0, max: U32_MAX }), fc.constantFrom(0, U32_MAX, U32_MAX + 1, 2 ** 53 - 1));
const amount = fc.oneof(fc.bigInt({ min: -2n, max: 2n ** 63n + 2n }), whole, fc.constantFrom("17", "017", "x"));
const mostly = (of: fc.Arbitrary<unknown>): fc.Arbitrary<unknown> =>
  fc.oneof({ weight: 12, arbitrary: of }, { weight: 1, arbitrary: odd });

const outcome = fc.record(
  {
    decisionId: mostly(fc.constantFrom("17-abcd", "a".repeat(128))),
    observedAt: mostly(whole),
    disposition: mostly(fc.constantFrom(...DISPOSITIONS)),
    succeeded: mostly(fc.boolean()),
    signals: mostly(fc.oneof(fc.constant([]), fc.subarray([...SIGNALS]))),
    costMicrocents: mostly(amount),
    latencyMs: mostly(whole),
    settle: mostly(fc.boolean()),
    more: fc.constant(1),
  },
  { requiredKeys: ["decisionId"] },
) as fc.Arbitrary<unknown>;

function resultOf(run: () => unknown): unknown {
  try {
    return run();
  } catch (error) {
    if (!(error instanceof CalybrisError)) throw error;
    return { code: error.code, mistakes: (error.details as { readonly mistakes: unknown }).mistakes };
  }
}

/** With a signal every field is read by itself. */
function readByFields(given: ClientOutcome): unknown {
  const { signals = [] } = given;
  if (!Array.isArray(signals) || signals.length > 0) return resultOf(() => readOutcome(given, NOW));
  const read = resultOf(() => readOutcome({ ...given, signals: ["slow"] }, NOW)) as { readonly signals?: unknown };
  return "signals" in read ? { ...read, signals: [] } : read;
}

test("an outcome is what its fields say one by one, whichever of them have a mistake", () => {
  fc.assert(
    fc.property(outcome, (given) => {
      expect(resultOf(() => readOutcome(given as ClientOutcome, NOW))).toEqual(readByFields(given as ClientOutcome));
    }),
    { numRuns: 2_000 },
  );
});

const COUNTS = ["firstByteMs", "inputTokens", "outputTokens", "cacheReadTokens", "cacheWriteTokens"] as const;
const end = fc.record(
  {
    number: mostly(fc.integer({ min: 1, max: 9 })),
    status: mostly(fc.integer({ min: 0, max: 1_001 })),
    latencyMs: mostly(whole),
    costMicrocents: mostly(amount),
    ...Object.fromEntries(COUNTS.map((name) => [name, mostly(whole)])),
  },
  { requiredKeys: ["number", "status", "latencyMs"] },
) as fc.Arbitrary<{ readonly [name: string]: unknown }>;

const isWhole = (value: unknown, most: number): boolean =>
  typeof value === "number" && Number.isInteger(value) && !Object.is(value, -0) && value >= 0 && value <= most;

function exactly(value: unknown): bigint | undefined {
  if (typeof value === "bigint") return value;
  if (typeof value === "string") return /^\d{1,19}$/.test(value) ? BigInt(value) : undefined;
  return Number.isSafeInteger(value) && !Object.is(value, -0) ? BigInt(value as number) : undefined;
}

test("the end of an attempt has the fields that were given, and names each that is out of its range", () => {
  fc.assert(
    fc.property(end, (given) => {
      const cost = given["costMicrocents"];
      const exact = exactly(cost);
      const wrong = [
        ...(isWhole(given["number"], U32_MAX) ? [] : ["number"]),
        ...(isWhole(given["status"], 999) ? [] : ["status"]),
        ...(isWhole(given["latencyMs"], U32_MAX) ? [] : ["latencyMs"]),
        ...COUNTS.filter((name) => given[name] !== undefined && !isWhole(given[name], U32_MAX)),
        ...(cost === undefined || (exact !== undefined && exact >= 0n && exact < 2n ** 63n) ? [] : ["costMicrocents"]),
      ].sort();
      const result = resultOf(() => endedEntry(5, given as unknown as AttemptEnd, { actor: 7 }));
      if (wrong.length > 0) {
        const { mistakes } = result as { readonly mistakes: readonly { readonly path: string }[] };
        expect(mistakes.map(({ path }) => path).sort()).toEqual(wrong);
        return;
      }
      const fields = Object.fromEntries(Object.entries(given).filter(([, value]) => value !== undefined));
      const costs = exact === undefined ? {} : { costMicrocents: exact };
      expect(result).toEqual({ kind: "attempt", change: "ended", of: 5, ...fields, ...costs, actor: 7 });
    }),
    { numRuns: 2_000 },
  );
});
