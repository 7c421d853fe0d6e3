/**
 * Requests by the ids that clients gave them. An id is decided at most once within the retention, and belongs to the tenant
 * that the client named: no tenant is a namespace of its own. What was decided is found before the active policy is
 * asked, so that a retry gets its decision whatever has changed since.
 * @module
 */
import { CalybrisError, type DecisionEntry, type EntryHead, isName, parseEntryBody } from "@calybris/kernel";
import { answered, type DecisionWaiter, type PendingDecision } from "../flows/decision-waiter.ts";
import type { StoredEntries } from "../storage/storage.ts";
import type { RecordEntry } from "../journal/record-entry.ts";
import type { ClientRequest } from "../intake/client-request.ts";
import { refuseSprawling } from "../intake/request-size.ts";
import { InFlight } from "./in-flight.ts";
import { policiesAt } from "./read-entry.ts";
import { recalled } from "../flows/recalled.ts";
import { isSameRequest } from "../flows/repeated-request.ts";
import { REQUEST_ID_RETENTION_US, REQUEST_IDS_MAX, scoped, scopedIdOf } from "./request-index.ts";
import type { EngineState } from "./state.ts";

/** A request that a client gave an id. */
export interface IdentifiedRequest {
  readonly requestId: string;
  /** The id within its namespace, as one text. */
  readonly scopedId: string;
  readonly client: ClientRequest;
}

/** What the ids need of the engine. */
export interface RequestIdsPorts {
  readonly state: EngineState;
  readonly finder: StoredEntries;
  readonly nowUs: () => number;
}

/** The decision of an id; without its entry while that waits for the disk. */
export interface DecidedId {
  readonly sequence: number;
  readonly entry: DecisionEntry | undefined;
}

/** How many calls of this process are remembered; enough that none which waits for the disk is forgotten. */
const CALLS_MAX = 16_384;

export class RequestIds {
  readonly #ports: RequestIdsPorts;
  readonly #inFlight: InFlight<PendingDecision> = new InFlight<PendingDecision>();
  /** Calls that began in this process; the entries of those before are read. */
  readonly #calls = new Map<string, { readonly sequence: number; readonly entry: DecisionEntry }>();

  constructor(ports: RequestIdsPorts) {
    this.#ports = ports;
  }

  /**
   * Notes a decision that is ordered. One that fails stays: only a new process finds out whether its entry is durable, and
   * until then no retry may.
   */
  ordered({ scopedId }: IdentifiedRequest, sequence: number, pending: PendingDecision): void {
    pending.sequence = sequence;
    pending.scopedId = scopedId;
    this.#inFlight.add(sequence, pending);
  }

  /** A decision is found in the journal from now on. */
  answered({ sequence }: PendingDecision): void {
    this.#inFlight.remove(sequence);
  }

  /** Notes a call that is ordered. */
  begun({ scopedId }: IdentifiedRequest, sequence: number, entry: DecisionEntry): void {
    this.#calls.set(scopedId, { sequence, entry });
    if (this.#calls.size > CALLS_MAX) this.#calls.delete(this.#calls.keys().next().value as string);
  }

  /**
   * The decision of an id, for a call; `undefined` for a new one. Its entry is left out while it is a decision that waits.
   *
   * @throws CalybrisError `CAL_JOURNAL_ARCHIVE_UNREACHABLE` when the entry that decided the id cannot be read.
   */
  decidedIn({ scopedId }: IdentifiedRequest): DecidedId | undefined {
    const call = this.#calls.get(scopedId);
    if (call !== undefined) return call;
    const pending = this.#pendingOf(scopedId);
    if (pending !== undefined) return { sequence: pending.sequence, entry: undefined };
    const found = this.#inJournal(scopedId);
    return found === undefined ? undefined : { sequence: found.sequence, entry: found.entry };
  }

  /**
   * Answers a request that was sent before; false for a new one. While the first attempt waits, so does a repetition.
   *
   * @throws CalybrisError `CAL_REQUEST_ID_REUSED` when the id was decided with other content; a repetition of an attempt that
   *   waits learns it later.
   * @throws CalybrisError `CAL_JOURNAL_ARCHIVE_UNREACHABLE` when the entry that decided the id cannot be read.
   */
  answers(identity: IdentifiedRequest, waiter: DecisionWaiter, token: number): boolean {
    // Nearly every id is new. One that waits is in the index of ids already.
    if (!this.#ports.state.requests.mayHold(identity.scopedId)) return false;
    const pending = this.#pendingOf(identity.scopedId);
    if (pending === undefined) return this.#answersFromJournal(identity, waiter, token);
    const { sequence } = pending;
    const isSame = this.#isSame(identity, (pending.entry as RecordEntry).entry, sequence);
    if (isSame === undefined) return false;
    pending.repeat({ waiter, token, refused: isSame ? undefined : reused(identity.requestId, sequence) });
    return true;
  }

  /** The decision of an id that is ordered and waits. */
  #pendingOf(scopedId: string): PendingDecision | undefined {
    for (const sequence of this.#ports.state.requests.candidates(scopedId)) {
      const pending = this.#inFlight.get(sequence);
      if (pending?.scopedId === scopedId) return pending;
    }
    return undefined;
  }

  #answersFromJournal(identity: IdentifiedRequest, waiter: DecisionWaiter, token: number): boolean {
    const { requestId, scopedId } = identity;
    const call = this.#calls.get(scopedId);
    if (call !== undefined) throw reused(requestId, call.sequence);
    const { state, finder } = this.#ports;
    const found = this.#inJournal(scopedId);
    if (found === undefined) return false;
    const { entry, sequence, entryHash } = found;
    const isSame = this.#isSame(identity, entry, sequence);
    if (isSame === undefined) return false;
    if (!isSame) throw reused(requestId, sequence);
    const decided = recalled(entry, { sequence, entryHash }, { state, finder });
    answered(() => waiter.decided(decided, token));
    return true;
  }

  /** The entry that decided an id within the retention. */
  #inJournal(
    scopedId: string,
  ): { readonly sequence: number; readonly entry: DecisionEntry; readonly entryHash: string } | undefined {
    const { state, nowUs } = this.#ports;
    if (!state.requests.mayHold(scopedId)) return undefined;
    for (const sequence of state.requests.candidates(scopedId)) {
      const { head, data, entryHash } = this.#read(sequence);
      const entry = parseEntryBody(head, data, policiesAt(state, sequence));
      if (entry?.kind !== "decision" || scopedIdOf(entry) !== scopedId) continue;
      const age = state.decisionSequence - entry.request.sequence;
      if (age >= BigInt(REQUEST_IDS_MAX) || nowUs() - head.at > REQUEST_ID_RETENTION_US) continue;
      return { sequence, entry, entryHash };
    }
    return undefined;
  }

  #isSame({ client }: IdentifiedRequest, entry: DecisionEntry, sequence: number): boolean | undefined {
    return isSameRequest(client, entry, this.#ports.state.policyAt(sequence).index);
  }

  /** An entry that was there and cannot be read may have decided the request: nobody decides it again. */
  #read(sequence: number): { readonly head: EntryHead; readonly data: string; readonly entryHash: string } {
    try {
      return this.#ports.finder.find(sequence);
    } catch (cause) {
      const { finder } = this.#ports;
      const isUnknown = cause instanceof CalybrisError && cause.code === "CAL_JOURNAL_ENTRY_UNKNOWN";
      if (!isUnknown && !finder.isArchiveGone(sequence)) throw cause;
      const file = finder.fileOf(sequence);
      throw new CalybrisError("CAL_JOURNAL_ARCHIVE_UNREACHABLE", { sequence, file }, { cause });
    }
  }
}

/**
 * The id of a request; `undefined` without one, or for what no policy would take.
 *
 * @throws CalybrisError `CAL_REQUEST_INVALID` for a request that holds more than any may.
 */
export function identified(client: ClientRequest): IdentifiedRequest | undefined {
  refuseSprawling(client);
  const { requestId, tenant } = client;
  if (!isName(requestId) || !(tenant === undefined || isName(tenant))) return undefined;
  return { requestId, scopedId: scoped(tenant, requestId), client };
}

function reused(requestId: string, sequence: number): CalybrisError {
  return new CalybrisError("CAL_REQUEST_ID_REUSED", { requestId, sequence });
}
