import { chmodSync, cpSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { Engine } from "@calybris/engine";
import { nodeSigner } from "@calybris/engine/internal";
import {
  formatCheckpoint,
  formatNote,
  formatSignerKey,
  formatVerifierKey,
  type NoteKeyType,
  parseCheckpoint,
  parseNote,
  signNote,
  verifierKey,
} from "@calybris/kernel";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { sampleSnapshot } from "../../../engine/test/support/sample-snapshot.ts";
import { calybris, calybrisOn, type CapturedTerminal, capturedTerminal } from "../support/captured-terminal.ts";
import { Sandbox } from "../support/sample-files.ts";

// Goal: witnesses that run as servers cosign one history of a log only, also after a restart; what they cosign makes the quorum
// of `checkpoint witness`; and two histories become evidence that the key of the log alone verifies.

const ORIGIN = "example.org/log";

interface Key {
  readonly text: string;
  readonly verifier: string;
}

function keyOf(name: string, type: NoteKeyType, fill: number): Key {
  const seed = new Uint8Array(32).fill(fill);
  const made = verifierKey(name, type, nodeSigner(seed).publicKey);
  return { text: formatSignerKey({ name, type, keyId: made.keyId, seed }), verifier: formatVerifierKey(made) };
}

const LOG = keyOf(ORIGIN, "ed25519", 9);
const [ONE, TWO] = [keyOf("one.example", "cosignature", 1), keyOf("two.example", "cosignature", 2)];

let files: Sandbox;
let journal: string;
let running: { readonly terminal: CapturedTerminal; readonly ended: Promise<unknown> }[];

beforeEach(async () => {
  files = new Sandbox();
  journal = files.at("journal");
  running = [];
  await decide(journal, 5, sampleSnapshot());
});

afterEach(() => stopAll());

async function stopAll(): Promise<void> {
  for (const { terminal } of running) terminal.interrupt();
  await Promise.all(running.splice(0).map(({ ended }) => ended));
}

async function decide(directory: string, count: number, policy?: ReturnType<typeof sampleSnapshot>): Promise<void> {
  const engine = await Engine.open({ directory, policy });
  for (let number = 0; number < count; number++) await engine.decide({ inputTokens: 1 });
  await engine.close();
}

function secret(name: string, { text }: Key): string {
  const file = files.write(name, `${text}\n`);
  chmodSync(file, 0o600);
  return file;
}

async function serve(name: string, key: Key): Promise<string> {
  const terminal = capturedTerminal();
  const words = ["--key", secret(`${name}.key`, key), "--log-key", LOG.verifier, "--directory", files.at(name)];
  const ended = calybrisOn(terminal, "witness", "serve", ...words, "--port", "0");
  running.push({ terminal, ended });
  await expect.poll(() => terminal.complained.join("\n"), { timeout: 60_000, interval: 5 }).toContain("listens on");
  return /listens on (\S+)/.exec(terminal.complained.join("\n"))?.[1] ?? "";
}

async function checkpoint(directory = journal): Promise<string> {
  const words = ["checkpoint", "create", "--journal", directory, "--signer-file", secret("log.key", LOG), "--json"];
  const { exit, out, complaints } = await calybris(...words);
  expect({ exit, complaints }).toEqual({ exit: 0, complaints: "" });
  return (JSON.parse(out) as { file: string }).file;
}

interface Collected {
  readonly exit: number;
  readonly results: readonly string[];
  readonly witnessCount: number;
}

async function collect(quorum: number, urls: readonly string[], directory = journal): Promise<Collected> {
  const witnesses = [ONE, TWO].map(({ verifier }, at) => ({ key: verifier, ...(urls[at] && { url: urls[at] }) }));
  const trust = files.write("trust.json", JSON.stringify({ quorum, logs: [{ key: LOG.verifier }], witnesses }));
  const { exit, out } = await calybris("checkpoint", "witness", "--journal", directory, "--trust", trust, "--json");
  const printed = JSON.parse(out) as { witnessCount: number; witnesses: { result: string }[] };
  return { exit, results: printed.witnesses.map(({ result }) => result), witnessCount: printed.witnessCount };
}

describe("witnesses over HTTP", () => {
  test("make a quorum, once for each checkpoint, and again when the log has grown", async () => {
    const urls = [await serve("one", ONE), await serve("two", TWO)];
    const file = await checkpoint();
    expect(await collect(2, urls)).toEqual({ exit: 0, results: ["signed", "signed"], witnessCount: 2 });
    expect(await collect(2, urls)).toMatchObject({ exit: 0, results: ["signed_before", "signed_before"] });
    const trust = files.at("trust.json");
    expect(await calybris("checkpoint", "verify", file, "--trust", trust)).toMatchObject({ exit: 0 });
    await decide(journal, 9);
    await checkpoint();
    expect(await collect(2, urls)).toEqual({ exit: 0, results: ["signed", "signed"], witnessCount: 2 });
  });

  test("fewer than the quorum end with 1, and those that signed are kept", async () => {
    const urls = [await serve("one", ONE), "http://127.0.0.1:1"];
    await checkpoint();
    expect(await collect(2, urls)).toEqual({ exit: 1, results: ["signed", "unreachable"], witnessCount: 1 });
    expect(await collect(1, urls)).toMatchObject({ exit: 0, results: ["signed_before", "unreachable"] });
  });

  test("refuse a fork and a shorter log, also after a restart, and two histories of one size become evidence", async () => {
    const url = await serve("one", ONE);
    cpSync(journal, files.at("fork"), { recursive: true });
    await decide(journal, 4);
    await decide(files.at("fork"), 4);
    const file = await checkpoint();
    expect(await collect(1, [url])).toMatchObject({ exit: 0, results: ["signed", "no_url"] });
    await stopAll();
    const again = await serve("one", ONE);
    await checkpoint(files.at("fork"));
    expect(await collect(1, [again], files.at("fork"))).toMatchObject({ exit: 1, results: ["refused", "no_url"] });
    const kept = readdirSync(files.at("one")).filter((name) => name.startsWith("split-view-"));
    expect(kept).toHaveLength(1);
    const evidence = files.at("one", kept[0] as string);
    const words = ["evidence", "verify", evidence, "--log-key"];
    expect(await calybris(...words, LOG.verifier)).toMatchObject({ exit: 0, complaints: "" });
    expect(await calybris(...words, keyOf(ORIGIN, "ed25519", 8).verifier)).toMatchObject({ exit: 1, out: "" });
    // The fork grows past what was cosigned: it is refused, and its journal shows that it is another history.
    await decide(files.at("fork"), 6);
    const longer = await checkpoint(files.at("fork")).catch(() => "");
    expect(await collect(1, [again], files.at("fork"))).toMatchObject({ exit: 1, results: ["refused", "no_url"] });
    const out = files.at("evidence.json");
    const make = ["evidence", "make", file, longer, "--log-key", LOG.verifier, "--out", out];
    expect(await calybris(...make, "--journal", journal)).toMatchObject({ exit: 1 });
    expect(await calybris(...make, "--journal", files.at("fork"))).toMatchObject({ exit: 0, complaints: "" });
    expect(await calybris("evidence", "verify", out, "--log-key", LOG.verifier)).toMatchObject({ exit: 0 });
    const own = ["evidence", "make", file, file, "--log-key", LOG.verifier, "--out", out, "--journal", journal];
    expect(await calybris(...own)).toMatchObject({ exit: 1, complaints: expect.stringContaining("which agree") });
  });

  test("answer as the specification says", async () => {
    const url = await serve("one", ONE);
    const send = async (body: string, path = "/add-checkpoint", method = "POST"): Promise<readonly unknown[]> => {
      const response = await fetch(url + path, { method, ...(method === "POST" && { body }) });
      return [response.status, response.headers.get("content-type"), (await response.text()).slice(0, 60)];
    };
    const note = readFileSync(await checkpoint(), "utf8");
    const { root, treeSize } = parseCheckpoint(parseNote(note).text);
    const signedAs = async (origin: string, size: bigint, by: number): Promise<string> => {
      const text = formatCheckpoint({ origin, treeSize: size, root });
      return formatNote({ text, signatures: [await signNote(text, origin, nodeSigner(new Uint8Array(32).fill(by)))] });
    };
    expect((await send("nonsense"))[0]).toBe(400);
    expect((await send(`old 0\n\n${note}`, "/other"))[0]).toBe(404);
    expect((await send("", "/add-checkpoint", "GET"))[0]).toBe(405);
    expect((await send("x".repeat(70_000)))[0]).toBe(413);
    expect((await send(`old 0\n\n${await signedAs("other.example/log", treeSize, 9)}`))[0]).toBe(404);
    expect((await send(`old 0\n\n${await signedAs(ORIGIN, treeSize, 7)}`))[0]).toBe(403);
    expect((await send(`old ${treeSize + 1n}\n\n${note}`))[0]).toBe(400);
    expect((await send(`old 3\n\n${note}`)).slice(0, 3)).toEqual([409, "text/x.tlog.size", "0\n"]);
    const [status, , line] = await send(`old 0\n\n${note}`);
    expect([status, line]).toEqual([200, expect.stringContaining("— one.example ")]);
    expect(await send(`old 0\n\n${note}`)).toEqual([409, "text/x.tlog.size", `${treeSize}\n`]);
    expect((await send(`old ${treeSize}\n\n${note}`))[0]).toBe(200);
    const grown = await signedAs(ORIGIN, treeSize + 1n, 9);
    expect((await send(`old ${treeSize}\n\n${grown}`))[0]).toBe(422);
    expect((await send(`old ${treeSize}\n\n${await signedAs(ORIGIN, treeSize - 1n, 9)}`))[0]).toBe(400);
  });

  test("sign nothing over a state that is not as it was written, and two share no directory", async () => {
    const url = await serve("one", ONE);
    await checkpoint();
    expect(await collect(1, [url])).toMatchObject({ exit: 0 });
    const state = readdirSync(files.at("one")).find((name) => name.endsWith(".note")) ?? "";
    const kept = readFileSync(files.at("one", state), "utf8");
    await decide(journal, 3);
    await checkpoint();
    for (const wrong of ["torn", kept.replace("example.org/", "example.net/")]) {
      writeFileSync(files.at("one", state), wrong);
      expect(await collect(1, [url])).toMatchObject({ exit: 1, results: ["refused", "no_url"] });
    }
    const words = ["witness", "serve", "--key", files.at("one.key"), "--log-key", LOG.verifier, "--port", "0"];
    expect(await calybris(...words, "--directory", files.at("one"))).toMatchObject({
      complaints: expect.stringContaining("CAL_JOURNAL_LOCKED"),
    });
  });
});

describe("dates of keys", () => {
  test("a receipt of a revoked key is rejected when it is dated after, and a checkpoint without a witness before", async () => {
    const url = await serve("one", ONE);
    const file = await checkpoint();
    await collect(1, [url]);
    const receipt = ["receipt", "issue", "3", "--journal", journal, "--key", files.at("log.key")];
    const issued = files.write("receipt.json", (await calybris(...receipt)).out);
    const verdicts = async (validUntil: string): Promise<readonly number[]> => {
      const logs = [{ key: LOG.verifier, validUntil }];
      const trust = files.write(
        "dated.json",
        JSON.stringify({ logs, witnesses: [{ key: ONE.verifier }], signers: logs }),
      );
      const results = [await calybris("checkpoint", "verify", file, "--trust", trust)];
      results.push(await calybris("receipt", "verify", issued, "--trust", trust));
      return results.map(({ exit }) => exit);
    };
    expect(await verdicts("2100-01-01T00:00:00Z")).toEqual([0, 0]);
    expect(await verdicts("2020-01-01T00:00:00Z")).toEqual([1, 1]);
    for (const bad of ["2020-01-01", "soon"]) expect(await verdicts(bad)).toEqual([2, 2]);
  });

  test("a file of keys is read strictly", async () => {
    const file = await checkpoint();
    for (const text of [
      "[]",
      "{",
      '{"logs":[{}]}',
      '{"log":[]}',
      `{"quorum":1,"logs":[{"key":"${LOG.verifier}"}]}`,
      `{"witnesses":[{"key":"${LOG.verifier}"}]}`,
      `{"witnesses":[{"key":"${ONE.verifier}","url":"file:///etc"}]}`,
      `{"logs":[{"key":"${LOG.verifier}"}],"logs":[]}`,
    ]) {
      const { exit } = await calybris("checkpoint", "verify", file, "--trust", files.write("bad.json", text));
      expect([text, exit]).toEqual([text, 2]);
    }
  });
});
