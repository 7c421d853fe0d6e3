import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { inspect } from "node:util";
import fc from "fast-check";
import { describe, expect, test, vi } from "vitest";
import { GatewayError } from "../../src/gateway-errors.ts";
import {
  chooseByWeight,
  type Deployment,
  parseBaseUrl,
  pathOf,
  requestHeaders,
} from "../../src/providers/deployment.ts";
import { DeploymentGuard } from "../../src/providers/deployment-guard.ts";
import { readKey, Secret } from "../../src/providers/secret.ts";
import { SECRET_HEADERS } from "../../src/wire/header-lists.ts";

const KEY = "sk-very-secret";
const DEPLOYMENT: Deployment = {
  name: "eu",
  baseUrl: new URL("https://api.example/v1/"),
  key: new Secret(KEY),
  dialects: ["openai-chat"],
  region: "eu",
  weight: 1,
  concurrencyMax: 1,
};

describe("a key", () => {
  test("is printed by nothing that prints the deployment that holds it", () => {
    const printed = [
      inspect(DEPLOYMENT, { depth: 9, showHidden: true }),
      JSON.stringify(DEPLOYMENT),
      `${DEPLOYMENT.key}`,
    ];
    for (const text of printed) expect(text).not.toContain(KEY);
    expect(DEPLOYMENT.key?.reveal()).toBe(KEY);
  });

  test("comes from the environment or a file, without the blanks around it", () => {
    const folder = mkdtempSync(join(tmpdir(), "key-"));
    try {
      const keyFile = join(folder, "key");
      writeFileSync(keyFile, `${KEY}\n`);
      expect(readKey({ keyFile }, "key_file", {}).reveal()).toBe(KEY);
      expect(readKey({ keyEnv: "PROVIDER_KEY" }, "key_env", { PROVIDER_KEY: ` ${KEY} ` }).reveal()).toBe(KEY);
    } finally {
      rmSync(folder, { recursive: true });
    }
  });

  test.each(["", "two\nlines", "schlüssel", undefined])("%j is refused, and the error does not say it", (value) => {
    try {
      readKey({ keyEnv: "PROVIDER_KEY" }, "providers[0].key_env", { PROVIDER_KEY: value });
      expect.unreachable();
    } catch (error) {
      expect(error).toBeInstanceOf(GatewayError);
      expect(String(error)).toContain("PROVIDER_KEY");
      if (value !== undefined && value !== "") expect(inspect(error)).not.toContain(value);
    }
  });
});

test("only listed headers of the client are sent, with the deployment's key in the place of the client's", () => {
  const secrets = SECRET_HEADERS.flatMap((name) => [name, "of the client"]);
  const sent = requestHeaders(
    DEPLOYMENT,
    "openai-chat",
    [...secrets, "OpenAI-Beta", "x", "x-tenant", "acme", "accept-encoding", "br"],
    "a1",
  );
  expect(sent).toEqual([
    ...["openai-beta", "x", "content-type", "application/json", "authorization", `Bearer ${KEY}`],
    ...["accept-encoding", "identity", "x-client-request-id", "a1"],
  ]);
});

test("an address is joined as the official clients do, and one that could hold a secret is refused", () => {
  expect(pathOf(DEPLOYMENT, "openai-chat")).toBe("/v1/chat/completions");
  const anthropic = { baseUrl: parseBaseUrl("https://api.anthropic.com", "base_url") };
  expect(pathOf(anthropic, "anthropic-messages")).toBe("/v1/messages");
  expect(pathOf(anthropic, "count_tokens")).toBe("/v1/messages/count_tokens");
  for (const address of ["ftp://a", "https://user:pass@a/v1", "https://a/v1?key=1", "a/v1", "https://a/#x"])
    expect(() => parseBaseUrl(address, "providers[0].base_url"), address).toThrow("base_url");
});

test("over all draws each deployment is chosen exactly as often as its weight says", () => {
  const weights = fc.array(fc.integer({ min: 1, max: 20 }), { minLength: 1, maxLength: 6 });
  fc.assert(
    fc.property(weights, (list) => {
      const deployments = list.map((weight, index) => ({ weight, index }));
      const total = list.reduce((sum, weight) => sum + weight, 0);
      const counts = list.map(() => 0);
      for (let draw = 0; draw < total; draw += 1) {
        const chosen = chooseByWeight(deployments, () => draw);
        if (chosen !== undefined) counts[chosen.index] = (counts[chosen.index] ?? 0) + 1;
      }
      expect(counts).toEqual(list);
    }),
  );
});

describe("the guard of a deployment", () => {
  const guard = (concurrencyMax = 4): DeploymentGuard =>
    new DeploymentGuard({ concurrencyMax, halfOpenAfterMs: 1_000 });
  const settled = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));
  const callOnce = async (
    guarded: DeploymentGuard,
    health: "healthy" | "fault" | "account" | "neutral" | "unknown",
  ): Promise<void> => {
    guarded.enter()?.end(health);
    await settled();
  };

  test("opens after ten faults in a row, whatever of them were cut streams, and not after nine", async () => {
    const guarded = guard();
    for (let fault = 0; fault < 9; fault += 1) await callOnce(guarded, "fault");
    expect(guarded.state).toBe("closed");
    await callOnce(guarded, "fault");
    expect([guarded.state, guarded.enter()]).toEqual(["open", undefined]);
  });

  test("counts neither rate limits nor mistakes of clients, and they do not end a row of faults", async () => {
    const guarded = guard();
    for (let call = 0; call < 40; call += 1) await callOnce(guarded, "neutral");
    for (let fault = 0; fault < 9; fault += 1) {
      await callOnce(guarded, "fault");
      await callOnce(guarded, "neutral");
    }
    expect(guarded.state).toBe("closed");
    await callOnce(guarded, "fault");
    expect(guarded.state).toBe("open");
  });

  test("begins to count anew after a call that went well", async () => {
    const guarded = guard();
    for (let fault = 0; fault < 9; fault += 1) await callOnce(guarded, "fault");
    await callOnce(guarded, "healthy");
    for (let fault = 0; fault < 9; fault += 1) await callOnce(guarded, "fault");
    expect(guarded.state).toBe("closed");
  });

  test("opens at once when the account is refused, and closes after one trial that goes well", async () => {
    vi.useFakeTimers({ toFake: ["Date"] });
    try {
      const guarded = guard();
      await callOnce(guarded, "account");
      expect([guarded.state, guarded.enter()]).toEqual(["open", undefined]);
      vi.advanceTimersByTime(1_000);
      const trial = guarded.enter();
      // A second call does not wait for the trial, which may be a long stream.
      expect([guarded.state, trial === undefined, guarded.enter()]).toEqual(["half-open", false, undefined]);
      trial?.end("healthy");
      await settled();
      expect(guarded.state).toBe("closed");
    } finally {
      vi.useRealTimers();
    }
  });

  test.each(["fault", "unknown", "account"] as const)("opens again after a trial that ends as %s", async (health) => {
    vi.useFakeTimers({ toFake: ["Date"] });
    try {
      const guarded = guard();
      await callOnce(guarded, "account");
      vi.advanceTimersByTime(1_000);
      await callOnce(guarded, health);
      expect(guarded.state).toBe("open");
    } finally {
      vi.useRealTimers();
    }
  });

  test("lets no more calls in than there are places, and gives a place back once", async () => {
    const guarded = guard(2);
    const [first, second] = [guarded.enter(), guarded.enter()];
    expect([first === undefined, second === undefined, guarded.enter()]).toEqual([false, false, undefined]);
    first?.end("healthy");
    first?.end("fault");
    await settled();
    expect(guarded.enter()).toBeDefined();
    expect(guarded.enter()).toBeUndefined();
  });
});
