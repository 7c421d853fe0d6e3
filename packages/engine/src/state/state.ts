/**
 * The engine's state: a pure fold over the journal's entries. Live, each entry is applied in the step that orders it; after
 * a restart the same function is applied to the entries read back, so both are the same by construction.
 *
 * It consists of its position in the journal and a list of stages. An entry is checked by every stage, then applied by every
 * stage.
 * @module
 */
import { createHash } from "node:crypto";
import {
  ByteWriter,
  type DecisionEntry,
  type EntryBody,
  invariant,
  JOURNAL_FORMAT,
  SnapshotMembers,
  type StateEntry,
  snapshotHeadJson,
  snapshotHeadOf,
  timeAfter,
  writeExact,
} from "@calybris/kernel";
import { nodeSha256 } from "../journal/chain-hash.ts";
import { decisionNumberOf } from "../journal/record-entry.ts";
import { CheckpointBook } from "./checkpoint-book.ts";
import { Ledger } from "../ledger/ledger.ts";
import { jsonLine, type SnapshotLine } from "../snapshot/line.ts";
import { type TakenSnapshot, takenSnapshot } from "../snapshot/taken-snapshot.ts";
import { KeptRegret } from "../regret/kept-regret.ts";
import { KeyBook } from "./key-book.ts";
import { LearningState } from "./learning-state.ts";
import { OutcomeIndex } from "./outcome-index.ts";
import { PolicyBook } from "./policy-book.ts";
import type { KernelFor, PolicyVersion } from "./policy-version.ts";
import { RequestIndex } from "./request-index.ts";

export type { PolicyVersion } from "./policy-version.ts";

import type { Prior } from "../router/prior.ts";
import type { Router } from "../router/router.ts";
import { ShadowCounter } from "./shadow-counts.ts";
import { ShadowTime } from "./shadow-time.ts";
import type { Stage } from "./stage.ts";

/** A snapshot, and the members of the state entry that binds it. */
export interface BoundSnapshot {
  readonly snapshot: TakenSnapshot;
  readonly digests: Omit<StateEntry, "kind">;
}

export class EngineState {
  /** Journal sequence of the last entry; 0 before genesis. */
  sequence = 0;
  /**
   * Lower bound of the next entry's time, microseconds: the time of the last entry, or an earlier one after a clock entry.
   */
  at = 0;
  /** Number of the last decision. */
  decisionSequence = 0n;
  sealed = false;
  readonly ledger: Ledger = new Ledger();
  readonly policies: PolicyBook;
  /** How often the staged policy would have decided differently. */
  readonly shadows: ShadowCounter;
  /** Time that shadow decisions take. Measured, not folded. */
  readonly shadowTime: ShadowTime = new ShadowTime();
  readonly keys: KeyBook = new KeyBook();
  readonly checkpoints: CheckpointBook = new CheckpointBook();
  readonly outcomes: OutcomeIndex = new OutcomeIndex((of) => this.ledger.closedCost(of));
  readonly requests: RequestIndex = new RequestIndex();
  /** Measured outside the fold. */
  readonly regret: KeptRegret = new KeptRegret();
  readonly #learning: LearningState;
  /** In the order of a snapshot. The ledger is first: it refuses in `apply`, before anything changes. */
  readonly #stages: readonly Stage[];
  readonly #stageOf: ReadonlyMap<string, Stage>;
  /** The digests of the last snapshot taken to be bound, and its sequence. */
  #bound: { readonly sequence: number; readonly digests: BoundSnapshot["digests"] } | undefined;

  /** @param kernelFor - builds a custom kernel. */
  constructor(kernelFor?: KernelFor) {
    this.policies = new PolicyBook(kernelFor);
    this.#learning = new LearningState(this.policies);
    this.shadows = new ShadowCounter(this.policies);
    const { ledger, policies, shadows, keys, outcomes, requests, checkpoints, regret } = this;
    this.#stages = [ledger, policies, shadows, keys, this.#learning, outcomes, requests, checkpoints, regret];
    this.#stageOf = new Map(this.#stages.flatMap((stage) => stage.parts.map((part) => [part, stage])));
  }

  /** The active policy. */
  get current(): PolicyVersion {
    return this.policies.active;
  }

  get router(): Router {
    return this.#learning.router;
  }

  /** The active prior. */
  get prior(): Prior | undefined {
    return this.#learning.prior;
  }

  /** SHA-256 of the secret seed of the draws, as committed; `undefined` until a policy learns. */
  get seedDigest(): string | undefined {
    return this.#learning.seedDigest;
  }

  policy(id: number): PolicyVersion | undefined {
    return this.policies.get(id);
  }

  /** The policy that was active at an entry. */
  policyAt(sequence: number): PolicyVersion {
    return this.policies.at(sequence);
  }

  /** The policy that made a decision: the one that its entry names, or the one that was active. */
  policyOf({ policyId }: Pick<DecisionEntry, "policyId">, sequence: number): PolicyVersion {
    const policy = policyId === undefined ? this.policyAt(sequence) : this.policy(policyId);
    invariant(policy !== undefined, "a policy that an entry names was brought by an earlier one");
    return policy;
  }

  get policyCount(): number {
    return this.policies.count;
  }

  /** Applies the next entry to every stage, or throws and changes none. */
  apply(sequence: number, at: number, body: EntryBody): void {
    this.#check(sequence, at, body);
    // On the path of every decision, where an iterator would allocate an object for each stage.
    const stages = this.#stages;
    for (let index = 0; index < stages.length; index++) (stages[index] as Stage).check?.(sequence, at, body);
    for (let index = 0; index < stages.length; index++) (stages[index] as Stage).apply(sequence, at, body);
    this.sequence = sequence;
    this.at = timeAfter(at, body);
    this.sealed = body.kind === "seal";
    if (body.kind === "decision") this.decisionSequence = decisionNumberOf(body);
  }

  /** The digest of the state (`calystt1`: sequence, then the canonical state), in hexadecimal. */
  digest(): string {
    const hash = createHash("sha256").update(new ByteWriter(17).tag("calystt1").u64(BigInt(this.sequence)).finish());
    for (const text of this.#texts()) hash.update(text);
    return hash.digest("hex");
  }

  /** Takes a snapshot of the present state. Parts unchanged since the last snapshot are not visited again. */
  snapshot(): TakenSnapshot {
    return takenSnapshot(this.sequence, this.#lines(), this.#lateLines());
  }

  /** Takes a snapshot for the next entry to bind. */
  snapshotToBind(): BoundSnapshot {
    const snapshot = this.snapshot();
    const digests = { stateDigest: this.digest(), snapshotDigest: snapshot.digest };
    this.#bound = { sequence: this.sequence, digests };
    return { snapshot, digests };
  }

  /** Restores a snapshot, line by line, into a new state. Throws RangeError for invalid lines. */
  restore(lines: Iterable<string>): void {
    let isFirst = true;
    let policy = 0;
    for (const line of lines) {
      if (!isFirst) this.#restore(new SnapshotMembers(line));
      else {
        const head = snapshotHeadOf(line);
        this.sequence = head.sequence;
        this.at = head.at;
        this.decisionSequence = BigInt(head.decisions);
        this.sealed = head.sealed;
        ({ policy } = head);
      }
      isFirst = false;
    }
    if (policy === 0 || policy !== this.current.id) throw new RangeError("the active policy is not there");
  }

  #check(sequence: number, at: number, body: EntryBody): void {
    invariant(sequence === this.sequence + 1, `entry ${this.sequence + 1} comes next, got ${sequence}`);
    invariant(at >= this.at, "time never runs backwards in a journal");
    invariant(
      body.kind !== "clock" || (body.from === at && (body.to >= at || at === this.at)),
      "a clock entry corrects its own time, and goes back only from the time of the entry before it",
    );
    invariant((body.kind === "genesis") === (sequence === 1), "a journal begins with genesis, once");
    if (body.kind === "decision") {
      invariant(decisionNumberOf(body) === this.decisionSequence + 1n, "decisions are numbered one by one");
    } else if (body.kind === "state") this.#checkState(body);
  }

  /** Live, these digests were just computed; for an entry that is read back they are recomputed. */
  #checkState({ stateDigest, snapshotDigest }: StateEntry): void {
    const { digests } = this.#bound?.sequence === this.sequence ? this.#bound : this.snapshotToBind();
    invariant(stateDigest === digests.stateDigest, "a state entry holds the digest of the state before it");
    invariant(snapshotDigest === digests.snapshotDigest, "a state entry binds the snapshot of the state before it");
  }

  *#lines(): Generator<SnapshotLine> {
    const { sequence, at, sealed } = this;
    const decisions = Number(this.decisionSequence);
    yield jsonLine(snapshotHeadJson({ sequence, at, decisions, policy: this.current.id, sealed }));
    for (const stage of this.#stages) yield* stage.lines();
  }

  *#lateLines(): Generator<() => Uint8Array> {
    for (const stage of this.#stages) if (stage.lateLines !== undefined) yield* stage.lateLines();
  }

  #restore(members: SnapshotMembers): void {
    const part = members.text("part");
    const stage = this.#stageOf.get(part);
    if (stage === undefined) throw new RangeError(`${part} is not a part of a snapshot`);
    stage.restore(part, members, this.sequence);
  }

  /** The canonical state, in pieces. */
  *#texts(): Generator<string> {
    const { at, decisionSequence: decisions } = this;
    yield writeExact({ format: JOURNAL_FORMAT, at, decisions }).slice(0, -1);
    for (const stage of this.#stages)
      if (stage.stateTexts !== undefined) yield* stage.stateTexts(this.sequence, nodeSha256);
    yield "}";
  }
}
