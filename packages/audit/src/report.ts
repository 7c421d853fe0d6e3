/**
 * The result of an audit. A log is *broken* if something in it contradicts itself or an anchor kept elsewhere, *incomplete*
 * if nothing does but something could not be checked, and otherwise *intact*.
 * @module
 */
import type { Action, Actor, Balances, Reason } from "@calybris/kernel";

export type AuditStatus = "intact" | "broken" | "incomplete";

/** The check that failed, in the order in which checks are made. */
export type Problem =
  | "line"
  | "sequence"
  | "previous_hash"
  | "entry_hash"
  | "data"
  | "data_sequence"
  | "durable"
  | "at"
  | "genesis"
  | "body"
  | "actor"
  | "policy_id"
  | "policy_digest"
  | "policy_signature"
  | "decision_policy"
  | "decision_sequence"
  | "request"
  | "request_id"
  | "decision"
  | "identity"
  | "tenant"
  | "headroom"
  | "money"
  | "reservation"
  | "learning"
  | "state_digest"
  | "tree_root"
  | "checkpoint"
  | "snapshot"
  | "head"
  | "segment"
  | "suffix_removed"
  | "policy_pinned";

/** Reports the expected and the found content of an entry. */
export type Report = (problem: Problem, expected: string, found: string) => void;

/** Where a line begins. */
export interface Place {
  readonly file: string;
  readonly byteOffset: number;
}

/** One contradiction, with its position. */
export interface Finding extends Place {
  /** The expected sequence of the entry. */
  readonly sequence: number;
  readonly problem: Problem;
  readonly expected: string;
  readonly found: string;
}

/** Incomplete bytes at the end that were never acknowledged. */
export interface TornTail extends Place {
  readonly bytes: number;
  readonly problem: string;
}

/** An anchor kept outside the log: its hash at a sequence. */
export interface HeadAnchor {
  readonly sequence: number;
  readonly lastHash: string;
  /** Whether a writer of the log could not have replaced it. The head in a journal's own directory is not external. */
  readonly isExternal?: boolean;
  /** Its origin, for messages. */
  readonly source?: string;
}

/** A checkpoint kept outside the log, with verified signatures: the root of the log's tree at a size. */
export interface TreeAnchor {
  readonly treeSize: number;
  /** In hexadecimal. */
  readonly root: string;
}

/** A policy that the log activated. */
export interface AuditedPolicy {
  readonly id: number;
  /** `calypol1`, recomputed from the snapshot. */
  readonly digest: string;
  /** The actor that activated it; `undefined` for the log's first policy. */
  readonly actor: Actor | undefined;
  /** The name of the actor's key, if the actor is a key. */
  readonly keyName: string | undefined;
  /** The party on whose behalf the actor claimed to act. */
  readonly onBehalfOf: string | undefined;
}

/** Totals of a log's money. The proof lists every tenant. */
export interface AuditedMoney {
  readonly tenants: number;
  /** Number of reservations that are open or held. */
  readonly reservations: number;
  readonly total: Balances;
  readonly conserved: boolean;
  /** `calyldg1` up to the last entry, in hexadecimal. */
  readonly digest: string;
}

/** The results of checking checkpoints. */
export interface AuditedCheckpoints {
  readonly count: number;
  /** Number of checkpoints with the root of the entries before them. */
  readonly rootsVerified: number;
  /** Number of checkpoints signed by a given key. */
  readonly signaturesVerified: number;
  /** The newest checkpoint. */
  readonly latest: { readonly sequence: number; readonly origin: string; readonly treeSize: bigint };
}

export interface AuditReport {
  readonly status: AuditStatus;
  readonly entries: number;
  readonly decisions: number;
  /** `observe`: whatever was decided, the requested candidate ran, or nothing did. */
  readonly actions: Readonly<Record<Action | "observe", number>>;
  readonly reasons: Readonly<Partial<Record<Reason, number>>>;
  readonly policies: readonly AuditedPolicy[];
  /** `undefined` if no tenant has a limit, or if entries are missing. */
  readonly money: AuditedMoney | undefined;
  /** The signed roots in the log; `undefined` if there are none. */
  readonly checkpoints: AuditedCheckpoints | undefined;
  /** The last valid entry; `undefined` if there is none. */
  readonly head: { readonly sequence: number; readonly hash: string } | undefined;
  readonly tornTail: TornTail | undefined;
  /** The first {@link FINDINGS_KEPT_MAX}. */
  readonly findings: readonly Finding[];
  readonly findingCount: number;
  /**
   * Claims that even an intact log does not establish: for lack of a key, of an external head or of the seed of its draws,
   * or because they lie too far back. They do not change the status.
   */
  readonly notEstablished: readonly string[];
  /** The reasons that the log could not be checked in full; empty if it was. */
  readonly reasonsIncomplete: readonly string[];
}

/** An audit uses constant memory, so only the first findings are kept; all are counted. */
export const FINDINGS_KEPT_MAX = 100;

/** Collects findings, and reasons that something could not be checked. */
export class Findings {
  readonly kept: Finding[] = [];
  readonly reasonsIncomplete: string[] = [];
  count = 0;

  add(finding: Finding): void {
    this.count += 1;
    if (this.kept.length < FINDINGS_KEPT_MAX) this.kept.push(finding);
  }

  incomplete(reason: string): void {
    if (this.reasonsIncomplete.length < FINDINGS_KEPT_MAX && !this.reasonsIncomplete.includes(reason))
      this.reasonsIncomplete.push(reason);
  }

  get status(): AuditStatus {
    if (this.count > 0) return "broken";
    return this.reasonsIncomplete.length > 0 ? "incomplete" : "intact";
  }
}
