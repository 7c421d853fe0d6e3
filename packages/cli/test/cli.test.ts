import { spawnSync } from "node:child_process";
import { existsSync, mkdtempSync, readFileSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { jsonSchemas } from "@calybris/engine";
import { expect, test } from "vitest";

const main = fileURLToPath(new URL("../src/main.ts", import.meta.url));
const root = fileURLToPath(new URL("../../..", import.meta.url));
const vectors = process.env["CALYBRIS_VECTORS"] ?? join(root, "../shared/vectors");
const directory = mkdtempSync(join(tmpdir(), "calybris-cli-"));

function calybris(...words: string[]): { status: number | null; stdout: string; stderr: string } {
  return spawnSync(process.execPath, [main, ...words], { encoding: "utf8", cwd: directory });
}

test("the published vectors pass", () => {
  const { status, stdout } = calybris("conformance", join(root, "conformance/vectors/caly_proof_v1.json"));
  expect(stdout).toContain(" 0 failed");
  expect(status).toBe(0);
});

const sample = join(vectors, "kernel-sample.jsonl.gz");
// Skipped where the published vectors are not at hand: they are not part of the project.
test.skipIf(!existsSync(sample))("the vector sample passes (skipped where CALYBRIS_VECTORS has none)", () => {
  expect(calybris("conformance", sample)).toMatchObject({ status: 0, stdout: expect.stringContaining(" 0 failed") });
});

test("a wrong vector fails with exit 1, a malformed one with exit 2", () => {
  const text = readFileSync(join(root, "conformance/vectors/caly_proof_v1.json"), "utf8");
  writeFileSync(join(directory, "wrong.json"), text.replace("77098", "77099"));
  writeFileSync(join(directory, "bad.json"), "{");
  expect(calybris("conformance", "wrong.json")).toMatchObject({
    status: 1,
    stdout: expect.stringContaining("found 77098"),
  });
  expect(calybris("conformance", "bad.json")).toMatchObject({
    status: 2,
    stderr: expect.stringContaining("CAL_INPUT_MALFORMED"),
  });
});

test("init writes a policy that is whole, decides, and is not overwritten", () => {
  expect(calybris("init").status).toBe(0);
  expect(calybris("init").status).toBe(2);
  expect(calybris("policy", "check", "calybris.policy.jsonc").status).toBe(0);
  writeFileSync(join(directory, "request.json"), '{"inputTokens":1000,"requested":"gpt-5.1"}');
  const decided = calybris("decide", "--policy", "calybris.policy.jsonc", "--request", "request.json", "--explain");
  expect(decided.status).toBe(0);
  expect(decided.stdout).toContain("selected");
});

test("every mistake of a policy is told with its line", () => {
  writeFileSync(join(directory, "bad.jsonc"), '{\n "nmae": 1,\n "catalog": "llm",\n "epoch": -1 }');
  const { status, stderr } = calybris("policy", "check", "bad.jsonc");
  expect(status).toBe(2);
  expect(stderr).toContain("line 2: nmae");
  expect(stderr).toContain("line 4: epoch");
});

test.each(Object.entries(jsonSchemas()))("the %s schema is current", (name, schema) => {
  const written = readFileSync(new URL(`../schemas/${name}.schema.json`, import.meta.url), "utf8");
  expect(JSON.parse(written)).toEqual(JSON.parse(JSON.stringify(schema)));
});
