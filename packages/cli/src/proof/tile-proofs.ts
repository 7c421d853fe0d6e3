/**
 * Proofs over the tree of a journal from the hashes beside it (`tree-*.hashes`), without reading the entries: a proof is verified
 * against the root of its checkpoint, and one entry against its own hash.
 * @module
 */
import { nodeDisk, readTreeFile, TreeProofs } from "@calybris/engine/internal";
import { CalybrisError, type ChainHash, type Checkpoint, fromHex, parseChainedLine } from "@calybris/kernel";
import { logFiles, readLog } from "../journal/log-lines.ts";

/** What is to be proven, of which checkpoint. */
export interface TileProofOptions {
  readonly directory: string;
  readonly chain: ChainHash;
  readonly checkpoint: Checkpoint;
  /** The entry, or the size of the earlier tree: one of them. */
  readonly sequence?: number | undefined;
  readonly from?: number | undefined;
}

export interface TileProof {
  readonly hashes: readonly Uint8Array[];
  /** Of the entry that was asked for. */
  readonly entryHash: Uint8Array | undefined;
}

/** `undefined` where the hashes beside the journal, or the entry, are missing or damaged: every entry must then be read. */
export function proveFromTiles({
  directory,
  chain,
  checkpoint,
  sequence,
  from,
}: TileProofOptions): TileProof | undefined {
  const proofs = new TreeProofs((range) => readTreeFile(nodeDisk, directory, range));
  try {
    if (sequence === undefined)
      return { hashes: proofs.consistency(BigInt(from ?? 0), checkpoint), entryHash: undefined };
    const entryHash = entryHashOf(directory, sequence, chain);
    return entryHash && { hashes: proofs.inclusion(sequence, entryHash, checkpoint), entryHash };
  } catch (error) {
    if (error instanceof CalybrisError && error.code === "CAL_PROOF_REJECTED") return undefined;
    throw error;
  }
}

/** The hash of an entry, computed from its data; `undefined` where it is not there, or its data is another. */
function entryHashOf(directory: string, sequence: number, chain: ChainHash): Uint8Array | undefined {
  const { files } = logFiles(directory);
  const file = files.findLast((each) => (firstSequence(each) ?? Number.POSITIVE_INFINITY) <= sequence);
  if (file === undefined) return undefined;
  for (const { bytes } of readLog(file)) {
    const line = parseChainedLine(bytes);
    if (line?.sequence !== sequence) continue;
    return chain(line.previousHash, line.data) === line.entryHash ? fromHex(line.entryHash) : undefined;
  }
  return undefined;
}

function firstSequence(file: string): number | undefined {
  for (const { bytes } of readLog(file)) return parseChainedLine(bytes)?.sequence;
  return undefined;
}
