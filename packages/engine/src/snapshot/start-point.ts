/**
 * The starting point of a fold: after the newest snapshot that the journal confirms, or at genesis.
 *
 *     newest first ─▶ the state entry after it ─▶ lines, restored and hashed ─▶ digests equal? ─▶ begin there
 *                              └────────────────────────┴──────────────────────────┴─▶ refused: the next older one
 *
 * Every refused snapshot is reported: a start without it is slower, but has the same result.
 * @module
 */
import {
  type ChainHash,
  type EntryLine,
  type MerkleFrontier,
  parseEntryBody,
  parseEntryHead,
  SnapshotMembers,
  type StateEntry,
  StateSnapshotDigest,
  TREE_PART,
  treeIn,
  treeRootOf,
} from "@calybris/kernel";
import { nodeSha256 } from "../journal/chain-hash.ts";
import type { RecoveryStart } from "../journal/recovery.ts";
import { LateLines } from "./late-lines.ts";
import { snapshotName } from "./snapshot-name.ts";

/** A snapshot that was not used, and the reason. */
export interface RefusedSnapshot {
  readonly file: string;
  readonly problem: string;
}

export interface StartPoint<State> {
  readonly state: State;
  /** `undefined` if the whole journal is folded. */
  readonly from: RecoveryStart | undefined;
  readonly refused: readonly RefusedSnapshot[];
}

/** A state that can be restored from a snapshot. */
export interface Restorable {
  /** Throws for lines that are not a snapshot. */
  restore(lines: Iterable<string>): void;
  /** `calystt1`, hexadecimal. */
  digest(): string;
  readonly sequence: number;
}

/** Stored snapshots, and the entries that bind them. */
export interface StoredSnapshots {
  /** The sequences of the snapshots, the newest first. */
  sequences(): readonly number[];
  /** The lines of a snapshot, without newlines; each is valid until the next is read. */
  lines(sequence: number): Iterable<Buffer>;
  /** The first entry of a segment and the segment's number, if the entry follows a sequence. */
  next(sequence: number): { readonly line: EntryLine; readonly segment: number } | undefined;
}

/** @param newState - creates an empty state. */
export function startPoint<State extends Restorable>(
  snapshots: StoredSnapshots,
  chain: ChainHash,
  newState: () => State,
): StartPoint<State> {
  const refused: RefusedSnapshot[] = [];
  for (const sequence of snapshots.sequences()) {
    try {
      const bound = bindingOf(snapshots, sequence, chain);
      const state = newState();
      const tree = restoreBound(snapshots, sequence, bound.entry, chain, state);
      return { state, from: { ...bound.from, tree }, refused };
    } catch (error) {
      const problem = error instanceof Error ? error.message : String(error);
      refused.push({ file: snapshotName(sequence), problem });
    }
  }
  return { state: newState(), from: undefined, refused };
}

/** The faults of stored snapshots, found without restoring any; nothing for those that a start would use. */
export function faultySnapshots(snapshots: StoredSnapshots, chain: ChainHash): readonly RefusedSnapshot[] {
  return snapshots.sequences().flatMap((sequence) => {
    try {
      const { entry } = bindingOf(snapshots, sequence, chain);
      readBound(snapshots, sequence, entry, chain, (lines) => {
        for (const _ of lines);
      });
      return [];
    } catch (error) {
      return [{ file: snapshotName(sequence), problem: error instanceof Error ? error.message : String(error) }];
    }
  });
}

/** The state entry after a sequence, which begins its segment. Throws if there is no such entry. */
function bindingOf(
  snapshots: StoredSnapshots,
  sequence: number,
  chain: ChainHash,
): { readonly entry: StateEntry; readonly from: Omit<RecoveryStart, "tree"> } {
  const next = snapshots.next(sequence);
  if (next === undefined) throw new Error(`the journal has no state entry ${sequence + 1} that binds it`);
  const { previousHash: hash, data, entryHash } = next.line;
  const head = parseEntryHead(data);
  const body = head?.kind === "state" ? parseEntryBody(head, data, noPolicy) : undefined;
  if (head?.sequence !== sequence + 1 || body?.kind !== "state")
    throw new Error(`entry ${sequence + 1} is not a state entry`);
  if (chain(hash, Buffer.from(data)) !== entryHash)
    throw new Error(`entry ${sequence + 1} does not have the hash of its data`);
  return { entry: body, from: { segment: next.segment, sequence, hash } };
}

function noPolicy(): never {
  throw new RangeError("it decides nothing, yet names a policy");
}

function restoreBound(
  snapshots: StoredSnapshots,
  sequence: number,
  entry: StateEntry,
  chain: ChainHash,
  state: Restorable,
): MerkleFrontier {
  const tree = readBound(snapshots, sequence, entry, chain, (lines) => state.restore(lines));
  if (state.sequence !== sequence || state.digest() !== entry.stateDigest)
    throw new Error(`its state is not the one of entry ${sequence + 1}`);
  return tree;
}

/** Reads a snapshot; throws unless the entry binds it. Returns its Merkle tree. */
function readBound(
  snapshots: StoredSnapshots,
  sequence: number,
  { snapshotDigest, treeRoot }: StateEntry,
  chain: ChainHash,
  read: (lines: Iterable<string>) => void,
): MerkleFrontier {
  const lines = new HashedLines(chain);
  read(lines.of(snapshots.lines(sequence)));
  if (lines.digest.finish(sequence) !== snapshotDigest)
    throw new Error(`its digest is not the one that entry ${sequence + 1} binds`);
  if (lines.end !== lines.late.end(snapshotDigest)) throw new Error("its end is not there, or is another's");
  const { tree } = lines;
  if (tree === undefined) throw new Error("it holds no Merkle tree; an earlier version wrote it");
  if (tree.treeSize !== sequence || treeRootOf(tree, nodeSha256) !== treeRoot)
    throw new Error(`its Merkle tree is not the one that entry ${sequence + 1} binds`);
  return tree;
}

const TREE_LINE = `{"part":"${TREE_PART}",`;

/** The lines of a snapshot, hashed as they are read. */
class HashedLines {
  readonly digest: StateSnapshotDigest = new StateSnapshotDigest(nodeSha256);
  readonly late: LateLines;
  /** The last line of the snapshot. */
  end: string | undefined;
  tree: MerkleFrontier | undefined;

  constructor(chain: ChainHash) {
    this.late = new LateLines(chain);
  }

  *of(stored: Iterable<Buffer>): Generator<string> {
    for (const bytes of stored) {
      const line = bytes.toString("utf8");
      if (this.end !== undefined) throw new Error("there is more behind its end");
      if (LateLines.isEnd(line)) {
        this.end = line;
        continue;
      }
      if (LateLines.isLate(line)) this.late.add(bytes);
      else this.digest.add(nodeSha256(bytes));
      if (line.startsWith(TREE_LINE)) this.tree = treeIn(new SnapshotMembers(line));
      else yield line;
    }
  }
}
