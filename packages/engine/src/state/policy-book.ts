/**
 * The policies of a journal: by their ids, the one that was active at an entry, the active one, and the staged one.
 *
 *     staged       a new policy decides beside the active one, in shadow
 *     canary       the staged policy decides for a share of the tenants
 *     promoted     the staged policy is active, or a new one
 *     rolled-back  an earlier policy is active again
 *
 * Every change except the staging itself and a canary ends the staging; the end of the staging ends the canary.
 * @module
 */
import {
  activates,
  BPS_MAX,
  canaryPoint,
  type Caused,
  causedOf,
  type DecisionEntry,
  DEFAULT_TENANT,
  type EntryBody,
  type ExactJson,
  type GenesisEntry,
  invariant,
  isActor,
  isInCanary,
  type Kernel,
  type PolicyChange,
  type PolicyEntry,
  type PolicySnapshot,
  type SnapshotMembers,
  snapshotFromJson,
  snapshotToJson,
  writeExact,
} from "@calybris/kernel";
import { EngineError } from "../engine-errors.ts";
import { nodeSha256 } from "../journal/chain-hash.ts";
import { jsonLine, type SnapshotLine } from "../snapshot/line.ts";
import { type Activated, type KernelFor, PolicyVersion } from "./policy-version.ts";
import { learnerDifference } from "./router-policy-of.ts";
import type { Stage } from "./stage.ts";

/** An entry from which on a policy is active. */
export interface Activation {
  readonly sequence: number;
  readonly policy: PolicyVersion;
}

/** The change that an entry makes: it introduces a policy, or names one. */
interface Change {
  readonly change: PolicyChange;
  readonly policy: PolicyVersion;
  readonly isNew: boolean;
  /** For a canary. */
  readonly shareBps: number;
}

/** Most tenants whose points are cached. */
const POINTS_MAX = 10_000;

export class PolicyBook implements Stage {
  readonly parts: readonly string[] = ["policy", "rollout"];
  /** In the order of their ids, which count from 1. */
  readonly #policies: PolicyVersion[] = [];
  /** In the order of their entries. */
  readonly #activations: Activation[] = [];
  #staged: PolicyVersion | undefined;
  /** Share of the tenants for which the staged policy decides. */
  #canaryBps = 0;
  #canarySince: number | undefined;
  /** Cached points of tenants, during a canary. */
  readonly #points = new Map<string, number>();
  /** Whether activations follow from the policies alone: none was staged, and none was rolled back. */
  #isPlain = true;
  /** As in a snapshot. */
  readonly #lines: SnapshotLine[] = [];
  /** The change of the last checked entry. */
  #next: Change | undefined;
  /** The only superseded policy that may have a kernel. */
  #asked: PolicyVersion | undefined;
  readonly #kernelFor: KernelFor | undefined;

  /** @param kernelFor - builds a custom kernel. */
  constructor(kernelFor?: KernelFor) {
    this.#kernelFor = kernelFor;
  }

  get count(): number {
    return this.#policies.length;
  }

  /** In the order of their ids. */
  get all(): readonly PolicyVersion[] {
    return this.#policies;
  }

  /** The active policy. */
  get active(): PolicyVersion {
    return this.activation.policy;
  }

  /** In the order of their entries. */
  get activations(): readonly Activation[] {
    return this.#activations;
  }

  /** The last activation. */
  get activation(): Activation {
    const last = this.#activations.at(-1);
    invariant(last !== undefined, "a journal begins with its policy");
    return last;
  }

  /** The policy that decides in shadow; `undefined` if none is staged. */
  get staged(): PolicyVersion | undefined {
    return this.#staged;
  }

  /** Share of the tenants, in basis points, for which the staged policy decides; 0 without a canary. */
  get canaryBps(): number {
    return this.#canaryBps;
  }

  /** Sequence of the entry that last set that share; `undefined` for a policy without a canary. */
  get canarySince(): number | undefined {
    return this.#canarySince;
  }

  /** Sequence of the last entry that changed the deciding policy or the staged one. */
  get lastChange(): number {
    return Math.max(this.activation.sequence, this.#staged?.since ?? 0, this.#canarySince ?? 0);
  }

  /** The policy that decides for a tenant: the active one, or the staged one of a canary. */
  deciding(tenant: string = DEFAULT_TENANT): PolicyVersion {
    const staged = this.#staged;
    if (this.#canaryBps === 0 || staged === undefined) return this.active;
    return isInCanary(this.#pointOf(tenant, staged), this.#canaryBps) ? staged : this.active;
  }

  get(id: number): PolicyVersion | undefined {
    return this.#policies[id - 1];
  }

  /** The policy that was active at an entry. */
  at(sequence: number): PolicyVersion {
    let low = 0;
    let high = this.#activations.length - 1;
    while (low < high) {
      const middle = (low + high + 1) >>> 1;
      if ((this.#activations[middle] as Activation).sequence < sequence) low = middle;
      else high = middle - 1;
    }
    const found = this.#activations[low];
    invariant(found !== undefined, "a journal begins with its policy");
    return found.policy;
  }

  /**
   * A kernel takes memory: the active and the staged policy keep theirs, and of the superseded ones only the last requested.
   */
  kernelOf(policy: PolicyVersion): Kernel {
    if (policy !== this.active && policy !== this.#staged && policy !== this.#asked) {
      this.#asked?.releaseKernel();
      this.#asked = policy;
    }
    return policy.prepared.kernel;
  }

  /** @throws CalybrisError `CAL_ENGINE_POLICY_MISMATCH` when a policy's digest is not that of its snapshot. */
  check(sequence: number, _at: number, body: EntryBody): void {
    if (body.kind === "genesis" || body.kind === "policy") this.#next = this.#changeOf(sequence, body);
    else if (body.kind === "decision") this.#checkDecision(body);
  }

  #checkDecision({ policyId, tenant, shadow }: DecisionEntry): void {
    const deciding = this.deciding(tenant);
    const isCanary = deciding !== this.active;
    invariant(policyId === (isCanary ? deciding.id : undefined), "a decision names its policy where a canary made it");
    invariant(
      (shadow === undefined) === (this.#staged === undefined || isCanary),
      "a decision has a shadow while a policy is staged, unless that made it",
    );
  }

  apply(sequence: number, _at: number, body: EntryBody): void {
    if (body.kind !== "genesis" && body.kind !== "policy") return;
    const { change, policy, isNew, shareBps } = this.#next as Change;
    if (isNew) this.#add(policy);
    if (change !== "promoted" || !isNew) this.#isPlain = false;
    const isActivated = activates({ kind: "policy", change });
    this.#stage(isActivated ? undefined : policy, shareBps, change === "canary" ? sequence : undefined);
    if (isActivated) this.#activate(sequence, policy);
  }

  *stateTexts(): Generator<string> {
    const policies = this.#policies.map(({ policyDigest }) => policyDigest);
    yield `,"policy":${this.active.id},"policies":${writeExact(policies)}`;
    if (this.#staged !== undefined) yield `,"staged":${this.#staged.id}`;
    if (this.#canaryBps > 0) yield `,"canary":${this.#canaryBps}`;
  }

  *lines(): Generator<SnapshotLine> {
    yield* this.#lines;
    if (this.#isPlain) return;
    const activations = this.#activations.map(({ sequence, policy }) => ({ sequence, policy: policy.id }));
    const canary = { canary: this.#canaryBps, canarySince: this.#canarySince };
    const members = { part: "rollout", activations, staged: this.#staged?.id };
    yield jsonLine(this.#canarySince === undefined ? members : { ...members, ...canary });
  }

  restore(part: string, members: SnapshotMembers): void {
    if (part === "rollout") {
      this.#restoreRollout(members);
      return;
    }
    const [id, since] = [members.whole("id"), members.whole("since")];
    if (id !== this.count + 1) throw new RangeError("policies are numbered one by one");
    const isFromFile = members.flag("isFromFile");
    const snapshot = snapshotFromJson(members.json("snapshot"));
    const policy = this.#policyOf(snapshot, { id, since, isFromFile, caused: causeIn(members) });
    this.#add(policy);
    this.#activate(since, policy);
  }

  #restoreRollout(members: SnapshotMembers): void {
    this.#isPlain = false;
    this.#activations.length = 0;
    for (const row of members.objects("activations")) {
      const policy = this.get(row.whole("policy"));
      if (policy === undefined) throw new RangeError("a policy that was activated is not there");
      this.#activate(row.whole("sequence"), policy);
    }
    if (!members.has("staged")) return;
    const staged = this.get(members.whole("staged"));
    if (staged === undefined) throw new RangeError("the staged policy is not there");
    const canaryBps = members.has("canary") ? members.whole("canary") : 0;
    if (canaryBps > BPS_MAX) throw new RangeError("a canary is a share of the tenants");
    this.#stage(staged, canaryBps, members.has("canarySince") ? members.whole("canarySince") : undefined);
  }

  #changeOf(sequence: number, body: GenesisEntry | PolicyEntry): Change {
    const change = body.kind === "genesis" ? "promoted" : body.change;
    const { policyId: id, policyDigest: claimed } = body;
    const known = body.snapshot === undefined ? this.get(id) : undefined;
    const policy = body.snapshot === undefined ? known : this.#brought(sequence, body);
    invariant(policy !== undefined, "a policy that an entry names was brought by an earlier one");
    if (known !== undefined) {
      invariant(change === "rolled-back" || known === this.#staged, "a policy that is promoted or a canary was staged");
      invariant(change !== "staged", "a policy that is staged comes with its snapshot");
    }
    const shareBps = body.kind === "policy" ? (body.shareBps ?? 0) : 0;
    invariant(
      shareBps === 0 || learnerDifference(this.active, policy) === undefined,
      "a canary that learns does so by the learner of the active policy",
    );
    const given = policy.policyDigest;
    if (given !== claimed) throw new EngineError("CAL_ENGINE_POLICY_MISMATCH", { given, journal: claimed });
    return { change, policy, isNew: known === undefined, shareBps };
  }

  #brought(sequence: number, body: GenesisEntry | PolicyEntry): PolicyVersion {
    const { policyId: id, snapshot } = body;
    invariant(snapshot !== undefined, "a policy that is new comes with its snapshot");
    invariant(id === this.count + 1, "policies are numbered one by one");
    const isFromFile = body.kind === "genesis" || body.source === "file";
    const caused = body.kind === "policy" ? causedOf(body) : undefined;
    return this.#policyOf(snapshotFromJson(snapshot), { id, since: sequence, isFromFile, caused });
  }

  #policyOf(snapshot: PolicySnapshot, activated: Activated): PolicyVersion {
    return new PolicyVersion(snapshot, activated, this.#kernelFor);
  }

  #stage(policy: PolicyVersion | undefined, canaryBps = 0, canarySince?: number): void {
    if (this.#staged !== policy) {
      this.#staged?.releaseKernel();
      this.#points.clear();
    }
    this.#staged = policy;
    this.#canaryBps = policy === undefined ? 0 : canaryBps;
    this.#canarySince = policy === undefined ? undefined : canarySince;
  }

  #pointOf(tenant: string, { digest, since }: PolicyVersion): number {
    let point = this.#points.get(tenant);
    if (point === undefined) {
      if (this.#points.size >= POINTS_MAX) this.#points.clear();
      point = canaryPoint({ policyDigest: digest, stagedAt: since }, tenant, nodeSha256);
      this.#points.set(tenant, point);
    }
    return point;
  }

  #activate(sequence: number, policy: PolicyVersion): void {
    const before = this.#activations.at(-1)?.policy;
    if (before !== policy) before?.releaseKernel();
    this.#activations.push({ sequence, policy });
  }

  #add(policy: PolicyVersion): void {
    this.#policies.push(policy);
    const { id, since, isFromFile, caused, snapshot } = policy;
    this.#lines.push(
      jsonLine({ part: "policy", id, since, isFromFile, ...caused, snapshot: snapshotToJson(snapshot) }),
    );
  }
}

function causeIn(members: SnapshotMembers): Caused | undefined {
  if (!members.has("actor")) return undefined;
  const actor: ExactJson = members.json("actor");
  if (!isActor(actor)) throw new RangeError("actor is malformed");
  return members.has("onBehalfOf") ? { actor, onBehalfOf: members.text("onBehalfOf") } : { actor };
}
