import { chmodSync, cpSync, mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { gzipSync } from "node:zlib";
import { nodeChain } from "@calybris/engine/internal";
import { beforeAll, describe, expect, test } from "vitest";
import { calybris } from "./support/captured-terminal.ts";
import { CATALOG, POLICY, rows, Sandbox } from "./support/sample-files.ts";

const files = new Sandbox();
const policy = files.write("policy.jsonc", JSON.stringify(POLICY, null, 1));
const requests = files.write("requests.jsonl", rows(40));
const journal = files.at("journal");
const SEGMENT = "segment-000001.jsonl";
mkdirSync(files.at("directory"));

beforeAll(async () => {
  await calybris("replay", "--policy", policy, "--requests", requests, "--journal", journal);
});

/** Runs a command that has to be refused: in words, with a remedy, and without a trace on the disk. */
async function refused(
  words: readonly string[],
  exit: number,
  code: string,
  ...patterns: readonly RegExp[]
): Promise<void> {
  const before = files.contents(".");
  const ended = await calybris(...words);
  expect({ exit: ended.exit, out: ended.out }, ended.complaints).toEqual({ exit, out: "" });
  const [first = "", ...rest] = ended.complaints.split("\n");
  expect(first).toMatch(new RegExp(`^${code}: `));
  expect(rest.join("\n"), "a remedy").toMatch(/[.?]/);
  for (const pattern of patterns) expect(ended.complaints).toMatch(pattern);
  expect(files.contents("."), "the files on the disk").toEqual(before);
  if (words[0] === "init") return;
  const { error } = JSON.parse((await calybris(...words, "--json")).complaints) as { error: object };
  expect(error).toMatchObject({
    code,
    message: expect.any(String),
    remedy: expect.any(String),
    details: expect.any(Object),
  });
}

/** Every way to give a file that cannot be read. */
const UNREADABLE: readonly (readonly [name: string, file: string, code: string, pattern: RegExp])[] = [
  ["that is not there", files.at("none"), "CAL_INPUT_UNREADABLE", /none cannot be read: no such file/],
  ["that is a directory", files.at("directory"), "CAL_INPUT_UNREADABLE", /directory cannot be read: it is a directory/],
  ["under a file", `${policy}/below`, "CAL_INPUT_UNREADABLE", /a part of its path is not a directory/],
  ["whose name is too long", files.at("x".repeat(300)), "CAL_INPUT_UNREADABLE", /its name is too long/],
  [
    "that is cut off within gzip",
    files.write("cut.gz", gzipSync(rows(99)).subarray(0, 60)),
    "CAL_INPUT_MALFORMED",
    /not a whole gzip file/,
  ],
  ["that is called gzip and is none", files.write("plain.gz", "{}"), "CAL_INPUT_MALFORMED", /not a whole gzip file/],
  [
    "that is no UTF-8",
    files.write("latin", Buffer.from([0x0a, 0xe9])),
    "CAL_INPUT_MALFORMED",
    /latin:2 is not UTF-8 text/,
  ],
];

describe.each(UNREADABLE)("a file %s", (_name, file, code, pattern) => {
  test.each<readonly [string, readonly string[]]>([
    ["policy check", ["policy", "check", file]],
    ["decide --policy", ["decide", "--policy", file, "--request", requests]],
    ["decide --request", ["decide", "--policy", policy, "--request", file]],
    ["replay --policy", ["replay", "--policy", file, "--requests", requests, "--journal", files.at("new")]],
    ["replay --requests", ["replay", "--policy", policy, "--requests", file, "--journal", files.at("new")]],
    [
      "replay --map",
      ["replay", "--policy", policy, "--requests", requests, "--map", file, "--journal", files.at("new")],
    ],
    ["policy set", ["policy", "set", file, "--by", "ada", "--journal", journal]],
    ["verify --policy", ["verify", journal, "--policy", file]],
    ["conformance", ["conformance", file]],
    ["catalog list", ["catalog", "list", file]],
    ["init --catalog", ["init", "--catalog", file, "--out", files.at("new.jsonc")]],
  ])("as %s is refused", async (_command, words) => {
    await refused(words, 2, code, pattern);
  });
});

// Skipped for the superuser, whom no permission stops.
describe.skipIf(process.getuid?.() === 0)("permissions (skipped for root, who may do all)", () => {
  test("a file that may not be read, and a directory that may not be written, are refused", async () => {
    // Elsewhere, because what may not be read cannot be compared.
    const elsewhere = new Sandbox();
    const closed = elsewhere.write("closed", "{}");
    chmodSync(closed, 0);
    await refused(["policy", "check", closed], 2, "CAL_INPUT_UNREADABLE", /this user may not read it/);
    mkdirSync(elsewhere.at("fixed"), { mode: 0o500 });
    const words = ["replay", "--policy", policy, "--requests", requests, "--journal"];
    await refused([...words, elsewhere.at("fixed")], 1, "CAL_JOURNAL_UNREADABLE");
    await refused([...words, elsewhere.at("fixed/below")], 1, "CAL_JOURNAL_UNREADABLE");
    await refused(["init", "--out", elsewhere.at("fixed/p.jsonc")], 2, "CAL_OUTPUT_UNWRITABLE");
    expect(elsewhere.contents("fixed")).toEqual({});
  });
});

describe("the content of a file", () => {
  const replay = (file: string, ...words: string[]): string[] => [
    "replay",
    "--policy",
    policy,
    "--requests",
    file,
    "--journal",
    files.at("new"),
    ...words,
  ];

  test("each bad row of a file is named with its line before the first is decided", async () => {
    const bad = files.write(
      "bad.jsonl",
      `${rows(2)}{"inputTokens":-1}\n{"inputTokens":1,"riskBps":10001,"usecase":"x"}\n${rows(2)}{"inputTokens":"5"}\n`,
    );
    await refused(
      replay(bad),
      2,
      "CAL_REQUEST_INVALID",
      /has 4 mistakes:/,
      /line 3: inputTokens is -1\n +Send a whole number/,
      /line 4: usecase is an unknown field\n +Did you mean "useCase"\?/,
      /line 4: riskBps is 10001\n/,
      /line 7: inputTokens is "5"\n/,
    );
  });

  test.each<[string, string | Uint8Array, RegExp]>([
    ["a key twice", `${rows(1)}{"inputTokens":1,"inputTokens":2}\n`, /:2:.* has a duplicate key "inputTokens"/],
    ["no JSON", `${rows(1)}{"inputTokens":NaN}\n`, /:2:.* is not JSON/],
    ["half a surrogate pair", `${rows(1)}{"inputTokens":1,"requestId":"\\ud800"}\n`, /:2:.* half of a surrogate pair/],
    ["broken UTF-8 in the last line", Buffer.concat([Buffer.from(rows(3)), Buffer.from([0xff])]), /:4 is not UTF-8/],
    ["gzip that is cut off after whole rows", gzipSync(rows(5_000)).subarray(0, -9), /not a whole gzip file/],
    ["a line that is cut off", `${rows(3)}{"inputTok`, /:4:.* is not JSON/],
  ])("a file with %s is refused whole", async (_name, content, pattern) => {
    await refused(replay(files.write("malformed.jsonl", content)), 2, "CAL_INPUT_MALFORMED", pattern);
  });

  test("the same id with other content is refused at its line", async () => {
    const twice = files.write("twice.jsonl", '{"requestId":"a","inputTokens":1}\n{"requestId":"a","inputTokens":2}\n');
    const { exit, complaints, out } = await calybris(
      "replay",
      "--policy",
      policy,
      "--requests",
      twice,
      "--journal",
      files.at("reused"),
    );
    expect(exit).toBe(2);
    expect(complaints).toMatch(
      /line 2: requestId was already decided in entry 2, for a different request\n +Give a new request a new ID/,
    );
    expect(out).toContain("decisions  1 ");
    expect((await calybris("verify", files.at("reused"))).exit).toBe(0);
  });

  test("a map that names no column, or no field, is refused", async () => {
    const table = files.write("t.csv", "In\n1\n");
    const map = (text: string): string => files.write("map.json", text);
    await refused(
      replay(table, "--map", map('{"inputTokens":"Inn"}')),
      2,
      "CAL_INPUT_MALFORMED",
      /t\.csv:1 has no column "Inn"/,
    );
    await refused(
      replay(table, "--map", map('{"inputTokns":"In"}')),
      2,
      "CAL_REQUEST_INVALID",
      /Did you mean "inputTokens"\?/,
    );
    await refused(replay(table), 2, "CAL_REQUEST_INVALID", /line 2: In is an unknown field/);
    await refused(
      replay(table, "--map", map('{"inputTokens":"In","riskBps":{"const":18446744073709551616}}')),
      2,
      "CAL_REQUEST_INVALID",
      /line 2: riskBps is 18446744073709551616/,
    );
  });

  test("a mistake in a catalog that a policy names has the file and line of the catalog", async () => {
    const named = (catalog: string): string => files.write("named.jsonc", JSON.stringify({ ...POLICY, catalog }));
    files.write("bad-catalog.json", JSON.stringify({ ...CATALOG, epoch: -1 }, null, 1));
    await refused(
      ["policy", "check", named("./bad-catalog.json")],
      2,
      "CAL_POLICY_INVALID",
      /catalog\.epoch is -1 \(.*bad-catalog\.json:4\)/,
    );
    await refused(["policy", "check", named("./none.json")], 2, "CAL_INPUT_UNREADABLE", /none\.json cannot be read/);
    await refused(["policy", "check", named("lml")], 2, "CAL_POLICY_INVALID", /Did you mean "llm"\?/);
    files.write("cut-catalog.json", '{\n"name":');
    await refused(["policy", "check", named("./cut-catalog.json")], 2, "CAL_INPUT_MALFORMED", /cut-catalog\.json:2:/);
  });

  test("a terminal obeys nothing that a file holds", async () => {
    const { complaints } = await calybris(
      "policy",
      "check",
      files.write("escape.jsonc", JSON.stringify({ ["\u001b[2J"]: "\u0007" })),
    );
    // biome-ignore lint/suspicious/noControlCharactersInRegex: they are what is looked for
    expect(complaints).not.toMatch(/[\u0000-\u0009\u000b-\u001f]/);
  });
});

describe("a journal", () => {
  const onJournal = (directory: string): readonly (readonly string[])[] => [
    ["replay", "--policy", policy, "--requests", requests, "--journal", directory],
    ["policy", "set", policy, "--by", "ada", "--journal", directory],
  ];

  function altered(name: string, change: (bytes: Buffer) => Buffer): string {
    const directory = files.at(name);
    cpSync(journal, directory, { recursive: true });
    writeFileSync(files.at(name, SEGMENT), change(readFileSync(files.at(name, SEGMENT))));
    return directory;
  }

  test("in a place that cannot be one is refused", async () => {
    const words = ["replay", "--policy", policy, "--requests", requests, "--journal"];
    await refused([...words, policy], 1, "CAL_JOURNAL_UNREADABLE", /policy\.jsonc/);
    await refused([...words, `${policy}/below`], 1, "CAL_JOURNAL_UNREADABLE", /policy\.jsonc\/below/);
    await refused([...words, "/dev/null/journal"], 1, "CAL_JOURNAL_UNREADABLE", /\/dev\/null\/journal/);
    for (const command of [["verify"], ["tail"], ["show"]]) {
      const rest = command[0] === "show" ? ["2"] : [];
      await refused([...command, "--journal", files.at("directory"), ...rest], 2, "CAL_JOURNAL_MISSING", /directory/);
      await refused([...command, "--journal", files.at("none"), ...rest], 2, "CAL_JOURNAL_MISSING", /none/);
    }
    await refused(
      ["policy", "set", policy, "--by", "ada", "--journal", files.at("directory")],
      2,
      "CAL_JOURNAL_MISSING",
    );
    await refused(["policy", "set", policy, "--by", "ada", "--journal", files.at("none")], 2, "CAL_JOURNAL_MISSING");
  });

  test("of another format version is refused, and named", async () => {
    const directory = altered("version", (bytes) => {
      const line = bytes.subarray(0, bytes.indexOf(0x0a)).toString("utf8");
      const data = line.slice(line.indexOf('"data":') + 7, -1).replace('"format":2', '"format":3');
      const hash = nodeChain()("genesis", Buffer.from(data));
      return Buffer.from(`{"sequence":1,"previous_hash":"genesis","entry_hash":"${hash}","data":${data}}\n`);
    });
    rmSync(files.at("version", "head.json"));
    for (const words of onJournal(directory))
      await refused(
        words,
        1,
        "CAL_JOURNAL_VERSION",
        /holds journal format 3; this program reads 2/,
        /Use the version of Calybris that wrote it/,
      );
    expect((await calybris("verify", directory)).exit).not.toBe(0);
  });

  test("whose policy is another is refused", async () => {
    const other = files.write("other.jsonc", JSON.stringify({ ...POLICY, epoch: 2 }));
    const words = ["replay", "--policy", other, "--requests", requests, "--journal", journal];
    await refused(
      words,
      2,
      "CAL_ENGINE_POLICY_MISMATCH",
      /has digest [0-9a-f]{64}; the active policy of the journal has [0-9a-f]{64}/,
      /calybris policy set/,
    );
    const renamed = files.write("renamed.jsonc", JSON.stringify({ ...POLICY, name: "renamed" }));
    await refused(
      ["replay", "--policy", renamed, "--requests", requests, "--journal", journal],
      2,
      "CAL_ENGINE_POLICY_MISMATCH",
    );
  });

  test("with an altered byte is refused with entry, file and byte offset", async () => {
    let lineStart = 0;
    const directory = altered("flipped", (bytes) => {
      lineStart = bytes.indexOf('{"sequence":20,');
      const at = bytes.indexOf('"riskBps":', lineStart) + 10;
      bytes[at] = (bytes[at] ?? 0) ^ 1;
      return bytes;
    });
    for (const words of onJournal(directory))
      await refused(
        words,
        1,
        "CAL_JOURNAL_CORRUPT",
        new RegExp(`entry 20 in ${SEGMENT} at byte ${lineStart}: expected entry hash [0-9a-f]{64}, found`),
      );
  });

  test("whose end was removed, or a segment, is refused", async () => {
    const shorter = altered("shorter", (bytes) => bytes.subarray(0, bytes.indexOf('{"sequence":30,')));
    for (const words of onJournal(shorter))
      await refused(words, 1, "CAL_JOURNAL_CORRUPT", /entry 30 in/, /which the head names/);
    const later = altered("later", (bytes) => bytes);
    cpSync(files.at("later", SEGMENT), files.at("later", "segment-000003.jsonl"));
    for (const words of onJournal(later)) await refused(words, 1, "CAL_JOURNAL_CORRUPT", /segment-000002\.jsonl/);
  });
});

test("init writes to no place that it cannot write to", async () => {
  await refused(["init", "--out", files.at("none/p.jsonc")], 2, "CAL_OUTPUT_UNWRITABLE", /ENOENT/);
  await refused(["init", "--out", files.at("directory"), "--force"], 2, "CAL_OUTPUT_UNWRITABLE", /EISDIR/);
  await refused(["init", "--out", policy], 2, "CAL_OUTPUT_UNWRITABLE", /--force overwrites it/);
  await refused(["init", "--catalog", "nothing", "--out", files.at("p.jsonc")], 2, "CAL_INPUT_UNREADABLE", /nothing/);
});
