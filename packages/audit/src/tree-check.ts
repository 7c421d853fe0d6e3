/**
 * The Merkle tree of a log, from the hashes of its entries alone, and the checks of entries that refer to it: `state`
 * entries name the root before them, and `checkpoint` entries a signed root at an earlier size.
 *
 * A checkpoint covers at least the entries before its segment. So only the hashes of one segment are kept, which bounds
 * memory.
 * @module
 */
import {
  type CheckpointEntry,
  digestFromHex,
  equalBytes,
  HASH_BYTES,
  type MerkleFrontier,
  MerkleTree,
  parseCheckpoint,
  parseNote,
  type Sha256,
  toHex,
  toUtf8,
  type VerifierKey,
} from "@calybris/kernel";
import type { AuditedCheckpoints, Report } from "./report.ts";
import { checkpointClaims } from "./unestablished.ts";

/** The log's public keys, from a trusted source, and the signature verifier. */
export interface LogKeys {
  readonly keys: readonly VerifierKey[];
  readonly verify: (publicKey: Uint8Array, message: Uint8Array, signature: Uint8Array) => boolean;
}

export interface TreeCheckOptions {
  readonly logKeys?: LogKeys | undefined;
}

const HASHES_FIRST = 1_024;

export class TreeCheck {
  readonly #sha256: Sha256;
  readonly #logKeys: LogKeys | undefined;
  /** `undefined` once an entry is missing. */
  #tree: MerkleTree | undefined;
  /** The tree at the latest size requested, and the hashes of the entries after it. */
  #behind: MerkleTree;
  #hashes: Uint8Array = new Uint8Array(HASHES_FIRST * HASH_BYTES);
  readonly #entryHash = new Uint8Array(HASH_BYTES);
  #count = 0;
  #checkpoints: AuditedCheckpoints | undefined;

  constructor(sha256: Sha256, { logKeys }: TreeCheckOptions = {}) {
    this.#sha256 = sha256;
    this.#logKeys = logKeys;
    this.#tree = new MerkleTree({ hash: sha256 });
    this.#behind = new MerkleTree({ hash: sha256 });
  }

  /** Begins after a snapshot; `undefined` if the snapshot has no tree. */
  beginAfter(from: MerkleFrontier | undefined): void {
    this.#tree = from === undefined ? undefined : new MerkleTree({ from, hash: this.#sha256 });
    this.#anchor();
  }

  /** The root over all entries so far, in hexadecimal; `undefined` if it is unknown. */
  get root(): string | undefined {
    return this.#tree === undefined ? undefined : toHex(this.#tree.root());
  }

  /** `undefined` for a log without checkpoints. */
  get checkpoints(): AuditedCheckpoints | undefined {
    return this.#checkpoints;
  }

  /** Claims about checkpoints that an intact log does not establish. */
  get notEstablished(): readonly string[] {
    return checkpointClaims(this.#checkpoints, this.#logKeys !== undefined);
  }

  /** Takes the next entry. */
  take(sequence: number, entryHash: string): void {
    if (this.#tree === undefined) return;
    const hash = this.#entryHash;
    digestFromHex(entryHash, hash, 0);
    this.#tree.append(sequence, hash);
    if ((this.#count + 1) * HASH_BYTES > this.#hashes.byteLength) this.#grow();
    this.#hashes.set(hash, this.#count * HASH_BYTES);
    this.#count += 1;
  }

  /** Called when the next entry begins a segment. */
  segment(): void {
    this.#anchor();
  }

  /** Called when entries are missing before the next one. */
  lose(): void {
    this.#tree = undefined;
    this.#anchor();
  }

  /** Checks a checkpoint entry against the entries before it. */
  check(sequence: number, { note }: CheckpointEntry, report: Report): void {
    const { text, signatures } = parseNote(note);
    const { origin, treeSize, root } = parseCheckpoint(text);
    const found = this.#rootAt(Number(treeSize), report);
    if (found !== undefined && !equalBytes(found, root))
      report("checkpoint", `the root ${toHex(found)} of the first ${treeSize} entries`, toHex(root));
    const isSigned = this.#logKeys !== undefined && this.#isSigned(this.#logKeys, text, signatures, report);
    const before = this.#checkpoints ?? { count: 0, rootsVerified: 0, signaturesVerified: 0 };
    this.#checkpoints = {
      count: before.count + 1,
      rootsVerified: before.rootsVerified + (found !== undefined && equalBytes(found, root) ? 1 : 0),
      signaturesVerified: before.signaturesVerified + (isSigned ? 1 : 0),
      latest: { sequence, origin, treeSize },
    };
  }

  #isSigned(
    { keys, verify }: LogKeys,
    text: string,
    signatures: ReturnType<typeof parseNote>["signatures"],
    report: Report,
  ): boolean {
    const known = signatures.flatMap((signature) => {
      const key = keys.find(({ name, keyId }) => name === signature.name && keyId === signature.keyId);
      return key === undefined ? [] : [{ key, signature }];
    });
    const isSigned =
      known.length > 0 && known.every(({ key, signature }) => verify(key.publicKey, toUtf8(text), signature.bytes));
    if (!isSigned)
      report(
        "checkpoint",
        `a signature by ${keys.map(({ name }) => name).join(" or ")}`,
        known.length === 0 ? `one by ${signatures.map(({ name }) => name).join(", ")}` : "a wrong one",
      );
    return isSigned;
  }

  /** The root of the first entries, if they are known. */
  #rootAt(treeSize: number, report: Report): Uint8Array | undefined {
    const tree = this.#tree;
    if (tree === undefined) return undefined;
    if (treeSize > tree.treeSize || treeSize < this.#behind.treeSize) {
      report(
        "checkpoint",
        `a size from ${this.#behind.treeSize} to ${tree.treeSize}, no less than that of the one before`,
        `${treeSize}`,
      );
      return undefined;
    }
    const more = treeSize - this.#behind.treeSize;
    for (let index = 0; index < more; index++)
      this.#behind.append(
        this.#behind.treeSize + 1,
        this.#hashes.subarray(index * HASH_BYTES, (index + 1) * HASH_BYTES),
      );
    this.#hashes.copyWithin(0, more * HASH_BYTES, this.#count * HASH_BYTES);
    this.#count -= more;
    return this.#behind.root();
  }

  #anchor(): void {
    if (this.#tree !== undefined) this.#behind = new MerkleTree({ from: this.#tree.frontier(), hash: this.#sha256 });
    this.#count = 0;
  }

  #grow(): void {
    const hashes = new Uint8Array(2 * this.#hashes.byteLength);
    hashes.set(this.#hashes);
    this.#hashes = hashes;
  }
}
