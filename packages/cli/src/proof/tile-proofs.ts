/**
 * Computes proofs over the tree of a journal from the stored hashes (`tree-*.hashes`), without reading the entries. A proof
 * is verified against the root of its checkpoint, and the entry against its own hash.
 * @module
 */
import { nodeDisk, readTreeFile, TreeProofs } from "@calybris/engine/internal";
import { CalybrisError, type ChainHash, type Checkpoint, fromHex, parseChainedLine } from "@calybris/kernel";
import { logFiles, readLog } from "../journal/log-lines.ts";

/** The claim to prove, and its checkpoint. */
export interface TileProofOptions {
  readonly directory: string;
  readonly chain: ChainHash;
  readonly checkpoint: Checkpoint;
  /** Either the entry or, as `from`, the size of the earlier tree. */
  readonly sequence?: number | undefined;
  readonly from?: number | undefined;
}

export interface TileProof {
  readonly hashes: readonly Uint8Array[];
  /** Hash of the requested entry. */
  readonly entryHash: Uint8Array | undefined;
}

/** `undefined` if the stored hashes or the entry are missing or damaged; every entry must then be read. */
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

/** The hash of an entry, verified against its data; `undefined` if the entry is missing or altered. */
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
