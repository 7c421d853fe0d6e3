/**
 * What proofs cost: certificates, receipts, checkpoints, and `calybris verify` beside `sha256sum` over the same files: the chain
 * alone (level 1), and everything on one thread and on all cores, with the memory that journals of three lengths take. The journals learn
 * by offsets, reserve on two levels and settle; the longest takes twenty minutes or more to be made.
 * @module
 */
import { execFileSync } from "node:child_process";
import { mkdtempSync, readdirSync, rmSync } from "node:fs";
import { availableParallelism } from "node:os";
import { join } from "node:path";
import { nodeChain, nodeSha256, nodeSigner, nodeVerifyEd25519 } from "../packages/engine/src/internal.ts";
import {
  certify,
  claimsOf,
  formatCheckpoint,
  formatNote,
  MerkleTree,
  openNote,
  parseChainedLine,
  prescribe,
  samplePolicy,
  sampleRequest,
  signNote,
  signReceipt,
  verifierKey,
  verifyReceipt,
} from "../packages/kernel/src/index.ts";
import { logFiles, readLog } from "../packages/cli/src/journal/log-lines.ts";
import { verifyLog } from "../packages/cli/src/verify/verify.ts";
import { markdownTable, median } from "./harness.ts";
import { directoryBytes, makeKilledJournal } from "./large-journal.ts";

const ENTRIES = 1_000_000;
const SHORTER_ENTRIES: readonly number[] = [10_000, 100_000];
const SMOKE_ENTRIES = 1_000;
const ROUNDS = 3;
const ORIGIN = "example.org/log";

/** Prints two tables. `entries` is how many the long journal has; a million when left out. */
export async function benchProof(options: { readonly full: boolean; readonly entries?: number }): Promise<string> {
  const count = options.full ? 2_000 : 20;
  const directory = mkdtempSync(join(process.cwd(), ".bench-"));
  try {
    const long = options.entries ?? (options.full ? ENTRIES : SMOKE_ENTRIES);
    const verified = [];
    for (const entries of [...SHORTER_ENTRIES.filter((shorter) => shorter < long), long])
      verified.push(...(await verifyRows(join(directory, `${entries}`), entries, options.full ? ROUNDS : 1)));
    const header = ["", "entries", "MB", "s", "MB/s", "entries/s", "peak memory, MB"];
    const parts = markdownTable(["", "microseconds each", "a second"], await partRows(count));
    return `${parts}\n${markdownTable(header, verified)}`;
  } finally {
    rmSync(directory, { recursive: true, force: true });
  }
}

async function partRows(count: number): Promise<string[][]> {
  const [policy, request] = [samplePolicy(), sampleRequest()];
  const { decision } = prescribe(policy, request);
  const signer = nodeSigner(new Uint8Array(32).fill(1));
  const by = { signerId: ORIGIN, signedAtMs: 0n, signer };
  const claims = claimsOf({ policy, request, decision }, {}, nodeSha256);
  const receipt = await signReceipt(claims, by, nodeSha256);
  const key = verifierKey(ORIGIN, "ed25519", signer.publicKey);
  const trust = { signers: [{ id: ORIGIN, publicKey: signer.publicKey }], logKeys: [], verify: nodeVerifyEd25519 };
  const tree = new MerkleTree({ hash: nodeSha256 });
  const leaf = nodeSha256(new Uint8Array());
  const checkpoint = async (): Promise<string> => {
    const text = formatCheckpoint({ origin: ORIGIN, treeSize: BigInt(tree.treeSize), root: tree.root() });
    return formatNote({ text, signatures: [await signNote(text, ORIGIN, signer)] });
  };
  const note = await checkpoint();
  const rows: string[][] = [];
  const measure = async (name: string, run: () => unknown): Promise<void> => {
    for (let turn = 0; turn < count / 4; turn++) await run();
    const began = performance.now();
    for (let turn = 0; turn < count; turn++) await run();
    const us = ((performance.now() - began) / count) * 1_000;
    rows.push([name, us.toFixed(1), Math.round(1e6 / us).toLocaleString("en")]);
  };
  await measure("certificate: six rules", () => certify(policy, request, decision));
  await measure("receipt: claims and signature", () =>
    signReceipt(claimsOf({ policy, request, decision }, {}, nodeSha256), by, nodeSha256),
  );
  await measure("receipt: verified", () => verifyReceipt(receipt, trust));
  await measure("tree: one more entry", () => tree.append(tree.treeSize + 1, leaf));
  await measure("checkpoint: root and signature", checkpoint);
  await measure("checkpoint: opened", () => openNote(note, [key], nodeVerifyEd25519));
  return rows;
}

interface Measured {
  readonly ms: number;
  readonly residentBytes: number;
}

async function verifyRows(journal: string, entries: number, rounds: number): Promise<string[][]> {
  // Whole: it learns, reserves and settles, so that nothing of verification is left out.
  await makeKilledJournal(journal, entries, "learns");
  const megabytes = directoryBytes(journal) / 1e6;
  const ways: readonly (readonly [name: string, words: readonly string[]])[] = [
    ["chain alone (level 1)", ["chain"]],
    ["everything, one thread", ["1"]],
    [`everything, ${availableParallelism()} cores`, [String(availableParallelism())]],
  ];
  // In turns, so that a machine that slows down slows all of them.
  const found = new Map<string, Measured[]>();
  const sums: number[] = [];
  for (let round = 0; round < rounds; round++) {
    sums.push(sha256sumMs(journal));
    for (const [name, words] of ways) {
      const text = execFileSync(process.execPath, [import.meta.filename, journal, ...words]).toString();
      found.set(name, [...(found.get(name) ?? []), JSON.parse(text) as Measured]);
    }
  }
  const row = (name: string, ms: number, resident: string): string[] => [
    name,
    entries.toLocaleString("en"),
    megabytes.toFixed(0),
    (ms / 1_000).toFixed(2),
    ((megabytes / ms) * 1_000).toFixed(0),
    Math.round((entries / ms) * 1_000).toLocaleString("en"),
    resident,
  ];
  const rows = [...found].map(([name, all]) =>
    row(
      name,
      median(all.map(({ ms }) => ms)),
      (median(all.map(({ residentBytes }) => residentBytes)) / 1e6).toFixed(0),
    ),
  );
  return [...rows, row("sha256sum", median(sums), "")];
}

function sha256sumMs(directory: string): number {
  const began = performance.now();
  execFileSync("sha256sum", readdirSync(directory), { cwd: directory });
  return performance.now() - began;
}

async function measured(journal: string, way: string): Promise<Measured> {
  const began = performance.now();
  if (way === "chain") requireChain(journal);
  else {
    const { status } = await verifyLog(journal, { threads: Number(way) });
    if (status !== "intact") throw new Error(`the journal is ${status}`);
  }
  return { ms: performance.now() - began, residentBytes: process.resourceUsage().maxRSS * 1_024 };
}

/** Every hash of the chain, and nothing else. */
function requireChain(journal: string): void {
  const chain = nodeChain();
  let last = "genesis";
  for (const file of logFiles(journal).files)
    for (const { bytes } of readLog(file)) {
      const line = parseChainedLine(bytes);
      if (line?.previousHash !== last || chain(last, line.data) !== line.entryHash)
        throw new Error("the chain is broken");
      last = line.entryHash;
    }
}

if (import.meta.main) console.log(JSON.stringify(await measured(process.argv[2] as string, process.argv[3] as string)));
