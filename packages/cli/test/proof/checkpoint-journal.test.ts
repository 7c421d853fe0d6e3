import { chmodSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { Engine } from "@calybris/engine";
import { HEAD_FILE, nodeSigner, segmentName, segmentNumber } from "@calybris/engine/internal";
import {
  formatCheckpoint,
  formatNote,
  formatSignerKey,
  formatVerifierKey,
  fromBase64,
  fromHex,
  isConsistent,
  isIncluded,
  leafHash,
  nodesOfTiles,
  parseCheckpoint,
  parseNote,
  rootOf,
  signNote,
  tilePath,
  toHex,
  verifierKey,
} from "@calybris/kernel";
import { beforeEach, describe, expect, test } from "vitest";
import { sampleSnapshot } from "../../../engine/test/support/sample-snapshot.ts";
import { calybris } from "../support/captured-terminal.ts";
import { Sandbox } from "../support/sample-files.ts";

// Goal: what is signed is the journal, and a journal that was cut or rewritten since is not signed again; every entry and every
// earlier checkpoint is proven in a later one.

const SEED = new Uint8Array(32).fill(9);
const KEY = verifierKey("example.org/log", "ed25519", nodeSigner(SEED).publicKey);
const LOG_KEY = formatVerifierKey(KEY);

let files: Sandbox;
let journal: string;
let signerFile: string;

beforeEach(async () => {
  files = new Sandbox();
  journal = files.at("journal");
  const { name, type, keyId } = KEY;
  signerFile = files.write("log.key", `${formatSignerKey({ name, type, keyId, seed: SEED })}\n`);
  chmodSync(signerFile, 0o600);
  await decide(7, sampleSnapshot());
});

async function decide(count: number, policy?: ReturnType<typeof sampleSnapshot>): Promise<void> {
  const engine = await Engine.open({ directory: journal, policy, segmentBytesMax: 4_096 });
  for (let number = 0; number < count; number++) await engine.decide({ inputTokens: 1 });
  await engine.close();
}

interface Created {
  readonly treeSize: number;
  readonly file: string;
  readonly isNew: boolean;
  readonly note: string;
}

async function created(...more: readonly string[]): Promise<Created> {
  const signer = more.length === 0 ? ["--signer-file", signerFile] : more;
  const { exit, out, complaints } = await calybris("checkpoint", "create", "--journal", journal, ...signer, "--json");
  expect({ exit, complaints }).toEqual({ exit: 0, complaints: "" });
  return JSON.parse(out) as Created;
}

async function proof(...words: readonly string[]): Promise<{ hashes: Uint8Array[]; entryHash: string; index: number }> {
  const { exit, out, complaints } = await calybris("checkpoint", "proof", "--journal", journal, ...words, "--json");
  expect({ exit, complaints }).toEqual({ exit: 0, complaints: "" });
  const { hashes, ...rest } = JSON.parse(out) as { hashes: string[]; entryHash: string; index: number };
  return { ...rest, hashes: hashes.map((each) => fromBase64(each) as Uint8Array) };
}

const segmentNumbers = (directory: string): number[] =>
  readdirSync(directory).flatMap((name) => segmentNumber(name) ?? []);

const checkpointOf = ({ note }: Created): ReturnType<typeof parseCheckpoint> => parseCheckpoint(parseNote(note).text);

describe("a checkpoint of a journal", () => {
  test("is signed, kept beside it, verified by its key, and signed once for a number of entries", async () => {
    const first = await created();
    expect(first).toMatchObject({ isNew: true });
    expect(readFileSync(first.file, "utf8")).toBe(first.note);
    expect(await calybris("checkpoint", "verify", first.file, "--log-key", LOG_KEY)).toMatchObject({ exit: 0 });
    expect(await created()).toEqual({ ...first, isNew: false });
  });

  test("is signed by a key that keygen made, which replaces no file", async () => {
    const words = ["checkpoint", "keygen", "--name", "example.org/new", "--out", files.at("new.key")];
    const { verifierKey: made } = JSON.parse((await calybris(...words, "--json")).out) as { verifierKey: string };
    const { file } = await created("--signer-file", files.at("new.key"));
    expect(await calybris("checkpoint", "verify", file, "--log-key", made)).toMatchObject({ exit: 0 });
    expect(await calybris("checkpoint", "verify", file, "--log-key", LOG_KEY)).toMatchObject({ exit: 1 });
    expect(await calybris(...words)).toMatchObject({ exit: 2, complaints: expect.stringContaining("EEXIST") });
  });

  test("proves every entry in it, and every earlier one in a later one", async () => {
    const first = await created();
    await decide(20);
    const second = await created();
    const { treeSize, root } = checkpointOf(second);
    expect(second.treeSize).toBeGreaterThan(first.treeSize + 19);
    for (let sequence = 1; sequence <= second.treeSize; sequence += 3) {
      const { index, entryHash, hashes } = await proof("--sequence", `${sequence}`);
      expect(index).toBe(sequence - 1);
      const leaf = leafHash(fromHex(entryHash) as Uint8Array);
      expect(isIncluded({ leafIndex: BigInt(index), treeSize, leaf, root, proof: hashes })).toBe(true);
    }
    const { hashes } = await proof("--from", `${first.treeSize}`);
    const sizes = { firstSize: BigInt(first.treeSize), secondSize: treeSize };
    const roots = { firstRoot: checkpointOf(first).root, secondRoot: root };
    expect(isConsistent({ ...sizes, ...roots, proof: hashes })).toBe(true);
    const early = await proof("--sequence", "2", "--note", first.file);
    const leaf = leafHash(fromHex(early.entryHash) as Uint8Array);
    const at = { leafIndex: 1n, treeSize: sizes.firstSize, leaf, root: roots.firstRoot };
    expect(isIncluded({ ...at, proof: early.hashes })).toBe(true);
  });

  test("proves without reading other segments, and the same where the hashes beside it are damaged or gone", async () => {
    await decide(300);
    const { treeSize } = await created();
    const words = [
      ["--sequence", "5"],
      ["--sequence", `${treeSize}`],
      ["--from", "200"],
    ];
    const proofs = await Promise.all(words.map((each) => proof(...each)));
    const last = Math.max(...segmentNumbers(journal));
    const middle = `${journal}/${segmentName(Math.ceil(last / 2))}`;
    const bytes = readFileSync(middle);
    writeFileSync(middle, "damaged\n");
    for (const [at, each] of words.entries()) expect(await proof(...each)).toEqual(proofs[at]);
    writeFileSync(middle, bytes);
    const hashes = readFileSync(`${journal}/tree-0.hashes`);
    for (const [at, each] of words.entries()) {
      writeFileSync(
        `${journal}/tree-0.hashes`,
        hashes.map((byte) => byte ^ 1),
      );
      expect(await proof(...each)).toEqual(proofs[at]);
    }
    rmSync(`${journal}/tree-0.hashes`);
    expect(await proof("--sequence", "5")).toEqual(proofs[0]);
  });

  test("proves no entry whose data was altered", async () => {
    await created();
    const segment = `${journal}/${segmentName(1)}`;
    writeFileSync(segment, readFileSync(segment, "utf8").replace('"inputTokens":1', '"inputTokens":2'));
    const altered = /"sequence":(\d+)[^\n]*"inputTokens":2/.exec(readFileSync(segment, "utf8"))?.[1] as string;
    const words = ["checkpoint", "proof", "--journal", journal, "--sequence", altered];
    expect(await calybris(...words)).toMatchObject({
      exit: 1,
      complaints: expect.stringContaining("CAL_JOURNAL_CORRUPT"),
    });
  });

  test("is signed from the newest snapshot as from the first entry, without reading what is before", async () => {
    const first = await created();
    await decide(300);
    const whole = await created();
    for (const kept of [whole.file, first.file]) rmSync(kept);
    const signer = ["--signer-file", signerFile];
    expect(await created(...signer, "--from-snapshot")).toEqual(whole);
    rmSync(whole.file);
    writeFileSync(first.file, first.note);
    const segment = `${journal}/${segmentName(1)}`;
    const bytes = readFileSync(segment);
    writeFileSync(segment, "damaged\n");
    expect(await created(...signer, "--from-snapshot")).toEqual(whole);
    rmSync(whole.file);
    writeFileSync(segment, bytes);
    const fork = { ...checkpointOf(first), root: new Uint8Array(32) };
    const text = formatCheckpoint(fork);
    const note = formatNote({ text, signatures: [await signNote(text, KEY.name, nodeSigner(SEED))] });
    writeFileSync(first.file, note);
    const words = ["checkpoint", "create", "--journal", journal, ...signer, "--from-snapshot"];
    expect(await calybris(...words)).toMatchObject({ exit: 1, complaints: expect.stringContaining("is not part") });
    writeFileSync(first.file, first.note);
    const snapshot = readdirSync(journal)
      .filter((name) => name.startsWith("snapshot-"))
      .sort()
      .at(-1) as string;
    const lines = readFileSync(`${journal}/${snapshot}`, "utf8");
    writeFileSync(
      `${journal}/${snapshot}`,
      lines.replace(/("part":"tree".*?"hashes":\[")(.)/, (_, before, digit) => `${before}${digit === "0" ? "1" : "0"}`),
    );
    expect(await calybris(...words)).toMatchObject({ complaints: expect.stringContaining("CAL_JOURNAL_UNREADABLE") });
  });

  test("is not signed for a journal that was replaced by another, cut, or altered", async () => {
    await created();
    const words = ["checkpoint", "create", "--journal", journal, "--signer-file", signerFile];
    const [segment, head] = [`${journal}/${segmentName(1)}`, `${journal}/${HEAD_FILE}`];
    const [bytes, headText] = [readFileSync(segment, "utf8"), readFileSync(head, "utf8")];
    writeFileSync(segment, bytes.replace('"inputTokens":1', '"inputTokens":2'));
    expect(await calybris(...words)).toMatchObject({
      exit: 1,
      complaints: expect.stringContaining("CAL_JOURNAL_CORRUPT"),
    });
    const cut = bytes.split("\n").slice(0, 3);
    writeFileSync(segment, `${cut.join("\n")}\n`);
    expect(await calybris(...words)).toMatchObject({ exit: 1 });
    const hash = /"entry_hash":"([0-9a-f]+)"/.exec(cut[2] as string)?.[1] ?? "";
    writeFileSync(
      head,
      headText.replace(/"sequence":\d+/, '"sequence":3').replace(/"hash":"[0-9a-f]+"/, `"hash":"${hash}"`),
    );
    const shorter = await calybris(...words);
    expect(shorter).toMatchObject({ exit: 1, complaints: expect.stringContaining("CAL_PROOF_REJECTED") });
  });

  test("is signed by a command that is given its text, and not by one that prints another signature", async () => {
    const sign = `const { nodeSigner } = await import(process.argv[1]); const { readFileSync } = await import("node:fs");
      process.stdout.write(Buffer.from(nodeSigner(new Uint8Array(32).fill(Number(process.argv[2]))).sign(readFileSync(0))).toString("base64"));`;
    const module = import.meta.resolve("../../../engine/src/ed25519.ts");
    const command = (fill: number): string =>
      `${process.execPath} --input-type=module -e '${sign.replaceAll("\n", " ")}' ${module} ${fill}`;
    const words = ["checkpoint", "create", "--journal", journal, "--log-key", LOG_KEY, "--signer-command"];
    expect(await calybris(...words, command(8))).toMatchObject({
      exit: 2,
      complaints: expect.stringContaining("CAL_CHECKPOINT_UNSIGNED"),
    });
    expect(await created("--log-key", LOG_KEY, "--signer-command", command(9))).toMatchObject({ isNew: true });
  });
});

describe("the log of a journal", () => {
  test("is exported as files from which an entry is proven; a second export brings them up to date", async () => {
    const target = files.at("log");
    for (const more of [0, 300]) {
      await decide(more);
      const { note } = await created();
      const { exit, out } = await calybris("checkpoint", "export", target, "--journal", journal, "--json");
      expect(exit).toBe(0);
      const { treeSize, root } = parseCheckpoint(parseNote(note).text);
      expect(JSON.parse(out)).toMatchObject({ treeSize: Number(treeSize) });
      expect(readFileSync(files.at("log/checkpoint"), "utf8")).toBe(note);
      const nodes = nodesOfTiles(treeSize, (tile) => readFileSync(files.at("log", tilePath(tile))));
      expect(toHex(rootOf(treeSize, nodes))).toBe(toHex(root));
    }
    expect(readFileSync(files.at("log/tile/0/000")).byteLength).toBe(8_192);
  });

  test("is not exported without a checkpoint, or where the hashes beside the journal are damaged", async () => {
    expect((await calybris("checkpoint", "export", files.at("log"), "--journal", journal)).exit).not.toBe(0);
    await created();
    const hashes = readFileSync(files.at("journal/tree-0.hashes"));
    hashes[0] = (hashes[0] as number) ^ 1;
    writeFileSync(files.at("journal/tree-0.hashes"), hashes);
    const { exit, complaints } = await calybris("checkpoint", "export", files.at("log"), "--journal", journal);
    expect(exit).not.toBe(0);
    expect(complaints).toContain("another root than the hashes beside the journal");
  });
});

test("verify holds the checkpoints of a journal to the key that is given", async () => {
  const signer = { key: KEY, signer: nodeSigner(SEED) };
  const engine = await Engine.open({ directory: journal, segmentBytesMax: 4_096, checkpoint: { signer } });
  await engine.decide({ inputTokens: 1 });
  await engine.checkpoints.sign();
  await engine.close();
  const other = formatVerifierKey(verifierKey("example.org/log", "ed25519", nodeSigner(new Uint8Array(32)).publicKey));
  const { exit, out } = await calybris("verify", journal, "--log-key", LOG_KEY);
  expect({ exit, out }).toEqual({ exit: 0, out: expect.stringContaining("1 roots and 1 signatures verified") });
  expect((await calybris("verify", journal)).out).toContain("no verifier key was given");
  expect((await calybris("verify", journal, "--log-key", other)).exit).toBe(1);
  const inParts = await calybris("verify", journal, "--log-key", LOG_KEY, "--threads", "2");
  expect(inParts.out).toBe(out);
});
