/**
 * The engine's state: a fold over the journal's entries, and nothing else. Live, each entry is applied in the step that
 * orders it; after a restart the same function is applied to what was read back, so both are the same by construction.
 * @module
 */
import { createHash } from "node:crypto";
import {
  ByteWriter,
  CalybrisError,
  type Caused,
  causedOf,
  type EntryBody,
  type GenesisEntry,
  invariant,
  JOURNAL_FORMAT,
  type PolicyEntry,
  type PolicySnapshot,
  type PriorEntry,
  policyDigest,
  snapshotFromJson,
  timeAfter,
  toHex,
  writeExact,
} from "@calybris/kernel";
import { nodeSha256 } from "../journal/chain-hash.ts";
import { KeyBook } from "./key-book.ts";
import { Ledger } from "../ledger/ledger.ts";
import { ledgerStateTexts } from "../ledger/proof.ts";
import { OutcomeIndex, rememberedOutcome } from "./outcome-index.ts";
import { requireRanges } from "../router/entry-ranges.ts";
import { categoryIndexOf, type Prior, predictGainBps } from "../router/prior.ts";
import { loadPrior } from "../router/prior-file.ts";
import { Router, type RouterPolicy, type ScoringPrior } from "../router/router.ts";
import { tierFloorsOf } from "./tier-floors.ts";

/** A snapshot in the journal, with its id and digest. */
export interface PolicyInForce {
  readonly id: number;
  readonly snapshot: PolicySnapshot;
  readonly digest: Uint8Array;
  /** It came from the file that the service is configured with; true of genesis. */
  readonly isFromFile: boolean;
  /** Sequence of the entry that put it in force. */
  readonly since: number;
  /** Who activated it; `undefined` for the policy that the journal began with. */
  readonly caused: Caused | undefined;
}

/** Input and output tokens stand in where the policy names no features. */
const TOKEN_FEATURES = 2;

export class EngineState {
  /** Journal sequence of the last entry; 0 before genesis. */
  sequence = 0;
  /** The time from which the next entry continues, microseconds: that of the last entry, or less after a clock entry. */
  at = 0;
  /** Number of the last decision. */
  decisionSequence = 0n;
  sealed = false;
  readonly ledger: Ledger = new Ledger();
  readonly router: Router = new Router();
  readonly outcomes: OutcomeIndex = new OutcomeIndex();
  readonly keys: KeyBook = new KeyBook();
  /** What is said of the secret seed that draws follow from: its SHA-256; `undefined` until a policy learns. */
  seedDigest: string | undefined;
  #prior: Prior | undefined;
  readonly #policies = new Map<number, PolicyInForce>();
  #current: PolicyInForce | undefined;

  /** The policy in force. */
  get current(): PolicyInForce {
    invariant(this.#current !== undefined, "a journal begins with its policy");
    return this.#current;
  }

  /** The prior in force. */
  get prior(): Prior | undefined {
    return this.#prior;
  }

  policy(id: number): PolicyInForce | undefined {
    return this.#policies.get(id);
  }

  /** The policy in force where an entry stands: of those before it the last. */
  policyAt(sequence: number): PolicyInForce {
    let low = 1;
    let high = this.#policies.size;
    while (low < high) {
      const middle = (low + high + 1) >>> 1;
      if ((this.#policies.get(middle) as PolicyInForce).since < sequence) low = middle;
      else high = middle - 1;
    }
    const found = this.#policies.get(low);
    invariant(found !== undefined, "a journal begins with its policy");
    return found;
  }

  get policyCount(): number {
    return this.#policies.size;
  }

  /** Applies the next entry to every part of the state, or throws and changes none. */
  apply(sequence: number, at: number, body: EntryBody): void {
    invariant(sequence === this.sequence + 1, `entry ${this.sequence + 1} comes next, got ${sequence}`);
    invariant(at >= this.at, "time never runs backwards in a journal");
    invariant(
      body.kind !== "clock" || (at === this.at && body.from === at && body.to < at),
      "a clock entry goes back from the time of the entry before it",
    );
    invariant((body.kind === "genesis") === (sequence === 1), "a journal begins with genesis, once");
    requireRanges(body);
    const keyChange = this.keys.checked(sequence, body);
    const change = this.#checked(sequence, body);
    // The last that may refuse: it checks before it changes anything, and what follows it throws nothing.
    this.ledger.apply(sequence, at, body);
    keyChange?.();
    change?.();
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

  /** The canonical state. Open reservations may be many: it is hashed piece by piece, and never one text. */
  *#texts(): Generator<string | Buffer> {
    const members = writeExact({
      format: JOURNAL_FORMAT,
      at: this.at,
      decisions: this.decisionSequence,
      policy: this.#current?.id ?? 0,
      policies: [...this.#policies.values()].map(({ digest }) => toHex(digest)),
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
      case "outcome": {
        const remembered = rememberedOutcome(sequence, body, this.ledger.closedCost(body.of));
        return () => this.outcomes.remember(body.of, remembered);
      }
      case "decision":
        invariant(body.request.sequence === this.decisionSequence + 1n, "decisions are numbered one by one");
        invariant(body.policyId === undefined, "a decision is made under the active policy");
        return () => {
          this.decisionSequence = body.request.sequence;
        };
      case "state":
        invariant(body.stateDigest === this.digest(), "a state entry holds the digest of the state before it");
        return undefined;
      default:
        return undefined;
    }
  }

  #promoted(sequence: number, body: GenesisEntry | PolicyEntry): () => void {
    const { policyId: id, policyDigest: claimedDigest } = body;
    invariant(body.snapshot !== undefined, "a policy that is activated comes with its snapshot");
    const snapshot = snapshotFromJson(body.snapshot);
    invariant(id === this.#policies.size + 1, "policies are numbered one by one");
    const digest = policyDigest(snapshot.policy, nodeSha256);
    if (toHex(digest) !== claimedDigest)
      throw new CalybrisError("CAL_ENGINE_POLICY_MISMATCH", { given: toHex(digest), journal: claimedDigest });
    const isFromFile = body.kind === "genesis" || body.source === "file";
    const caused = body.kind === "policy" ? causedOf(body) : undefined;
    const promoted = { id, snapshot, digest, isFromFile, since: sequence, caused };
    const { learning } = snapshot;
    const routed: RouterPolicy = {
      learning,
      featureCount: learning === undefined ? 0 : (learning.features?.length ?? TOKEN_FEATURES),
      featureNames: learning?.features,
      tierNames: snapshot.tiers,
      tierFloors: tierFloorsOf(snapshot),
    };
    return () => {
      this.#current = promoted;
      this.#policies.set(id, promoted);
      this.seedDigest ??= body.seedDigest;
      const areFeaturesOther = this.router.configure(routed, sequence);
      if (areFeaturesOther) this.#prior = undefined;
    };
  }

  #withPrior(sequence: number, { prior: json, digest }: PriorEntry): () => void {
    const prior = loadPrior(json);
    invariant(prior.digestHex === digest, "a prior has the digest that its entry says");
    const scoring: ScoringPrior = {
      digest,
      boundaries: [...prior.boundariesBps],
      predict: (features, useCase, textScore) =>
        predictGainBps(prior, features, categoryIndexOf(prior, useCase), textScore),
    };
    return () => {
      this.#prior = prior;
      this.router.setPrior(scoring, sequence);
    };
  }
}
