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
  type PolicyEntry,
  type PolicySnapshot,
  policyDigest,
  type SnapshotMembers,
  snapshotDigest,
  snapshotFromJson,
  snapshotToJson,
  toHex,
  writeExact,
} from "@calybris/kernel";
import { nodeSha256 } from "../journal/chain-hash.ts";
import { jsonLine, type SnapshotLine } from "../snapshot/line.ts";
import { type SnapshotIndex, snapshotIndex } from "../intake/snapshot-index.ts";
import type { Stage } from "./stage.ts";

/** A snapshot in the journal, with its id and digest. */
export interface PolicyInForce {
  readonly id: number;
  readonly snapshot: PolicySnapshot;
  /** Its names, to look up. */
  readonly index: SnapshotIndex;
  /** `calypol1`. */
  readonly digest: Uint8Array;
  /** Of the snapshot, hexadecimal: its names too. */
  readonly snapshotDigest: string;
  /** It came from the file that the service is configured with; true of genesis. */
  readonly isFromFile: boolean;
  /** Sequence of the entry that activated it. */
  readonly since: number;
  /** Who activated it; `undefined` for the policy that the journal began with. */
  readonly caused: Caused | undefined;
}

export class PolicyBook implements Stage {
  readonly parts: readonly string[] = ["policy"];
  /** In the order of their ids, which count from 1. */
  readonly #policies: PolicyInForce[] = [];
  /** As a snapshot holds them. */
  readonly #lines: SnapshotLine[] = [];
  /** What the entry that was checked last activates. */
  #next: PolicyInForce | undefined;

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

  /** @throws CalybrisError `CAL_ENGINE_POLICY_MISMATCH` when the digest of a policy is not that of its snapshot. */
  check(sequence: number, _at: number, body: EntryBody): void {
    if (body.kind === "genesis" || body.kind === "policy") this.#next = this.#promoted(sequence, body);
  }

  apply(_sequence: number, _at: number, body: EntryBody): void {
    if (body.kind === "genesis" || body.kind === "policy") this.#add(this.#next as PolicyInForce);
  }

  *stateTexts(): Generator<string> {
    const policies = this.#policies.map(({ digest }) => toHex(digest));
    yield `,"policy":${this.count},"policies":${writeExact(policies)}`;
  }

  lines(): readonly SnapshotLine[] {
    return this.#lines;
  }

  restore(_part: string, members: SnapshotMembers): void {
    const [id, since] = [members.whole("id"), members.whole("since")];
    if (id !== this.count + 1) throw new RangeError("policies are numbered one by one");
    const isFromFile = members.flag("isFromFile");
    this.#add(policyInForce(snapshotFromJson(members.json("snapshot")), id, since, isFromFile, causeIn(members)));
  }

  #promoted(sequence: number, body: GenesisEntry | PolicyEntry): PolicyInForce {
    const { policyId: id, policyDigest: claimed } = body;
    invariant(body.snapshot !== undefined, "a policy that is activated comes with its snapshot");
    const snapshot = snapshotFromJson(body.snapshot);
    invariant(id === this.count + 1, "policies are numbered one by one");
    const isFromFile = body.kind === "genesis" || body.source === "file";
    const caused = body.kind === "policy" ? causedOf(body) : undefined;
    const policy = policyInForce(snapshot, id, sequence, isFromFile, caused);
    const given = toHex(policy.digest);
    if (given !== claimed) throw new CalybrisError("CAL_ENGINE_POLICY_MISMATCH", { given, journal: claimed });
    return policy;
  }

  #add(policy: PolicyInForce): void {
    this.#policies.push(policy);
    const { id, since, isFromFile, caused, snapshot } = policy;
    this.#lines.push(
      jsonLine({ part: "policy", id, since, isFromFile, ...caused, snapshot: snapshotToJson(snapshot) }),
    );
  }
}

function policyInForce(
  snapshot: PolicySnapshot,
  id: number,
  since: number,
  isFromFile: boolean,
  caused: Caused | undefined,
): PolicyInForce {
  const digest = policyDigest(snapshot.policy, nodeSha256);
  const index = snapshotIndex(snapshot);
  const whole = toHex(snapshotDigest(snapshot, nodeSha256));
  return { id, snapshot, index, digest, snapshotDigest: whole, isFromFile, since, caused };
}

function causeIn(members: SnapshotMembers): Caused | undefined {
  if (!members.has("actor")) return undefined;
  const actor: ExactJson = members.json("actor");
  if (!isActor(actor)) throw new RangeError("actor is no actor");
  return members.has("onBehalfOf") ? { actor, onBehalfOf: members.text("onBehalfOf") } : { actor };
}
