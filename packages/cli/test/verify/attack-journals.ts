/**
 * Journals on real files, plain and keyed, and the attacks of docs/threat-model.md, each carried out on the files.
 * @module
 */
import { appendFileSync, readdirSync, readFileSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { Engine, parseBudgets } from "@calybris/engine";
import { HEAD_FILE, headPage, nodeChain, nodeSha256, nodeSigner } from "@calybris/engine/internal";
import {
  type ChainHash,
  type CheckpointTrust,
  formatCheckpoint,
  formatNote,
  fromHex,
  MerkleTree,
  parseEntryLine,
  signNote,
  verifierKey,
} from "@calybris/kernel";
import { expect } from "vitest";
import { ChainAnew } from "../../../engine/test/support/chain-anew.ts";
import { sampleSnapshot } from "../../../engine/test/support/sample-snapshot.ts";
import { newFolder, Sandbox } from "../support/sample-files.ts";

export const KEY: Uint8Array = new Uint8Array(32).fill(7);
const STOLEN = nodeChain(KEY);
const PLAIN = nodeChain();
const FILES = new Sandbox();
export const KEY_FILE: string = FILES.writeKey("journal.key", 7);
const LOG = nodeSigner(new Uint8Array(32).fill(9));
const ORIGIN = "example.org/log";
export const TRUST: CheckpointTrust = {
  logs: [{ key: verifierKey(ORIGIN, "ed25519", LOG.publicKey) }],
  witnesses: [],
  quorum: 0,
};

export interface Journal {
  readonly directory: string;
  readonly chain: ChainHash;
  readonly head: string;
  readonly note: string;
}

export async function madeJournal(key: Uint8Array | undefined, name: string): Promise<Journal> {
  const directory = join(newFolder(), "journal");
  const policy = sampleSnapshot();
  const engine = await Engine.open({ directory, policy, ...(key && { key }), segmentBytesMax: 8_192 });
  await engine.ledger.apply(parseBudgets({ tenants: { default: {} } }));
  await engine.ledger.grant({ tenant: "default", amountMicrocents: 10n ** 12n, id: name });
  engine.keys.introduce({ name, sha256: "ab".repeat(32), scopes: ["decide"] });
  for (let at = 0; at < 24; at++) {
    const { decisionId, decision } = await engine.decide({
      requestId: `${name} ${at}`,
      inputTokens: 100 + at,
      session: "s",
    });
    if (decision.action !== "reject" && at % 2 === 0) await engine.ledger.settle({ decisionId, actualMicrocents: 1n });
  }
  await engine.close();
  const head = FILES.write(`${name}-${key === undefined}.head`, readFileSync(join(directory, HEAD_FILE)));
  const tree = new MerkleTree({ hash: nodeSha256 });
  for (const line of linesIn(directory))
    tree.append(tree.treeSize + 1, fromHex(parseEntryLine(line)?.entryHash ?? "") as Uint8Array);
  const text = formatCheckpoint({ origin: ORIGIN, treeSize: BigInt(tree.treeSize), root: tree.root() });
  const note = formatNote({ text, signatures: [await signNote(text, ORIGIN, LOG)] });
  const file = FILES.write(`${name}-${key === undefined}.note`, note);
  return { directory, chain: key === undefined ? PLAIN : STOLEN, head, note: file };
}

export const segmentsOf = (directory: string): string[] =>
  readdirSync(directory)
    .filter((name) => name.startsWith("segment-"))
    .sort()
    .map((name) => join(directory, name));

function linesIn(directory: string): string[] {
  return segmentsOf(directory).flatMap((file) =>
    readFileSync(file, "utf8")
      .split("\n")
      .filter((line) => line !== ""),
  );
}

/** Writes a journal anew from its entries' data, every hash right under the chain, and the head as the engine would. */
function rewrite(directory: string, chain: ChainHash, change: (datas: string[]) => string[]): void {
  const files = segmentsOf(directory);
  const counts = files.map(
    (file) =>
      readFileSync(file, "utf8")
        .split("\n")
        .filter((line) => line !== "").length,
  );
  const before = linesIn(directory);
  const datas = change(before.map((line) => parseEntryLine(line)?.data ?? ""));
  const anew = new ChainAnew(chain);
  const lines = datas.map((data, index) => {
    const kept = before[index];
    // What does not change keeps the hashes that only its writer could make.
    if (kept !== undefined && parseEntryLine(kept)?.data === data && !isChanged(datas, before, index)) {
      anew.keep(parseEntryLine(kept)?.entryHash ?? "");
      return `${kept}\n`;
    }
    return anew.line(data);
  });
  for (const [at, file] of files.entries()) {
    const own = lines.splice(0, at === files.length - 1 ? lines.length : counts[at]);
    if (own.length === 0) rmSync(file);
    else writeFileSync(file, own.join(""));
  }
  setHead(directory);
}

function isChanged(datas: readonly string[], before: readonly string[], index: number): boolean {
  for (let at = 0; at < index; at++) if (parseEntryLine(before[at] ?? "")?.data !== datas[at]) return true;
  return false;
}

function setHead(directory: string): void {
  const last = parseEntryLine(linesIn(directory).at(-1) ?? "");
  const keyedNow = readFileSync(join(directory, HEAD_FILE), "utf8").includes('"keyed":true');
  const { sequence = 0, entryHash: hash = "" } = last ?? {};
  writeFileSync(join(directory, HEAD_FILE), headPage({ sequence, hash, keyed: keyedNow }));
  rmSync(join(directory, "head.mac"), { force: true });
}

const replaced =
  (from: RegExp, to: string) =>
  (datas: string[]): string[] => {
    const at = datas.findLastIndex((data) => from.test(data));
    expect(at).toBeGreaterThan(0);
    return datas.with(at, (datas[at] as string).replace(from, to));
  };
const renumbered = (datas: string[]): string[] =>
  datas.map((data, at) => data.replace(/^\{"sequence":\d+,"durable":\d+/, `{"sequence":${at + 1},"durable":${at}`));

/** @param other - the directory of another journal. */
export type Attack = (directory: string, chain: ChainHash, other: string) => void;

/** By the name that the page has for it. The attacker of a keyed journal has no key, but where the name says so. */
export const ATTACKS: Readonly<Record<string, Attack>> = {
  "flips a bit": (directory) => {
    const file = segmentsOf(directory)[1] as string;
    const bytes = readFileSync(file);
    bytes[300] = (bytes[300] as number) ^ 1;
    writeFileSync(file, bytes);
  },
  "removes the last entries, and leaves the head": (directory) => {
    const file = segmentsOf(directory).at(-1) as string;
    writeFileSync(file, readFileSync(file, "utf8").split("\n").slice(0, 2).join("\n").concat("\n"));
  },
  "removes the last entries, and writes the head anew": (directory) => {
    const file = segmentsOf(directory).at(-1) as string;
    writeFileSync(file, readFileSync(file, "utf8").split("\n").slice(0, 2).join("\n").concat("\n"));
    setHead(directory);
  },
  "rewrites entries that nothing else follows from, with every hash": (directory) =>
    rewrite(directory, PLAIN, replaced(/"session":"s"/, '"session":"t"')),
  "changes a cost, with every hash": (directory) =>
    rewrite(directory, PLAIN, replaced(/"costMicrocents":\d+/, '"costMicrocents":1')),
  "changes a cost that a client reported, with every hash": (directory) =>
    rewrite(directory, PLAIN, replaced(/"actualMicrocents":1/, '"actualMicrocents":2')),
  "changes a grant, with every hash but the digests of the state": (directory) =>
    rewrite(directory, PLAIN, replaced(/"amountMicrocents":1000000000000/, '"amountMicrocents":1000000000001')),
  "changes an actor to an unknown key, with every hash": (directory) =>
    rewrite(directory, PLAIN, replaced(/"kind":"decision",/, '"kind":"decision","actor":2,')),
  "changes the policy's table, with every hash": (directory) =>
    rewrite(directory, PLAIN, (datas) =>
      datas.with(0, (datas[0] as string).replace(/"qualityBps":\d+/, '"qualityBps":9999')),
    ),
  "splices in entries of another journal": (directory, _chain, other) =>
    rewrite(directory, PLAIN, (datas) =>
      renumbered([
        ...datas.slice(0, 20),
        ...linesIn(other)
          .slice(20)
          .map((line) => parseEntryLine(line)?.data ?? ""),
      ]),
    ),
  "swaps two segments": (directory) => {
    const [, one = "", two = ""] = segmentsOf(directory);
    renameSync(one, `${one}.x`);
    renameSync(two, one);
    renameSync(`${one}.x`, two);
  },
  "doubles a segment": (directory) => {
    const files = segmentsOf(directory);
    appendFileSync(files[1] as string, readFileSync(files[1] as string));
  },
  "removes a segment": (directory) => rmSync(segmentsOf(directory)[1] as string),
  "begins the journal a second time in the middle": (directory) =>
    rewrite(directory, PLAIN, (datas) => renumbered(datas.toSpliced(10, 0, datas[0] as string))),
  "writes the whole journal anew with its key": (directory, chain) =>
    rewrite(directory, chain, replaced(/"session":"s"/, '"session":"t"')),
};
