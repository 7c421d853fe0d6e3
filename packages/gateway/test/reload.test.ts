import { execFile } from "node:child_process";
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { connect } from "node:tls";
import { promisify } from "node:util";
import type { Engine } from "@calybris/engine";
import fc from "fast-check";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { caseCount } from "../../../test/share.ts";
import { CalybrisClient } from "../../client/src/index.ts";
import type { KeyConfig } from "../src/config/config.ts";
import { readConfig } from "../src/config/read-config.ts";
import { createKey } from "../src/keys/keyring.ts";
import type { Scope } from "../src/keys/scope.ts";
import { Service } from "../src/service.ts";
import { createLog } from "../src/watch/log.ts";
import { POLICY } from "./support/running-service.ts";

// Goal: what is configured by files takes effect at a start and at a reload, all of it or nothing, and what was set over the
// API stays until the file changes.

let place: string;
let running: Service | undefined;
beforeEach(() => {
  place = mkdtempSync(join(tmpdir(), "calybris-reload-"));
});
afterEach(async () => {
  await running?.stop();
  running = undefined;
  rmSync(place, { recursive: true, force: true });
});

const secrets = { first: createKey(), second: createKey() };
const keyOf = (name: keyof typeof secrets, more: Partial<KeyConfig> = {}): KeyConfig => ({
  name,
  scopes: ["decide", "operate", "audit"] satisfies Scope[],
  sha256: secrets[name].sha256,
  ...more,
});

const file = (name: string): string => join(place, name);
const write = (name: string, value: unknown): void => writeFileSync(file(name), JSON.stringify(value));
const writePolicy = (epoch: number): void => write("policy.json", { ...POLICY, epoch });
const writeConfig = (changes: object = {}): void =>
  write("config.json", {
    listen: { port: 0 },
    journal: { directory: file("journal") },
    policy: { file: file("policy.json") },
    log: { level: "silent" },
    ...changes,
  });

async function start(): Promise<Service> {
  const read = () => readConfig({ file: file("config.json") });
  const config = await read();
  running = await Service.start({ config, log: createLog(config.log.level), readConfig: read });
  return running;
}

async function restart(): Promise<Service> {
  await running?.stop();
  return start();
}

const epochOf = ({ snapshot }: Engine): number => Number(snapshot.policy.policyEpoch);
const client = (name?: keyof typeof secrets): CalybrisClient =>
  new CalybrisClient({
    url: running?.report.url ?? "",
    attempts: 1,
    ...(name === undefined ? {} : { key: secrets[name].key }),
  });

describe("the policy file", () => {
  test("begins the journal; a policy set over the API survives restarts until the file changes", async () => {
    writePolicy(1);
    writeConfig();
    expect((await start()).report).toMatchObject({ policyActivated: false, policyOutlivesFile: false });
    await client().setPolicy({ policy: { ...POLICY, epoch: 7 }, by: "ada" });
    expect((await restart()).report).toMatchObject({ policyActivated: false, policyOutlivesFile: true });
    expect(epochOf((await restart()).engine)).toBe(7);
    writePolicy(2);
    expect((await restart()).report).toMatchObject({ policyActivated: true, policy: { id: 3 } });
    expect((await restart()).report).toMatchObject({ policyActivated: false, policy: { id: 3 } });
    const { policies } = await client().policies();
    expect(policies.map(({ policyEpoch, isFromFile }) => [policyEpoch, isFromFile])).toEqual([
      ["1", true],
      ["7", false],
      ["2", true],
    ]);
  });

  test("is activated exactly when it differs from what was last activated from it, at a start and at a reload", async () => {
    const epoch = fc.integer({ min: 1, max: 3 });
    const step = fc.oneof(
      fc.record({ does: fc.constant("edit" as const), epoch }),
      fc.record({ does: fc.constant("set" as const), epoch }),
      fc.record({ does: fc.constantFrom("restart" as const, "reload" as const), epoch }),
    );
    let journals = 0;
    await fc.assert(
      fc.asyncProperty(epoch, fc.array(step, { minLength: 4, maxLength: 8 }), async (first, steps) => {
        journals += 1;
        let [edited, fromFile, active, count] = [first, first, first, 1];
        writePolicy(edited);
        writeConfig({ journal: { directory: file(`journal-${journals}`) } });
        await start();
        for (const { does, epoch: next } of steps) {
          if (does === "edit") {
            edited = next;
            writePolicy(edited);
          } else if (does === "set") {
            if (next !== active) count += 1;
            active = next;
            await client().setPolicy({ policy: { ...POLICY, epoch: next }, by: "ada" });
          } else {
            const isActivated = edited !== fromFile;
            if (does === "restart") expect((await restart()).report.policyActivated).toBe(isActivated);
            else expect((await client().reload()).policy === null).toBe(!isActivated);
            if (isActivated) [fromFile, active, count] = [edited, edited, count + 1];
          }
          expect(epochOf((running as Service).engine)).toBe(active);
          expect((running as Service).engine.reading.policies()).toHaveLength(count);
        }
        await running?.stop();
      }),
      { numRuns: caseCount(4, 2) },
    );
  });
});

describe("a reload", () => {
  test("accepts new keys and no removed one, also on a connection that was open; a key that stays keeps its rate", async () => {
    writePolicy(1);
    writeConfig({ keys: [keyOf("first"), keyOf("second", { perSecond: 1 })] });
    await start();
    await client("first").decide({ inputTokens: 10 });
    // Overdraws the rate for longer than this test takes.
    await client("second").decideBatch(Array.from({ length: 600 }, () => ({ inputTokens: 10 })));
    writeConfig({ keys: [keyOf("second", { perSecond: 1 })] });
    expect(await client("first").reload()).toMatchObject({ keyCount: 1, restartNeeded: [] });
    await expect(client("first").decide({ inputTokens: 10 })).rejects.toMatchObject({
      code: "CAL_GATEWAY_KEY_REFUSED",
    });
    await expect(client("second").decide({ inputTokens: 10 })).rejects.toMatchObject({
      code: "CAL_GATEWAY_RATE_LIMITED",
    });
    writeConfig({ keys: [keyOf("first"), keyOf("second", { perSecond: 1_000 })] });
    await running?.reload();
    await client("first").decide({ inputTokens: 10 });
    await client("second").decide({ inputTokens: 10 });
  });

  test("activates the policy file and applies budgets together, and names the options that need a restart", async () => {
    writePolicy(1);
    write("budgets.json", { tenants: { acme: { unlimited: true } } });
    writeConfig({ budgets: { file: file("budgets.json") } });
    const { engine } = await start();
    expect(await client().reload()).toEqual({ policy: null, tenantsChanged: [], keyCount: 0, restartNeeded: [] });
    writePolicy(2);
    write("budgets.json", { tenants: { acme: {}, globex: { parent: "acme" } } });
    writeConfig({
      budgets: { file: file("budgets.json"), unknownTenants: "refuse" },
      limits: { batchMax: 7, perSecond: 1_000 },
    });
    const before = engine.reading.head.sequence;
    const { policy, ...rest } = await client().reload();
    expect(rest).toEqual({ tenantsChanged: ["acme", "globex"], keyCount: 0, restartNeeded: ["limits.batchMax"] });
    const last = (await client().policies()).policies.at(-1);
    expect(policy).toMatchObject({ policyId: 2, snapshotDigest: last?.snapshotDigest });
    expect(policy?.sequence).toBeGreaterThan(before);
    expect(engine.ledger.balance("globex").parent).toBe("acme");
    await expect(client().decide({ inputTokens: 10, tenant: "nobody" })).rejects.toMatchObject({
      code: "CAL_LEDGER_TENANT_UNKNOWN",
    });
  });

  test.each<[string, () => void, string]>([
    ["the configuration", () => writeConfig({ limits: { perSecond: -1 } }), "CAL_CONFIG_INVALID"],
    ["a key", () => writeConfig({ keys: [keyOf("first"), keyOf("first")] }), "CAL_CONFIG_INVALID"],
    ["the policy file", () => write("policy.json", { ...POLICY, epoch: "two" }), "CAL_POLICY_INVALID"],
    ["a policy file that is gone", () => rmSync(file("policy.json")), "CAL_INPUT_UNREADABLE"],
    ["the budgets file", () => write("budgets.json", { tenants: { acme: { unlimted: true } } }), "CAL_BUDGETS_INVALID"],
    [
      "a limit that cannot be",
      () => write("budgets.json", { tenants: { top: {}, acme: { parent: "top" }, later: {} } }),
      "CAL_BUDGETS_INVALID",
    ],
    [
      "a certificate",
      () => writeConfig({ tls: { certificateFile: file("policy.json"), keyFile: file("policy.json") } }),
      "CAL_CONFIG_INVALID",
    ],
  ])("changes nothing when there is a mistake in %s", async (_what, spoil, code) => {
    writePolicy(1);
    write("budgets.json", { tenants: { acme: { unlimited: true } } });
    const budgets = { file: file("budgets.json") };
    writeConfig({ budgets, keys: [keyOf("first")] });
    const { engine } = await start();
    const head = engine.reading.head.sequence;
    // Everything else changes as well, so that a part that takes effect is seen.
    writePolicy(2);
    write("budgets.json", { tenants: { acme: {}, later: {} } });
    writeConfig({ budgets: { ...budgets, unknownTenants: "refuse" }, keys: [keyOf("second")] });
    const changed = readFileSync(file("config.json"), "utf8");
    spoil();
    if (code !== "CAL_CONFIG_INVALID") expect(readFileSync(file("config.json"), "utf8")).toBe(changed);
    await expect(client("first").reload()).rejects.toMatchObject({ code });
    await expect((running as Service).reload()).rejects.toMatchObject({ code });
    expect(epochOf(engine)).toBe(1);
    expect(engine.ledger.balance("acme").metered).toBe(false);
    expect(() => engine.ledger.balance("later")).toThrow();
    const decision = await client("first").decide({ inputTokens: 10, tenant: "nobody" });
    // A seal, the key, the decision.
    expect(decision.sequence).toBeLessThanOrEqual(head + 3);
    await expect(client("second").decide({ inputTokens: 10 })).rejects.toMatchObject({
      code: "CAL_GATEWAY_KEY_REFUSED",
    });
  });

  test("serves a renewed certificate to new connections; a broken one is refused and the old one stays", async () => {
    mkdirSync(file("tls"));
    const tls = { certificateFile: file("tls/cert.pem"), keyFile: file("tls/key.pem") };
    await certificate("old.example");
    writePolicy(1);
    writeConfig({ tls });
    const { report } = await start();
    const port = Number(new URL(report.url).port);
    expect(await subjectAt(port)).toBe("old.example");
    await certificate("new.example");
    expect(await subjectAt(port)).toBe("old.example");
    await running?.reload();
    expect(await subjectAt(port)).toBe("new.example");
    writeFileSync(file("tls/cert.pem"), "no certificate");
    await expect(running?.reload()).rejects.toMatchObject({ code: "CAL_CONFIG_INVALID" });
    expect(await subjectAt(port)).toBe("new.example");
  });

  test("is one at a time, and needs the scope operate", async () => {
    writePolicy(1);
    writeConfig({ keys: [keyOf("first"), keyOf("second", { scopes: ["decide"] })] });
    const { engine } = await start();
    writePolicy(2);
    const reports = await Promise.all([client("first").reload(), client("first").reload()]);
    expect(reports.map(({ policy }) => policy?.policyId)).toEqual([2, undefined]);
    expect(engine.reading.policies()).toHaveLength(2);
    await expect(client("second").reload()).rejects.toMatchObject({ code: "CAL_GATEWAY_SCOPE_REFUSED" });
  });
});

async function certificate(name: string): Promise<void> {
  const words = "req -x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -days 2".split(" ");
  const files = ["-keyout", file("tls/key.pem"), "-out", file("tls/cert.pem")];
  await promisify(execFile)("openssl", [...words, "-subj", `/CN=${name}`, ...files]);
}

function subjectAt(port: number): Promise<string> {
  return new Promise((resolve, reject) => {
    const socket = connect({ port, host: "127.0.0.1", rejectUnauthorized: false }, () => {
      resolve(String(socket.getPeerCertificate().subject.CN));
      socket.destroy();
    });
    socket.on("error", reject);
  });
}
