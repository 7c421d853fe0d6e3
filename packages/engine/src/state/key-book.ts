/**
 * The API keys that may act: a fold over `key` entries. The actor of an entry is one of them, or a user of the operating
 * system.
 * @module
 */
import { type EntryBody, invariant, type KeyEntry, type KeyIdentity, keyIdentity, writeExact } from "@calybris/kernel";

export class KeyBook {
  /** By the sequence that introduced it, in that order. */
  readonly #active = new Map<number, KeyIdentity>();
  /** Names outlive their keys: entries still show them. */
  readonly #names = new Map<number, string>();
  readonly #sequences = new Map<string, number>();

  /** The sequence that introduced a key which is active; `undefined` for another. */
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

  /** Sequences of the active keys, ascending. */
  active(): readonly number[] {
    return [...this.#active.keys()];
  }

  /** Checks the actor of an entry and what a `key` entry does, and returns the change that follows from it. */
  checked(sequence: number, body: EntryBody): (() => void) | undefined {
    if ("actor" in body && typeof body.actor === "number")
      invariant(this.#active.has(body.actor), "an actor is a key that was introduced before and not revoked");
    return body.kind === "key" ? this.#changed(sequence, body) : undefined;
  }

  #changed(sequence: number, body: KeyEntry): () => void {
    if (body.change === "introduced") {
      const identity = keyIdentity(body);
      invariant(this.sequenceOf(identity) === undefined, "a key is introduced once while it is active");
      return () => {
        this.#active.set(sequence, identity);
        this.#names.set(sequence, identity.name);
        this.#sequences.set(textOf(identity), sequence);
      };
    }
    const revoked = this.#active.get(body.of);
    invariant(revoked !== undefined, "a key that is revoked was active");
    return () => {
      this.#active.delete(body.of);
      this.#sequences.delete(textOf(revoked));
    };
  }
}

function textOf(identity: KeyIdentity): string {
  return writeExact({ ...keyIdentity(identity) });
}
