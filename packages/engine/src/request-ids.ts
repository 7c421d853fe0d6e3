/**
 * Requests by the ids that clients gave them. An id is decided at most once within the retention, and belongs to the tenant
 * that the client named: no tenant is a namespace of its own. What was decided is found before the policy in force is
 * asked, so that a retry gets its decision whatever has changed since.
 * @module
 */
import { CalybrisError, type DecisionEntry, DEFAULT_TENANT, isName, parseEntryBody } from "@calybris/kernel";
import { contentDigestOf, isTenantNamed } from "./content-digest.ts";
import type { Decided } from "./decided.ts";
import { recalled } from "./engine-reading.ts";
import type { EntryFinder } from "./entry-finder.ts";
import type { ClientRequest } from "./intake/client-request.ts";
import { refuseSprawling } from "./intake/request-size.ts";
import { policyOf } from "./read-entry.ts";
import { REQUEST_ID_RETENTION_US, REQUEST_IDS_MAX, RequestIndex } from "./request-index.ts";
import type { EngineState } from "./state.ts";

/** A request that a client gave an id. */
export interface IdentifiedRequest {
  readonly requestId: string;
  /** The id within its namespace, as one text. */
  readonly scopedId: string;
  readonly contentDigest: string;
}

/** What the ids need of the engine. */
export interface RequestIdsPorts {
  readonly state: EngineState;
  readonly finder: EntryFinder;
  readonly nowUs: () => number;
}

interface InFlight {
  readonly contentDigest: string;
  readonly decided: Promise<Decided>;
}

export class RequestIds {
  readonly #ports: RequestIdsPorts;
  readonly #index: RequestIndex = new RequestIndex();
  readonly #inFlight = new Map<string, InFlight>();

  constructor(ports: RequestIdsPorts) {
    this.#ports = ports;
  }

  /** Notes an entry that was read back. */
  recovered(entry: DecisionEntry, sequence: number): void {
    const scopedId = scopedIdOf(entry);
    if (scopedId !== undefined) this.#index.add(scopedId, sequence);
  }

  /** Notes a decision that is ordered. */
  ordered({ scopedId, contentDigest }: IdentifiedRequest, sequence: number, decided: Promise<Decided>): void {
    this.#index.add(scopedId, sequence);
    this.#inFlight.set(scopedId, { contentDigest, decided });
    // An attempt that fails stays: only a new process finds out whether its entry is durable, and until then no retry may.
    decided.then(
      () => this.#inFlight.delete(scopedId),
      () => undefined,
    );
  }

  /**
   * The decision of a request that was sent before; `undefined` for a new one.
   *
   * @throws CalybrisError `CAL_REQUEST_ID_REUSED` when the id was decided with other content; so does the promise.
   */
  find({ requestId, scopedId, contentDigest }: IdentifiedRequest): Promise<Decided> | undefined {
    const before = this.#inFlight.get(scopedId);
    if (before === undefined) return this.#inJournal(requestId, scopedId, contentDigest);
    return before.decided.then((decided) => {
      if (before.contentDigest !== contentDigest) throw reused(requestId, decided.sequence);
      return { ...decided, repeated: true };
    });
  }

  #inJournal(requestId: string, scopedId: string, contentDigest: string): Promise<Decided> | undefined {
    if (!this.#index.mayHold(scopedId)) return undefined;
    const { state, finder, nowUs } = this.#ports;
    for (const sequence of this.#index.candidates(scopedId)) {
      const { head, data, entryHash } = finder.find(sequence);
      const entry = parseEntryBody(head, data, (id) => policyOf(state, id));
      if (entry?.kind !== "decision" || scopedIdOf(entry) !== scopedId) continue;
      const age = state.decisionSequence - entry.request.sequence;
      if (age >= BigInt(REQUEST_IDS_MAX) || nowUs() - head.at > REQUEST_ID_RETENTION_US) continue;
      if (entry.contentDigest !== contentDigest) throw reused(requestId, sequence);
      return Promise.resolve(recalled(entry, state, sequence, entryHash));
    }
    return undefined;
  }
}

/**
 * The id of a request and its content; `undefined` without an id, or for what no policy would take.
 *
 * @throws CalybrisError `CAL_REQUEST_INVALID` for a request that holds more than any may.
 */
export function identified(client: ClientRequest): IdentifiedRequest | undefined {
  refuseSprawling(client);
  const { requestId, tenant } = client;
  if (!isName(requestId) || !(tenant === undefined || isName(tenant))) return undefined;
  const contentDigest = contentDigestOf(client);
  return contentDigest === undefined ? undefined : { requestId, scopedId: scoped(tenant, requestId), contentDigest };
}

function scopedIdOf({ requestId, contentDigest, tenant }: DecisionEntry): string | undefined {
  if (requestId === undefined) return undefined;
  return scoped(isTenantNamed(contentDigest ?? "") ? (tenant ?? DEFAULT_TENANT) : undefined, requestId);
}

/** Neither a tenant nor an id holds a line feed, and no tenant is the empty one. */
function scoped(tenant: string | undefined, requestId: string): string {
  return `${tenant ?? ""}\n${requestId}`;
}

function reused(requestId: string, sequence: number): CalybrisError {
  return new CalybrisError("CAL_REQUEST_ID_REUSED", { requestId, sequence });
}
