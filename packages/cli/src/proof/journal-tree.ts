/**
 * Computes the Merkle tree of a journal from its files in one pass with constant memory, which also verifies the hash chain.
 * A proof first determines the needed nodes, which depend only on the sizes.
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
import type { JournalStart } from "./snapshot-start.ts";

const GENESIS = "genesis";

/** The result of one pass over the entries. */
export interface JournalTree {
  readonly treeSize: number;
  readonly root: Uint8Array;
  /** The root at `earlierSize`; `undefined` if the tree never had this size. */
  readonly earlierRoot: Uint8Array | undefined;
  /** The hash of the entry with `sequence`. */
  readonly entryHash: Uint8Array | undefined;
}

export interface JournalTreeOptions {
  readonly directory: string;
  readonly chain: ChainHash;
  /** The last entry of the tree; later ones may not be durable. */
  readonly until: number;
  /** The size for `earlierRoot`. */
  readonly earlierSize?: number | undefined;
  /** The entry for `entryHash`. */
  readonly sequence?: number | undefined;
  /** The entries before it are not read. Default: the first entry. */
  readonly start?: JournalStart | undefined;
  /** Called with each perfect subtree. */
  readonly onNode?: ((level: number, index: number, hash: Uint8Array) => void) | undefined;
}

/** @throws CalybrisError `CAL_JOURNAL_CORRUPT` at the first entry that does not continue the one before it. */
export function treeOfJournal({
  directory,
  chain,
  until,
  earlierSize,
  sequence,
  start,
  onNode,
}: JournalTreeOptions): JournalTree {
  const tree = new MerkleTree({ hash: nodeSha256, ...(start && { from: start.tree }), ...(onNode && { onNode }) });
  let last = start?.entryHash ?? GENESIS;
  let earlierRoot = earlierSize === tree.treeSize ? tree.root() : undefined;
  let entryHash: Uint8Array | undefined;
  for (const file of start?.files ?? logFiles(directory).files) {
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
 * Computes a proof over the tree of a journal.
 *
 * @param prove - reads nodes; its choice of nodes must not depend on their hashes.
 * @returns `undefined` if the journal has fewer entries than the proof needs.
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

/** The error for a journal with fewer entries than a checkpoint states. */
export function tooShort(treeSize: number, wanted: number | bigint): CalybrisError {
  const problem = `is of ${wanted} entries, and the journal has ${treeSize}`;
  return new CalybrisError("CAL_PROOF_REJECTED", { format: "checkpoint", problem });
}
