/**
 * Journals that the page is given: written by an engine, then altered by an attacker who can write its files.
 * @module
 */
import { hash } from "node:crypto";
import { readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { Engine, parseBudgets } from "@calybris/engine";
import { nodeSigner } from "@calybris/engine/internal";
import {
  formatCheckpoint,
  formatNote,
  formatVerifierKey,
  fromHex,
  MerkleTree,
  parseEntryLine,
  signNote,
  verifierKey,
} from "@calybris/kernel";
import { sampleSnapshot } from "../../engine/test/support/sample-snapshot.ts";

const TOGETHER = 50;

/** Decisions of two tenants with budgets, half of them settled. Returns the journal's files. */
export async function writeJournal(directory: string, decisions: number, key?: Uint8Array): Promise<readonly string[]> {
  const engine = await Engine.open({ directory, policy: sampleSnapshot(), ...(key && { key }) });
  await engine.ledger.apply(parseBudgets({ tenants: { acme: {}, blue: {} } }));
  for (const tenant of ["acme", "blue"])
    await engine.ledger.grant({ tenant, amountMicrocents: 4_000n, id: `first ${tenant}` });
  for (let first = 0; first < decisions; first += TOGETHER)
    await Promise.all(Array.from({ length: TOGETHER }, (_, at) => decideOne(engine, first + at)));
  await engine.close();
  return filesOf(directory);
}

async function decideOne(engine: Engine, number: number): Promise<void> {
  const decided = await engine.decide({
    inputTokens: 1_000 + number,
    outputTokens: 500,
    valueMicrocents: 100_000_000,
    requested: "better",
    tenant: number % 3 === 0 ? "acme" : "blue",
  });
  if (number % 2 === 0 && decided.decision.action !== "reject")
    await engine.ledger.settle({ decisionId: decided.decisionId, actualMicrocents: 10 });
}

export function filesOf(directory: string): readonly string[] {
  return readdirSync(directory)
    .filter((name) => name.startsWith("segment-") || name === "head.json")
    .map((name) => join(directory, name));
}

export function segmentOf(files: readonly string[]): string {
  return files.find((file) => file.includes("segment-")) ?? "";
}

/** The checkpoint of the journal as it is, signed by its log. */
export async function checkpointOf(segment: string): Promise<string> {
  const tree = new MerkleTree();
  for (const line of linesOf(segment)) {
    const entry = parseEntryLine(line);
    const hashed = entry === undefined ? undefined : fromHex(entry.entryHash);
    if (entry !== undefined && hashed !== undefined) tree.append(entry.sequence, hashed);
  }
  return signed(BigInt(tree.treeSize), tree.root());
}

const ORIGIN = "example.org/log";
const LOG = nodeSigner(new Uint8Array(32).fill(7));
export const LOG_KEY: string = formatVerifierKey(verifierKey(ORIGIN, "ed25519", LOG.publicKey));
/** Of another key under the same name. */
export const OTHER_KEY: string = formatVerifierKey(
  verifierKey(ORIGIN, "ed25519", nodeSigner(new Uint8Array(32).fill(8)).publicKey),
);

/** A checkpoint that the log signed, of any tree. */
export function noteOf(treeSize: number, root: number): Promise<string> {
  return signed(BigInt(treeSize), new Uint8Array(32).fill(root));
}

async function signed(treeSize: bigint, root: Uint8Array): Promise<string> {
  const text = formatCheckpoint({ origin: ORIGIN, treeSize, root });
  return formatNote({ text, signatures: [await signNote(text, ORIGIN, LOG)] });
}

export function linesOf(segment: string): readonly string[] {
  return readFileSync(segment, "utf8")
    .split("\n")
    .filter((line) => line !== "");
}

/** Changes the first text that matches in the data, and computes every hash from there on anew. */
export function rechain(segment: string, from: RegExp, to: string): void {
  let previous = "genesis";
  let isChanged = false;
  const lines = linesOf(segment).map((line) => {
    const entry = parseEntryLine(line);
    if (entry === undefined) return line;
    const data = isChanged ? entry.data : entry.data.replace(from, to);
    isChanged ||= data !== entry.data;
    const entryHash = hash("sha256", previous + data, "hex");
    const written = `{"sequence":${entry.sequence},"previous_hash":"${previous}","entry_hash":"${entryHash}","data":${data}}`;
    previous = entryHash;
    return written;
  });
  if (!isChanged) throw new Error(`nothing matches ${from}`);
  writeFileSync(segment, `${lines.join("\n")}\n`);
}
