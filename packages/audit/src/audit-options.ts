/**
 * Options of an audit, beside the lines.
 * @module
 */
import type { ChainHash, ChangeKeys, Kernel, Policy, Sha256 } from "@calybris/kernel";
import type { HeadAnchor, TreeAnchor } from "./report.ts";
import type { RequestIdCheck } from "./request-ids.ts";
import type { LogKeys } from "./tree-check.ts";

export interface AuditOptions {
  readonly sha256?: Sha256;
  /** The keyed chain, for a log that was chained under a key. */
  readonly chain?: ChainHash;
  /** Whether `chain` is keyed. Only then do the entries prove who wrote them. */
  readonly isKeyed?: boolean;
  /** The secret seed of the draws, 32 bytes. With it, draws and holdouts are verified too. */
  readonly drawSeed?: Uint8Array;
  /** Public keys of a log that signs its checkpoints. */
  readonly logKeys?: LogKeys | undefined;
  /** Keys of the signers of policy changes. With them, the signatures of changes are verified. */
  readonly changeKeys?: ChangeKeys | undefined;
  readonly kernelFor?: (policy: Policy) => Kernel;
  /** `calypol1` digests, in hexadecimal, of policies that the log must have activated. */
  readonly pinnedPolicyDigests?: readonly string[];
  /** Anchors kept outside the log. They are needed before the lines, because lines are not kept. */
  readonly heads?: readonly HeadAnchor[];
  /** Checkpoints kept outside the log. They count as external heads. */
  readonly trees?: readonly TreeAnchor[];
  /**
   * For one of our journals without a head in its directory: a description of what was found instead. A head is durable
   * before the second batch of a journal is written.
   */
  readonly headMissing?: string | undefined;
  /**
   * The lines of a state snapshot. The log then starts with the `state` entry that binds it, and the contents of earlier
   * entries are not established.
   */
  readonly snapshot?: Iterable<string> | undefined;
  /** Compares request ids. By default, the latest 262,144 are compared in memory. */
  readonly requestIds?: RequestIdCheck | undefined;
  /** For a keyed journal: receives every entry, and finds the entry that the head's MAC belongs to. */
  readonly headMac?: HeadMacCheck | undefined;
}

/** Finds the entry whose head has a given MAC. */
export interface HeadMacCheck {
  readonly note: (sequence: number, hash: string) => void;
  /** The entry; `undefined` until it is found. */
  readonly sequence: number | undefined;
  readonly isWrong: boolean;
}
