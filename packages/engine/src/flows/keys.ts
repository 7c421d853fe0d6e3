/**
 * Callers of commands, as entries record them. The service introduces a configured API key the first time it acts, and
 * revokes those that are no longer configured. Other keys are created and revoked by command.
 * @module
 */
import { userInfo } from "node:os";
import {
  type Actor,
  type CalybrisError,
  type Caused,
  isActor,
  isName,
  type KeyEntry,
  type KeyIdentity,
  type KeyTerms,
  keyIdentity,
  keyTerms,
  type Mistake,
  NAME_WANTED,
  readBody,
  systemActor,
} from "@calybris/kernel";
import { EngineError } from "../engine-errors.ts";
import { showValue } from "../intake/mistakes.ts";
import type { FailStop } from "../journal/fail-stop.ts";
import type { Ordered, Ordering } from "../journal/journal.ts";
import type { CreatedKey, KeyBook } from "../state/key-book.ts";

/** The user that runs this process; its numeric id if it has no account. */
export function processUser(): Actor {
  try {
    return systemActor(userInfo().username);
  } catch {
    return systemActor(String(process.getuid?.() ?? ""));
  }
}

/** The caller of a command. */
export interface Caller {
  /** A sequence returned by {@link EngineKeys.introduce}, or `"system:NAME"`; default: the user that runs this process. */
  readonly actor?: Actor | undefined;
  /** The user that the caller claims to act for: 1 to 128 printable characters. */
  readonly onBehalfOf?: string | undefined;
}

/** The parts of the engine that callers use. */
export interface KeyPorts {
  readonly book: KeyBook;
  readonly journal: Ordering;
  readonly failStop: FailStop;
  /** The user that runs this process. */
  readonly user: Actor;
}

export class EngineKeys {
  readonly #ports: KeyPorts;
  /** Sequences of the keys that acted in this process, by identity object. */
  readonly #introduced = new WeakMap<KeyIdentity, number>();

  constructor(ports: KeyPorts) {
    this.#ports = ports;
  }

  /**
   * The actor for an API key. Its first use, across restarts, orders the `key` entry that introduces it; entries that the
   * key causes come after that entry, and so become durable after it.
   *
   * A revoked key can act again once it is configured again, as a new identity object.
   *
   * @returns the sequence of the entry that introduced the key.
   * @throws CalybrisError `CAL_ENGINE_ACTOR` for the identity object of a key that was revoked since; `CAL_LEDGER_INVALID`
   *   for an invalid key; `CAL_JOURNAL_OVERLOADED`, `CAL_JOURNAL_FAILED`, `CAL_ENGINE_STOPPED`. Nothing was changed.
   */
  introduce(identity: KeyIdentity): number {
    const before = this.#introduced.get(identity);
    if (before !== undefined) {
      this.#assertActive(before);
      return before;
    }
    const sequence = this.#ports.book.sequenceOf(identity) ?? this.#orderIntroduction(identity);
    this.#introduced.set(identity, sequence);
    return sequence;
  }

  /** The active keys that commands created, the oldest first; may include expired ones, which the caller must check. */
  created(): readonly CreatedKey[] {
    return this.#ports.book.created();
  }

  /**
   * Creates a key. With `replaces`, revokes another in the same step: a rotation.
   *
   * @param key - identity and terms. Its name must differ from that of every other created key.
   * @param replaces - the sequence of a created key.
   * @returns the sequence of the entry that created it, once it is durable.
   * @throws CalybrisError `CAL_LEDGER_INVALID` naming the field; `CAL_ENGINE_ACTOR`; `CAL_JOURNAL_OVERLOADED`,
   *   `CAL_JOURNAL_FAILED`, `CAL_ENGINE_STOPPED`. Nothing was changed.
   */
  create(key: KeyIdentity & KeyTerms, caller: Caller, replaces?: number): Promise<number> {
    const { book, failStop, journal } = this.#ports;
    return failStop.command(async () => {
      const caused = this.caused(caller);
      if (replaces !== undefined) this.#requireCreated(replaces);
      const taken = book.created().find(({ identity }) => identity.name === key.name);
      if (taken !== undefined && taken.sequence !== replaces)
        throw invalidKey("name", `is that of another key, ${taken.sequence}`, "Choose another, or revoke that key.");
      if (book.active().some((sequence) => book.key(sequence)?.sha256 === key.sha256))
        throw invalidKey("sha256", "is that of an active key", "Make a new secret.");
      const entry: KeyEntry = { kind: "key", change: "created", ...keyIdentity(key), ...keyTerms(key), ...caused };
      refuseMalformed(entry);
      const created = journal.step((): Ordered => {
        journal.establishRoom(2);
        const ordered = journal.order(entry);
        // Last, because the caller may be the replaced key.
        const last =
          replaces === undefined ? ordered : journal.order({ kind: "key", change: "revoked", of: replaces, ...caused });
        return { sequence: ordered.sequence, durable: last.durable };
      });
      await created.durable;
      return created.sequence;
    });
  }

  /**
   * Revokes a key that a command created: nothing it causes is ordered from now on.
   *
   * @throws CalybrisError as {@link create}.
   */
  revoke(sequence: number, caller: Caller): Promise<void> {
    const { failStop, journal } = this.#ports;
    return failStop.command(async () => {
      const caused = this.caused(caller);
      this.#requireCreated(sequence);
      const ordered = journal.step((): Ordered => {
        journal.establishRoom(1);
        return journal.order({ kind: "key", change: "revoked", of: sequence, ...caused });
      });
      await ordered.durable;
    });
  }

  /**
   * The entries that revoke every key except the given ones and those that commands created. A key that is configured again
   * is introduced again.
   */
  revocations(kept: readonly KeyIdentity[]): readonly KeyEntry[] {
    const { book, user } = this.#ports;
    const sequences = new Set(kept.map((identity) => book.sequenceOf(identity)));
    return book
      .active()
      .filter((sequence) => !sequences.has(sequence) && !book.isCreated(sequence))
      .map((of) => ({ kind: "key", change: "revoked", of, actor: user }));
  }

  /** The name that a key was introduced with, active or not. */
  nameOf(sequence: number): string | undefined {
    return this.#ports.book.nameOf(sequence);
  }

  /**
   * The members of an entry that a caller causes.
   *
   * @throws CalybrisError `CAL_LEDGER_INVALID` naming the field; `CAL_ENGINE_ACTOR` for a key that is not active.
   */
  caused({ actor = this.#ports.user, onBehalfOf }: Caller): Caused {
    const mistakes: Mistake[] = [];
    if (!isActor(actor)) {
      const remedy = 'Give the sequence of a key, or "system:NAME".';
      mistakes.push({ path: "actor", problem: `is ${showValue(actor)}`, remedy });
    }
    if (onBehalfOf !== undefined && !isName(onBehalfOf))
      mistakes.push({ path: "onBehalfOf", problem: `is ${showValue(onBehalfOf)}`, remedy: `Send ${NAME_WANTED}.` });
    if (mistakes.length > 0) throw new EngineError("CAL_LEDGER_INVALID", { mistakes });
    this.#assertActive(actor);
    return onBehalfOf === undefined ? { actor } : { actor, onBehalfOf };
  }

  /**
   * The actor of a decision: the given one, or the user that runs this process.
   *
   * @throws CalybrisError `CAL_ENGINE_ACTOR`, `CAL_LEDGER_INVALID`.
   */
  actorOf(given: Actor | undefined): Actor {
    if (given === undefined) return this.#ports.user;
    if (typeof given !== "number") return this.caused({ actor: given }).actor;
    this.#assertActive(given);
    return given;
  }

  #orderIntroduction(identity: KeyIdentity): number {
    const { failStop, journal, user } = this.#ports;
    failStop.assertRunning();
    const entry: KeyEntry = { kind: "key", change: "introduced", ...keyIdentity(identity), actor: user };
    refuseMalformed(entry);
    return failStop.stopOnViolation(() => journal.append(entry)).sequence;
  }

  #requireCreated(sequence: number): void {
    if (!this.#ports.book.isCreated(sequence))
      throw invalidKey(
        "key",
        `${sequence} is not an active key that was created over the API`,
        "List the keys for their numbers.",
      );
  }

  #assertActive(actor: Actor): void {
    if (typeof actor === "number" && this.#ports.book.key(actor) === undefined)
      throw new EngineError("CAL_ENGINE_ACTOR", { actor });
  }
}

function invalidKey(path: string, problem: string, remedy: string): CalybrisError {
  return new EngineError("CAL_LEDGER_INVALID", { mistakes: [{ path, problem, remedy }] });
}

/** Refuses an entry that a reader of the journal would refuse. */
function refuseMalformed({ kind: _, ...members }: KeyEntry): void {
  try {
    readBody("key", JSON.parse(JSON.stringify(members)));
  } catch (cause) {
    if (!(cause instanceof RangeError)) throw cause;
    const remedy = "Give a name, the SHA-256 of the secret, its tenants and its scopes.";
    const mistake: Mistake = { path: "key", problem: `is not a key: ${cause.message}`, remedy };
    throw new EngineError("CAL_LEDGER_INVALID", { mistakes: [mistake] }, { cause });
  }
}
