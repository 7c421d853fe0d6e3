/**
 * The active keys, folded from `key` entries. An actor is a key that an earlier entry introduced and that was not revoked
 * since.
 * @module
 */
import {
  type Actor,
  type EntryBody,
  KEY_SCOPES,
  type KeyEntry,
  type KeyIdentity,
  keyIdentity,
  type SnapshotMembers,
  writeExact,
} from "@calybris/kernel";
import type { Report } from "./report.ts";

export class KeyFold {
  readonly #active = new Map<number, KeyIdentity>();

  /** Sequences of the keys that are active, ascending. */
  get active(): readonly number[] {
    return [...this.#active.keys()];
  }

  /** The active keys, with the permissions of each. */
  get identities(): readonly (readonly [sequence: number, identity: KeyIdentity])[] {
    return [...this.#active];
  }

  /** The name of an actor's key; `undefined` for a user of the operating system, or an unknown key. */
  nameOf(actor: Actor): string | undefined {
    return typeof actor === "number" ? this.#active.get(actor)?.name : undefined;
  }

  /** Checks the next entry's actor, and applies a `key` entry. */
  take(sequence: number, body: EntryBody, report: Report): void {
    if ("actor" in body && typeof body.actor === "number" && !this.#active.has(body.actor))
      report("actor", "a key that was introduced before and not revoked", `the actor ${body.actor}`);
    if (body.kind === "key") this.#key(sequence, body, report);
  }

  /** Restores the keys of a snapshot. A revoked key has no secret there. */
  restore(keys: readonly SnapshotMembers[]): void {
    for (const key of keys) {
      if (!key.has("sha256")) continue;
      const scopes = KEY_SCOPES.filter((scope) => key.texts("scopes").includes(scope));
      const tenants = key.has("tenants") ? { tenants: key.texts("tenants") } : {};
      const identity = { name: key.text("name"), sha256: key.text("sha256"), ...tenants, scopes };
      this.#active.set(key.whole("sequence"), keyIdentity(identity));
    }
  }

  #key(sequence: number, body: KeyEntry, report: Report): void {
    if (body.change === "revoked") {
      if (!this.#active.delete(body.of))
        report("actor", "the revocation of a key that is active", `of entry ${body.of}`);
      return;
    }
    const identity = keyIdentity(body);
    const text = writeExact({ ...identity });
    for (const [before, known] of this.#active)
      if (writeExact({ ...known }) === text)
        report("actor", `key ${JSON.stringify(body.name)} introduced once`, `entry ${before} introduced it`);
    this.#active.set(sequence, identity);
  }
}
