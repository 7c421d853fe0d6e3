/**
 * The Merkle tree of a journal, from its files: one pass in constant memory, in which every hash of the chain is checked. A
 * proof takes two: the first says which nodes are needed, which follows from the sizes alone.
 * @module
 */
import { nodeSha256 } from "@calybris/engine/internal";
import {
  CalybrisError,
  type ChainHash,
  fromHex,
  HASH_BYTES,
  MerkleTree,
  type NodeSource,
  parseChainedLine,
} from "@calybris/kernel";
import { EngineError } from "@calybris/engine";
import { logFiles, readLog } from "../journal/log-lines.ts";

const GENESIS = "genesis";

/** What one pass over the entries gives. */
export interface JournalTree {
  readonly treeSize: number;
  readonly root: Uint8Array;
  /** The root when the tree had the size that was asked for; `undefined` where it never had. */
  readonly earlierRoot: Uint8Array | undefined;
  /** The hash of the entry that was asked for. */
  readonly entryHash: Uint8Array | undefined;
}

export interface JournalTreeOptions {
  readonly directory: string;
  readonly chain: ChainHash;
  /** The last entry that the tree has: what follows it is not known to be durable. */
  readonly until: number;
  /** The size at which the root is asked for. */
  readonly earlierSize?: number | undefined;
  /** The entry whose hash is asked for. */
  readonly sequence?: number | undefined;
  /** Given each perfect subtree. */
  readonly onNode?: ((level: number, index: number, hash: Uint8Array) => void) | undefined;
}

/** @throws CalybrisError `CAL_JOURNAL_CORRUPT` at the first entry that does not follow from the one before it. */
export function treeOfJournal({
  directory,
  chain,
  until,
  earlierSize,
  sequence,
  onNode,
}: JournalTreeOptions): JournalTree {
  const tree = new MerkleTree({ hash: nodeSha256, ...(onNode && { onNode }) });
  let last = GENESIS;
  let earlierRoot = earlierSize === 0 ? tree.root() : undefined;
  let entryHash: Uint8Array | undefined;
  for (const file of logFiles(directory).files) {
    for (const { bytes, byteOffset } of readLog(file)) {
      if (tree.treeSize >= until) break;
      const next = tree.treeSize + 1;
      const line = parseChainedLine(bytes);
      const isNext = line?.sequence === next && line.previousHash === last;
      if (line === undefined || !isNext || chain(line.previousHash, line.data) !== line.entryHash)
        throw new EngineError("CAL_JOURNAL_CORRUPT", {
          file,
          sequence: next,
          byteOffset,
          expected: `entry ${next}, which follows from the entry before it`,
          found: line === undefined ? "no entry" : `entry ${line.sequence} with the hash ${line.entryHash}`,
        });
      const hash = fromHex(line.entryHash) as Uint8Array;
      tree.append(next, hash);
      last = line.entryHash;
      if (next === earlierSize) earlierRoot = tree.root();
      if (next === sequence) entryHash = hash;
    }
  }
  return { treeSize: tree.treeSize, root: tree.root(), earlierRoot, entryHash };
}

/**
 * A proof over the tree of a journal.
 *
 * @param prove - asks for nodes; which ones must not depend on their hashes.
 * @returns undefined where the journal has fewer entries than the proof needs.
 */
export function proveFromJournal(
  options: Omit<JournalTreeOptions, "onNode">,
  prove: (nodes: NodeSource) => readonly Uint8Array[],
): { readonly tree: JournalTree; readonly hashes: readonly Uint8Array[] } {
  const wanted = new Map<string, Uint8Array | undefined>();
  prove((level, index) => {
    wanted.set(`${level} ${index}`, undefined);
    return new Uint8Array(HASH_BYTES);
  });
  const tree = treeOfJournal({
    ...options,
    onNode: (level, index, hash) => {
      const key = `${level} ${index}`;
      if (wanted.has(key)) wanted.set(key, hash);
    },
  });
  const hashes = prove((level, index) => {
    const hash = wanted.get(`${level} ${index}`);
    if (hash === undefined) throw tooShort(tree.treeSize, options.until);
    return hash;
  });
  return { tree, hashes };
}

/** The journal has fewer entries than a checkpoint says. */
export function tooShort(treeSize: number, wanted: number | bigint): CalybrisError {
  const problem = `is of ${wanted} entries, and the journal has ${treeSize}`;
  return new CalybrisError("CAL_PROOF_REJECTED", { format: "checkpoint", problem });
}
