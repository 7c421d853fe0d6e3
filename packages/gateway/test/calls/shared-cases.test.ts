import { parsePolicyFile } from "@calybris/engine";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import type { Json } from "../../src/wire/stream-sights.ts";
import { createKey } from "../../src/keys/keyring.ts";
import { POLICY, type Running, startService } from "../support/running-service.ts";
import { faultsOfCase, type Played } from "./case-checks.ts";
import { CASE_KEY, hasCases, type PlayedCase, playedCases } from "./played-cases.ts";
import { ScriptedProvider } from "./scripted-provider.ts";

const MODELS: { readonly [model: string]: string } = {
  "mock-chat": "openai",
  "mock-resp": "openai",
  "mock-embed": "openai",
  "mock-claude": "anthropic",
  "mock-gemini": "google",
  "mock-chat-only": "host",
  "mock-mistral": "mistral",
  "mock-deepseek": "deepseek",
};
const rich = createKey();
const poor = createKey();
let provider: ScriptedProvider;
let running: Running;

beforeAll(async () => {
  provider = await ScriptedProvider.start();
  process.env["CASES_PROVIDER_KEY"] = "sk-of-the-provider";
  const key = (name: string, sha256: string): object => ({ name, scopes: ["decide"], sha256, tenants: [name] });
  running = await startService({
    startingPolicy: () => Promise.resolve(parsePolicyFile(policyOf(Object.keys(MODELS)))),
    moreKeys: [key("rich", rich.sha256), key("poor", poor.sha256)] as never,
    flags: {
      providers: JSON.stringify([
        { name: "openai", api: "openai", baseUrl: `${provider.url}/v1`, keyEnv: "CASES_PROVIDER_KEY" },
        { name: "host", api: "openai-compatible", baseUrl: `${provider.url}/v1`, keyEnv: "CASES_PROVIDER_KEY" },
        { name: "mistral", api: "mistral", baseUrl: `${provider.url}/v1`, keyEnv: "CASES_PROVIDER_KEY" },
        { name: "deepseek", api: "deepseek", baseUrl: `${provider.url}/v1`, keyEnv: "CASES_PROVIDER_KEY" },
        { name: "anthropic", api: "anthropic", baseUrl: provider.url, keyEnv: "CASES_PROVIDER_KEY" },
        { name: "google", api: "google", baseUrl: `${provider.url}/v1beta`, keyEnv: "CASES_PROVIDER_KEY" },
      ]),
      deployments: JSON.stringify(
        Object.entries(MODELS).map(([model, api]) => ({
          name: `${model} here`,
          candidate: model,
          provider: api,
          prices: { input: "1", output: "2" },
        })),
      ),
      "calls-attempts-max": "1",
    },
  });
  const client = running.client({ key: running.keys.operate });
  await client.setBudget("rich", {
    limit: { exposureCapDollars: "1000" },
    grant: { id: "all", amountMicrocents: "100000000000" },
  });
  await client.setBudget("poor", { limit: { exposureCapMicrocents: "1" } });
});

afterAll(async () => {
  delete process.env["CASES_PROVIDER_KEY"];
  await running?.end();
  await provider?.[Symbol.asyncDispose]();
});

function policyOf(models: readonly string[]): object {
  const candidates = models.map((name, index) => ({
    id: index + 1,
    name,
    provider: "mock",
    tier: "only",
    qualityBps: 8_000,
    latencyP95Ms: 1_000,
    riskCeilingBps: 9_500,
    capabilities: ["chat"],
    regions: ["us"],
    inputPriceDollarsPerMillion: "1",
    outputPriceDollarsPerMillion: "2",
  }));
  const catalog = { name: "cases", title: "Models of the cases", epoch: 1, providers: ["mock"], candidates };
  return { ...POLICY, catalog: { ...catalog, capabilities: ["chat"], regions: ["us"], tiers: ["only"] } };
}

async function play(given: PlayedCase): Promise<Played> {
  const key = given.isBudgetExhausted ? poor.key : rich.key;
  const { method, path, headers, body, body_base64: packed } = given.request;
  provider.seen.length = 0;
  provider.script = given.upstream === null ? undefined : { upstream: given.upstream, isSplit: given.isSplit };
  const sent = Object.entries(headers).map(([name, value]): [string, string] => [name, value.replace(CASE_KEY, key)]);
  const response = await fetch(`${running.url}${path}`, {
    method,
    headers: { "content-type": "application/json", ...Object.fromEntries(sent) },
    ...(method === "POST" ? { body: packed === undefined ? JSON.stringify(body) : Buffer.from(packed, "base64") } : {}),
  });
  const text = await response.text();
  const decisionId = response.headers.get("x-calybris-decision");
  const entries = decisionId === null ? [] : await entriesOf(decisionId);
  return { given, status: response.status, headers: response.headers, text, seen: provider.seen, key, entries };
}

/** Of a decision, whose own entry is the first. */
async function entriesOf(decisionId: string): Promise<readonly Json[]> {
  const sequence = Number(decisionId.split("-")[0]);
  const { reading } = running.service.engine;
  const pieces = await Array.fromAsync(reading.lines(sequence, reading.head.sequence));
  const lines = Buffer.concat(pieces).toString().trimEnd().split("\n");
  return lines
    .map((line) => (JSON.parse(line) as { readonly data: Json }).data)
    .filter((entry) => entry["sequence"] === sequence || entry["of"] === sequence);
}

/** They open the circuit of their deployment, as they must: whatever needs that deployment comes before. */
const LAST = /insufficient-quota-of-the-operator|key of the operator refused/;

const cases = playedCases().toSorted((a, b) => Number(LAST.test(a.name)) - Number(LAST.test(b.name)));

describe("of the black-box cases,", () => {
  test.each(cases.map((one): [string, PlayedCase] => [one.name, one]))("%s", async (_name, given) => {
    const played = await play(given);
    expect(faultsOfCase(given.expected, played)).toEqual([]);
  });

  // Most of the cases are data beside the repository.
  test.skipIf(!hasCases)("there are as many as were looked at when this was written, or more", () => {
    expect(cases.length).toBeGreaterThanOrEqual(100);
  });
});
