import { existsSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { gzipSync } from "node:zlib";
import { parseExact } from "@calybris/kernel";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { type ConformanceTally, runDocument } from "../../src/conformance/run.ts";
import { KERNELS } from "../../src/decide/kernels.ts";
import { VectorReader } from "../../src/conformance/vectors.ts";
import { calybris } from "../support/captured-terminal.ts";
import { Sandbox } from "../support/sample-files.ts";
import { ACTION_NAMES, publishedLine, REASON_NAMES, vector, writing, written } from "../support/vector-lines.ts";

const files = new Sandbox();
const proof = fileURLToPath(new URL("../../../../conformance/vectors/caly_proof_v1.json", import.meta.url));
const beside = fileURLToPath(new URL("../../../../../shared/vectors/", import.meta.url));
const vectors = process.env["CALYBRIS_VECTORS"] ?? beside;

function run(text: string): ConformanceTally {
  const tally: ConformanceTally = { passed: 0, failed: 0, firstDifference: undefined };
  runDocument(new VectorReader(parseExact(text), { file: "f", line: 1 }), "f:1", tally);
  return tally;
}

test("the published document passes on both kernels: digests, decisions, chain", async () => {
  const { exit, out } = await calybris("conformance", proof);
  expect({ exit, out }).toEqual({ exit: 0, out: "39 passed, 0 failed (reference, wasm)" });
});

// Skipped where the published vectors are missing: they are not part of the project.
describe.skipIf(!existsSync(vectors))("the vectors in CALYBRIS_VECTORS (skipped where there are none)", () => {
  const named = existsSync(vectors) ? readdirSync(vectors).filter((name) => /\.jsonl?(\.gz)?$/.test(name)) : [];
  test.each(named)("%s passes", async (name) => {
    const { exit, out } = await calybris("conformance", join(vectors, name));
    expect(out).toMatch(/^[1-9][0-9]* passed, 0 failed/);
    expect(exit).toBe(0);
  });
});

describe("JSON Lines of policies that nobody would serve", () => {
  test("pass whichever way they are written: codes or names, numbers or strings, duplicate ids, no candidates, further keys", () => {
    let decisions = 0;
    fc.assert(
      fc.property(vector, writing, (generated, how) => {
        const { passed, failed, firstDifference } = run(written(publishedLine(generated), how));
        expect(firstDifference).toBeUndefined();
        expect({ passed, failed }).toEqual({ passed: generated.requests.length * (KERNELS.length + 2), failed: 0 });
        decisions += generated.requests.length;
      }),
      { numRuns: 300 },
    );
    expect(decisions).toBeGreaterThan(100);
  });

  test("fail when any one field of any decision is another, and name it", () => {
    fc.assert(
      fc.property(vector, fc.nat(), fc.nat(), (generated, which, field) => {
        fc.pre(generated.requests.length > 0);
        const line = publishedLine(generated) as { decisions: Record<string, bigint>[] };
        const decision = line.decisions[which % line.decisions.length] ?? {};
        const name = Object.keys(decision)[field % Object.keys(decision).length] ?? "";
        decision[name] = (decision[name] ?? 0n) + 1n;
        const { failed, firstDifference } = run(written(line, { names: "codes", integers: "numbers", gap: "" }));
        expect(failed).toBe(KERNELS.length);
        expect(firstDifference).toContain(`f:1 input ${which % line.decisions.length}, reference: ${name} expected`);
      }),
      { numRuns: 100 },
    );
  });

  test("are taken from a file of any name, packed or not, over one line or many, one document or a list", async () => {
    const [first, second] = fc.sample(
      vector.filter(({ requests }) => requests.length > 1),
      { numRuns: 2, seed: 7 },
    );
    if (first === undefined || second === undefined) throw new Error("two vectors are made");
    const lines = [first, second].map((of) =>
      written(publishedLine(of), { names: "snake_case", integers: "large as strings", gap: " " }),
    );
    const count = (first.requests.length + second.requests.length) * (KERNELS.length + 2);
    const [one = "", two = ""] = lines;
    const pretty = JSON.stringify(JSON.parse(two), null, 2);
    const variants: Record<string, string | Uint8Array> = {
      "lines.jsonl": `${lines.join("\n")}\n`,
      "lines.json": lines.join("\n"),
      "windows.txt": `\uFEFF${lines.join("\r\n")}\r\n`,
      "blank-lines": `\n\n${lines.join("\n\n \n")}\n\n`,
      "packed.jsonl.gz": gzipSync(lines.join("\n")),
      "packed-without-its-name.jsonl": gzipSync(lines.join("\n")),
      "packed-twice-over": Buffer.concat([gzipSync(`${one}\n`), gzipSync(two)]),
      "a-list.json": `[${lines.join(",")}]`,
      "a-list-over-lines.json": `[\n${lines.join(",\n")}\n]`,
    };
    for (const [name, content] of Object.entries(variants)) {
      const { exit, out } = await calybris("conformance", files.write(name, content));
      expect({ name, exit, out }).toEqual({ name, exit: 0, out: `${count} passed, 0 failed (reference, wasm)` });
    }
    const both = await calybris("conformance", files.write("one", one), files.write("pretty", pretty), proof);
    expect(both.out).toBe(`${count + 39} passed, 0 failed (reference, wasm)`);
  });

  test("name the first difference with file, line, input, field, expected and found; exit 1", async () => {
    const [of] = fc.sample(
      vector.filter(({ requests }) => requests.length > 1),
      { numRuns: 1, seed: 3 },
    );
    if (of === undefined) throw new Error("a vector is made");
    const line = written(publishedLine(of), { names: "snake_case", integers: "numbers", gap: "" });
    const altered = line.replaceAll(/"eligible_models":([0-9]+)/g, '"eligible_models":9$1');
    const file = files.write("wrong.jsonl", `${line}\n${altered}\n`);
    const { exit, out } = await calybris("conformance", file);
    expect(exit).toBe(1);
    expect(out).toMatch(/^[0-9]+ passed, [0-9]+ failed \(reference, wasm\)\nfirst difference: /);
    expect(out).toContain(`${file}:2 input 0, reference: eligible_models expected 9`);
  });
});

test("each published name of an action and a reason stands for its code, and no other name does", () => {
  const [of] = fc.sample(
    vector.filter(({ requests }) => requests.length > 0),
    { numRuns: 1, seed: 1 },
  );
  if (of === undefined) throw new Error("a vector is made");
  const line = publishedLine(of) as { decisions: Record<string, unknown>[] };
  const [decision = {}] = line.decisions;
  const { action, reason } = decision;
  const text = (change: object): string =>
    written(
      { ...line, decisions: [decision, ...line.decisions.slice(1)] },
      { names: "codes", integers: "numbers", gap: "" },
    ).replace(
      `"action":${String(action)},"reason":${String(reason)}`,
      JSON.stringify({ action: Number(action), reason: Number(reason), ...change }).slice(1, -1),
    );
  for (const [code, name] of Object.entries(ACTION_NAMES))
    expect(run(text({ action: name })).failed === 0, name).toBe(code === String(action));
  for (const [code, name] of Object.entries(REASON_NAMES))
    expect(run(text({ reason: name })).failed === 0, name).toBe(code === String(reason));
  expect(run(text({ reason: "because" })).failed).toBe(KERNELS.length);
  expect(run(text({ action: "requested_model_maximizes_utility" })).failed).toBe(KERNELS.length);
});

describe("what is no vector ends with a coded error, exit 2", () => {
  const text = readFileSync(proof, "utf8");
  const line = '{"policy":{},"inputs":[],"decisions":[]}';
  test.each<[string, string | Uint8Array, RegExp]>([
    ["nothing", "", /:1 is empty/],
    ["blank lines", "\n \n", /:1 is empty/],
    ["cut off", text.slice(0, 1_000), /is not JSON/],
    ["another document", '{"a":1}', /neither "inputs" nor "cases"/],
    ["a number", "7", /lacks an object/],
    ["an empty policy", line, /has no integer "policy_epoch"/],
    ["a field beyond its width", text.replace('"quality_bps": 9000', '"quality_bps": 65536'), /beyond its width/],
    ["a fraction", text.replace('"quality_bps": 9000', '"quality_bps": 0.5'), /has no integer "quality_bps"/],
    ["a negative count", text.replace('"input_tokens": 1000', '"input_tokens": -1'), /beyond its width/],
    [
      "beyond 64 bits",
      text.replace('"request_sequence": 1,', '"request_sequence": "18446744073709551616",'),
      /beyond its width/,
    ],
    ["a key twice", `${line.slice(0, -1)},"inputs":[]}`, /has a duplicate key "inputs"/],
    [
      "a second line that is cut off",
      `{"policy":null,"cases":[]}\n`.replace("null", JSON.stringify((JSON.parse(text) as { policy: object }).policy)) +
        '{"policy"',
      /:2:/,
    ],
    ["fewer decisions than inputs", text.replace('"cases"', '"decisions": [], "inputs"'), /6 inputs and 0 decisions/],
    ["broken UTF-8", Buffer.from([0x7b, 0xff]), /is not UTF-8/],
    ["truncated gzip", gzipSync(text).subarray(0, 400), /is not a whole gzip file/],
  ])("%s", async (_name, content, problem) => {
    const { exit, out, complaints } = await calybris("conformance", files.write("bad", content));
    expect({ exit, out }).toEqual({ exit: 2, out: "" });
    expect(complaints).toContain("CAL_INPUT_MALFORMED");
    expect(complaints).toMatch(problem);
  });
});
