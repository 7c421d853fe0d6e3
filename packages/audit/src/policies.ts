/**
 * The policies of a journal: by id, the active one, and the staged one. Each change is checked against the policies before
 * it, and the staged policy's decisions are recomputed.
 * @module
 */
import {
  activates,
  canaryPoint,
  type DecisionEntry,
  DEFAULT_TENANT,
  type ExactJson,
  type GenesisEntry,
  isInCanary,
  type Kernel,
  type Policy,
  type PolicyEntry,
  type PolicySnapshot,
  policyDigest,
  Redecider,
  type Sha256,
  snapshotFromJson,
  toHex,
  writeExact,
} from "@calybris/kernel";
import { tierFloorsOf } from "./learning/learning-fold.ts";
import type { Report } from "./report.ts";
import type { ShadowPolicies } from "./shadow-part.ts";
import { snapshotFaults } from "./snapshot-check.ts";

/** A policy of the journal, with a kernel of its own. */
export interface JournalPolicy {
  readonly id: number;
  readonly snapshot: PolicySnapshot;
  readonly kernel: Kernel;
  readonly digest: Uint8Array;
  /** Sequence of the entry that introduced it. */
  readonly since: number;
}

/** The effect of an entry: it introduced a policy, or named an existing one. */
export interface PolicyChanged {
  readonly policy: JournalPolicy;
  readonly isNew: boolean;
  readonly isActivated: boolean;
}

/** Number of tenants whose points are cached. */
const POINTS_MAX = 10_000;

export class PolicyFold {
  readonly #sha256: Sha256;
  readonly #kernelFor: (policy: Policy) => Kernel;
  readonly #byId = new Map<number, JournalPolicy>();
  #active: JournalPolicy | undefined;
  #staged: JournalPolicy | undefined;
  /** The share of tenants for which the staged policy decides. */
  #canaryBps = 0;
  /** Points of tenants, during a canary. */
  readonly #points = new Map<string, number>();
  #redecider: Redecider | undefined;
  #lastChange: number | undefined;

  constructor(sha256: Sha256, kernelFor: (policy: Policy) => Kernel) {
    this.#sha256 = sha256;
    this.#kernelFor = kernelFor;
  }

  /** `undefined` before the first policy, and if an entry that changed it is unreadable. */
  get active(): JournalPolicy | undefined {
    return this.#active;
  }

  get staged(): JournalPolicy | undefined {
    return this.#staged;
  }

  get canaryBps(): number {
    return this.#canaryBps;
  }

  /** Sequence of the last policy change; `undefined` before the first, and after unreadable entries. */
  get lastChange(): number | undefined {
    return this.#lastChange;
  }

  /** The policy that decides for a tenant; `undefined` if it is unknown. */
  deciding({ tenant = DEFAULT_TENANT }: Pick<DecisionEntry, "tenant">): JournalPolicy | undefined {
    if (this.#staged === undefined || this.#canaryBps === 0) return this.#active;
    return isInCanary(this.#pointOf(tenant, this.#staged), this.#canaryBps) ? this.#staged : this.#active;
  }

  #pointOf(tenant: string, { digest: policyDigest, since: stagedAt }: JournalPolicy): number {
    let point = this.#points.get(tenant);
    if (point === undefined) {
      if (this.#points.size >= POINTS_MAX) this.#points.clear();
      point = canaryPoint({ policyDigest, stagedAt }, tenant, this.#sha256);
      this.#points.set(tenant, point);
    }
    return point;
  }

  /** Compares the policy that an entry names as deciding with the one that should decide. */
  checkDeciding(entry: DecisionEntry, report: Report): JournalPolicy | undefined {
    const deciding = this.deciding(entry);
    const expected = deciding === this.#active ? undefined : deciding?.id;
    if (deciding !== undefined && entry.policyId === expected) return deciding;
    const stated = entry.policyId === undefined ? "none stated" : `policy ${entry.policyId} stated`;
    const isLeftOut = expected === undefined ? ", left out" : "";
    report("decision_policy", `the policy that decides, ${deciding?.id ?? "(none)"}${isLeftOut}`, stated);
    return undefined;
  }

  /** By ascending id. */
  get all(): readonly JournalPolicy[] {
    return [...this.#byId.values()].sort((one, other) => one.id - other.id);
  }

  /** The policies of a decision, while one is staged. */
  get shadow(): ShadowPolicies | undefined {
    if (this.#active === undefined || this.#staged === undefined) return undefined;
    return { active: this.#active.snapshot, staged: this.#staged.snapshot };
  }

  /**
   * The policy of a decision's entry: by the id it states, or the active one. Throws RangeError if there is no such policy.
   */
  readonly of = (id: number | undefined): PolicySnapshot => {
    const policy = id === undefined ? this.#active : this.#byId.get(id);
    if (policy === undefined) throw new RangeError(`no policy ${id ?? ""} was activated`);
    return policy.snapshot;
  };

  /** Called when entries are missing that may have changed the policy. */
  miss(): void {
    this.#lastChange = undefined;
  }

  /** Called when the active policy is no longer known. */
  lose(): void {
    this.#active = undefined;
    this.miss();
    this.#stage(undefined);
  }

  /**
   * Takes an entry that determines which policy decides.
   *
   * @returns `undefined` if the change cannot be applied; then no policy is known to be active.
   */
  take(sequence: number, entry: GenesisEntry | PolicyEntry, report: Report): PolicyChanged | undefined {
    const { policyId, policyDigest: claimed } = entry;
    const change = entry.kind === "genesis" ? "promoted" : entry.change;
    const isNew = entry.snapshot !== undefined;
    const policy = isNew ? this.#brought(sequence, entry, report) : this.#byId.get(policyId);
    if (policy === undefined) {
      if (!isNew) report("policy_id", "a policy that an earlier entry brought", String(policyId));
      this.lose();
      return undefined;
    }
    const hex = toHex(policy.digest);
    if (hex !== claimed) report("policy_digest", hex, String(claimed));
    if (!isNew && change !== "rolled-back" && policy !== this.#staged)
      report("policy_id", `the staged policy, ${this.#staged?.id ?? "(none)"}`, String(policyId));
    if (entry.kind === "policy" && (entry.shareBps ?? 0) > 0 && !this.#sharesLearner(policy))
      report("learning", "a canary that learns by the learner of the active policy", `policy ${policyId}`);
    this.#byId.set(policyId, policy);
    this.#lastChange = sequence;
    const isActivated = activates(entry);
    if (isActivated) this.#active = policy;
    this.#stage(isActivated ? undefined : policy, entry.kind === "policy" ? entry.shareBps : undefined);
    return { policy, isNew, isActivated };
  }

  /** Restores a policy of a snapshot. */
  restore(id: number, since: number, snapshot: PolicySnapshot): void {
    const policy = this.#policyOf(id, since, snapshot);
    this.#byId.set(id, policy);
    this.#active = policy;
    this.#lastChange = since;
  }

  /**
   * Throws RangeError for a policy that does not exist.
   *
   * @param changedAt - sequence of the last activation or canary.
   */
  restoreRollout(activeId: number, stagedId: number | undefined, canaryBps: number, changedAt: number): void {
    const [active, staged] = [this.#byId.get(activeId), this.#byId.get(stagedId ?? 0)];
    if (active === undefined || (stagedId !== undefined && staged === undefined))
      throw new RangeError("a policy that is active or staged is not there");
    this.#active = active;
    this.#stage(staged, canaryBps);
    this.#lastChange = Math.max(changedAt, staged?.since ?? 0);
  }

  /** Checks that the entry states the staged policy's decision, and that it is right. */
  checkShadow(entry: DecisionEntry, report: Report): void {
    const { shadow } = entry;
    const hasNone = this.#staged === undefined || this.deciding(entry) === this.#staged;
    if (hasNone !== (shadow === undefined))
      report("decision", `${hasNone ? "no shadow" : "a shadow"}, as a policy is staged or not`, "the other");
    if (hasNone || this.#staged === undefined || this.#active === undefined || shadow === undefined) return;
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

  /**
   * A policy that does not learn needs no learner. Any other must have the active policy's settings, tiers and tier floors.
   */
  #sharesLearner({ snapshot: { learning, tiers }, snapshot }: JournalPolicy): boolean {
    const active = this.#active?.snapshot;
    if (learning === undefined || active === undefined) return true;
    const own = writeExact([learning as unknown as ExactJson, tiers, tierFloorsOf(snapshot)]);
    return own === writeExact([(active.learning ?? null) as unknown as ExactJson, active.tiers, tierFloorsOf(active)]);
  }

  #stage(policy: JournalPolicy | undefined, canaryBps = 0): void {
    if (policy !== this.#staged) this.#points.clear();
    this.#staged = policy;
    this.#canaryBps = canaryBps;
    this.#redecider = undefined;
  }

  #brought(sequence: number, entry: GenesisEntry | PolicyEntry, report: Report): JournalPolicy | undefined {
    try {
      const snapshot = snapshotFromJson(entry.snapshot ?? null);
      for (const [expected, found] of snapshotFaults(snapshot)) report("body", expected, found);
      return this.#policyOf(entry.policyId, sequence, snapshot);
    } catch (error) {
      report("body", "a valid policy snapshot", error instanceof Error ? error.message : String(error));
      return undefined;
    }
  }

  #policyOf(id: number, since: number, snapshot: PolicySnapshot): JournalPolicy {
    const { policy } = snapshot;
    return { id, since, snapshot, kernel: this.#kernelFor(policy), digest: policyDigest(policy, this.#sha256) };
  }
}
