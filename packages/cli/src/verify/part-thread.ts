/**
 * A thread of `verify`: checks batches of lines by themselves, and in one of the threads the tree over all of them.
 * @module
 */
import { parentPort, workerData } from "node:worker_threads";
import { EntryPart, type TreeAnchor, TreePart } from "@calybris/audit";
import { nodeChain, nodeSha256 } from "@calybris/engine/internal";
import { fastestKernel } from "../decide/kernels.ts";

/** What a thread is started with. */
export interface PartThreadData {
  /** Of a keyed journal. */
  readonly key: Uint8Array | undefined;
  /** Checkpoints kept elsewhere. */
  readonly trees: readonly TreeAnchor[];
}

/** Lines, each with its newline. */
export interface PartTask {
  readonly part: "entries" | "tree";
  readonly lines: Uint8Array;
  /** The entry of the policy that is active before the first line; `undefined` before genesis. */
  readonly policy: Uint8Array | undefined;
}

export interface PartResult {
  readonly isGood: boolean;
}

const NEWLINE = 0x0a;
const { key, trees } = workerData as PartThreadData;
const entries = new EntryPart({ sha256: nodeSha256, chain: nodeChain(key), kernelFor: fastestKernel });
const tree = new TreePart(nodeSha256, trees);

parentPort?.on("message", ({ part, lines, policy }: PartTask) => {
  const isGood = part === "tree" ? every(lines, (line) => tree.line(line)) : areTrue(lines, policy);
  parentPort?.postMessage({ isGood } satisfies PartResult);
});

function areTrue(lines: Uint8Array, policy: Uint8Array | undefined): boolean {
  return entries.begin(policy) && every(lines, (line) => entries.line(line));
}

/** Of memory that is not shared: decoders and hashes are faster there. */
function every(shared: Uint8Array, check: (line: Uint8Array) => boolean): boolean {
  const lines = Buffer.from(shared);
  for (let start = 0; start < lines.byteLength; ) {
    const end = lines.indexOf(NEWLINE, start);
    if (!check(lines.subarray(start, end))) return false;
    start = end + 1;
  }
  return true;
}
