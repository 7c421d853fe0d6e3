import { mkdirSync } from "node:fs";
import type { Command } from "commander";
import { beforeAll, describe, expect, test } from "vitest";
import { calybris as program } from "../../src/program.ts";
import { calybris, capturedTerminal, type Ended } from "../support/captured-terminal.ts";
import { POLICY, rows, Sandbox } from "../support/sample-files.ts";

// One way to name a journal: --journal, else the one of the configuration. It is sought in the current directory.
const files = new Sandbox();
const policy = files.write("policy.jsonc", JSON.stringify(POLICY));
mkdirSync(files.at("here"));

/** Runs the command in another current directory. */
async function within(directory: string, ...words: readonly string[]): Promise<Ended> {
  const { CALYBRIS_CONFIG: config, CALYBRIS_JOURNAL_DIRECTORY: journal } = process.env;
  const before = process.cwd();
  delete process.env["CALYBRIS_CONFIG"];
  delete process.env["CALYBRIS_JOURNAL_DIRECTORY"];
  process.chdir(directory);
  try {
    return await calybris(...words);
  } finally {
    process.chdir(before);
    if (config !== undefined) process.env["CALYBRIS_CONFIG"] = config;
    if (journal !== undefined) process.env["CALYBRIS_JOURNAL_DIRECTORY"] = journal;
  }
}

const here = (...words: readonly string[]): Promise<Ended> => within(files.at("here"), ...words);

beforeAll(async () => {
  const requests = files.write("requests.jsonl", rows(5));
  const replayed = await here("replay", "--policy", policy, "--requests", requests);
  expect(replayed).toMatchObject({ exit: 0, complaints: "" });
});

function leaves(command: Command): readonly Command[] {
  return command.commands.length === 0 ? [command] : command.commands.flatMap(leaves);
}

test("every command that names a journal has the same --journal with --config, and no positional one", async () => {
  const all = leaves(await program(capturedTerminal()));
  const reading = all.filter(({ options }) => options.some(({ long }) => long === "--journal"));
  expect(reading.length).toBeGreaterThan(20);
  const own = ["serve", "health", "doctor"];
  const texts = new Set(
    reading
      .filter((command) => !own.includes(command.name()))
      .flatMap(({ options }) =>
        options.filter(({ long }) => long === "--journal").map(({ description }) => description),
      ),
  );
  expect([...texts]).toHaveLength(1);
  for (const { options, registeredArguments } of reading) {
    expect(options.map(({ long }) => long)).toContain("--config");
    expect(registeredArguments.map((argument) => argument.name())).not.toContain("directory");
  }
});

describe("without --journal", () => {
  test("the journal is calybris-journal, as for the service", async () => {
    expect(files.text("here/calybris-journal/segment-000001.jsonl")).toContain('"kind":"genesis"');
    expect(await here("verify")).toMatchObject({ exit: 0, out: expect.stringContaining("INTACT") });
    expect(await here("show", "2")).toMatchObject({ exit: 0 });
  });

  test("a journal that is not there is said to be missing, with what to do", async () => {
    mkdirSync(files.at("here", "empty"));
    const { exit, complaints } = await within(files.at("here", "empty"), "show", "3");
    expect(exit).toBe(2);
    expect(complaints).toMatch(
      /^CAL_JOURNAL_MISSING: there is no journal in calybris-journal\nName the journal with `--journal`/,
    );
  });

  test("a configuration in the current directory names it", async () => {
    files.write("here/calybris.config.jsonc", '{ "journal": { "directory": "elsewhere" } }');
    expect(await here("show", "2")).toMatchObject({ exit: 2, complaints: expect.stringContaining("elsewhere") });
  });

  test("the configuration names it for each command alike", async () => {
    const config = files.write(
      "named.json",
      JSON.stringify({ journal: { directory: files.at("here", "calybris-journal") } }),
    );
    const missing = files.write("missing.json", JSON.stringify({ journal: { directory: files.at("missing") } }));
    for (const text of ["verify", "show 2", "tail", "policy show", "ledger show", "ledger prove"]) {
      expect(await calybris(...text.split(" "), "--config", config), text).toMatchObject({ exit: 0, complaints: "" });
      expect(await calybris(...text.split(" "), "--config", missing), text).toMatchObject({
        exit: 2,
        complaints: expect.stringContaining("missing"),
      });
    }
  });

  test("a mistake in the configuration is reported; a journal that is named needs none", async () => {
    files.write("here/calybris.config.jsonc", '{ "jurnal": {} }');
    expect(await here("verify")).toMatchObject({ exit: 2, complaints: expect.stringContaining("CAL_CONFIG_INVALID") });
    expect(await here("verify", "--journal", "calybris-journal")).toMatchObject({ exit: 0 });
    expect(await here("verify", "calybris-journal")).toMatchObject({ exit: 0 });
  });

  test("--config names another configuration, and its key file is used", async () => {
    const key = files.writeKey("key", 7);
    const keyed = files.at("keyed");
    const requests = files.write("one.jsonl", rows(1));
    const words = ["replay", "--policy", policy, "--requests", requests, "--journal", keyed, "--key-file", key];
    expect((await calybris(...words)).exit).toBe(0);
    const config = files.write("keyed.json", JSON.stringify({ journal: { directory: keyed, keyFile: key } }));
    expect(await calybris("verify", "--config", config)).toMatchObject({
      exit: 0,
      out: expect.stringContaining("INTACT"),
    });
    expect((await calybris("policy", "set", policy, "--config", config)).exit).toBe(0);
  });
});
