/**
 * The policies of a journal as an audit holds them: by id, the active one, and the one that is staged. Each change is checked
 * against those before it, and what a staged policy would have decided is decided again.
 * @module
 */
import {
  type DecisionEntry,
  type GenesisEntry,
  type Kernel,
  type Policy,
  type PolicyEntry,
  type PolicySnapshot,
  policyDigest,
  Redecider,
  type Sha256,
  snapshotFromJson,
  toHex,
} from "@calybris/kernel";
import { tierFloorsOf } from "./learning/learning-fold.ts";
import type { Report } from "./report.ts";
import { snapshotFaults } from "./snapshot-check.ts";

/** A policy of the journal, with a kernel of its own. */
export interface JournalPolicy {
  readonly id: number;
  readonly snapshot: PolicySnapshot;
  readonly kernel: Kernel;
  readonly digest: Uint8Array;
}

/** What an entry did: it brought a policy, or named one. */
export interface PolicyChanged {
  readonly policy: JournalPolicy;
  readonly isNew: boolean;
  readonly isActivated: boolean;
}

export class PolicyFold {
  readonly #sha256: Sha256;
  readonly #kernelFor: (policy: Policy) => Kernel;
  readonly #byId = new Map<number, JournalPolicy>();
  #active: JournalPolicy | undefined;
  #staged: JournalPolicy | undefined;
  #redecider: Redecider | undefined;

  constructor(sha256: Sha256, kernelFor: (policy: Policy) => Kernel) {
    this.#sha256 = sha256;
    this.#kernelFor = kernelFor;
  }

  /** `undefined` before the first, and where an entry that changed it cannot be read. */
  get active(): JournalPolicy | undefined {
    return this.#active;
  }

  get staged(): JournalPolicy | undefined {
    return this.#staged;
  }

  /** The policy of a decision's entry: by the id that it states, or the active one. Throws RangeError when there is none. */
  readonly of = (id: number | undefined): PolicySnapshot => {
    const policy = id === undefined ? this.#active : this.#byId.get(id);
    if (policy === undefined) throw new RangeError(`no policy ${id ?? ""} was activated`);
    return policy.snapshot;
  };

  /** Nothing says which policy is active. */
  lose(): void {
    this.#active = undefined;
    this.#stage(undefined);
  }

  /**
   * Takes an entry that says which policy decides.
   *
   * @returns `undefined` where it cannot be followed: then no policy is known to be active.
   */
  take(entry: GenesisEntry | PolicyEntry, report: Report): PolicyChanged | undefined {
    const { policyId, policyDigest: claimed } = entry;
    const change = entry.kind === "genesis" ? "promoted" : entry.change;
    const isNew = entry.snapshot !== undefined;
    const policy = isNew ? this.#brought(entry, report) : this.#byId.get(policyId);
    if (policy === undefined) {
      if (!isNew) report("policy_id", "a policy that an earlier entry brought", String(policyId));
      this.lose();
      return undefined;
    }
    const hex = toHex(policy.digest);
    if (hex !== claimed) report("policy_digest", hex, String(claimed));
    if (!isNew && change === "promoted" && policy !== this.#staged)
      report("policy_id", `the staged policy, ${this.#staged?.id ?? "(none)"}`, String(policyId));
    this.#byId.set(policyId, policy);
    const isActivated = change !== "staged";
    if (isActivated) this.#active = policy;
    this.#stage(isActivated ? undefined : policy);
    return { policy, isNew, isActivated };
  }

  /** Takes back what a snapshot holds. */
  restore(id: number, snapshot: PolicySnapshot): void {
    const policy = this.#policyOf(id, snapshot);
    this.#byId.set(id, policy);
    this.#active = policy;
  }

  /** Throws RangeError for a policy that is not there. */
  restoreRollout(activeId: number, stagedId: number | undefined): void {
    const [active, staged] = [this.#byId.get(activeId), this.#byId.get(stagedId ?? 0)];
    if (active === undefined || (stagedId !== undefined && staged === undefined))
      throw new RangeError("a policy that is active or staged is not there");
    this.#active = active;
    this.#stage(staged);
  }

  /** What the staged policy would have decided is in the entry, and is right. */
  checkShadow(entry: DecisionEntry, report: Report): void {
    const { shadow } = entry;
    if ((this.#staged === undefined) !== (shadow === undefined))
      report(
        "decision",
        `${this.#staged === undefined ? "no shadow" : "a shadow"}, as a policy is staged or not`,
        "the other",
      );
    if (this.#staged === undefined || this.#active === undefined || shadow === undefined) return;
    this.#redecider ??= new Redecider(
      this.#active.snapshot,
      this.#staged.snapshot,
      this.#staged.kernel,
      tierFloorsOf(this.#staged.snapshot),
    );
    const { action = "reject", selectedId = 0 } = this.#redecider.decide(entry) ?? {};
    if (action !== shadow.action || selectedId !== shadow.candidateId)
      report("decision", `shadow ${action} ${selectedId}`, `shadow ${shadow.action} ${shadow.candidateId}`);
  }

  #stage(policy: JournalPolicy | undefined): void {
    this.#staged = policy;
    this.#redecider = undefined;
  }

  #brought(entry: GenesisEntry | PolicyEntry, report: Report): JournalPolicy | undefined {
    try {
      const snapshot = snapshotFromJson(entry.snapshot ?? null);
      for (const [expected, found] of snapshotFaults(snapshot)) report("body", expected, found);
      return this.#policyOf(entry.policyId, snapshot);
    } catch (error) {
      report("body", "a valid policy snapshot", error instanceof Error ? error.message : String(error));
      return undefined;
    }
  }

  #policyOf(id: number, snapshot: PolicySnapshot): JournalPolicy {
    const { policy } = snapshot;
    return { id, snapshot, kernel: this.#kernelFor(policy), digest: policyDigest(policy, this.#sha256) };
  }
}
