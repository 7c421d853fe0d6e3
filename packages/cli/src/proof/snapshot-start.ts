/**
 * Where the tree of a journal can begin without the entries before: the frontier in the newest state snapshot. The `state`
 * entry after it names the root of that tree, so the snapshot need not be trusted.
 * @module
 */
import { nodeSha256, nodeDisk, readTreeFile, TreeProofs } from "@calybris/engine/internal";
import { EngineError } from "@calybris/engine";
import {
  type CalybrisError,
  type Checkpoint,
  fromHex,
  isConsistent,
  type MerkleFrontier,
  parseChainedLine,
  SnapshotMembers,
  TREE_PART,
  treeIn,
  treeRootOf,
} from "@calybris/kernel";
import { readLog } from "../journal/log-lines.ts";
import { newestSnapshot } from "../verify/newest-snapshot.ts";

export interface JournalStart {
  /** The segments after it. */
  readonly files: readonly string[];
  readonly tree: MerkleFrontier;
  /** Of the last entry before it. */
  readonly entryHash: string;
}

/** @throws CalybrisError `CAL_JOURNAL_UNREADABLE` if there is no snapshot, or its tree is not that of the journal. */
export function snapshotStart(directory: string): JournalStart {
  const { lines, files } = newestSnapshot(directory);
  const line = lines.find((each) => each.startsWith(`{"part":"${TREE_PART}",`));
  const [file = ""] = files;
  const state = firstLine(file);
  const bound = /^\{[^{]*"kind":"state"[^{]*"treeRoot":"([0-9a-f]{64})"/.exec(state?.dataText ?? "")?.[1];
  const tree = treeOf(line);
  const isOfJournal = tree !== undefined && state?.sequence === tree.treeSize + 1;
  if (!isOfJournal || bound === undefined || treeRootOf(tree, nodeSha256) !== bound)
    throw refused(directory, `the tree in its newest snapshot is not the one that ${file} begins after`);
  return { files, tree, entryHash: state.previousHash };
}

/** Whether a checkpoint is of the first entries before a start, by the hashes beside the journal. */
export function isBefore(directory: string, { tree }: JournalStart, earlier: Checkpoint): boolean {
  const secondSize = BigInt(tree.treeSize);
  const secondRoot = fromHex(treeRootOf(tree, nodeSha256)) as Uint8Array;
  const proofs = new TreeProofs((range) => readTreeFile(nodeDisk, directory, range));
  const { treeSize: firstSize, root: firstRoot, origin } = earlier;
  const proof = proofs.consistency(firstSize, { origin, treeSize: secondSize, root: secondRoot });
  return isConsistent({ firstSize, secondSize, firstRoot, secondRoot, proof }, nodeSha256);
}

function treeOf(line: string | undefined): MerkleFrontier | undefined {
  try {
    return line === undefined ? undefined : treeIn(new SnapshotMembers(line));
  } catch (error) {
    if (error instanceof RangeError) return undefined;
    throw error;
  }
}

function firstLine(file: string): ReturnType<typeof parseChainedLine> {
  for (const { bytes } of readLog(file)) return parseChainedLine(bytes);
  return undefined;
}

function refused(path: string, problem: string): CalybrisError {
  return new EngineError("CAL_JOURNAL_UNREADABLE", { path, problem });
}
