/**
 * Requests by client-supplied id. An id is decided at most once within the retention, and belongs to the tenant
 * that the client named; requests without a tenant share a namespace of their own. The earlier decision is found before the
 * active policy is consulted, so that a retry gets its decision whatever has changed since.
 *
 *     index of ids ── nothing ─▶ new
 *          │ entries that may hold the id
 *          └─▶ wait until each is durable, read it ─▶ its decision, or new
 * @module
 */
import { CalybrisError, type DecisionEntry, isName, parseEntryBody } from "@calybris/kernel";
import { EngineError } from "../engine-errors.ts";
import type { ClientRequest } from "../intake/client-request.ts";
import { refuseSprawling } from "../intake/request-size.ts";
import type { StoredEntries, StoredEntry } from "../storage/storage.ts";
import { policiesAt } from "./read-entry.ts";
import {
  namespaceOf,
  namespaceOfEntry,
  REQUEST_ID_RETENTION_US,
  REQUEST_IDS_MAX,
  type ScopedId,
} from "./request-index.ts";
import type { EngineState } from "./state.ts";

/** A request with a client-supplied id. */
export interface IdentifiedRequest extends ScopedId {
  readonly client: ClientRequest;
}

/** The parts of the engine that request ids use. */
export interface RequestIdsPorts {
  readonly state: EngineState;
  readonly entries: StoredEntries;
  readonly nowUs: () => number;
  /** Resolves once an ordered entry is durable; rejects when its journal fails. */
  readonly whenDurable: (sequence: number) => Promise<void>;
}

/** The durable decision of an id. */
export interface DecidedId {
  readonly sequence: number;
  readonly entry: DecisionEntry;
  readonly entryHash: string;
}

export class RequestIds {
  readonly #ports: RequestIdsPorts;

  constructor(ports: RequestIdsPorts) {
    this.#ports = ports;
  }

  /** Whether an entry that is not in `seen` may hold the id; almost always false. */
  mayHold(id: ScopedId, seen?: ReadonlySet<number>): boolean {
    if (!this.#ports.state.requests.mayHold(id)) return false;
    return seen === undefined || this.#unseen(id, seen) !== undefined;
  }

  /**
   * Finds the decision of an id. When `isNew` is called the id is new, and the synchronous part of `isNew` runs before any
   * other caller can learn the same.
   *
   * @param seen - entries known not to hold the id; extended by those that are found not to.
   * @throws CalybrisError `CAL_JOURNAL_FAILED` for an id whose entry was not durable when the journal failed: only a new
   *   process finds out; `CAL_JOURNAL_ARCHIVE_UNREACHABLE` when the entry that decided the id cannot be read.
   */
  async recall<Result>(
    id: ScopedId,
    isDecided: (decided: DecidedId) => Result | Promise<Result>,
    isNew: () => Result | Promise<Result>,
    seen: Set<number> = new Set(),
  ): Promise<Result> {
    // The age of an id is measured at the time of the retry.
    const now = this.#unseen(id, seen) === undefined ? 0 : this.#ports.nowUs();
    for (;;) {
      const sequence = this.#unseen(id, seen);
      if (sequence === undefined) return isNew();
      const found = await this.#decidedAt(sequence, id, now);
      if (found !== undefined) return isDecided(found);
      seen.add(sequence);
    }
  }

  #unseen(id: ScopedId, seen: ReadonlySet<number>): number | undefined {
    for (const sequence of this.#ports.state.requests.candidates(id)) if (!seen.has(sequence)) return sequence;
    return undefined;
  }

  /** The decision of an entry, if it holds the id and is within the retention. */
  async #decidedAt(sequence: number, { namespace, requestId }: ScopedId, now: number): Promise<DecidedId | undefined> {
    const { state, whenDurable } = this.#ports;
    await whenDurable(sequence);
    const { head, data, entryHash } = await this.#read(sequence);
    const entry = parseEntryBody(head, data, policiesAt(state, sequence));
    if (entry?.kind !== "decision" || entry.requestId !== requestId) return undefined;
    if (namespaceOfEntry(entry) !== namespace) return undefined;
    const age = state.decisionSequence - entry.request.sequence;
    if (age >= BigInt(REQUEST_IDS_MAX) || now - head.at > REQUEST_ID_RETENTION_US) return undefined;
    return { sequence, entry, entryHash };
  }

  /** An entry that exists but cannot be read may have decided the request, so the request is not decided again. */
  async #read(sequence: number): Promise<StoredEntry> {
    const { entries } = this.#ports;
    try {
      return await entries.find(sequence);
    } catch (cause) {
      if (!(cause instanceof CalybrisError) || cause.code !== "CAL_JOURNAL_ENTRY_UNKNOWN") throw cause;
      const file = await entries.fileOf(sequence);
      throw new EngineError("CAL_JOURNAL_ARCHIVE_UNREACHABLE", { sequence, file }, { cause });
    }
  }
}

/**
 * The id of a request; `undefined` without an id, or if no policy would accept it.
 *
 * @throws CalybrisError `CAL_REQUEST_INVALID` for a request with more members than any may have.
 */
export function identified(client: ClientRequest): IdentifiedRequest | undefined {
  refuseSprawling(client);
  const { requestId, tenant } = client;
  if (!isName(requestId) || !(tenant === undefined || isName(tenant))) return undefined;
  return { namespace: namespaceOf(tenant), requestId, client };
}

export function requestIdReused(requestId: string, sequence: number): CalybrisError {
  return new EngineError("CAL_REQUEST_ID_REUSED", { requestId, sequence });
}
