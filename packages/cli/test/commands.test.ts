import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { gzipSync } from "node:zlib";
import { BUILT_IN_CATALOGS } from "@calybris/engine";
import { beforeAll, describe, expect, test } from "vitest";
import { calybris, calybrisOn, capturedTerminal, type Ended } from "./support/captured-terminal.ts";
import { CATALOG, POLICY, rows, Sandbox } from "./support/sample-files.ts";

const files = new Sandbox();
const policy = files.write("policy.jsonc", JSON.stringify(POLICY));
const requests = files.write("requests.jsonl", rows(100));
const journal = files.at("journal");
const readme = readFileSync(fileURLToPath(new URL("../README.md", import.meta.url)), "utf8");
let replayed: Ended;

beforeAll(async () => {
  replayed = await calybris("replay", "--policy", policy, "--requests", requests, "--journal", journal);
});

/** Sequences in a journal of one segment. Between decisions there may be a seal: a busy machine lets the journal idle. */
function sequencesIn(directory: string): { readonly decisions: readonly number[]; readonly last: number } {
  const lines = readFileSync(join(directory, "segment-000001.jsonl"), "utf8").trimEnd().split("\n");
  const entries = lines.map((line) => JSON.parse(line) as { sequence: number; data: { kind: string } });
  const decisions = entries.filter(({ data }) => data.kind === "decision").map(({ sequence }) => sequence);
  return { decisions, last: entries.length };
}
const decisionAt = (number: number): number => sequencesIn(journal).decisions[number - 1] ?? 0;

/** The members that README.md documents for a command's `--json`, by the heading of its table. */
function documented(command: string): string[] {
  const section = readme.split(/^### /m).find((text) => text.startsWith(`\`${command}\``)) ?? "";
  return [...section.matchAll(/^\| `([^`]+)` /gm)].map(([, member = ""]) => member);
}

async function jsonOf(...words: string[]): Promise<Record<string, unknown>> {
  const { out, exit } = await calybris(...words, "--json");
  expect([0, 3]).toContain(exit);
  return JSON.parse(out) as Record<string, unknown>;
}

describe("replay", () => {
  test("reports what was decided, where it is, and cost beside three incumbents; of 100 decisions, no rate", () => {
    expect(replayed).toMatchObject({ exit: 0, complaints: "" });
    for (const words of [
      "100 (0 decided before)",
      /actions +substitute [0-9]+, execute [0-9]+, reject 10/,
      "risk_hard_limit 10",
      /entries and [0-9.]+ KiB written/,
      journal,
      "always the requested candidate",
      "one static floor (5000 bps)",
      "cheapest eligible",
      "quality not measured",
    ])
      expect(replayed.out).toMatch(words);
    expect(replayed.out).not.toMatch(/decisions\/s|p99/);
  });

  test("the same file again decides nothing twice, packed or not, and costs the same", async () => {
    const packed = files.write("packed-without-its-name.jsonl", gzipSync(rows(100)));
    const once = await jsonOf("replay", "--policy", policy, "--requests", requests, "--journal", journal);
    const again = await jsonOf("replay", "--policy", policy, "--requests", packed, "--journal", journal);
    expect(once).toMatchObject({ decisions: 100, repeated: 100, entries: 0 });
    expect(again).toMatchObject({ decisions: 100, repeated: 100, entries: 0, cost: once["cost"] });
  });

  test("CSV with a map decides as the same requests in JSON", async () => {
    const lines = rows(100)
      .trimEnd()
      .split("\n")
      .map((line) => JSON.parse(line) as { inputTokens: number; riskBps?: number });
    const table = files.write(
      "t.csv",
      `In,"Risk, bps"\n${lines.map(({ inputTokens, riskBps }) => `${inputTokens},${riskBps ?? ""}`).join("\n")}\n`,
    );
    const map = files.write("map.json", '{"inputTokens":"In","riskBps":"Risk, bps","requested":{"const":"grand"}}');
    const words = ["replay", "--policy", policy, "--requests", table, "--map", map, "--journal", files.at("csv")];
    const { actions, reasons, cost } = await jsonOf(...words);
    const same = await jsonOf("replay", "--policy", policy, "--requests", requests, "--journal", journal);
    expect({ actions, reasons, cost }).toEqual({
      actions: same["actions"],
      reasons: same["reasons"],
      cost: same["cost"],
    });
  });

  test("an interrupt ends it well: sealed, reported, and the same command goes on", async () => {
    const many = files.write("many.jsonl", rows(6_000));
    const words = ["replay", "--policy", policy, "--requests", many, "--journal", files.at("stopped")];
    const terminal = capturedTerminal();
    const stopping = setInterval(() => terminal.interrupt(), 1);
    const stopped = await calybrisOn(terminal, ...words, "--json");
    clearInterval(stopping);
    expect(stopped.exit).toBe(130);
    const { error } = JSON.parse(stopped.complaints) as { error: { code: string; remedy: string } };
    expect(error).toMatchObject({ code: "CAL_REPLAY_STOPPED", remedy: expect.stringContaining("same command again") });
    const before = JSON.parse(stopped.out) as { decisions: number; lastLine: number };
    expect(before.decisions).toBeLessThan(6_000);
    expect((await calybris("verify", files.at("stopped"))).exit).toBe(0);
    expect(await jsonOf(...words)).toMatchObject({ decisions: 6_000, repeated: before.decisions, lastLine: 6_000 });
    expect(await jsonOf("verify", files.at("stopped"))).toMatchObject({ status: "intact", decisions: 6_000 });
  });
});

describe("decide", () => {
  const request = files.write(
    "request.json",
    '{"$schema":"request.schema.json","inputTokens":1000,"requested":"grand"}',
  );

  test("says what would run, what it costs, and why", async () => {
    const { exit, out } = await calybris("decide", "--policy", policy, "--request", request, "--explain");
    expect(exit).toBe(0);
    expect(out).toContain("substitute swift (alternative_maximizes_utility)");
    expect(out).toMatch(/swift .* selected .*\n.*grand .* eligible/);
  });

  test("its explanation names the gate that refused each candidate", async () => {
    const picky = files.write("picky.json", '{"inputTokens":1000,"latencyMaxMs":50}');
    const { rows: all, decision } = await jsonOf("decide", "--policy", policy, "--request", picky, "--explain");
    expect(decision).toMatchObject({ action: "reject", reason: "latency" });
    expect(all).toMatchObject([{ refusedBy: "latency" }, { refusedBy: "latency" }]);
  });
});

describe("verify", () => {
  test("a whole journal ends with 0, and a policy given beside it pins", async () => {
    expect(await calybris("verify", journal, "--policy", policy)).toMatchObject({
      exit: 0,
      out: expect.stringContaining("INTACT"),
    });
    expect((await calybris("verify", "--policy", policy, "--policy", policy, journal)).exit).toBe(0);
    const other = files.write("other.jsonc", JSON.stringify({ ...POLICY, epoch: 9 }));
    const { exit, out } = await calybris("verify", journal, "--policy", other);
    expect(exit).toBe(1);
    expect(out).toContain("policy_pinned");
  });

  test("a flipped byte ends with 1 and names entry, file, byte offset, expected and found", async () => {
    const bytes = readFileSync(join(journal, "segment-000001.jsonl"));
    const sequence = decisionAt(49);
    const lineStart = bytes.indexOf(`{"sequence":${sequence},`);
    const at = bytes.indexOf('"riskBps":', lineStart) + 10;
    bytes[at] = (bytes[at] ?? 0) ^ 1;
    const file = files.write("altered.jsonl", bytes);
    const { exit, out } = await calybris("verify", file);
    expect(exit).toBe(1);
    expect(out).toContain(`entry ${sequence} in ${file} at byte ${lineStart}: entry_hash`);
    expect(out).toMatch(/expected [0-9a-f]{64}\n +found +[0-9a-f]{64}/);
  });

  test("a torn tail ends with 3, cut entries with 1 where the head names them", async () => {
    const bytes = readFileSync(join(journal, "segment-000001.jsonl"));
    const end = bytes.lastIndexOf("}");
    const torn = files.write("torn.jsonl", bytes.subarray(0, end - 9));
    expect(await calybris("verify", torn)).toMatchObject({ exit: 3, out: expect.stringContaining("torn tail") });
    const head = join(journal, "head.json");
    expect(await calybris("verify", torn, "--head", head)).toMatchObject({ exit: 1 });
    expect(await calybris("verify", join(journal, "segment-000001.jsonl"), "--head", head)).toMatchObject({ exit: 0 });
  });

  test("a log in the published format that is not ours ends with 3; altered, with 1", async () => {
    // The chain that the published vectors hold.
    const vectors = new URL("../../../conformance/vectors/caly_proof_v1.json", import.meta.url);
    const { log } = JSON.parse(readFileSync(vectors, "utf8")) as {
      log: Record<"payload_1" | "payload_2", object> & Record<"entry_1_hash" | "entry_2_hash", string>;
    };
    const line = (sequence: number, previous: string, hash: string, data: object): string =>
      `{"sequence":${sequence},"previous_hash":"${previous}","entry_hash":"${hash}","data":${JSON.stringify(data)}}\n`;
    const text =
      line(1, "genesis", log.entry_1_hash, log.payload_1) + line(2, log.entry_1_hash, log.entry_2_hash, log.payload_2);
    const foreign = files.write("foreign.jsonl", text);
    expect(await calybris("verify", foreign)).toMatchObject({
      exit: 3,
      out: expect.stringMatching(/INCOMPLETE\nentries +2[\s\S]*not ours: its chain alone was checked/),
    });
    const anchor = { schema_version: "calybris.wal-anchor.v1", sequence: 2, last_hash: log.entry_2_hash, keyed: false };
    expect((await calybris("verify", foreign, "--head", files.write("anchor.json", JSON.stringify(anchor)))).exit).toBe(
      3,
    );
    const longer = files.write("longer.json", JSON.stringify({ ...anchor, sequence: 3 }));
    expect((await calybris("verify", foreign, "--head", longer)).exit).toBe(1);
    expect((await calybris("verify", files.write("altered-foreign.jsonl", text.replace("beta", "betb")))).exit).toBe(1);
    const reordered = text.trimEnd().split("\n").reverse().join("\n");
    expect((await calybris("verify", files.write("reordered.jsonl", `${reordered}\n`))).exit).toBe(1);
  });

  test("an empty file ends with 3, what is not there with 2", async () => {
    expect(await calybris("verify", files.write("empty.jsonl", ""))).toMatchObject({
      exit: 3,
      out: expect.stringContaining("there is no entry"),
    });
    expect(await calybris("verify", files.at("nowhere"))).toMatchObject({
      exit: 2,
      complaints: expect.stringContaining("CAL_JOURNAL_MISSING"),
    });
    expect(await calybris("verify", new Sandbox().path)).toMatchObject({
      exit: 2,
      complaints: expect.stringContaining("CAL_JOURNAL_MISSING"),
    });
    const notAnAnchor = await calybris("verify", journal, "--head", policy);
    expect(notAnAnchor).toMatchObject({ exit: 2, complaints: expect.stringContaining("CAL_INPUT_MALFORMED") });
  });
});

describe("show and tail", () => {
  test("show explains a selection and a rejection, and refuses what is not there", async () => {
    const { exit, out } = await calybris("show", "--journal", journal, String(decisionAt(89)));
    expect(exit).toBe(0);
    expect(out).toContain("requested  grand");
    expect(out).toMatch(/swift .* selected/);
    expect(out).not.toContain("DIFFERS");
    const rejected = await calybris("show", "--journal", journal, String(decisionAt(10)));
    expect(rejected.out).toContain("reject     nothing: risk_hard_limit");
    expect(await calybris("show", "--journal", journal, "9999")).toMatchObject({
      exit: 2,
      complaints: expect.stringContaining("CAL_JOURNAL_ENTRY_UNKNOWN"),
    });
  });

  test("tail prints the last decisions in order, and their data unchanged", async () => {
    const { out } = await calybris("tail", "--journal", journal, "-n", "3", "--kind", "decision");
    expect(out.split("\n").map((line) => line.split(" ")[0])).toEqual(
      [98, 99, 100].map((number) => String(decisionAt(number))),
    );
    const lines = (await calybris("tail", "--journal", journal, "-n", "2", "--json")).out.split("\n");
    const segment = readFileSync(join(journal, "segment-000001.jsonl"), "utf8");
    for (const line of lines) expect(segment).toContain(`"data":${line}}`);
  });
});

describe("policy set", () => {
  test("activates another policy for the next decision, and names who did it", async () => {
    const directory = files.at("set");
    const stricter = files.write(
      "stricter.jsonc",
      JSON.stringify({ ...POLICY, name: "stricter", epoch: 2, spendLimit: "none", disabled: ["swift"] }),
    );
    await calybris("replay", "--policy", policy, "--requests", requests, "--journal", directory);
    const { last } = sequencesIn(directory);
    const { exit, out } = await calybris("policy", "set", stricter, "--by", "ada", "--journal", directory);
    expect(exit).toBe(0);
    expect(out).toMatch(new RegExp(`^policy 2 "stricter" is active from entry ${last + 1} \\([0-9a-f]{64}\\)$`));
    const mismatch = await calybris("replay", "--policy", policy, "--requests", requests, "--journal", directory);
    expect(mismatch).toMatchObject({ exit: 2, complaints: expect.stringContaining("CAL_ENGINE_POLICY_MISMATCH") });
    const next = files.write("next.jsonl", '{"inputTokens":5,"requested":"swift"}\n');
    await calybris("replay", "--policy", stricter, "--requests", next, "--journal", directory);
    expect((await calybris("tail", "--journal", directory, "-n", "1", "--kind", "decision")).out).toContain(
      "requested swift and got grand",
    );
    const { out: report } = await calybris("verify", directory, "--policy", policy, "--policy", stricter);
    expect(report).toMatch(/INTACT[\s\S]*policy 2 +[0-9a-f]{64} by system:\S+, on behalf of "ada" \(claimed\)/);
  });
});

describe("catalogs and policies", () => {
  test.each(BUILT_IN_CATALOGS)("%s is listed, and init writes a whole policy for it that decides", async (name) => {
    const { exit, out } = await calybris("catalog", "list", name);
    expect(exit).toBe(0);
    const { candidates } = (await jsonOf("catalog", "list", name)) as { candidates: { name: string }[] };
    for (const candidate of candidates) expect(out).toContain(candidate.name);
    const written = files.at(`${name}.jsonc`);
    expect((await calybris("init", "--catalog", name, "--out", written)).exit).toBe(0);
    expect((await calybris("policy", "check", written)).exit).toBe(0);
    const request = files.write("first.json", '{"inputTokens":1000}');
    const { decision } = await jsonOf("decide", "--policy", written, "--request", request);
    expect(decision).toMatchObject({ action: "substitute" });
    const schema = /"\$schema": "([^"]+)"/.exec(readFileSync(written, "utf8"))?.[1] ?? "";
    expect(existsSync(join(files.path, schema))).toBe(true);
  });

  test("init takes the path of a catalog, and never overwrites unasked", async () => {
    const catalog = files.write("my-catalog.json", JSON.stringify(CATALOG));
    const out = files.at("mine.jsonc");
    expect((await calybris("init", "--catalog", catalog, "--out", out)).exit).toBe(0);
    expect((await calybris("policy", "check", out)).exit).toBe(0);
    const before = readFileSync(out, "utf8");
    expect(await calybris("init", "--out", out)).toMatchObject({
      exit: 2,
      complaints: expect.stringContaining("--force"),
    });
    expect(readFileSync(out, "utf8")).toBe(before);
    expect((await calybris("init", "--out", out, "--force")).exit).toBe(0);
    expect(readFileSync(out, "utf8")).not.toBe(before);
  });

  test("check reports every mistake at once, each with its line and its remedy", async () => {
    const bad = files.write("bad.jsonc", '{\n "nmae": 1,\n "catalog": "lml",\n "epoch": -1 }');
    const named = await calybris("policy", "check", bad);
    expect(named).toMatchObject({ exit: 2, complaints: expect.stringContaining('Did you mean "llm"?') });
    const { exit, complaints } = await calybris(
      "policy",
      "check",
      files.write("bad.jsonc", '{\n "nmae": 1,\n "catalog": "llm",\n "epoch": -1 }'),
    );
    expect(exit).toBe(2);
    expect(complaints).toContain('  line 2: nmae is an unknown field\n    Did you mean "name"?');
    expect(complaints).toContain("  line 4: epoch is -1\n    Write a whole number");
  });
});

describe("--json", () => {
  test("of each command is what README.md documents", async () => {
    const request = files.write("one.json", '{"inputTokens":1000,"requested":"grand"}');
    const set = files.at("json-set");
    await calybris("replay", "--policy", policy, "--requests", requests, "--journal", set);
    const outputs: readonly (readonly [string, Record<string, unknown>])[] = [
      ["replay", await jsonOf("replay", "--policy", policy, "--requests", requests, "--journal", journal)],
      ["decide", await jsonOf("decide", "--policy", policy, "--request", request, "--explain")],
      ["verify", await jsonOf("verify", journal)],
      ["show", await jsonOf("show", "--journal", journal, String(decisionAt(1)))],
      ["catalog list", await jsonOf("catalog", "list")],
      ["policy check", await jsonOf("policy", "check", policy)],
      ["policy set", await jsonOf("policy", "set", policy, "--by", "ada", "--journal", set)],
      [
        "conformance",
        await jsonOf(
          "conformance",
          fileURLToPath(new URL("../../../conformance/vectors/caly_proof_v1.json", import.meta.url)),
        ),
      ],
    ];
    for (const [command, output] of outputs) {
      const members = documented(command);
      expect(members.length, command).toBeGreaterThan(2);
      expect(
        Object.keys(output).filter((member) => !members.includes(member)),
        command,
      ).toEqual([]);
    }
  });

  test("of an error is one line with code, message, remedy and details", async () => {
    const { complaints, out } = await calybris("verify", files.at("nowhere"), "--json");
    expect(out).toBe("");
    expect(Object.keys((JSON.parse(complaints) as { error: object }).error)).toEqual(
      documented("An error").slice(0, 4),
    );
  });
});
