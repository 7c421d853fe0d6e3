/**
 * The digest of the state snapshot that a `state` entry binds (`calyssn1`, docs/formats.md section 6), from the journal's
 * entries alone: every line of the snapshot is folded and written here, or by the folds of money and learning.
 *
 * Memory: for pages that no longer change, only the digest is kept. Data that may still change is kept in full: one bit for
 * each entry, the latest 131,072 outcomes (77 bytes each) and the latest 262,144 closed reservations (53 bytes each).
 * @module
 */
import {
  type CheckpointEntry,
  type EntryBody,
  type Sha256,
  type SnapshotHead,
  type SnapshotMembers,
  snapshotHeadJson,
  StateSnapshotDigest,
  toUtf8,
  writeExact,
} from "@calybris/kernel";
import type { AuditState } from "./audit-state.ts";
import type { LearningFold } from "./learning/learning-fold.ts";
import type { MoneyFold } from "./money.ts";
import { OutcomesPart } from "./outcomes-part.ts";
import { KeysPart, PoliciesPart } from "./policies-part.ts";
import { RequestsPart } from "./requests-part.ts";
import { ShadowPart, type ShadowPolicies } from "./shadow-part.ts";

/** The state that other folds hold. */
export interface SnapshotFolds {
  readonly money: MoneyFold;
  readonly learning: LearningFold;
}

export class SnapshotFold {
  readonly #sha256: Sha256;
  readonly #requests: RequestsPart;
  readonly #outcomes: OutcomesPart;
  readonly #policies: PoliciesPart;
  readonly #keys: KeysPart = new KeysPart();
  readonly #shadow: ShadowPart = new ShadowPart();
  #checkpoint: string | undefined;
  #seedDigest: string | undefined;
  #isSealed = false;

  constructor(sha256: Sha256) {
    this.#sha256 = sha256;
    this.#requests = new RequestsPart(sha256);
    this.#outcomes = new OutcomesPart(sha256);
    this.#policies = new PoliciesPart(sha256);
  }

  /**
   * Takes the next entry, before the money fold does.
   *
   * @param shadow - the policies of a decision, while one is staged.
   */
  take(sequence: number, at: number, body: EntryBody, money: MoneyFold, shadow: ShadowPolicies | undefined): void {
    this.#isSealed = body.kind === "seal";
    switch (body.kind) {
      case "genesis":
      case "policy":
        this.#policies.take(sequence, body);
        this.#seedDigest ??= body.seedDigest;
        if (body.kind === "genesis" || body.change !== "canary") this.#shadow.begin();
        break;
      case "decision":
        this.#requests.take(sequence, body);
        if (shadow !== undefined) this.#shadow.take(sequence, body, shadow);
        break;
      case "outcome":
        this.#outcomes.take(sequence, body, money.claims.closedCost(body.of));
        break;
      case "key":
        this.#keys.take(sequence, body);
        break;
      case "checkpoint":
        this.#checkpoint = checkpointLine(sequence, at, body);
        break;
      default:
        break;
    }
  }

  /** In hexadecimal. */
  digest(state: AuditState, folds: SnapshotFolds): string {
    const bound = new StateSnapshotDigest(this.#sha256);
    for (const digest of this.lineDigests(state, folds)) bound.add(digest);
    return bound.finish(state.sequence);
  }

  /** SHA-256 of each line that the digest covers, in order. */
  *lineDigests(state: AuditState, { money, learning }: SnapshotFolds): Generator<Uint8Array> {
    const { sequence, at, decisionSequence, policyId: policy } = state;
    const line = (text: string): Uint8Array => this.#sha256(toUtf8(text));
    const head = { sequence, at, decisions: Number(decisionSequence), policy, sealed: this.#isSealed };
    yield line(writeExact(snapshotHeadJson(head)));
    yield* money.snapshotDigests(this.#sha256);
    yield* this.#policies.digests();
    const shadow = this.#shadow.line();
    if (shadow !== undefined) yield line(shadow);
    yield line(this.#keys.line());
    if (learning.priorJson !== undefined) yield line(writeExact({ part: "prior", prior: learning.priorJson }));
    yield line(writeExact({ part: "learning", seedDigest: this.#seedDigest, router: learning.toSnapshot() }));
    yield* this.#outcomes.digests();
    yield* this.#requests.digests();
    if (this.#checkpoint !== undefined) yield line(this.#checkpoint);
  }

  /** Restores the first line of a snapshot. */
  restoreHead({ sealed }: SnapshotHead): void {
    this.#isSealed = sealed;
  }

  /** Restores a line of a snapshot that belongs to no other fold. Throws RangeError if it is invalid. */
  restore(part: string, members: SnapshotMembers): void {
    switch (part) {
      case "policy":
        this.#policies.restorePolicy(members);
        break;
      case "rollout":
        this.#policies.restoreRollout(members);
        break;
      case "shadow":
        this.#shadow.restore(members);
        break;
      case "keys":
        this.#keys.restore(members);
        break;
      case "learning":
        this.#seedDigest = members.has("seedDigest") ? members.text("seedDigest") : undefined;
        break;
      case "reported":
        this.#outcomes.restoreReported(members);
        break;
      case "outcomes":
        this.#outcomes.restoreLatest(members);
        break;
      case "requests":
        this.#requests.restore(members);
        break;
      case "checkpoint": {
        const note: CheckpointEntry = { kind: "checkpoint", note: members.text("note") };
        this.#checkpoint = checkpointLine(members.whole("sequence"), members.whole("at"), note);
        break;
      }
      default:
    }
  }
}

function checkpointLine(sequence: number, at: number, { note }: CheckpointEntry): string {
  return writeExact({ part: "checkpoint", sequence, at, note });
}
