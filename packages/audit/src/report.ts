/**
 * What an audit found. A log is *broken* when something in it contradicts itself or what was promised about it;
 * *incomplete* when nothing does, but something in it could not be checked; else it is *intact*.
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

/** Says what an entry should hold, and what it holds. */
export type Report = (problem: Problem, expected: string, found: string) => void;

/** Where a line begins. */
export interface Place {
  readonly file: string;
  readonly byteOffset: number;
}

/** One contradiction, with its position. */
export interface Finding extends Place {
  /** The sequence that the entry should have. */
  readonly sequence: number;
  readonly problem: Problem;
  readonly expected: string;
  readonly found: string;
}

/** Unfinished bytes at the end, of which nothing was ever promised. */
export interface TornTail extends Place {
  readonly bytes: number;
  readonly problem: string;
}

/** A promise about the log, kept elsewhere: the hash that it has at a sequence. */
export interface HeadAnchor {
  readonly sequence: number;
  readonly lastHash: string;
  /** Kept where a writer of the log could not have replaced it. The head in a journal's own directory is not. */
  readonly isExternal?: boolean;
  /** Where it was kept, for messages. */
  readonly source?: string;
}

/** A checkpoint that was kept elsewhere, its signatures verified: the root that the tree of the log has at a size. */
export interface TreeAnchor {
  readonly treeSize: number;
  /** In hexadecimal. */
  readonly root: string;
}

/** One policy that the log activated. */
export interface AuditedPolicy {
  readonly id: number;
  /** `calypol1`, recomputed from the snapshot. */
  readonly digest: string;
  /** Who activated it; `undefined` for the policy that the log began with. */
  readonly actor: Actor | undefined;
  /** The name of the key that the actor is, where it is one. */
  readonly keyName: string | undefined;
  /** On whose behalf, as the actor claimed. */
  readonly onBehalfOf: string | undefined;
}

/** The money of a log, summed up; the proof has every tenant. */
export interface AuditedMoney {
  readonly tenants: number;
  /** Reservations that are open or held. */
  readonly reservations: number;
  readonly total: Balances;
  readonly conserved: boolean;
  /** `calyldg1` up to the last entry, in hexadecimal. */
  readonly digest: string;
}

/** What was established of checkpoints. */
export interface AuditedCheckpoints {
  readonly count: number;
  /** How many have the root of the entries before them. */
  readonly rootsVerified: number;
  /** How many are signed by a key that was given. */
  readonly signaturesVerified: number;
  /** The newest. */
  readonly latest: { readonly sequence: number; readonly origin: string; readonly treeSize: bigint };
}

export interface AuditReport {
  readonly status: AuditStatus;
  readonly entries: number;
  readonly decisions: number;
  /** `observe`: what was requested ran, or nothing did, whatever was decided. */
  readonly actions: Readonly<Record<Action | "observe", number>>;
  readonly reasons: Readonly<Partial<Record<Reason, number>>>;
  readonly policies: readonly AuditedPolicy[];
  /** `undefined` where no tenant has a limit, or where entries are missing and nothing can be said. */
  readonly money: AuditedMoney | undefined;
  /** Signed roots that the log holds; `undefined` where it holds none. */
  readonly checkpoints: AuditedCheckpoints | undefined;
  /** The last good entry; `undefined` when there is none. */
  readonly head: { readonly sequence: number; readonly hash: string } | undefined;
  readonly tornTail: TornTail | undefined;
  /** The first {@link FINDINGS_KEPT_MAX}. */
  readonly findings: readonly Finding[];
  readonly findingCount: number;
  /**
   * What a log that is intact leaves open all the same: for want of a key, of a head kept outside it, of the seed of its draws,
   * or because it lies too far back. It changes no status.
   */
  readonly notEstablished: readonly string[];
  /** Why the log could not be checked in full; empty unless something was left unchecked. */
  readonly reasonsIncomplete: readonly string[];
}

/** An audit runs in constant memory, so of many findings only the first are kept; all are counted. */
export const FINDINGS_KEPT_MAX = 100;

/** Collects findings, and reasons why something could not be checked. */
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
