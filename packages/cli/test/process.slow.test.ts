import { type ChildProcess, spawn, spawnSync } from "node:child_process";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { gzipSync } from "node:zlib";
import { expect, test } from "vitest";
import { longTest, someOf } from "../../../test/share.ts";
import { calybris } from "./support/captured-terminal.ts";
import { POLICY, rows, Sandbox } from "./support/sample-files.ts";

/** Only what takes a process of its own is tried here: each costs a fifth of a second. */
const main = fileURLToPath(new URL("../src/main.ts", import.meta.url));
const files = new Sandbox();
const policy = files.write("policy.jsonc", JSON.stringify(POLICY));

function program(
  words: readonly string[],
  input?: string | Uint8Array,
): { status: number | null; stdout: string; stderr: string } {
  return spawnSync(process.execPath, [main, ...words], {
    encoding: "utf8",
    cwd: files.path,
    ...(input === undefined ? {} : { input }),
  });
}

/** How a child ended: its exit code, or the name of the signal. */
function ended(child: ChildProcess): Promise<number | string | null> {
  return new Promise((resolve) => child.once("exit", (code, signal) => resolve(code ?? signal)));
}

test("a request comes through standard input, and the answer goes to standard output alone", () => {
  const { status, stdout, stderr } = program(
    ["decide", "--policy", policy, "--request", "-", "--json"],
    '{"inputTokens":7}',
  );
  expect({ status, stderr }).toEqual({ status: 0, stderr: "" });
  expect(JSON.parse(stdout)).toMatchObject({ useCase: "default", request: { inputTokens: 7 } });
});

test("rows come through standard input, packed too; those above a bad one are decided and the report says so", async () => {
  const journal = files.at("piped");
  const words = ["replay", "--policy", policy, "--requests", "-", "--journal", journal];
  expect(program(words, gzipSync(rows(20)))).toMatchObject({
    status: 0,
    stderr: "",
    stdout: expect.stringContaining("20 (0 decided before)"),
  });
  const { status, stderr } = program(words, `${rows(5)}{"inputTokens":-1}\n${rows(5)}`);
  expect(status).toBe(2);
  expect(stderr).toContain("5 requests were decided (all up to line 5)");
  expect(stderr).toContain("line 6: inputTokens is -1");
  expect(await calybris("verify", journal)).toMatchObject({ exit: 0, out: expect.stringMatching(/decisions +25/) });
});

test("what is wrong goes to standard error with its exit code; nothing goes to standard output", () => {
  expect(program(["verify", "nowhere"])).toEqual(
    expect.objectContaining({
      status: 2,
      stdout: "",
      stderr: expect.stringMatching(/^CAL_JOURNAL_MISSING: there is no journal in nowhere\n/),
    }),
  );
});

test("a reader that closes standard output ends the command quietly, with its own exit code", async () => {
  const journal = files.at("tailed");
  const requests = files.write("tailed.jsonl", rows(500));
  await calybris("replay", "--policy", policy, "--requests", requests, "--journal", journal);
  const child = spawn(process.execPath, [main, "tail", "--journal", journal, "-n", "500", "--json"], {
    stdio: ["ignore", "pipe", "pipe"],
  });
  let stderr = "";
  child.stderr.on("data", (chunk) => {
    stderr += String(chunk);
  });
  child.stdout.once("data", () => child.stdout.destroy());
  expect(await ended(child)).toBe(0);
  expect(stderr).toBe("");
});

// Skipped where there is no device that is always full.
test.skipIf(process.platform !== "linux")("a full disk under standard output is reported in one sentence", () => {
  const { status, stderr } = spawnSync(
    "bash",
    ["-c", '"$0" "$@" > /dev/full', process.execPath, main, "catalog", "list"],
    {
      encoding: "utf8",
    },
  );
  expect(status).toBe(2);
  expect(stderr).toMatch(
    /^CAL_OUTPUT_UNWRITABLE: standard output cannot be written: ENOSPC[^\n]*\nChoose another path[^\n]*\n$/,
  );
});

test("verdicts are coloured where a terminal takes colour, and never with NO_COLOR or into a pipe", async () => {
  const journal = files.at("coloured");
  await calybris("replay", "--policy", policy, "--requests", files.write("three.jsonl", rows(3)), "--journal", journal);
  const first = (environment: NodeJS.ProcessEnv): string =>
    spawnSync(process.execPath, [main, "verify", journal], { encoding: "utf8", env: environment }).stdout.split(
      "\n",
    )[0] ?? "";
  const { NO_COLOR: _no, FORCE_COLOR: _force, ...plain } = process.env;
  expect(first(plain)).toBe("INTACT");
  expect(first({ ...plain, NO_COLOR: "1" })).toBe("INTACT");
  expect(first({ ...plain, FORCE_COLOR: "1" })).toBe("\u001b[1m\u001b[32mINTACT\u001b[39m\u001b[22m");
});

test.each(someOf(["while rows come", "while a pipe is silent"], 2))("Ctrl-C ends a replay well %s", async (when) => {
  const journal = `interrupted ${when}`;
  const words = ["replay", "--policy", policy, "--requests", "-", "--journal", files.at(journal), "--json"];
  const child = spawn(process.execPath, [main, ...words], { stdio: "pipe" });
  let stdout = "";
  child.stdout.on("data", (chunk) => {
    stdout += String(chunk);
  });
  child.stdin.on("error", () => undefined);
  const finished = ended(child);
  const block = rows(8_192);
  const feeding = setInterval(() => child.stdin.write(block), 20);
  // A first batch is on the disk: the program is deciding.
  while (!files.text(`${journal}/segment-000001.jsonl`).includes('"kind":"decision"'))
    await new Promise((resolve) => setTimeout(resolve, 20));
  if (when === "while a pipe is silent") clearInterval(feeding);
  child.kill("SIGINT");
  expect(await finished).toBe(130);
  clearInterval(feeding);
  const { decisions, error } = JSON.parse(stdout) as { decisions: number; error: { code: string } };
  expect(error.code).toBe("CAL_REPLAY_STOPPED");
  const { exit, out } = await calybris("verify", files.at(journal), "--json");
  expect(exit).toBe(0);
  expect(JSON.parse(out)).toMatchObject({ status: "intact", decisions });
});

test("the journal of a running process is refused to another", async () => {
  const journal = files.at("locked");
  const child = spawn(process.execPath, [main, "replay", "--policy", policy, "--requests", "-", "--journal", journal], {
    stdio: ["pipe", "ignore", "ignore"],
  });
  const finished = ended(child);
  while (!files.text("locked/segment-000001.jsonl").includes('"kind":"genesis"'))
    await new Promise((resolve) => setTimeout(resolve, 20));
  const requests = files.write("locked.jsonl", rows(3));
  // The head is written last; from then on nothing moves.
  while (!files.text("locked/head.json").includes('"sequence":1'))
    await new Promise((resolve) => setTimeout(resolve, 20));
  const before = files.contents("locked");
  for (const words of [
    ["replay", "--policy", policy, "--requests", requests, "--journal", journal],
    ["policy", "set", policy, "--by", "ada", "--journal", journal],
  ]) {
    const { exit, complaints } = await calybris(...words);
    expect({ exit, complaints }).toEqual({
      exit: 2,
      complaints: expect.stringMatching(/^CAL_JOURNAL_LOCKED: .*in use by another process\nStop the other process/),
    });
  }
  expect(files.contents("locked")).toEqual(before);
  expect((await calybris("tail", "--journal", journal)).exit).toBe(0);
  child.stdin.end();
  expect(await finished).toBe(0);
  expect((await calybris("replay", "--policy", policy, "--requests", requests, "--journal", journal)).exit).toBe(0);
  expect((await calybris("verify", join(journal))).exit).toBe(0);
});

// Skipped where a shell cannot bound the size of a file: that is how a full disk is played here.
(process.platform === "win32" ? test.skip : longTest)(
  "a disk that takes no more ends a replay in words; the same command goes on once it does",
  async () => {
    const requests = files.write("full.jsonl", rows(40_000));
    const words = ["replay", "--policy", policy, "--requests", requests, "--journal", files.at("full")];
    const bounded = ["-c", 'ulimit -f 20000; exec "$0" "$@"', process.execPath, main, ...words];
    const { status, stderr } = spawnSync("bash", bounded, { encoding: "utf8" });
    expect(status).toBe(1);
    expect(stderr).toMatch(
      /^[0-9,]+ requests were decided \(all up to line [0-9]+\) and are in the journal\. Once the cause/,
    );
    expect(stderr).toMatch(/\nCAL_JOURNAL_FAILED: a write to the journal failed .*\nRestart once the disk is healthy/);
    const decided = Number(/^[0-9,]+/.exec(stderr)?.[0].replaceAll(",", ""));
    const { exit, out } = await calybris(...words, "--json");
    expect(exit).toBe(0);
    const { decisions, repeated } = JSON.parse(out) as { decisions: number; repeated: number };
    expect(decisions).toBe(40_000);
    // What was acknowledged is there; of the batch that the disk refused, a part may be.
    expect(repeated).toBeGreaterThanOrEqual(decided);
    expect(await calybris("verify", files.at("full"), "--json")).toMatchObject({
      exit: 0,
      out: expect.stringContaining('"decisions":40000'),
    });
  },
);
