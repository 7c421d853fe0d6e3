/**
 * The engine's state: a fold over the journal's entries, and nothing else. Live, each entry is applied in the step that
 * orders it; after a restart the same function is applied to what was read back, so both are the same by construction.
 * @module
 */
import { createHash } from "node:crypto";
import {
  ByteWriter,
  type DecisionEntry,
  type EntryBody,
  type GenesisEntry,
  invariant,
  isDigest,
  JOURNAL_FORMAT,
  type OutcomeEntry,
  type PolicyEntry,
  type PolicySnapshot,
  type PriorEntry,
  SnapshotMembers,
  snapshotHeadJson,
  snapshotHeadOf,
  timeAfter,
  toHex,
  writeExact,
} from "@calybris/kernel";
import { nodeSha256 } from "../journal/chain-hash.ts";
import { decisionNumberOf } from "../journal/record-entry.ts";
import { KeyBook } from "./key-book.ts";
import { Ledger } from "../ledger/ledger.ts";
import { ledgerStateTexts } from "../ledger/proof.ts";
import { OutcomeIndex, rememberedOutcome } from "./outcome-index.ts";
import { PolicyBook, type PolicyInForce } from "./policy-book.ts";
import { RequestIndex, scopedIdOf } from "./request-index.ts";
import { requireRanges } from "../router/entry-ranges.ts";
import { categoryIndexOf, type Prior, predictGainBps } from "../router/prior.ts";
import { loadPrior } from "../router/prior-file.ts";
import { Router, type RouterPolicy, type ScoringPrior } from "../router/router.ts";
import { jsonLine, type SnapshotLine } from "../snapshot/line.ts";
import { type TakenSnapshot, takenSnapshot } from "../snapshot/taken-snapshot.ts";
import { tierFloorsOf } from "./tier-floors.ts";

export type { PolicyInForce } from "./policy-book.ts";

/** Input and output tokens stand in where the policy names no features. */
const TOKEN_FEATURES = 2;

/** The active prior, and its line in a snapshot. */
interface ActivePrior {
  readonly prior: Prior;
  readonly line: SnapshotLine;
}

export class EngineState {
  /** Journal sequence of the last entry; 0 before genesis. */
  sequence = 0;
  /** The time from which the next entry continues, microseconds: that of the last entry, or less after a clock entry. */
  at = 0;
  /** Number of the last decision. */
  decisionSequence = 0n;
  sealed = false;
  readonly policies: PolicyBook = new PolicyBook();
  readonly requests: RequestIndex = new RequestIndex();
  readonly ledger: Ledger = new Ledger();
  readonly router: Router = new Router();
  readonly outcomes: OutcomeIndex = new OutcomeIndex();
  readonly keys: KeyBook = new KeyBook();
  /** What is said of the secret seed that draws follow from: its SHA-256; `undefined` until a policy learns. */
  seedDigest: string | undefined;
  #prior: ActivePrior | undefined;

  /** The active policy. */
  get current(): PolicyInForce {
    return this.policies.active;
  }

  /** The active prior. */
  get prior(): Prior | undefined {
    return this.#prior?.prior;
  }

  policy(id: number): PolicyInForce | undefined {
    return this.policies.get(id);
  }

  /** The active policy where an entry stands: of those before it the last. */
  policyAt(sequence: number): PolicyInForce {
    return this.policies.at(sequence);
  }

  get policyCount(): number {
    return this.policies.count;
  }

  /** Applies the next entry to every part of the state, or throws and changes none. */
  apply(sequence: number, at: number, body: EntryBody): void {
    invariant(sequence === this.sequence + 1, `entry ${this.sequence + 1} comes next, got ${sequence}`);
    invariant(at >= this.at, "time never runs backwards in a journal");
    invariant(
      body.kind !== "clock" || (body.from === at && (body.to >= at || at === this.at)),
      "a clock entry corrects its own time, and goes back only from the time of the entry before it",
    );
    invariant((body.kind === "genesis") === (sequence === 1), "a journal begins with genesis, once");
    requireRanges(body);
    const keyChange = this.keys.checked(sequence, body);
    const change = this.#checked(sequence, body);
    // The last that may refuse: it checks before it changes anything, and what follows it throws nothing.
    this.ledger.apply(sequence, at, body);
    keyChange?.();
    change?.();
    if (body.kind === "decision") this.#decided(sequence, body);
    this.router.apply(sequence, body);
    this.sequence = sequence;
    this.at = timeAfter(at, body);
    this.sealed = body.kind === "seal";
  }

  /** The digest of the state (`calystt1`: step, then the canonical state), in hexadecimal. */
  digest(): string {
    const hash = createHash("sha256").update(new ByteWriter(17).tag("calystt1").u64(BigInt(this.sequence)).finish());
    for (const text of this.#texts()) hash.update(text);
    return hash.digest("hex");
  }

  /** Takes a snapshot of the state as it is. What has not changed since the last is not gone through again. */
  snapshot(): TakenSnapshot {
    return takenSnapshot(this.sequence, this.#lines(), this.ledger.reservations.lateLines());
  }

  /** Takes a snapshot back, line by line, into a state that is new. Throws RangeError for lines that are none. */
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
    if (policy === 0 || policy !== this.policyCount) throw new RangeError("the active policy is not there");
  }

  *#lines(): Generator<SnapshotLine> {
    const { sequence, at, sealed } = this;
    const decisions = Number(this.decisionSequence);
    yield jsonLine(snapshotHeadJson({ sequence, at, decisions, policy: this.policyCount, sealed }));
    yield* this.policies.lines();
    yield jsonLine({ part: "keys", keys: this.keys.toSnapshot() });
    if (this.#prior !== undefined) yield this.#prior.line;
    yield jsonLine({ part: "learning", seedDigest: this.seedDigest, router: this.router.toSnapshot() });
    yield* this.ledger.lines();
    yield* this.outcomes.lines();
    yield* this.requests.lines();
  }

  #restore(members: SnapshotMembers): void {
    const part = members.text("part");
    switch (part) {
      case "policy":
        this.policies.restore(members);
        return;
      case "keys":
        this.keys.restore(members.objects("keys"));
        return;
      case "prior":
        this.#prior = activePrior(loadPrior(members.json("prior")), members.json("prior"));
        return;
      case "learning":
        this.seedDigest = members.has("seedDigest") ? members.text("seedDigest") : undefined;
        this.router.restore(
          new SnapshotMembers(members.json("router")),
          routerPolicyOf(this.current.snapshot),
          this.#prior === undefined ? undefined : scoringOf(this.#prior.prior),
        );
        return;
      case "told":
        this.outcomes.restoreTold(members);
        return;
      case "outcomes":
        this.outcomes.restoreLatest(members);
        return;
      case "requests":
        this.requests.restore(members);
        return;
      default:
        if (!this.ledger.restore(part, members)) throw new RangeError(`${part} is no part of a snapshot`);
    }
  }

  /** The canonical state. Open reservations may be many: it is hashed piece by piece, and never one text. */
  *#texts(): Generator<string | Buffer> {
    const members = writeExact({
      format: JOURNAL_FORMAT,
      at: this.at,
      decisions: this.decisionSequence,
      policy: this.policyCount,
      policies: this.policies.all.map(({ digest }) => toHex(digest)),
      ...(this.keys.active().length === 0 ? {} : { keys: this.keys.active() }),
    });
    yield members.slice(0, -1);
    if (this.ledger.tenantCount > 0) {
      yield ',"ledger":';
      yield* ledgerStateTexts(this.ledger, this.sequence, nodeSha256);
    }
    if (this.router.learning !== undefined) yield `,"learning":${writeExact(this.router.toJson())}`;
    yield "}";
  }

  /** Checks what is neither the ledger's nor the router's, and returns the change that follows from it. */
  #checked(sequence: number, body: EntryBody): (() => void) | undefined {
    switch (body.kind) {
      case "genesis":
      case "policy":
        return this.#promoted(sequence, body);
      case "prior":
        return this.#withPrior(sequence, body);
      case "outcome":
        return this.#withOutcome(sequence, body);
      case "decision":
        invariant(decisionNumberOf(body) === this.decisionSequence + 1n, "decisions are numbered one by one");
        invariant(body.policyId === undefined, "a decision is made under the active policy");
        return undefined;
      case "state":
        invariant(body.stateDigest === this.digest(), "a state entry holds the digest of the state before it");
        return undefined;
      default:
        return undefined;
    }
  }

  #promoted(sequence: number, body: GenesisEntry | PolicyEntry): () => void {
    const policy = this.policies.promoted(sequence, body);
    const routed = routerPolicyOf(policy.snapshot);
    return () => {
      this.policies.add(policy);
      this.seedDigest ??= body.seedDigest;
      const areFeaturesOther = this.router.configure(routed, sequence);
      if (areFeaturesOther) this.#prior = undefined;
    };
  }

  /** What follows from a decision that was checked; on the path of every decision, so no closure holds it. */
  #decided(sequence: number, body: DecisionEntry): void {
    this.decisionSequence = decisionNumberOf(body);
    const scopedId = scopedIdOf(body);
    if (scopedId !== undefined) this.requests.add(scopedId, sequence);
  }

  #withOutcome(sequence: number, body: OutcomeEntry): () => void {
    invariant(isDigest(body.digest), "an outcome has its digest");
    const remembered = rememberedOutcome(sequence, body, this.ledger.closedCost(body.of));
    return () => this.outcomes.remember(body.of, remembered);
  }

  #withPrior(sequence: number, { prior: json, digest }: PriorEntry): () => void {
    const prior = loadPrior(json);
    invariant(prior.digestHex === digest, "a prior has the digest that its entry says");
    const active = activePrior(prior, json);
    return () => {
      this.#prior = active;
      this.router.setPrior(scoringOf(prior), sequence);
    };
  }
}

function activePrior(prior: Prior, json: unknown): ActivePrior {
  return { prior, line: jsonLine({ part: "prior", prior: json }) };
}

function scoringOf(prior: Prior): ScoringPrior {
  return {
    digest: prior.digestHex,
    boundaries: [...prior.boundariesBps],
    predict: (features, useCase, textScore) =>
      predictGainBps(prior, features, categoryIndexOf(prior, useCase), textScore),
  };
}

function routerPolicyOf(snapshot: PolicySnapshot): RouterPolicy {
  const { learning } = snapshot;
  return {
    learning,
    featureCount: learning === undefined ? 0 : (learning.features?.length ?? TOKEN_FEATURES),
    featureNames: learning?.features,
    tierNames: snapshot.tiers,
    tierFloors: tierFloorsOf(snapshot),
  };
}
