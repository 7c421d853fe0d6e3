import { chmodSync } from "node:fs";
import { join } from "node:path";
import { createKey, type Scope } from "@calybris/gateway";
import { afterAll, beforeAll, describe, expect, test, vi } from "vitest";
import { linearPrior } from "../../../engine/test/support/linear-prior.ts";
import { calybris, calybrisOn, capturedTerminal, type Ended } from "../support/captured-terminal.ts";
import { CATALOG, POLICY, Sandbox } from "../support/sample-files.ts";

// A command with --url does on a running service what it does with --journal on the disk.
const files = new Sandbox();
const journal = files.at("journal");
const terminal = capturedTerminal();
let serving: Promise<Ended>;
let url = "";

const admin = createKey();
const app = createKey();
const keyFile = files.write("admin.key", `${admin.key}\n`);
chmodSync(keyFile, 0o600);
const entryOf = (name: string, { sha256 }: { readonly sha256: string }, scopes: readonly Scope[]): object => ({
  name,
  sha256,
  scopes,
});

const policy = files.write("policy.json", JSON.stringify(POLICY));
const config = files.write(
  "config.json",
  JSON.stringify({
    listen: { port: 0 },
    log: { level: "silent" },
    journal: { directory: journal },
    policy: { file: policy },
    keys: [entryOf("admin", admin, ["decide", "operate", "audit"]), entryOf("app", app, ["decide"])],
  }),
);

beforeAll(async () => {
  serving = calybrisOn(terminal, "serve", "--config", config);
  await vi.waitUntil(() => terminal.complained.join().includes("calybris listens on"), { timeout: 60_000 });
  url = /listens on (\S+)/.exec(terminal.complained.join())?.[1] ?? "";
});
afterAll(async () => {
  terminal.interrupt();
  await serving;
});

const there = (...words: readonly string[]): Promise<Ended> =>
  calybris(...words, "--url", url, "--api-key-file", keyFile);
const here = (...words: readonly string[]): Promise<Ended> => calybris(...words, "--journal", journal);

async function decide(body: object): Promise<{ readonly decisionId: string; readonly sequence: number }> {
  const headers = { "content-type": "application/json", authorization: `Bearer ${app.key}` };
  const answer = await fetch(`${url}/v1/decisions`, { method: "POST", headers, body: JSON.stringify(body) });
  expect(answer.status).toBe(200);
  return (await answer.json()) as { readonly decisionId: string; readonly sequence: number };
}

describe("commands that change something", () => {
  test("apply, grant, settle, correct and report go through the service, and name key and claim", async () => {
    const budgets = files.write(
      "budgets.json",
      '{"tenants":{"lab":{"parent":"acme"},"acme":{"exposureCapDollars":"5"}}}',
    );
    const applied = await there("ledger", "apply", budgets, "--by", "grace");
    expect(applied).toMatchObject({
      exit: 0,
      complaints: "",
      out: expect.stringMatching(/^2 tenants changed, 0 as before/),
    });
    expect((await there("ledger", "apply", budgets)).out).toContain("0 tenants changed, 2 as before");
    const grant = ["ledger", "grant", "--tenant", "acme", "--dollars", "3", "--id", "g1"];
    expect((await there(...grant, "--by", "grace")).out).toMatch(
      /^granted \$3 to "acme" .*\ngranted \$3 = remaining \$3/,
    );
    expect((await there(...grant)).out).toContain("granted before");
    expect((await there("ledger", "grant", "--tenant", "lab", "--dollars", "2", "--id", "g2")).exit).toBe(0);
    const first = await decide({ requested: "grand", inputTokens: 1_200, tenant: "lab" });
    const settled = await there("ledger", "settle", first.decisionId, "--actual-dollars", "0.0015");
    expect(settled).toMatchObject({
      exit: 0,
      out: expect.stringContaining(`${first.decisionId} is settled at $0.0015 for "lab"`),
    });
    expect((await there("ledger", "correct", first.decisionId, "--actual-dollars", "0.001")).out).toContain(
      "is corrected at $0.001",
    );
    const second = await decide({ requested: "grand", inputTokens: 900, tenant: "lab", requestId: "r2" });
    const outcome = ["outcome", second.decisionId, "--succeeded", "--cost-dollars", "0.002", "--settle"];
    expect((await there(...outcome)).out).toMatch(
      /success 10000 bps.*\nthe reservation is settled at \$0\.002 for "lab"/,
    );
    await decide({ requested: "grand", inputTokens: 700, requestId: "r3" });
    const rows = files.write(
      "outcomes.jsonl",
      '{"requestId":"r3","succeeded":true}\n{"requestId":"none","succeeded":true}\n',
    );
    const summary = await there("outcomes", rows, "--json");
    expect(summary.exit).toBe(2);
    expect(JSON.parse(summary.out)).toMatchObject({
      recorded: 1,
      refused: 1,
      refusals: [{ line: 2, code: "CAL_OUTCOME_UNBOUND" }],
    });
    const { out } = await there("tail", "--kind", "limit", "grant", "settlement", "correction", "outcome", "-n", "50");
    const lines = out.split("\n");
    expect(lines).toHaveLength(8);
    for (const line of lines) expect(line).toContain('Key "admin" (entry ');
    expect(lines.filter((line) => line.includes('on behalf of "grace" (claimed)'))).toHaveLength(3);
  });

  test("a policy is activated with its catalog in it, wherever the catalog is", async () => {
    files.write("catalog.json", JSON.stringify(CATALOG));
    const next = files.write("next.json", JSON.stringify({ ...POLICY, epoch: 2, catalog: "./catalog.json" }));
    const set = await there("policy", "set", next, "--json");
    expect(set).toMatchObject({ exit: 0, complaints: "" });
    const { digest } = JSON.parse((await calybris("policy", "check", next, "--json")).out) as { digest: string };
    expect(JSON.parse(set.out)).toMatchObject({ policy: 2, digest });
    expect((await there("policy", "set", next)).out).toContain("is active already");
    expect((await there("policy", "diff", next)).out).toContain("no difference");
    await decide({ requested: "swift", inputTokens: 50 });
  });
});

test("keys are created, listed, rotated and revoked on the service, and each secret is printed once", async () => {
  const created = await there(
    "key",
    "create",
    "--name",
    "team-a",
    "--scope",
    "decide",
    "--tenant",
    "lab",
    "--expires",
    "90",
  );
  expect(created).toMatchObject({ exit: 0, complaints: "" });
  const [, secret = "", id = ""] = /^key {6}(cal_\S{43})\n\nKey (\d+), "team-a", works/.exec(created.out) ?? [];
  const listed = await there("keys", "list");
  expect(listed.out).toMatch(new RegExp(`${id} .* team-a .* decide .* lab .* all .* \\d{4}-`));
  expect(listed.out).not.toContain(secret);
  const rotated = JSON.parse((await there("key", "rotate", id, "--json")).out) as {
    readonly id: number;
    readonly key: string;
  };
  expect(rotated.key).not.toBe(secret);
  const again = await there("key", "rotate", id);
  expect(again).toMatchObject({ exit: 2, complaints: expect.stringContaining("CAL_GATEWAY_KEY_UNKNOWN") });
  expect(await there("key", "revoke", String(rotated.id))).toMatchObject({ exit: 0, out: `revoked key ${rotated.id}` });
  expect((await there("key", "list")).out).toMatch(/^no keys were created/);
  for (const words of [["create", "--name", "k", "--scope", "decide", "--expires", "1"], ["list"], ["revoke", "7"]])
    expect(await calybris("key", ...words)).toMatchObject({ exit: 2, complaints: expect.stringContaining("--url") });
});

test("a prior and a certificate are activated through the service, as they are in a journal", async () => {
  const prior = files.write("prior.json", JSON.stringify(linearPrior({ names: [] })));
  const set = await there("prior", "set", prior, "--by", "grace", "--json");
  expect(set).toMatchObject({ exit: 0, complaints: "" });
  const { sequence, digest } = JSON.parse(set.out) as { readonly sequence: number; readonly digest: string };
  const numbers = ["--regimes", "3", "--alpha", "400", "--delta", "1000", "--samples", "7000"];
  const certified = await there("certificate", "set", ...numbers, "--prior", prior, "--json");
  expect(JSON.parse(certified.out)).toMatchObject({ regimes: 3, prior: digest });
  const other = files.write("other.json", JSON.stringify(linearPrior({ names: [], text: true })));
  const refused = await there("certificate", "set", ...numbers, "--prior", other);
  expect(refused).toMatchObject({ exit: 2, complaints: expect.stringContaining("CAL_CERTIFICATE_PRIOR") });
  expect((await there("prior", "set", other)).out).toContain("the certificate belonged to another prior and is void");
  const { out } = await here("show", String(sequence), "--json");
  expect(JSON.parse(out)).toMatchObject({ kind: "prior", keyName: "admin", members: { onBehalfOf: "grace", digest } });
});

test("health asks the service at a URL, and fails where none answers", async () => {
  expect(await calybris("health", "--url", url)).toMatchObject({ exit: 0, out: expect.stringContaining('"ready"') });
  expect(await calybris("health", "--url", `${url}/nowhere`)).toMatchObject({ exit: 1 });
  expect(await calybris("health", "--url", "http://127.0.0.1:1")).toMatchObject({ exit: 1 });
  expect(await calybris("health", "--url", "ftp://127.0.0.1")).toMatchObject({ exit: 2 });
});

describe("commands that read", () => {
  test("print of the service what they print of its journal on the disk", async () => {
    const { decisionId, sequence } = await decide({ requested: "grand", inputTokens: 300, tenant: "acme" });
    const { sequence: before } = await decide({ requested: "swift", inputTokens: 30 });
    const commands = [
      `show ${sequence}`,
      `show ${decisionId}`,
      `show ${decisionId} --json`,
      `show ${before - 1}`,
      "show 1 --json",
      `tail -n ${sequence}`,
      "tail -n 50 --kind decision outcome --json",
      "tail -n 50 --tenant acme --actor app",
      "policy show",
      "policy show --id 1 --json",
    ];
    for (const command of commands) {
      const words = command.split(" ");
      const found = await there(...words);
      expect(found, command).toMatchObject({ exit: 0, complaints: "" });
      expect(found, command).toEqual(await here(...words));
    }
    const ledger = await there("ledger", "show");
    expect(ledger.out.replace(/up to entry \d+/, "")).toBe(
      (await here("ledger", "show")).out.replace(/up to entry \d+/, ""),
    );
  });

  test("verify and ledger prove recompute everything from the lines that the service sends", async () => {
    const verified = JSON.parse((await there("verify", "--json")).out) as Record<string, unknown>;
    expect(verified).toMatchObject({ status: "intact", findings: [] });
    expect(await there("ledger", "prove")).toMatchObject({ exit: 0, out: expect.stringContaining("CONSERVED") });
    const head = files.write(
      "kept.json",
      JSON.stringify({
        schema_version: "calybris.wal-anchor.v1",
        sequence: 2,
        last_hash: "0".repeat(64),
        keyed: false,
      }),
    );
    expect((await there("verify", "--head", head)).exit).toBe(1);
  });
});

describe("what goes wrong", () => {
  test("the service's own errors are reported with code and remedy, as text and as JSON", async () => {
    const unknown = await there("ledger", "settle", "1-00000000", "--actual-cents", "1");
    expect(unknown).toMatchObject({
      exit: 2,
      out: "",
      complaints: expect.stringMatching(/^CAL_LEDGER_RESERVATION_UNKNOWN: .*\n\S/),
    });
    const json = await there("ledger", "settle", "1-00000000", "--actual-cents", "1", "--json");
    expect(JSON.parse(json.complaints)).toMatchObject({ error: { code: "CAL_LEDGER_RESERVATION_UNKNOWN" } });
    expect(await there("show", "99999")).toMatchObject({
      exit: 2,
      complaints: expect.stringContaining("CAL_JOURNAL_ENTRY_UNKNOWN"),
    });
  });

  test("a key that is missing, unknown or without the scope is refused, and never printed", async () => {
    expect(await calybris("tail", "--url", url)).toMatchObject({
      exit: 2,
      complaints: expect.stringContaining("CAL_GATEWAY_"),
    });
    const other = files.write("app.key", app.key);
    chmodSync(other, 0o600);
    const refused = await calybris("tail", "--url", url, "--api-key-file", other);
    expect(refused).toMatchObject({ exit: 2, out: "", complaints: expect.stringContaining("CAL_GATEWAY_") });
    expect(refused.complaints).not.toContain(app.key);
    chmodSync(other, 0o644);
    const open = await calybris("tail", "--url", url, "--api-key-file", other);
    expect(open).toMatchObject({ exit: 2, complaints: expect.stringMatching(/^CAL_SERVICE_KEY: .*mode 644/) });
  });

  test("CALYBRIS_KEY is the key, and no mistake of the service's configuration", async () => {
    process.env["CALYBRIS_KEY"] = admin.key;
    try {
      expect(await calybris("tail", "--url", url, "-n", "1")).toMatchObject({ exit: 0, complaints: "" });
      expect((await calybris("verify", "--config", config)).exit).toBe(0);
    } finally {
      delete process.env["CALYBRIS_KEY"];
    }
  });

  test("nobody at the URL, or no URL, is said in one sentence", async () => {
    const nobody = await calybris("tail", "--url", "http://127.0.0.1:1");
    expect(nobody).toMatchObject({
      exit: 1,
      out: "",
      complaints: expect.stringMatching(
        /^CAL_SERVICE_UNREACHABLE: no answer from the service at http:\/\/127\.0\.0\.1:1: /,
      ),
    });
    for (const bad of ["ftp://x", "127.0.0.1:8787", "http://user@x", "http://x?key=1"])
      expect(await calybris("tail", "--url", bad), bad).toMatchObject({
        exit: 2,
        complaints: expect.stringContaining("Write an http or https URL"),
      });
    expect(await calybris("tail", "--url", url, "--journal", join(journal))).toMatchObject({
      exit: 2,
      complaints: expect.stringContaining("cannot be used with"),
    });
  });
});
