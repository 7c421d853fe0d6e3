import { execFile } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { builtInCatalogPath, loadCatalog, parsePolicyFile } from "@calybris/engine";
import { nodeSigner, pooledSigner, readJson, readJsonFile } from "@calybris/engine/internal";
import { API_CONTRACTS, type OpenApi, openApi } from "@calybris/gateway";
import { verifierKey } from "@calybris/kernel";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { startingPolicyText } from "../packages/cli/src/init/init.ts";
import { EXAMPLE_ORDER } from "../packages/gateway/src/decisions/operation-docs.ts";
import { type Running, startService } from "../packages/gateway/test/support/running-service.ts";
import { ROOT } from "./sources.ts";

const run = promisify(execFile);
/** Of the key that signs checkpoints. */
const SEED = new Uint8Array(32).fill(3);
const ID = /\b[1-9][0-9]*-([0-9a-f]{8})\b/g;
const document = openApi(API_CONTRACTS);
type Operation = OpenApi["paths"][string][string];
const operations = new Map<string, Operation>(
  Object.values(document.paths).flatMap((methods) =>
    Object.values(methods).map((operation): [string, Operation] => [operation.operationId, operation]),
  ),
);

const KEY_PATH = /\/v1\/keys\/[0-9]+/;

describe("the examples of the OpenAPI document", () => {
  let running: Running;
  /** Ids that were answered, by their second half: the first is a sequence, which a seal of an idle journal moves. */
  const answered = new Map<string, string>();
  /** That of the key which was created last, likewise. */
  let keyId = "";

  beforeAll(async () => {
    const text = startingPolicyText(await loadCatalog("llm"), { catalog: "llm", out: "policy" });
    const catalog = await readJsonFile(builtInCatalogPath("llm"));
    const policy = parsePolicyFile(readJson(text, "policy").value, catalog.value);
    const key = verifierKey("example.org/log", "ed25519", nodeSigner(SEED).publicKey);
    const checkpointSigner = { key, signer: pooledSigner(SEED) };
    running = await startService({
      keyed: false,
      onDisk: true,
      startingPolicy: () => Promise.resolve(policy),
      checkpointSigner,
    });
  });
  afterAll(() => running.end());

  test("are in the order that they are run in, each once", () => {
    expect([...EXAMPLE_ORDER].sort()).toEqual([...operations.keys()].sort());
  });

  // The order matters: a settlement needs the decision before it.
  test.each(EXAMPLE_ORDER)("%s: its command is answered 200 by a service that has just been started", async (name) => {
    if (name === "inclusionProof") await running.service.engine.checkpoints.sign();
    const [{ source } = { source: "" }] = operations.get(name)?.["x-codeSamples"] ?? [];
    const sent = source
      .replace(ID, (id, half: string) => answered.get(half) ?? id)
      .replace(KEY_PATH, `/v1/keys/${keyId}`);
    const script = `curl() { command curl --fail-with-body "$@"; }\n${sent}`;
    const { stdout } = await run("sh", ["-c", script.replace("http://127.0.0.1:8787", running.url)], {
      env: { ...process.env, KEY: "not-needed" },
      timeout: 60_000,
    });
    keyId = /^\{"id":([0-9]+),"name"/.exec(stdout)?.[1] ?? keyId;
    for (const [id, half = ""] of stdout.matchAll(ID)) answered.set(half, id);
    expect(stdout).not.toContain('"error"');
  });
});

/** Warnings that are no mistakes: a policy requires its use case `default` and may have any others. */
const ACCEPTED: readonly string[] = ["Required property 'default' is not defined."];

test("the OpenAPI document passes redocly lint", async () => {
  const folder = mkdtempSync(join(tmpdir(), "calybris-openapi-"));
  try {
    const file = join(folder, "openapi.json");
    writeFileSync(file, JSON.stringify(document));
    const redocly = join(ROOT, "node_modules", "@redocly", "cli", "bin", "cli.js");
    const env = { ...process.env, REDOCLY_TELEMETRY: "off", REDOCLY_SUPPRESS_UPDATE_NOTICE: "true" };
    const { stdout } = await run(process.execPath, [redocly, "lint", file, "--format=json"], { cwd: folder, env });
    const { problems } = JSON.parse(stdout) as { readonly problems: readonly { readonly message: string }[] };
    expect(problems.map(({ message }) => message).filter((message) => !ACCEPTED.includes(message))).toEqual([]);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
});
