import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, beforeEach, expect, test } from "vitest";
import { CalybrisClient } from "../../../client/src/index.ts";
import { readConfig } from "../../src/config/read-config.ts";
import { MockProvider } from "../../src/mock/mock-provider.ts";
import { NO_PACE } from "../../src/mock/pace.ts";
import { shippedPrices } from "../../src/prices/price-book.ts";
import { Service } from "../../src/service.ts";
import { createLog } from "../../src/watch/log.ts";
import { CALL_POLICY } from "./running-gateway.ts";

// Goal: a reload moves calls to other deployments without losing one, all of it or nothing.
// Method: two providers that keep their bills; a service that is reloaded between calls, and in the middle of one.

const place = mkdtempSync(join(tmpdir(), "calybris-reloaded-"));
let [first, second]: MockProvider[] = [];
let service: Service;

const write = (name: string, value: object): string => {
  writeFileSync(join(place, name), JSON.stringify(value));
  return join(place, name);
};
function configure(at: MockProvider | undefined, more: object = {}): void {
  write("config.json", {
    listen: { port: 0 },
    journal: { directory: join(place, "journal") },
    policy: { file: join(place, "policy.json") },
    log: { level: "silent" },
    providers: [{ name: "openai", api: "openai", baseUrl: `${at?.url}/v1` }],
    deployments: [{ name: "one", candidate: "gpt-4.1", provider: "openai" }],
    ...more,
  });
}
const reload = (): Promise<object> => new CalybrisClient({ url: service.report.url, attempts: 1 }).reload();

beforeAll(async () => {
  const prices = await shippedPrices();
  first = await MockProvider.start({ prices, pace: NO_PACE });
  second = await MockProvider.start({ prices, pace: NO_PACE });
  write("policy.json", CALL_POLICY);
  configure(first);
  const read = () => readConfig({ file: join(place, "config.json") });
  const config = await read();
  service = await Service.start({ config, log: createLog("silent"), readConfig: read });
});
beforeEach(async () => {
  configure(first);
  await reload();
});
afterAll(async () => {
  await service?.stop();
  await first?.close();
  await second?.close();
  rmSync(place, { recursive: true, force: true });
});

function call(model: string, text: string, more: object = {}): Promise<Response> {
  const body = { model, max_tokens: 40, messages: [{ role: "user", content: text }], ...more };
  return fetch(`${service.report.url}/v1/chat/completions`, {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: JSON.stringify(body),
  });
}

const billsOf = (): readonly number[] =>
  [first, second].map(
    (mock) =>
      mock
        ?.billText()
        .split("\n")
        .filter((row) => row !== "").length ?? 0,
  );

test("calls after a reload go to the new deployments, under the new names, and the list of models has them", async () => {
  const [before = 0, other = 0] = billsOf();
  expect((await call("gpt-4.1", "hello")).status).toBe(200);
  expect((await call("alias", "hello")).status).toBe(404);
  configure(second, { models: [{ name: "alias", candidate: "gpt-4.1" }] });
  expect(await reload()).toMatchObject({ restartNeeded: [] });
  expect((await call("gpt-4.1", "hello")).status).toBe(200);
  expect((await call("alias", "hello")).status).toBe(200);
  expect(billsOf()).toEqual([before + 1, other + 2]);
  const models = (await (await fetch(`${service.report.url}/v1/models`)).json()) as { data: { id: string }[] };
  expect(models.data.map(({ id }) => id)).toEqual(["gpt-4.1", "alias", "auto"]);
  configure(second, { deployments: [] });
  await reload();
  expect((await call("gpt-4.1", "hello")).status).toBe(404);
});

test("a stream that is under way during a reload ends as it began", async () => {
  const answer = await call("gpt-4.1", "Say more. [[mock: output=40 slow=5]]", { stream: true });
  const reader = (answer.body as ReadableStream<Uint8Array>).getReader();
  await reader.read();
  configure(second);
  await reload();
  let text = "";
  for (let piece = await reader.read(); !piece.done; piece = await reader.read())
    text += Buffer.from(piece.value).toString();
  expect(text).toMatch(/\[DONE\]\n\n$/);
  const decision = answer.headers.get("x-calybris-decision") ?? "";
  expect(service.engine.calls.standing(decision).state).toBe("finished");
});

test("a mistake in a provider changes nothing, and calls go on as before", async () => {
  const [before = 0, other = 0] = billsOf();
  const broken = { name: "openai", api: "openai", baseUrl: `${second?.url}/v1`, keyEnv: "NOT_SET_ANYWHERE" };
  configure(second, { providers: [broken], models: [{ name: "alias", candidate: "gpt-4.1" }] });
  await expect(reload()).rejects.toMatchObject({ code: "CAL_CONFIG_INVALID" });
  expect((await call("gpt-4.1", "hello")).status).toBe(200);
  expect((await call("alias", "hello")).status).toBe(404);
  expect(billsOf()).toEqual([before + 1, other]);
});
