/**
 * Costs of proofs: certificates, receipts, checkpoints, and `calybris verify` compared with `sha256sum` over the same files:
 * only the chain (level 1), and the full audit on one thread and on all cores, with memory for journals of three lengths.
 * The journals learn by offsets, reserve on two levels and settle. They are cached under node_modules/.cache.
 * @module
 */
import { execFileSync } from "node:child_process";
import { mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
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
import { type KeptJournal, keptJournal } from "./kept-journal.ts";
import { directoryBytes, makeKilledJournal } from "./large-journal.ts";

const ENTRIES = 200_000;
const SHORTER_ENTRIES: readonly number[] = [10_000, 50_000];
/** Shorter journals are not cached. */
const KEPT_ENTRIES_MIN = 10_000;
const MAKER = join(import.meta.dirname, "large-journal.ts");
const SMOKE_ENTRIES = 1_000;
const ROUNDS = 3;
const ORIGIN = "example.org/log";

/** Prints two tables, and the time to make the journals. `entries` is the length of the longest; default: 200,000. */
export async function benchProof(options: { readonly full: boolean; readonly entries?: number }): Promise<string> {
  const directory = mkdtempSync(join(process.cwd(), ".bench-"));
  try {
    const long = options.entries ?? (options.full ? ENTRIES : SMOKE_ENTRIES);
    const [verified, made]: [string[][], string[]] = [[], []];
    for (const entries of [...SHORTER_ENTRIES.filter((shorter) => shorter < long), long]) {
      const journal = await journalOf(join(directory, `${entries}`), entries);
      made.push(madeText(entries, journal));
      verified.push(...verifyRows(journal.directory, entries, options.full ? ROUNDS : 1));
    }
    const header = ["", "entries", "MB", "s", "MB/s", "entries/s", "processor time, µs an entry", "peak memory, MB"];
    const parts = markdownTable(["", "microseconds each", "a second"], await partRows(options.full ? 2_000 : 20));
    return [parts, markdownTable(header, verified), `${made.join("\n")}\nThat is not part of the figures.`].join(
      "\n\n",
    );
  } finally {
    rmSync(directory, { recursive: true, force: true });
  }
}

/** A journal that learns, reserves and settles, so that every part of verification runs. */
async function journalOf(directory: string, entries: number): Promise<KeptJournal> {
  const make = (empty: string): Promise<void> => makeKilledJournal(empty, entries, "learns");
  if (entries >= KEPT_ENTRIES_MIN)
    return await keptJournal(`proof-${entries}`, [readFileSync(MAKER, "utf8"), `${entries}`], make);
  const began = performance.now();
  await make(directory);
  return { directory, madeSeconds: (performance.now() - began) / 1_000 };
}

function madeText(entries: number, { madeSeconds }: KeptJournal): string {
  const made = madeSeconds === undefined ? "was kept from an earlier run" : `took ${madeSeconds.toFixed(0)} s to make`;
  return `The journal of ${entries.toLocaleString("en")} entries ${made}.`;
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
  readonly processorMs: number;
  readonly residentBytes: number;
}

function verifyRows(journal: string, entries: number, rounds: number): string[][] {
  const megabytes = directoryBytes(journal) / 1e6;
  const ways: readonly (readonly [name: string, run: () => Measured])[] = [
    ["chain alone (level 1)", () => measuredApart(journal, "chain")],
    ["everything, one thread", () => measuredApart(journal, "1")],
    [`everything, ${availableParallelism()} cores`, () => measuredApart(journal, String(availableParallelism()))],
    ["sha256sum", () => sha256sum(journal)],
  ];
  // Alternating, so that a change in the machine's speed affects all of them.
  const found = ways.map((): Measured[] => []);
  for (let round = 0; round < rounds; round++) for (const [at, [, run]] of ways.entries()) found[at]?.push(run());
  return ways.map(([name], at) => {
    const middle = (of: (one: Measured) => number): number => median((found[at] ?? []).map(of));
    const ms = middle((one) => one.ms);
    const resident = middle(({ residentBytes }) => residentBytes);
    return [
      name,
      entries.toLocaleString("en"),
      megabytes.toFixed(0),
      (ms / 1_000).toFixed(2),
      ((megabytes / ms) * 1_000).toFixed(0),
      Math.round((entries / ms) * 1_000).toLocaleString("en"),
      ((middle(({ processorMs }) => processorMs) * 1_000) / entries).toFixed(1),
      resident === 0 ? "" : (resident / 1e6).toFixed(0),
    ];
  });
}

/** Measures `sha256sum` by wall-clock time, which is its processor time on an idle machine. */
function sha256sum(directory: string): Measured {
  const began = performance.now();
  execFileSync("sha256sum", readdirSync(directory), { cwd: directory });
  const ms = performance.now() - began;
  return { ms, processorMs: ms, residentBytes: 0 };
}

/**
 * Measures in a separate process that starts like `calybris verify`, so that loading code does not enlarge the young
 * generation.
 */
function measuredApart(journal: string, way: string): Measured {
  const words = ["--semi-space-growth-factor=1", import.meta.filename, journal, way];
  return JSON.parse(execFileSync(process.execPath, words).toString()) as Measured;
}

async function measured(journal: string, way: string): Promise<Measured> {
  const [began, before] = [performance.now(), process.cpuUsage()];
  if (way === "chain") requireChain(journal);
  else {
    const { status } = await verifyLog(journal, { threads: Number(way) });
    if (status !== "intact") throw new Error(`the journal is ${status}`);
  }
  const { user, system } = process.cpuUsage(before);
  return {
    ms: performance.now() - began,
    processorMs: (user + system) / 1_000,
    residentBytes: process.resourceUsage().maxRSS * 1_024,
  };
}

/** Checks only the hashes of the chain. */
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
