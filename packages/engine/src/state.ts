/**
 * The engine's state: a fold over the journal's entries, and nothing else. Live, each entry is applied in the step that
 * orders it; after a restart the same function is applied to what was read back, so both are the same by construction.
 * @module
 */
import {
  ByteWriter,
  CalybrisError,
  type EntryBody,
  invariant,
  JOURNAL_FORMAT,
  type PolicySnapshot,
  policyDigest,
  snapshotFromJson,
  toHex,
  toUtf8,
  writeExact,
} from "@calybris/kernel";
import { nodeSha256 } from "./journal/chain-hash.ts";
import { Ledger } from "./ledger/ledger.ts";
import { ledgerStateJson } from "./ledger/proof.ts";
import { OutcomeIndex, rememberedOutcome } from "./outcome-index.ts";
import { categoryIndexOf, type Prior, predictGainBps } from "./router/prior.ts";
import { loadPrior } from "./router/prior-file.ts";
import { Router, type RouterPolicy, type ScoringPrior } from "./router/router.ts";
import { tierFloorsOf } from "./tier-floors.ts";

/** A snapshot in the journal, with its id and digest. */
export interface PolicyInForce {
  readonly id: number;
  readonly snapshot: PolicySnapshot;
  readonly digest: Uint8Array;
}

/** Input and output tokens stand in where the policy names no features. */
const TOKEN_FEATURES = 2;

export class EngineState {
  /** Journal sequence of the last entry; 0 before genesis. */
  sequence = 0;
  /** Time of the last entry, microseconds. */
  at = 0;
  /** Number of the last decision. */
  decisionSequence = 0n;
  sealed = false;
  readonly ledger: Ledger = new Ledger();
  readonly router: Router = new Router();
  readonly outcomes: OutcomeIndex = new OutcomeIndex();
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

  get policyCount(): number {
    return this.#policies.size;
  }

  /** Applies the next entry. */
  apply(sequence: number, at: number, body: EntryBody): void {
    invariant(sequence === this.sequence + 1, `entry ${this.sequence + 1} comes next, got ${sequence}`);
    invariant(at >= this.at, "time never runs backwards in a journal");
    invariant((body.kind === "genesis") === (sequence === 1), "a journal begins with genesis, once");
    switch (body.kind) {
      case "genesis":
      case "policy":
        this.#promote(sequence, body.policyId, snapshotFromJson(body.snapshot), body.policyDigest);
        this.seedDigest ??= body.seedDigest;
        break;
      case "prior":
        this.#setPrior(body.prior, body.digest, sequence);
        break;
      case "outcome":
        this.outcomes.remember(body.of, rememberedOutcome(sequence, body));
        break;
      case "decision":
        invariant(body.request.sequence === this.decisionSequence + 1n, "decisions are numbered one by one");
        invariant(body.policyId === this.current.id, "a decision is made under the policy in force");
        this.decisionSequence = body.request.sequence;
        break;
      case "checkpoint":
        invariant(body.stateDigest === this.digest(), "a checkpoint holds the digest of the state before it");
        break;
      default:
        break;
    }
    this.ledger.apply(sequence, at, body);
    this.router.apply(sequence, body);
    this.sequence = sequence;
    this.at = at;
    this.sealed = body.kind === "seal";
  }

  /** The digest of the state (`calystt1`: step, then the canonical state), in hexadecimal. */
  digest(): string {
    const state = toUtf8(
      writeExact({
        format: JOURNAL_FORMAT,
        at: this.at,
        decisions: this.decisionSequence,
        policy: this.#current?.id ?? 0,
        policies: [...this.#policies.values()].map(({ digest }) => toHex(digest)),
        ...(this.ledger.tenantCount === 0 ? {} : { ledger: ledgerStateJson(this.ledger, this.sequence, nodeSha256) }),
        ...(this.router.learning === undefined ? {} : { learning: this.router.toJson() }),
      }),
    );
    return toHex(
      nodeSha256(new ByteWriter(17 + state.byteLength).tag("calystt1").u64(BigInt(this.sequence)).raw(state).finish()),
    );
  }

  #promote(sequence: number, id: number, snapshot: PolicySnapshot, claimedDigest: string): void {
    invariant(id === this.#policies.size + 1, "policies are numbered one by one");
    const digest = policyDigest(snapshot.policy, nodeSha256);
    if (toHex(digest) !== claimedDigest)
      throw new CalybrisError("CAL_ENGINE_POLICY_MISMATCH", { given: toHex(digest), journal: claimedDigest });
    this.#current = { id, snapshot, digest };
    this.#policies.set(id, this.#current);
    const { learning } = snapshot;
    const routed: RouterPolicy = {
      learning,
      featureCount: learning === undefined ? 0 : (learning.features?.length ?? TOKEN_FEATURES),
      featureNames: learning?.features,
      tierNames: snapshot.tiers,
      tierFloors: tierFloorsOf(snapshot),
    };
    const areFeaturesOther = this.router.configure(routed, sequence);
    if (areFeaturesOther) this.#prior = undefined;
  }

  #setPrior(json: unknown, digest: string, sequence: number): void {
    const prior = loadPrior(json);
    invariant(prior.digestHex === digest, "a prior has the digest that its entry says");
    this.#prior = prior;
    const scoring: ScoringPrior = {
      digest,
      boundaries: [...prior.boundariesBps],
      predict: (features, useCase, textScore) =>
        predictGainBps(prior, features, categoryIndexOf(prior, useCase), textScore),
    };
    this.router.setPrior(scoring, sequence);
  }
}
