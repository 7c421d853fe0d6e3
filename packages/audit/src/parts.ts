/**
 * The parts of an audit that need no state and can run beside it, in threads of their own: what each entry says by itself, and the
 * tree over the entry hashes. With the part that does need it (`part: "order"`), they establish what one whole audit does.
 *
 * A part only says whether everything was as it has to be. When one says no, a whole audit finds out what is wrong.
 * @module
 */
import {
  CalybrisError,
  type ChainedLine,
  type ChainHash,
  type EntryHead,
  type Kernel,
  type Policy,
  parseChainedLine,
  parseEntryBody,
  parseEntryHead,
  plainChain,
  policyDigest,
  sha256 as portableSha256,
  referenceKernel,
  type Sha256,
  snapshotFromJson,
} from "@calybris/kernel";
import { checkDecided, type InForce } from "./decision-check.ts";
import type { TreeAnchor } from "./report.ts";
import { TreeCheck } from "./tree-check.ts";

export interface EntryPartOptions {
  readonly sha256?: Sha256;
  readonly chain?: ChainHash;
  readonly kernelFor?: (policy: Policy) => Kernel;
}

/** Each entry by itself: its hash follows from its data and the hash before, its decision from the policy. */
export class EntryPart {
  readonly #sha256: Sha256;
  readonly #chain: ChainHash;
  readonly #kernelFor: (policy: Policy) => Kernel;
  #inForce: InForce | undefined;

  constructor(options: EntryPartOptions = {}) {
    this.#sha256 = options.sha256 ?? portableSha256;
    this.#chain = options.chain ?? plainChain(this.#sha256);
    this.#kernelFor = options.kernelFor ?? referenceKernel;
  }

  /** Begins before any entry whose policy that of `line` is; without one, at the first entry. */
  begin(line: Uint8Array | undefined): boolean {
    this.#inForce = undefined;
    return line === undefined || this.#isGood(line, true);
  }

  /** Takes the next line, without its newline. False: a whole audit may find something in it. */
  line(bytes: Uint8Array): boolean {
    return this.#isGood(bytes, false);
  }

  #isGood(bytes: Uint8Array, isKnown: boolean): boolean {
    const line = parseChainedLine(bytes);
    if (line === undefined) return false;
    if (!isKnown && this.#chain(line.previousHash, line.data) !== line.entryHash) return false;
    const head = parseEntryHead(line.dataText);
    try {
      return head !== undefined && this.#isTrue(head, line);
    } catch (error) {
      if (error instanceof CalybrisError || error instanceof RangeError || error instanceof TypeError) return false;
      throw error;
    }
  }

  #isTrue(head: EntryHead, { dataText }: ChainedLine): boolean {
    if (head.kind === "genesis" || head.kind === "policy") {
      const body = parseEntryBody(head, dataText, none);
      if (body?.kind !== "genesis" && body?.kind !== "policy") return false;
      // Which policy is active then follows from entries before: a whole audit has them.
      if (body.kind === "policy" && (body.change !== "promoted" || body.snapshot === undefined)) return false;
      const snapshot = snapshotFromJson(body.snapshot ?? null);
      const { policy } = snapshot;
      const digest = policyDigest(policy, this.#sha256);
      this.#inForce = { id: body.policyId, snapshot, kernel: this.#kernelFor(policy), digest };
      return true;
    }
    if (head.kind !== "decision") return true;
    const inForce = this.#inForce;
    if (inForce === undefined) return false;
    const entry = parseEntryBody(head, dataText, () => inForce.snapshot);
    if (entry?.kind !== "decision" || entry.policyId !== undefined) return false;
    let isTrue = true;
    checkDecided(entry, inForce, this.#sha256, () => {
      isTrue = false;
    });
    return isTrue;
  }
}

const TREE_ROOT = /"treeRoot":"([0-9a-f]{64})"/;

/** The Merkle tree over all entries, and the roots that entries say it had before them. */
export class TreePart {
  readonly #tree: TreeCheck;
  readonly #anchors: readonly TreeAnchor[];
  #sequence = 0;

  constructor(sha256: Sha256 = portableSha256, anchors: readonly TreeAnchor[] = []) {
    this.#tree = new TreeCheck(sha256);
    this.#anchors = anchors;
  }

  /** Takes the next line of the log from its first on. False: a whole audit may find something in it. */
  line(bytes: Uint8Array): boolean {
    const line = parseChainedLine(bytes);
    if (line?.sequence !== this.#sequence + 1) return false;
    this.#sequence = line.sequence;
    const isTrue = this.#isTrue(line);
    this.#tree.take(line.sequence, line.entryHash);
    const anchor = this.#anchors.find(({ treeSize }) => treeSize === line.sequence);
    return isTrue && (anchor === undefined || anchor.root === this.#tree.root);
  }

  #isTrue({ sequence, dataText }: ChainedLine): boolean {
    const beginning = dataText.slice(0, KIND_WITHIN);
    if (beginning.includes('"kind":"checkpoint"')) return this.#isRootTrue(sequence, dataText);
    if (!beginning.includes('"kind":"state"')) return true;
    const root = TREE_ROOT.exec(dataText)?.[1];
    const isTrue = root === undefined || root === this.#tree.root;
    this.#tree.segment();
    return isTrue;
  }

  #isRootTrue(sequence: number, dataText: string): boolean {
    const head = parseEntryHead(dataText);
    let isTrue = head?.kind === "checkpoint";
    try {
      const body = head && parseEntryBody(head, dataText, none);
      if (body?.kind !== "checkpoint") return head?.kind !== "checkpoint";
      this.#tree.check(sequence, body, () => {
        isTrue = false;
      });
      return isTrue;
    } catch (error) {
      if (error instanceof CalybrisError || error instanceof RangeError) return false;
      throw error;
    }
  }
}

/** The head of an entry is shorter. */
const KIND_WITHIN = 160;

function none(): never {
  throw new RangeError("it decides nothing, yet names a policy");
}
