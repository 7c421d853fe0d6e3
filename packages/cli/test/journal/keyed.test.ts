import { chmodSync, mkdirSync, rmSync, symlinkSync } from "node:fs";
import { beforeAll, describe, expect, test } from "vitest";
import { calybris } from "../support/captured-terminal.ts";
import { POLICY, rows, Sandbox } from "../support/sample-files.ts";

const files = new Sandbox();
const policy = files.write("policy.jsonc", JSON.stringify(POLICY));
const other = files.write("other.jsonc", JSON.stringify({ ...POLICY, epoch: 2 }));
const requests = files.write("requests.jsonl", rows(30));
const key = files.writeKey("key", 7);
const wrong = files.writeKey("wrong", 8);
const keyed = files.at("keyed");
const plain = files.at("plain");

const replay = (journal: string): string[] => [
  "replay",
  "--policy",
  policy,
  "--requests",
  requests,
  "--journal",
  journal,
];
/** Every command that opens a journal; those that write it come last. */
const commandsOn = (journal: string): readonly (readonly [name: string, words: readonly string[]])[] => [
  ["verify", ["verify", journal]],
  ["show", ["show", "--journal", journal, "2"]],
  ["tail", ["tail", "--journal", journal]],
  ["replay", replay(journal)],
  ["policy set", ["policy", "set", other, "--by", "ada", "--journal", journal]],
];

beforeAll(async () => {
  expect((await calybris(...replay(keyed), "--key-file", key)).exit).toBe(0);
  expect((await calybris(...replay(plain))).exit).toBe(0);
});

describe("wrong uses of a key", () => {
  test.each(commandsOn(keyed).filter(([name]) => name !== "show" && name !== "tail"))(
    "%s of a keyed journal without its key is refused, and nothing is written",
    async (_name, words) => {
      const before = files.contents("keyed");
      const { exit, complaints } = await calybris(...words);
      expect(exit).toBe(2);
      expect(complaints).toMatch(/^CAL_JOURNAL_KEY: .*keyed and no --key-file was given\n/);
      expect(files.contents("keyed")).toEqual(before);
    },
  );

  test("show and tail without the key read what is there, and do not vouch for it", async () => {
    expect(await calybris("show", "--journal", keyed, "2")).toMatchObject({
      exit: 0,
      out: expect.stringContaining("(not checked"),
    });
    expect(await calybris("tail", "--journal", keyed)).toMatchObject({
      exit: 0,
      out: expect.not.stringContaining("ALTERED"),
    });
    expect(JSON.parse((await calybris("show", "--journal", keyed, "2", "--json")).out)).not.toHaveProperty("isChained");
  });

  test.each(commandsOn(keyed).slice(3))(
    "%s with another key is refused, and nothing is written",
    async (_name, words) => {
      const before = files.contents("keyed");
      const { exit, complaints } = await calybris(...words, "--key-file", wrong);
      expect(exit).toBe(2);
      expect(complaints).toMatch(/^CAL_JOURNAL_KEY: .*not the one that entry 1 was written with/);
      expect(files.contents("keyed")).toEqual(before);
    },
  );

  test("verify, show and tail with another key find that nothing follows", async () => {
    const verified = await calybris("verify", keyed, "--key-file", wrong);
    expect(verified).toMatchObject({ exit: 1, out: expect.stringContaining("BROKEN") });
    expect(verified.out).toContain("entry 1 in ");
    expect((await calybris("show", "--journal", keyed, "2", "--key-file", wrong)).out).toContain("DOES NOT FOLLOW");
    expect((await calybris("tail", "--journal", keyed, "--key-file", wrong)).out).toContain("ALTERED");
  });

  test.each(commandsOn(plain))("%s of a journal that has no key is refused with one", async (_name, words) => {
    const before = files.contents("plain");
    const { exit, complaints } = await calybris(...words, "--key-file", key);
    expect(exit).toBe(2);
    expect(complaints).toMatch(/^CAL_JOURNAL_KEY: .*says that it is not keyed/);
    expect(files.contents("plain")).toEqual(before);
  });

  const readable = files.write("readable", new Uint8Array(32));
  chmodSync(readable, 0o644);
  const short = files.write("short", "0123456789abcde");
  const long = files.write("long", new Uint8Array(4_097));
  for (const file of [short, long]) chmodSync(file, 0o600);
  mkdirSync(files.at("directory"));
  symlinkSync("nowhere", files.at("dangling"));
  test.each([
    ["that others may read", readable, "CAL_JOURNAL_KEY", /mode 644.*chmod 600/],
    ["that is too short", short, "CAL_JOURNAL_KEY", /15 bytes/],
    ["that is too long", long, "CAL_JOURNAL_KEY", /4097 bytes/],
    ["that is a directory", files.at("directory"), "CAL_JOURNAL_KEY", /not a regular file/],
    ["that is a device", "/dev/null", "CAL_JOURNAL_KEY", /not a regular file/],
    ["that is not there", files.at("none"), "CAL_INPUT_UNREADABLE", /no such file/],
    ["that is a link to nowhere", files.at("dangling"), "CAL_INPUT_UNREADABLE", /which cannot be reached/],
  ])("a key file %s is refused by every command", async (_name, file, code, problem) => {
    const before = files.contents("keyed");
    for (const [name, words] of commandsOn(keyed)) {
      const { exit, complaints } = await calybris(...words, "--key-file", file);
      expect(exit, name).toBe(2);
      expect(complaints, name).toContain(code);
      expect(complaints, name).toMatch(problem);
    }
    expect(files.contents("keyed")).toEqual(before);
  });

  test("a head kept elsewhere of another sort of journal is refused, whatever the journal's own says", async () => {
    const [own, other] = [`${plain}/head.json`, `${keyed}/head.json`];
    expect((await calybris("verify", plain, "--head", own)).exit).toBe(0);
    expect((await calybris("verify", plain, "--head", other)).complaints).toMatch(/^CAL_JOURNAL_KEY: /);
    const { complaints } = await calybris("verify", keyed, "--key-file", key, "--head", own);
    expect(complaints).toMatch(/^CAL_JOURNAL_KEY: .*says that it is not keyed/);
  });

  test("a key given to a new journal that cannot be used leaves no journal behind", async () => {
    await calybris(...replay(files.at("never")), "--key-file", short);
    expect(() => files.contents("never")).toThrow("ENOENT");
  });
});

describe("a keyed journal works through every command with its key", () => {
  test.each(commandsOn(keyed))("%s", async (_name, words) => {
    const { exit, complaints, out } = await calybris(...words, "--key-file", key);
    expect({ exit, complaints }).toEqual({ exit: 0, complaints: "" });
    expect(out).not.toMatch(/not checked|DOES NOT FOLLOW|ALTERED/);
  });

  test("and is still whole at the end, its head kept elsewhere as well", async () => {
    const head = `${keyed}/head.json`;
    const { exit, out } = await calybris(
      "verify",
      keyed,
      "--key-file",
      key,
      "--head",
      head,
      "--policy",
      policy,
      "--policy",
      other,
    );
    expect(exit).toBe(0);
    expect(out).toMatch(/INTACT[\s\S]*decisions +30[\s\S]*policy 2/);
    const segment = `${keyed}/segment-000001.jsonl`;
    expect((await calybris("verify", segment, "--key-file", key)).exit).toBe(0);
    expect((await calybris("verify", segment, "--head", head)).complaints).toContain("CAL_JOURNAL_KEY");
  });

  test("a head that was removed does not let a journal be opened under another key or none", async () => {
    rmSync(`${keyed}/head.json`);
    for (const words of [[], ["--key-file", wrong]]) {
      const { exit, complaints } = await calybris(...replay(keyed), ...words);
      expect(exit).not.toBe(0);
      expect(complaints).toMatch(/^CAL_JOURNAL_(KEY|CORRUPT)/);
    }
  });
});
