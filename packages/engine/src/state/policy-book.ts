/**
 * The policies of a journal: by their ids, the one that was active at an entry, and the active one.
 * @module
 */
import {
  CalybrisError,
  type Caused,
  causedOf,
  type EntryBody,
  type ExactJson,
  type GenesisEntry,
  invariant,
  isActor,
  type Kernel,
  type PolicyEntry,
  type PolicySnapshot,
  type SnapshotMembers,
  snapshotFromJson,
  snapshotToJson,
  writeExact,
} from "@calybris/kernel";
import { jsonLine, type SnapshotLine } from "../snapshot/line.ts";
import { type Activated, type KernelFor, PolicyInForce } from "./policy-in-force.ts";
import type { Stage } from "./stage.ts";

export class PolicyBook implements Stage {
  readonly parts: readonly string[] = ["policy"];
  /** In the order of their ids, which count from 1. */
  readonly #policies: PolicyInForce[] = [];
  /** As a snapshot holds them. */
  readonly #lines: SnapshotLine[] = [];
  /** What the entry that was checked last activates. */
  #next: PolicyInForce | undefined;
  /** Of the superseded policies the only one that may have a kernel. */
  #asked: PolicyInForce | undefined;
  readonly #kernelFor: KernelFor | undefined;

  /** @param kernelFor - builds another kernel than the package's own. */
  constructor(kernelFor?: KernelFor) {
    this.#kernelFor = kernelFor;
  }

  get count(): number {
    return this.#policies.length;
  }

  /** In the order of their ids. */
  get all(): readonly PolicyInForce[] {
    return this.#policies;
  }

  /** The active one. */
  get active(): PolicyInForce {
    const active = this.#policies.at(-1);
    invariant(active !== undefined, "a journal begins with its policy");
    return active;
  }

  get(id: number): PolicyInForce | undefined {
    return this.#policies[id - 1];
  }

  /** The policy that was active at an entry: of those before it the last. */
  at(sequence: number): PolicyInForce {
    let low = 0;
    let high = this.#policies.length - 1;
    while (low < high) {
      const middle = (low + high + 1) >>> 1;
      if ((this.#policies[middle] as PolicyInForce).since < sequence) low = middle;
      else high = middle - 1;
    }
    const found = this.#policies[low];
    invariant(found !== undefined, "a journal begins with its policy");
    return found;
  }

  /** A kernel takes memory: the active policy keeps its own, and of the superseded ones the last that was asked for here. */
  kernelOf(policy: PolicyInForce): Kernel {
    if (policy !== this.active && policy !== this.#asked) {
      this.#asked?.releaseKernel();
      this.#asked = policy;
    }
    return policy.prepared.kernel;
  }

  /** @throws CalybrisError `CAL_ENGINE_POLICY_MISMATCH` when the digest of a policy is not that of its snapshot. */
  check(sequence: number, _at: number, body: EntryBody): void {
    if (body.kind === "genesis" || body.kind === "policy") this.#next = this.#promoted(sequence, body);
  }

  apply(_sequence: number, _at: number, body: EntryBody): void {
    if (body.kind === "genesis" || body.kind === "policy") this.#add(this.#next as PolicyInForce);
  }

  *stateTexts(): Generator<string> {
    const policies = this.#policies.map(({ policyDigest }) => policyDigest);
    yield `,"policy":${this.count},"policies":${writeExact(policies)}`;
  }

  lines(): readonly SnapshotLine[] {
    return this.#lines;
  }

  restore(_part: string, members: SnapshotMembers): void {
    const [id, since] = [members.whole("id"), members.whole("since")];
    if (id !== this.count + 1) throw new RangeError("policies are numbered one by one");
    const isFromFile = members.flag("isFromFile");
    const snapshot = snapshotFromJson(members.json("snapshot"));
    this.#add(this.#policyOf(snapshot, { id, since, isFromFile, caused: causeIn(members) }));
  }

  #promoted(sequence: number, body: GenesisEntry | PolicyEntry): PolicyInForce {
    const { policyId: id, policyDigest: claimed } = body;
    invariant(body.snapshot !== undefined, "a policy that is activated comes with its snapshot");
    const snapshot = snapshotFromJson(body.snapshot);
    invariant(id === this.count + 1, "policies are numbered one by one");
    const isFromFile = body.kind === "genesis" || body.source === "file";
    const caused = body.kind === "policy" ? causedOf(body) : undefined;
    const policy = this.#policyOf(snapshot, { id, since: sequence, isFromFile, caused });
    const given = policy.policyDigest;
    if (given !== claimed) throw new CalybrisError("CAL_ENGINE_POLICY_MISMATCH", { given, journal: claimed });
    return policy;
  }

  #policyOf(snapshot: PolicySnapshot, activated: Activated): PolicyInForce {
    return new PolicyInForce(snapshot, activated, this.#kernelFor);
  }

  #add(policy: PolicyInForce): void {
    this.#policies.at(-1)?.releaseKernel();
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
  if (!isActor(actor)) throw new RangeError("actor is no actor");
  return members.has("onBehalfOf") ? { actor, onBehalfOf: members.text("onBehalfOf") } : { actor };
}
