import { readFileSync } from "node:fs";
import { gzipSync, zstdCompressSync } from "node:zlib";
import { Engine, loadPolicy } from "@calybris/engine";
import { describe, expect, test } from "vitest";
import { calybris } from "../support/captured-terminal.ts";
import { Sandbox } from "../support/sample-files.ts";

const files = new Sandbox();
const USAGE = `model,spend,prompt_tokens,completion_tokens,startTime,request_tags
gpt-4o-2024-08-06,0.0125,1000,1000,2026-03-01T10:00:00Z,"[""search""]"
claude-sonnet-4-5-20250929,0.018,1000,1000,2026-03-02T10:00:00Z,"[""chat""]"
gpt-4o-mini,broken,1,1,2026-03-02T10:00:00Z,[]
house-model,1.00,10,10,2026-03-02T10:00:00Z,"[""<script>""]"
`;
const usage = files.write("usage.csv", USAGE);

describe("calybris savings", () => {
  test("says what was paid, what it could have cost, which rows and models it could not use, and that nothing was judged", async () => {
    const { exit, out } = await calybris("savings", usage);
    expect(exit).toBe(0);
    for (const said of [
      "LiteLLM spend logs",
      "Paid $1.0305",
      "Answers were not judged",
      "house-model",
      'line 4 "spend" is "broken"',
      "2026-03-01",
      "search",
      "Cost at each quality floor",
      "LMArena",
    ])
      expect(out).toContain(said);
  });

  test("--json prints the report in its documented shape", async () => {
    const { exit, out } = await calybris("savings", usage, "--json");
    expect(exit).toBe(0);
    const report = JSON.parse(out) as Record<string, unknown>;
    const documented = [...docs().matchAll(/^\| `([a-zA-Z]+)` /gm)].map(([, member = ""]) => member);
    expect(Object.keys(report).filter((member) => !documented.includes(member))).toEqual([]);
    expect(report).toMatchObject({ format: 1, total: { paidMicrocents: "103050000" }, rows: { used: 3, bad: 1 } });
  });

  test("--write-policy writes a policy that passes its check, also from another folder", async () => {
    const policy = files.at("savings.policy.jsonc");
    const { exit, out } = await calybris("savings", usage, "--write-policy", policy, "--floor", "8290");
    expect([exit, out]).toEqual([0, expect.stringContaining(`calybris policy check ${policy}`)]);
    expect(await calybris("policy", "check", policy)).toMatchObject({
      exit: 0,
      out: expect.stringContaining("savings-8290"),
    });
  });

  test("--exclude leaves a candidate out of the report and out of the policy", async () => {
    const policy = files.at("excluded.policy.jsonc");
    const excluded = ["--exclude", "mistral-large-3", "deepseek-v3.2-exp"];
    const { out } = await calybris(
      "savings",
      usage,
      "--json",
      "--floor",
      "8290",
      "--write-policy",
      policy,
      ...excluded,
    );
    const { chosen } = JSON.parse(out) as { chosen: { flows: { chosen: string }[] } };
    const ran = chosen.flows.map((flow) => flow.chosen);
    expect(ran.length).toBeGreaterThan(0);
    for (const name of ["mistral-large-3", "deepseek-v3.2-exp"]) {
      expect(ran).not.toContain(name);
      expect(readFileSync(policy, "utf8")).toContain(`"${name}",`);
    }
    expect(await calybris("policy", "check", policy)).toMatchObject({ exit: 0 });
    const unknown = await calybris("savings", usage, "--exclude", "mistral-lage-3");
    expect(unknown).toMatchObject({ exit: 2, complaints: expect.stringContaining("mistral-large-3") });
  });

  test("--within moves requests to the providers named, or stays with their own", async () => {
    const providersAt = async (...words: string[]): Promise<string[]> => {
      const { out } = await calybris("savings", usage, "--json", "--floor", "7276", "--within", ...words);
      const { chosen } = JSON.parse(out) as { chosen: { flows: { chosen: string }[] } };
      return chosen.flows.map((flow) => flow.chosen.split("-")[0] ?? "").sort();
    };
    expect(await providersAt("Google")).toEqual(["gemini", "gemini"]);
    expect(await providersAt("requestedProvider")).toEqual(["claude", "gpt"]);
    expect(await calybris("savings", usage, "--within", "Gogle")).toMatchObject({
      exit: 2,
      complaints: expect.stringContaining('"Google"'),
    });
  });

  test.each([[["--within", "Google"]], [["--within", "requestedProvider"]]])(
    "the policy for %j passes its check",
    async (words) => {
      const policy = files.at("within.policy.jsonc");
      await calybris("savings", usage, "--write-policy", policy, ...words);
      expect(await calybris("policy", "check", policy)).toMatchObject({ exit: 0 });
      expect(readFileSync(policy, "utf8")).toContain('"substituteWithin": ');
    },
  );

  // The engine's own path from a request to its decision.
  test("the engine under the written policy chooses as the report says", async () => {
    const file = files.at("engine.policy.jsonc");
    for (const floor of ["7276", "8290"]) {
      const models = ["gpt-4o", "gpt-4o-mini", "claude-sonnet-4-5", "gemini-2.5-pro"];
      const rows = models.map((model) => `${model},3000,700`);
      const export_ = files.write("engine.csv", ["model,input_tokens,output_tokens", ...rows].join("\n"));
      const { out } = await calybris("savings", export_, "--json", "--floor", floor, "--write-policy", file);
      const { chosen } = JSON.parse(out) as { chosen: { flows: { requested: string; chosen: string }[] } };
      const policy = await loadPolicy(file);
      const engine = await Engine.open({ directory: files.at(`engine-${floor}`), policy });
      try {
        for (const flow of chosen.flows) {
          const decided = await engine.decide({ requested: flow.requested, inputTokens: 3_000, outputTokens: 700 });
          const request = files.write(
            "one.json",
            JSON.stringify({ requested: flow.requested, inputTokens: 3_000, outputTokens: 700 }),
          );
          const previewed = await calybris("decide", "--policy", file, "--request", request, "--json");
          expect(JSON.parse(previewed.out)).toMatchObject({ selected: flow.chosen });
          expect([flow.requested, policy.candidateNames[decided.decision.selectedIndex]]).toEqual([
            flow.requested,
            flow.chosen,
          ]);
        }
      } finally {
        await engine.close();
      }
    }
  });

  test("--html writes one page without script or network, in which nothing of the file is markup", async () => {
    const page = files.at("savings.html");
    expect(await calybris("savings", usage, "--html", page)).toMatchObject({ exit: 0 });
    const html = readFileSync(page, "utf8");
    expect(html).toContain("<svg");
    expect(html).toContain("&lt;script&gt;");
    expect(html).not.toMatch(/<script|src=|href=|url\(|@import/);
  });

  test.each([
    ["gzip", gzipSync(USAGE), "usage.bin"],
    ["Zstandard", zstdCompressSync(USAGE), "usage.csv.zst"],
  ])("reads %s", async (_name, bytes, name) => {
    const { exit, out } = await calybris("savings", files.write(name, bytes), "--json");
    expect([exit, JSON.parse(out)]).toEqual([
      0,
      expect.objectContaining({ rows: expect.objectContaining({ used: 3 }) }),
    ]);
  });

  test("an unrecognised file prints its columns and a map to start from; completed, the map is taken", async () => {
    const odd = files.write("odd.csv", "who;what;in;out\nx;gpt-4o;1000;1000\n");
    const { exit, complaints } = await calybris("savings", odd);
    expect(exit).toBe(2);
    expect(complaints).toContain('Its columns: "who", "what", "in", "out"');
    expect(complaints).toContain("A map to start from: {");
    const map = files.write(
      "map.json",
      '{ "model": "what", "inputTokens": "in", "outputTokens": "out", "tag": "who" }',
    );
    expect(await calybris("savings", odd, "--map", map)).toMatchObject({
      exit: 0,
      out: expect.stringContaining("Paid $0.012500"),
    });
  });

  test.each([
    ["a map that is none", ["--map", files.write("no.json", '{"modell": "a"}')], "CAL_TABLE_INVALID"],
    ["a map without tokens or cost", ["--map", files.write("half.json", '{"model": "model"}')], "CAL_TABLE_INVALID"],
    [
      "a map with an unknown unit",
      ["--map", files.write("unit.json", '{"model": "model", "paid": {"column": "spend", "unit": "euros"}}')],
      "CAL_TABLE_INVALID",
    ],
    ["an unknown catalog", ["--catalog", "nope"], "CAL_INPUT_UNREADABLE"],
    ["an unknown tag", ["--tag", "nope"], "CAL_INPUT_MALFORMED"],
    ["a policy that cannot be written", ["--write-policy", files.at("no", "such", "folder")], "CAL_OUTPUT_UNWRITABLE"],
  ])("%s is refused with its code", async (_name, words, code) => {
    const { exit, complaints } = await calybris("savings", usage, ...words);
    expect([exit, complaints]).toEqual([2, expect.stringContaining(code)]);
  });

  test("an export of costs alone has no policy to write", async () => {
    const costs = files.write(
      "costs.csv",
      "usage_date_utc,model,token_type,cost_usd\n2026-03-01,Claude Haiku 4.5,output,1.5\n",
    );
    expect(await calybris("savings", costs)).toMatchObject({ exit: 0, out: expect.stringContaining("Paid $1.5000") });
    const { exit, complaints } = await calybris("savings", costs, "--write-policy", files.at("none.jsonc"));
    expect([exit, complaints]).toEqual([2, expect.stringContaining("no policy follows from it")]);
  });

  test("the Azure traces are read with the model that is named for them", async () => {
    const trace = files.write(
      "trace.csv",
      "TIMESTAMP,ContextTokens,GeneratedTokens\n2023-11-16 18:17:03.9799600,4808,10\n",
    );
    expect(await calybris("savings", trace)).toMatchObject({ exit: 2, complaints: expect.stringContaining("--model") });
    const { out } = await calybris("savings", trace, "--model", "gpt-4o");
    expect(out).toContain("2023-11-16");
    expect(out).toContain("Paid $0.012120");
  });
});

function docs(): string {
  return readFileSync(new URL("../../../../docs/savings.md", import.meta.url), "utf8");
}
