/**
 * The policies of a journal: by their ids, the one that was active where an entry stands, and the active one.
 * @module
 */
import {
  CalybrisError,
  type Caused,
  causedOf,
  type ExactJson,
  type GenesisEntry,
  invariant,
  isActor,
  type PolicyEntry,
  type PolicySnapshot,
  policyDigest,
  type SnapshotMembers,
  snapshotFromJson,
  snapshotToJson,
  toHex,
} from "@calybris/kernel";
import { nodeSha256 } from "../journal/chain-hash.ts";
import { jsonLine, type SnapshotLine } from "../snapshot/line.ts";

/** A snapshot in the journal, with its id and digest. */
export interface PolicyInForce {
  readonly id: number;
  readonly snapshot: PolicySnapshot;
  readonly digest: Uint8Array;
  /** It came from the file that the service is configured with; true of genesis. */
  readonly isFromFile: boolean;
  /** Sequence of the entry that activated it. */
  readonly since: number;
  /** Who activated it; `undefined` for the policy that the journal began with. */
  readonly caused: Caused | undefined;
}

export class PolicyBook {
  /** In the order of their ids, which count from 1. */
  readonly #policies: PolicyInForce[] = [];
  /** As a snapshot holds them. */
  readonly #lines: SnapshotLine[] = [];

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

  /** The policy that was active where an entry stands: of those before it the last. */
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

  /**
   * The policy that an entry activates; it is not yet in the book.
   *
   * @throws CalybrisError `CAL_ENGINE_POLICY_MISMATCH` when its digest is not that of its snapshot.
   */
  promoted(sequence: number, body: GenesisEntry | PolicyEntry): PolicyInForce {
    const { policyId: id, policyDigest: claimed } = body;
    invariant(body.snapshot !== undefined, "a policy that is activated comes with its snapshot");
    const snapshot = snapshotFromJson(body.snapshot);
    invariant(id === this.count + 1, "policies are numbered one by one");
    const digest = policyDigest(snapshot.policy, nodeSha256);
    if (toHex(digest) !== claimed)
      throw new CalybrisError("CAL_ENGINE_POLICY_MISMATCH", { given: toHex(digest), journal: claimed });
    const isFromFile = body.kind === "genesis" || body.source === "file";
    const caused = body.kind === "policy" ? causedOf(body) : undefined;
    return { id, snapshot, digest, isFromFile, since: sequence, caused };
  }

  add(policy: PolicyInForce): void {
    this.#policies.push(policy);
    const { id, since, isFromFile, caused, snapshot } = policy;
    this.#lines.push(
      jsonLine({ part: "policy", id, since, isFromFile, ...caused, snapshot: snapshotToJson(snapshot) }),
    );
  }

  lines(): readonly SnapshotLine[] {
    return this.#lines;
  }

  /** Throws RangeError for what is no policy. */
  restore(members: SnapshotMembers): void {
    const [id, since] = [members.whole("id"), members.whole("since")];
    if (id !== this.count + 1) throw new RangeError("policies are numbered one by one");
    const snapshot = snapshotFromJson(members.json("snapshot"));
    const digest = policyDigest(snapshot.policy, nodeSha256);
    this.add({ id, snapshot, digest, isFromFile: members.flag("isFromFile"), since, caused: causeIn(members) });
  }
}

function causeIn(members: SnapshotMembers): Caused | undefined {
  if (!members.has("actor")) return undefined;
  const actor: ExactJson = members.json("actor");
  if (!isActor(actor)) throw new RangeError("actor is no actor");
  return members.has("onBehalfOf") ? { actor, onBehalfOf: members.text("onBehalfOf") } : { actor };
}
