import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { Rates } from "../../src/http/rates.ts";
import { createKey, type Principal } from "../../src/keys/keyring.ts";
import { SCOPES, type Scope } from "../../src/keys/scope.ts";
import { post, type Running, startService } from "../support/running-service.ts";

const BODY = JSON.stringify({ requested: "large", inputTokens: 1_000, outputTokens: 100 });

async function withService(
  options: Parameters<typeof startService>[0],
  body: (own: Running) => Promise<void>,
): Promise<void> {
  const own = await startService(options);
  try {
    await body(own);
  } finally {
    await own.end();
  }
}

describe("a rate", () => {
  const principal = (perSecond: number): Principal => ({
    name: "ada",
    identity: undefined,
    scopes: new Set(SCOPES),
    tenants: undefined,
    perSecond,
  });

  test("allows so many a second over any stretch of time, and one second's worth at once", () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 1, max: 50 }),
        fc.array(fc.record({ waitMs: fc.nat(400), requests: fc.integer({ min: 1, max: 5 }) }), { maxLength: 200 }),
        (perSecond, steps) => {
          let nowMs = 0;
          const rates = new Rates(() => nowMs);
          const key = principal(perSecond);
          let taken = 0;
          for (const { waitMs, requests } of steps) {
            nowMs += waitMs;
            try {
              rates.take(key);
              rates.charge(key, requests - 1);
              taken += requests;
            } catch (error) {
              expect(error).toMatchObject({ code: "CAL_GATEWAY_RATE_LIMITED", status: 429 });
            }
            // A batch may overdraw by what it holds.
            expect(taken).toBeLessThanOrEqual(perSecond + (nowMs / 1_000) * perSecond + 5);
          }
        },
      ),
    );
  });

  test("says when to come again, and means it", () => {
    let nowMs = 0;
    const rates = new Rates(() => nowMs);
    const key = principal(2);
    rates.take(key);
    rates.take(key);
    rates.charge(key, 4);
    let seconds = 0;
    try {
      rates.take(key);
    } catch (error) {
      seconds = (error as { details: { retryAfterSeconds: number } }).details.retryAfterSeconds;
    }
    expect(seconds).toBe(3);
    nowMs += seconds * 1_000;
    expect(() => rates.take(key)).not.toThrow();
  });

  test("is each key's own, over HTTP", async () => {
    const slow = createKey();
    const moreKeys = [{ name: "slow", scopes: ["decide" as Scope], sha256: slow.sha256, perSecond: 3 }];
    await withService({ moreKeys }, async (own) => {
      const statuses = async (key: string): Promise<readonly (readonly [number, string | null])[]> => {
        const answers = await Promise.all(
          Array.from({ length: 10 }, () => post(own, "/v1/decisions", BODY, { authorization: `Bearer ${key}` })),
        );
        return answers.map(({ status, headers }) => [status, headers.get("retry-after")]);
      };
      const startedMs = performance.now();
      const limited = await statuses(slow.key);
      const allowed = 3 + Math.ceil((3 * (performance.now() - startedMs)) / 1_000);
      const taken = limited.filter(([status]) => status === 200).length;
      expect(taken).toBeGreaterThanOrEqual(3);
      expect(taken).toBeLessThanOrEqual(allowed);
      expect(limited.filter(([status, after]) => status === 429 && after === "1").length).toBe(10 - taken);
      expect((await statuses(own.keys.decide)).every(([status]) => status === 200)).toBe(true);
    });
  });
});

describe("the cost of a request, in requests of its key's rate", () => {
  const key = createKey();
  const moreKeys = [{ name: "slow", scopes: ["decide" as Scope], sha256: key.sha256, perSecond: 10 }];
  const headers = { authorization: `Bearer ${key.key}` };

  /** How many requests the key owes, as the next refusal says; in whole seconds of its rate. */
  async function owed(own: Running): Promise<number> {
    const answer = await post(own, "/v1/decisions", BODY, headers);
    return answer.status === 429 ? 10 * Number(answer.headers.get("retry-after")) : 0;
  }

  /** The least that is owed for so many requests: the bucket held 10, and has refilled since. */
  const leastOwed = (count: number, startedMs: number): number =>
    count - 10 - 10 * Math.ceil((performance.now() - startedMs) / 1_000);

  test.each([[1], [10], [200], [1_000]])("a batch of %i costs as many", async (count) => {
    await withService({ moreKeys }, async (own) => {
      const startedMs = performance.now();
      const batch = JSON.stringify({ requests: Array.from({ length: count }, () => ({ inputTokens: 1 })) });
      expect((await post(own, "/v1/decisions:batch", batch, headers)).status).toBe(200);
      const debt = await owed(own);
      expect(debt).toBeLessThanOrEqual(Math.max(10, count));
      expect(debt).toBeGreaterThanOrEqual(leastOwed(count, startedMs));
    });
  });

  test("a batch that is refused as a whole costs one", async () => {
    await withService({ moreKeys }, async (own) => {
      expect((await post(own, "/v1/decisions:batch", '{"requests":[]}', headers)).status).toBe(400);
      expect(await owed(own)).toBe(0);
    });
  });

  test.each([
    ["that is taken", "/v1/decisions", BODY.padEnd(2_000_000), 200],
    ["that is refused", "/v1/policies/check", `{"policy":${" ".repeat(2_000_000)}`, 400],
  ])("a long body %s costs one for each 32 KiB", async (_how, path, body, status) => {
    await withService({ moreKeys }, async (own) => {
      const startedMs = performance.now();
      expect((await post(own, path, body, headers)).status).toBe(status);
      const debt = await owed(own);
      expect(debt).toBeLessThanOrEqual(70);
      expect(debt).toBeGreaterThanOrEqual(leastOwed(62, startedMs));
    });
  });
});
