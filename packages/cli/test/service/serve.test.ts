import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { readConfig } from "@calybris/gateway";
import { afterEach, beforeEach, expect, test } from "vitest";
import { calybris, calybrisOn, capturedTerminal } from "../support/captured-terminal.ts";

let place: string;
beforeEach(() => {
  place = mkdtempSync(join(tmpdir(), "calybris-serve-"));
});
afterEach(() => rmSync(place, { recursive: true, force: true }));

test("init writes a policy and a configuration that the service starts with, and it ends at an interrupt", async () => {
  const [policy, config] = [join(place, "policy.jsonc"), join(place, "config.jsonc")];
  expect(await calybris("init", "--out", policy, "--config", config)).toMatchObject({ exit: 0, complaints: "" });
  expect(readFileSync(config, "utf8")).toContain('"port": 8787');
  const terminal = capturedTerminal();
  const words = [
    "--config",
    config,
    "--policy",
    policy,
    "--journal",
    join(place, "journal"),
    "--port",
    "0",
    "--log-level",
    "silent",
  ];
  const serving = calybrisOn(terminal, "serve", ...words);
  await expect.poll(() => terminal.complained.join(), { timeout: 60_000 }).toContain("calybris listens on");
  const url = /listens on (\S+)/.exec(terminal.complained.join())?.[1];
  expect(await (await fetch(`${url}/ready`)).json()).toMatchObject({ status: "ready" });
  const where = ["--config", config, "--port", new URL(url ?? "").port];
  expect(await calybris("health", ...where)).toMatchObject({ exit: 0, out: expect.stringContaining('"ready"') });
  expect(terminal.complained.join()).toMatch(/policy {3}1 "first-policy" [0-9a-f]{64}/);
  writeFileSync(policy, readFileSync(policy, "utf8").replace('"epoch": 1', '"epoch": 2'));
  terminal.hangUp();
  await expect
    .poll(async () => await (await fetch(`${url}/ready`)).json(), { timeout: 60_000 })
    .toMatchObject({ policyId: 2 });
  writeFileSync(policy, "{");
  terminal.hangUp();
  await expect.poll(() => terminal.complained.join(), { timeout: 60_000 }).toContain("nothing was reloaded");
  terminal.interrupt();
  expect((await serving).exit).toBe(0);
  await expect(fetch(`${url}/ready`)).rejects.toThrow();
  expect(await calybris("health", ...where)).toMatchObject({
    exit: 1,
    out: "",
    complaints: expect.stringContaining("ECONNREFUSED"),
  });
});

test("a key is printed once, and its entry is one that the configuration takes", async () => {
  const words = ["--name", "ada", "--scope", "decide", "--tenant", "acme", "--per-second", "5"];
  const { out, exit } = await calybris("key", "create", ...words, "--json");
  const { key, entry } = JSON.parse(out) as { key: string; entry: object };
  expect([exit, key]).toEqual([0, expect.stringMatching(/^cal_[\w-]{43}$/)]);
  expect(entry).toMatchObject({ name: "ada", scopes: ["decide"], tenants: ["acme"], perSecond: 5 });
  expect(JSON.stringify(entry)).not.toContain(key);
  expect((await readConfig({ flags: { keys: JSON.stringify([entry]) } })).keys).toEqual([entry]);
  expect((await calybris("key", "create", ...words)).out).not.toContain(key);
  expect(await calybris("key", "create", "--name", "x", "--scope", "rule")).toMatchObject({ exit: 2 });
});
