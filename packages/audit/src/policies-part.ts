/**
 * Policies, their activations and the keys of a journal as a state snapshot holds them (docs/formats.md section 6). Written
 * lines do not change, so only the digest of each policy's line is kept.
 * @module
 */
import {
  activates,
  type ExactJson,
  type GenesisEntry,
  type KeyEntry,
  keyIdentity,
  keyTerms,
  type PolicyEntry,
  type Sha256,
  type SnapshotMembers,
  toUtf8,
  writeExact,
} from "@calybris/kernel";

export class PoliciesPart {
  readonly #sha256: Sha256;
  readonly #digests: Uint8Array[] = [];
  readonly #activations: { readonly sequence: number; readonly policy: number }[] = [];
  #staged: number | undefined;
  #canary: { readonly canary: number; readonly canarySince: number } | undefined;
  /** Whether a policy was ever staged, or an earlier one activated again. */
  #hasRollout = false;

  constructor(sha256: Sha256) {
    this.#sha256 = sha256;
  }

  take(sequence: number, entry: GenesisEntry | PolicyEntry): void {
    const isGenesis = entry.kind === "genesis";
    const change = isGenesis ? "promoted" : entry.change;
    if (entry.snapshot !== undefined) {
      const isFromFile = isGenesis || entry.source === "file";
      const { actor, onBehalfOf } = isGenesis ? { actor: undefined, onBehalfOf: undefined } : entry;
      const { policyId: id, snapshot } = entry;
      this.#add({ part: "policy", id, since: sequence, isFromFile, actor, onBehalfOf, snapshot });
    }
    if (change !== "promoted" || entry.snapshot === undefined) this.#hasRollout = true;
    const isActivated = activates(entry);
    this.#staged = isActivated ? undefined : entry.policyId;
    this.#canary = undefined;
    if (!isGenesis && change === "canary") this.#canary = { canary: entry.shareBps ?? 0, canarySince: sequence };
    if (isActivated) this.#activations.push({ sequence, policy: entry.policyId });
  }

  *digests(): Generator<Uint8Array> {
    yield* this.#digests;
    if (!this.#hasRollout) return;
    const line = { part: "rollout", activations: this.#activations, staged: this.#staged, ...this.#canary };
    yield this.#sha256(toUtf8(writeExact(line)));
  }

  restorePolicy(members: SnapshotMembers): void {
    const [id, since] = [members.whole("id"), members.whole("since")];
    const given = (key: string): ExactJson | undefined => (members.has(key) ? members.json(key) : undefined);
    this.#add({
      part: "policy",
      id,
      since,
      isFromFile: members.flag("isFromFile"),
      actor: given("actor"),
      onBehalfOf: given("onBehalfOf"),
      snapshot: members.json("snapshot"),
    });
    this.#activations.push({ sequence: since, policy: id });
  }

  restoreRollout(members: SnapshotMembers): void {
    this.#hasRollout = true;
    this.#activations.length = 0;
    for (const row of members.objects("activations"))
      this.#activations.push({ sequence: row.whole("sequence"), policy: row.whole("policy") });
    this.#staged = members.has("staged") ? members.whole("staged") : undefined;
    if (members.has("canarySince"))
      this.#canary = { canary: members.whole("canary"), canarySince: members.whole("canarySince") };
  }

  #add(line: object): void {
    this.#digests.push(this.#sha256(toUtf8(writeExact(line))));
  }
}

/** Every key that was ever introduced; of a revoked key, the name. */
export class KeysPart {
  readonly #keys = new Map<number, { readonly name: string; active: object | undefined }>();

  take(sequence: number, entry: KeyEntry): void {
    if (entry.change === "revoked") {
      const known = this.#keys.get(entry.of);
      if (known !== undefined) known.active = undefined;
      return;
    }
    const terms = entry.change === "created" ? { terms: [keyTerms(entry)] } : {};
    this.#keys.set(sequence, { name: entry.name, active: { ...keyIdentity(entry), ...terms } });
  }

  line(): string {
    const keys = [...this.#keys].map(([sequence, { name, active }]) => ({ sequence, ...(active ?? { name }) }));
    return writeExact({ part: "keys", keys });
  }

  restore(members: SnapshotMembers): void {
    for (const [index, row] of members.objects("keys").entries()) {
      const { sequence: _, ...active } = members.list("keys")[index] as { readonly [key: string]: ExactJson };
      const isActive = row.has("sha256");
      this.#keys.set(row.whole("sequence"), { name: row.text("name"), active: isActive ? active : undefined });
    }
  }
}
