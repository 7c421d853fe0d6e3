/**
 * The API keys that may act: a fold over `key` entries. The actor of an entry is a key, or a user of the operating system.
 * @module
 */
import {
  type EntryBody,
  type ExactJson,
  invariant,
  KEY_SCOPES,
  type KeyEntry,
  type KeyIdentity,
  type KeyTerms,
  keyIdentity,
  keyTerms,
  type SnapshotMembers,
  writeExact,
} from "@calybris/kernel";
import { jsonLine, type SnapshotLine } from "../snapshot/line.ts";
import type { Stage } from "./stage.ts";

/** An active key that a command created. */
export interface CreatedKey {
  readonly sequence: number;
  readonly identity: KeyIdentity;
  readonly terms: KeyTerms;
}

export class KeyBook implements Stage {
  readonly parts: readonly string[] = ["keys"];
  /** By the sequence that introduced it, in that order. */
  readonly #active = new Map<number, KeyIdentity>();
  /** Names outlive their keys, because entries still refer to them. */
  readonly #names = new Map<number, string>();
  readonly #sequences = new Map<string, number>();
  /** The active keys that commands created. */
  readonly #created = new Map<number, CreatedKey>();

  /** The sequence that introduced an active key; `undefined` for any other key. */
  sequenceOf(identity: KeyIdentity): number | undefined {
    return this.#sequences.get(textOf(identity));
  }

  /** An active key by its sequence. */
  key(sequence: number): KeyIdentity | undefined {
    return this.#active.get(sequence);
  }

  /** The name that a key was introduced with, active or not. */
  nameOf(sequence: number): string | undefined {
    return this.#names.get(sequence);
  }

  /** The active keys that commands created, in order; includes expired ones. */
  created(): readonly CreatedKey[] {
    return [...this.#created.values()];
  }

  /** Whether an active key was created by a command. */
  isCreated(sequence: number): boolean {
    return this.#created.has(sequence);
  }

  /** Sequences of the active keys, ascending. */
  active(): readonly number[] {
    return [...this.#active.keys()];
  }

  /** Checks the actor of an entry, and the change that a `key` entry makes. */
  check(_sequence: number, _at: number, body: EntryBody): void {
    if ("actor" in body && typeof body.actor === "number")
      invariant(this.#active.has(body.actor), "an actor is a key that was introduced before and not revoked");
    if (body.kind === "key") this.#checkKey(body);
  }

  apply(sequence: number, _at: number, body: EntryBody): void {
    if (body.kind !== "key") return;
    if (body.change !== "revoked") {
      const identity = keyIdentity(body);
      this.#active.set(sequence, identity);
      this.#names.set(sequence, identity.name);
      this.#sequences.set(textOf(identity), sequence);
      if (body.change === "created") this.#created.set(sequence, { sequence, identity, terms: keyTerms(body) });
    } else {
      this.#sequences.delete(textOf(this.#active.get(body.of) as KeyIdentity));
      this.#active.delete(body.of);
      this.#created.delete(body.of);
    }
  }

  *stateTexts(): Generator<string> {
    if (this.#active.size > 0) yield `,"keys":${writeExact(this.active())}`;
  }

  /** Every key ever introduced; for a revoked one, only its name. */
  *lines(): Generator<SnapshotLine> {
    const keys = [...this.#names].map(([sequence, name]) => {
      const active = this.#active.get(sequence);
      if (active === undefined) return { sequence, name };
      const created = this.#created.get(sequence);
      const terms = created === undefined ? {} : { terms: [created.terms] };
      return { sequence, ...active, ...terms } as unknown as ExactJson;
    });
    yield jsonLine({ part: "keys", keys });
  }

  restore(_part: string, members: SnapshotMembers): void {
    for (const key of members.objects("keys")) {
      const [sequence, name] = [key.whole("sequence"), key.text("name")];
      this.#names.set(sequence, name);
      if (!key.has("sha256")) continue;
      const tenants = key.has("tenants") ? { tenants: key.texts("tenants") } : {};
      const scopes = KEY_SCOPES.filter((scope) => key.texts("scopes").includes(scope));
      const identity = keyIdentity({ name, sha256: key.text("sha256"), ...tenants, scopes });
      this.#active.set(sequence, identity);
      this.#sequences.set(textOf(identity), sequence);
      for (const terms of key.has("terms") ? key.objects("terms") : [])
        this.#created.set(sequence, { sequence, identity, terms: termsIn(terms) });
    }
  }

  #checkKey(body: KeyEntry): void {
    if (body.change !== "revoked")
      invariant(this.sequenceOf(keyIdentity(body)) === undefined, "a key is introduced once while it is active");
    else invariant(this.#active.has(body.of), "a key that is revoked was active");
  }
}

function termsIn(terms: SnapshotMembers): KeyTerms {
  return {
    ...(terms.has("expiresAt") ? { expiresAt: terms.whole("expiresAt") } : {}),
    ...(terms.has("allowed") ? { allowed: terms.texts("allowed") } : {}),
    ...(terms.has("perSecond") ? { perSecond: terms.whole("perSecond") } : {}),
    ...(terms.has("useCase") ? { useCase: terms.text("useCase") } : {}),
  };
}

function textOf(identity: KeyIdentity): string {
  return writeExact({ ...keyIdentity(identity) });
}
