/**
 * Checks that our entries are true: their order, policy digests, and every decision, which is decided again under the active
 * policy. The chain shows only that the bytes were not altered afterwards; this shows that they were right when written.
 * @module
 */
import {
  type ChainedLine,
  type ChangeKeys,
  type ConservationProof,
  type Decision,
  type DecisionEntry,
  DEFAULT_TENANT,
  type EntryBody,
  type EntryHead,
  type GenesisEntry,
  type Kernel,
  type Policy,
  type PolicyEntry,
  parseEntryHead,
  type Sha256,
  type StateEntry,
  toHex,
} from "@calybris/kernel";
import { proofOf } from "./conservation.ts";
import { type AuditState, EMPTY_STATE } from "./audit-state.ts";
import { KNOWN_KINDS, LEARNING_KINDS, MONEY_KINDS, WITHOUT_LEARNING, WITHOUT_MONEY } from "./entry-kinds.ts";
import { activatedBy, foldEntry } from "./fold.ts";
import { ChangeCheck } from "./change-check.ts";
import { carriedDigest } from "./carried-state.ts";
import { readBody } from "./body-reader.ts";
import { checkDecided } from "./decision-check.ts";
import { checkClock, checkHead } from "./head-check.ts";
import { KeyFold } from "./keys.ts";
import { costMost } from "./learning/cost-most.ts";
import { LearningCheck, type LearningPolicy } from "./learning/learning-check.ts";
import { excerpt } from "./line.ts";
import { MoneyFold, UNMETERED } from "./money.ts";
import { PolicyFold } from "./policies.ts";
import type { AuditedCheckpoints, AuditedPolicy, Findings, Place, Report } from "./report.ts";
import { type RequestIdCheck, RequestIds } from "./request-ids.ts";
import { checkShortage } from "./shortage.ts";
import { type ReadSnapshot, restoreFolds } from "./snapshot.ts";
import { SnapshotFold } from "./snapshot-fold.ts";
import { stateDigestOf } from "./state-digest.ts";
import { type LogKeys, TreeCheck } from "./tree-check.ts";
import { contentClaims } from "./unestablished.ts";

export interface ContentOptions {
  readonly sha256: Sha256;
  readonly kernelFor: (policy: Policy) => Kernel;
  readonly drawSeed?: Uint8Array | undefined;
  readonly logKeys?: LogKeys | undefined;
  readonly changeKeys?: ChangeKeys | undefined;
  readonly requestIds?: RequestIdCheck | undefined;
}

/** Checks entries in order, one at a time. */
export class ContentAudit {
  readonly actions = { execute: 0, substitute: 0, reject: 0, observe: 0 };
  readonly reasons: Partial<Record<Decision["reason"], number>> = {};
  readonly policies: AuditedPolicy[] = [];
  decisions = 0;
  readonly #findings: Findings;
  readonly #sha256: Sha256;
  readonly #journal: PolicyFold;
  #state: AuditState = EMPTY_STATE;
  /** The `durable` member of the first entry, and of the last. */
  firstDurable: number | undefined;
  durable = 0;
  /** `undefined` once an entry is missing that may have moved money. */
  #money: MoneyFold | undefined;
  /** The rest of a state snapshot, beside money and learning; `undefined` once an entry is missing. */
  #snapshot: SnapshotFold | undefined;
  readonly #learningCheck: LearningCheck;
  /** `undefined` once an entry is missing that may have introduced or revoked a key. */
  #keys: KeyFold | undefined = new KeyFold();
  /** An unsupported entry may have changed the policy: later decisions are not checked. */
  #isPolicyUnknown = false;
  /** `undefined` once an entry is missing that may have changed what is learned. */
  #learning: LearningCheck | undefined;
  /** After damage, numbering restarts from the next entry found, so that one fault is one finding. */
  #resume = false;
  /** Digest of the seed of the draws, from the first policy that learns. */
  #seedDigest: string | undefined;
  readonly #requestIds: RequestIdCheck;
  readonly #tree: TreeCheck;
  readonly #seed: Uint8Array | undefined;
  readonly changes: ChangeCheck;

  constructor(findings: Findings, options: ContentOptions) {
    const { sha256, kernelFor, drawSeed, logKeys, changeKeys, requestIds } = options;
    this.#findings = findings;
    this.#sha256 = sha256;
    this.#money = new MoneyFold(sha256);
    this.#snapshot = new SnapshotFold(sha256);
    this.#journal = new PolicyFold(sha256, kernelFor);
    this.#seed = drawSeed;
    this.#requestIds = requestIds ?? new RequestIds(sha256);
    this.#tree = new TreeCheck(sha256, { logKeys });
    this.changes = new ChangeCheck(changeKeys);
    this.#learningCheck = new LearningCheck(sha256, drawSeed);
    this.#learning = this.#learningCheck;
  }

  /**
   * Begins after a snapshot. Throws RangeError if the snapshot is invalid.
   *
   * @param areReadElsewhere - whether another audit reads the entries before it.
   */
  restore(snapshot: ReadSnapshot, areReadElsewhere: boolean): void {
    const { sequence, at, decisions, policy } = snapshot.head;
    const [money, keys] = [new MoneyFold(this.#sha256), new KeyFold()];
    const folded = new SnapshotFold(this.#sha256);
    restoreFolds(snapshot, this.#sha256, {
      money,
      keys,
      snapshot: folded,
      learning: this.#learningCheck.fold,
      onPolicy: ({ since, ...audited }, given) => {
        this.#journal.restore(audited.id, since, given);
        this.policies.push(audited);
      },
      onRollout: (...rollout) => this.#journal.restoreRollout(...rollout),
      onSeedDigest: (digest) => {
        this.#seedDigest = digest;
      },
    });
    this.#money = money;
    this.#snapshot = folded;
    this.#keys = keys;
    if (areReadElsewhere) this.#learningCheck.awaitUpTo(sequence);
    else {
      this.#learningCheck.beginAfter(sequence);
      this.#requestIds.hasForgotten = true;
    }
    this.#tree.beginAfter(snapshot.tree);
    const { staged, canaryBps } = this.#journal;
    const policies = { policyId: policy, stagedId: staged?.id ?? 0, canaryBps };
    this.#state = { sequence, at, decisionSequence: BigInt(decisions), ...policies };
  }

  /** Content that cannot be checked, because the seed of its draws is missing or it lies too far back. */
  get notEstablished(): readonly string[] {
    const { hasDraws, unbound } = this.#learningCheck;
    const { hasForgotten } = this.#requestIds;
    const claims = contentClaims({ hasDraws, unbound, hasForgotten, isSeedGiven: this.#seed !== undefined });
    return [...claims, ...this.#tree.notEstablished, ...this.changes.claims];
  }

  get checkpoints(): AuditedCheckpoints | undefined {
    return this.#tree.checkpoints;
  }

  get learning(): LearningCheck {
    return this.#learningCheck;
  }

  /** Everything that later checks depend on (`carried-state.ts`); `undefined` if entries are missing. */
  carried(): string | undefined {
    const { treeRoot } = this;
    const [keys, money, learning] = [this.#keys, this.#money, this.#learning?.fold];
    if (keys === undefined || money === undefined || learning === undefined) return undefined;
    const [state, seedDigest, journal] = [this.#state, this.#seedDigest, this.#journal];
    return carriedDigest({ state, seedDigest, treeRoot, keys, journal, money, learning }, this.#sha256);
  }

  /** The root of the tree over all entries so far, in hexadecimal; `undefined` if it is unknown. */
  get treeRoot(): string | undefined {
    return this.#tree.root;
  }

  get state(): AuditState {
    return this.#state;
  }

  /** The conservation proof up to the last entry; `undefined` if entries are missing. */
  prove(at: number): ConservationProof | undefined {
    return this.#money === undefined ? undefined : proofOf(this.#money, this.#state.sequence, at, this.#sha256);
  }

  /** Called when entries are missing before the next one. */
  resume(): void {
    this.#resume = true;
    this.#snapshot = undefined;
    this.#money = undefined;
    this.#learning = undefined;
    this.#keys = undefined;
    this.#tree.lose();
    this.#journal.miss();
  }

  check(line: ChainedLine, place: Place): void {
    this.#check(line, place);
    this.#tree.take(line.sequence, line.entryHash);
  }

  #check(line: ChainedLine, place: Place): void {
    if (line.sequence === 1) this.changes.begin(line.entryHash);
    const report: Report = (problem, expected, found) =>
      this.#findings.add({ sequence: line.sequence, ...place, problem, expected, found });
    const head = parseEntryHead(line.dataText);
    if (head === undefined) {
      report("data", "an entry's sequence, durable, at and kind", excerpt(line.dataText));
      this.#snapshot = undefined;
      this.#money = undefined;
      this.#learning = undefined;
      this.#keys = undefined;
      return;
    }
    checkHead(line.sequence, head, { durable: this.durable, at: this.#state.at }, report);
    const body = this.#readBody(head, line.dataText, report);
    if (body !== undefined) {
      this.#keys?.take(head.sequence, body, report);
      this.#checkBody(head, body, report);
      this.#foldSnapshot(head, body);
      this.#checkMoney(head, body, report);
      this.#checkLearning(head, body, report);
      this.#state = foldEntry(this.#state, head, body);
    } else {
      this.#snapshot = undefined;
      const at = Number.isSafeInteger(head.at) ? Math.max(head.at, this.#state.at) : this.#state.at;
      this.#state = { ...this.#state, sequence: head.sequence, at };
      if (head.kind === "policy" || !KNOWN_KINDS.includes(head.kind)) this.#journal.miss();
      if (!WITHOUT_MONEY.includes(head.kind)) this.#money = undefined;
      if (!WITHOUT_LEARNING.includes(head.kind)) this.#learning = undefined;
      if (!KNOWN_KINDS.includes(head.kind) || head.kind === "key") this.#keys = undefined;
    }
    this.firstDurable ??= head.durable;
    this.durable = Math.max(this.durable, head.durable);
  }

  /** Money is checked up to the first entry that is missing or unreadable: after it, balances are unknown. */
  #checkMoney(head: EntryHead, body: EntryBody, report: Report): void {
    const money = this.#money;
    if (money !== undefined) {
      if (body.kind === "decision") {
        const policy = this.#policyOf(body);
        const standing = money.standing(body.tenant ?? DEFAULT_TENANT) ?? UNMETERED;
        checkShortage(body, standing, (budget) => costMost(body, policy, this.#learning, budget), report);
      }
      money.take(head.sequence, head.at, body, report);
    } else if (MONEY_KINDS.includes(body.kind) || (body.kind === "decision" && body.tenant !== undefined))
      this.#findings.incomplete("no balance is known after entries that are missing: money was checked up to there");
  }

  /** Learning too is checked only up to the first missing entry. */
  #checkLearning(head: EntryHead, body: EntryBody, report: Report): void {
    const policy = body.kind === "decision" ? this.#policyOf(body) : this.#journal.active;
    if (this.#learning !== undefined)
      this.#learning.take(head.sequence, head.at, body, { policy, money: this.#money }, report);
    else if (LEARNING_KINDS.includes(body.kind) || (body.kind === "decision" && body.learning !== undefined))
      this.#findings.incomplete("nothing learned is known after entries that are missing: it was checked up to there");
  }

  /** The policy that decides, if the entry names the same one. */
  #policyOf(entry: DecisionEntry): LearningPolicy | undefined {
    return this.#journal.checkDeciding(entry, () => undefined);
  }

  #readBody(head: EntryHead, data: string, report: Report): EntryBody | undefined {
    return readBody(head, data, this.#journal.of, { report, unsupported: (reason) => this.#unsupported(head, reason) });
  }

  /** The entry is not known to be invalid, but its effect is unknown. */
  #unsupported(head: EntryHead, reason: string): void {
    this.#findings.incomplete(reason);
    if (head.kind === "decision") this.#resume = true;
    if (head.kind === "policy" || !KNOWN_KINDS.includes(head.kind)) this.#isPolicyUnknown = true;
  }

  #checkBody(head: EntryHead, body: EntryBody, report: Report): void {
    if (body.kind === "decision") this.#checkDecision(head, body, report);
    else if (body.kind === "genesis" || body.kind === "policy") this.#checkPolicy(head, body, report);
    else if (body.kind === "state") this.#checkState(body, report);
    else if (body.kind === "checkpoint") this.#tree.check(head.sequence, body, report);
    else if (body.kind === "clock") checkClock(head, body, this.#state, report);
  }

  /** A snapshot describes valid entries. An invalid one has its own finding, and the digest then adds nothing. */
  #foldSnapshot({ sequence, at }: EntryHead, body: EntryBody): void {
    const money = this.#money;
    if (money === undefined) this.#snapshot = undefined;
    else this.#snapshot?.take(sequence, at, body, money, this.#journal.shadow);
  }

  #checkSnapshot(found: string, report: Report): void {
    const [money, learning] = [this.#money, this.#learning?.fold];
    if (this.#snapshot === undefined || money === undefined || learning === undefined || this.#findings.count > 0)
      return;
    const digest = this.#snapshot.digest(this.#state, { money, learning });
    if (found !== digest) report("snapshot", `a snapshot with the digest ${digest}`, found);
  }

  #checkState({ stateDigest: found, snapshotDigest, treeRoot }: StateEntry, report: Report): void {
    const { root } = this.#tree;
    if (treeRoot !== undefined && root !== undefined && treeRoot !== root) report("tree_root", root, treeRoot);
    this.#tree.segment();
    if (this.#resume || this.#money === undefined || this.#learning === undefined || this.#keys === undefined) return;
    const policies = this.policies.map(({ digest }) => digest);
    const digest = stateDigestOf(
      this.#state,
      policies,
      this.#keys.active,
      this.#money,
      this.#learning.fold,
      this.#sha256,
    );
    if (found !== digest) report("state_digest", digest, found);
    this.#checkSnapshot(snapshotDigest, report);
  }

  #checkPolicy(head: EntryHead, entry: GenesisEntry | PolicyEntry, report: Report): void {
    const expectedId = (this.policies.at(-1)?.id ?? 0) + 1;
    const brings = entry.snapshot !== undefined;
    if (brings && entry.policyId !== expectedId && !this.#resume)
      report("policy_id", String(expectedId), String(entry.policyId));
    this.changes.take(entry, this.#journal.lastChange, head.at, report);
    const changed = this.#journal.take(head.sequence, entry, report);
    if (changed === undefined) return;
    const { policy, isNew } = changed;
    this.#checkSeed(entry, isNew && policy.snapshot.learning !== undefined, report);
    if (isNew) this.policies.push({ id: policy.id, digest: toHex(policy.digest), ...activatedBy(entry, this.#keys) });
    this.#isPolicyUnknown = false;
    if (head.sequence === 1) this.#resume = false;
  }

  #checkSeed(entry: GenesisEntry | PolicyEntry, learns: boolean, report: Report): void {
    const isFirst = learns && this.#seedDigest === undefined && !this.#resume;
    if (isFirst !== (entry.seedDigest !== undefined) && !this.#resume)
      report("body", "the digest of a seed in the first policy that learns, and only there", `${entry.seedDigest}`);
    this.#seedDigest ??= entry.seedDigest;
    const given = this.#seed === undefined ? undefined : toHex(this.#sha256(this.#seed));
    if (given !== undefined && entry.seedDigest !== undefined && given !== entry.seedDigest)
      report("learning", `a seed with the digest ${given}, which was given`, entry.seedDigest);
  }

  #checkDecision({ at }: EntryHead, entry: DecisionEntry, report: Report): void {
    const { decision, request } = entry;
    this.decisions += 1;
    this.actions[entry.acted === undefined ? decision.action : "observe"] += 1;
    this.reasons[decision.reason] = (this.reasons[decision.reason] ?? 0) + 1;
    const expectedNumber = this.#state.decisionSequence + 1n;
    if (request.sequence !== expectedNumber && !this.#resume)
      report("decision_sequence", String(expectedNumber), String(request.sequence));
    this.#resume = false;
    const before = this.#requestIds.take(entry, at);
    if (before !== undefined)
      report(
        "request_id",
        `request id ${JSON.stringify(entry.requestId)} decided once`,
        `decision ${before} decided it`,
      );
    if (this.#isPolicyUnknown) return;
    const inForce = this.#journal.checkDeciding(entry, report);
    if (inForce === undefined) return;
    this.#journal.checkShadow(entry, report);
    checkDecided(entry, inForce, this.#sha256, report);
  }
}
