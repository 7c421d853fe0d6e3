/**
 * What an audit is given beside the lines.
 * @module
 */
import type { ChainHash, ChangeKeys, Kernel, Policy, Sha256 } from "@calybris/kernel";
import type { HeadAnchor, TreeAnchor } from "./report.ts";
import type { RequestIdCheck } from "./request-ids.ts";
import type { LogKeys } from "./tree-check.ts";

export interface AuditOptions {
  readonly sha256?: Sha256;
  /** For a log that was chained under a key, the keyed chain. */
  readonly chain?: ChainHash;
  /** Whether `chain` is keyed: only then do the entries say who wrote them. */
  readonly isKeyed?: boolean;
  /** The secret seed of the draws, 32 bytes: with it, draws and holdouts are checked too. */
  readonly drawSeed?: Uint8Array;
  /** Keys of the log that signs its checkpoints. */
  readonly logKeys?: LogKeys | undefined;
  /** Keys of the signers of policy changes: with them, the signatures of changes are verified. */
  readonly changeKeys?: ChangeKeys | undefined;
  readonly kernelFor?: (policy: Policy) => Kernel;
  /** `calypol1` digests, in hexadecimal, of policies that the log must have activated. */
  readonly pinnedPolicyDigests?: readonly string[];
  /** Promises kept elsewhere. They are needed before the lines, because lines are not kept. */
  readonly heads?: readonly HeadAnchor[];
  /** Checkpoints kept elsewhere. They count as heads outside the journal. */
  readonly trees?: readonly TreeAnchor[];
  /**
   * For a journal of ours without a head in its directory: what was found in its place. A head is durable before the second
   * batch of a journal is written.
   */
  readonly headMissing?: string | undefined;
  /**
   * The lines of a state snapshot: the log is that from the `state` entry on which binds it. What the entries before it say is
   * not established then.
   */
  readonly snapshot?: Iterable<string> | undefined;
  /** Compares request ids; without it, the latest 262,144 are compared in memory. */
  readonly requestIds?: RequestIdCheck | undefined;
  /** For a keyed journal: it receives every entry, and knows in the end whether the MAC of the head is of any of them. */
  readonly headMac?: HeadMacCheck | undefined;
}

/** Finds the entry whose head a MAC is of. */
export interface HeadMacCheck {
  readonly note: (sequence: number, hash: string) => void;
  /** The entry; `undefined` while it was not found. */
  readonly sequence: number | undefined;
  readonly isWrong: boolean;
}
