/**
 * The decide flow, as the sentence it implements:
 *
 *     request → recall → resolve → one step of the journal (plan, order) → durable → answer
 *
 * Recall comes first: a retry gets its decision whatever policy is active by now.
 * @module
 */
import { type Actor, CalybrisError, invariant, sequence as sequenceOf } from "@calybris/kernel";
import { type ClientRequest, type RequestDraft, requestDraft } from "../intake/client-request.ts";
import type { DecisionRecord } from "../journal/decision-record.ts";
import type { FailStop } from "../journal/fail-stop.ts";
import type { Journal } from "../journal/journal.ts";
import type { Draws } from "../router/draws.ts";
import {
  type DecidedId,
  type IdentifiedRequest,
  identified,
  type RequestIds,
  requestIdReused,
} from "../state/request-ids.ts";
import { textOf } from "../state/request-index.ts";
import type { EngineState } from "../state/state.ts";
import type { StoredEntries } from "../storage/storage.ts";
import { DecideStep, type UnknownTenants } from "./decide-step.ts";
import { type Decided, identityNumberOf } from "./decided.ts";
import { answered, type DecisionWaiter, PendingDecision, type PendingPorts } from "./decision-waiter.ts";
import { recalled } from "./recalled.ts";
import { resolveFor } from "./resolve-for.ts";
import { isSameRequest } from "./repeated-request.ts";

/** What became of one request of many. */
export type DecidedOrRefused = { readonly decided: Decided } | { readonly refused: CalybrisError };

/**
 * Called with the refusal of each request that cannot be decided. Once it gives an error, the requests that follow are
 * refused with it and not read: naming mistakes takes longer than deciding.
 */
export type RefuseRest = (refused: CalybrisError) => CalybrisError | undefined;

/** What the flow needs of the engine. */
export interface DecisionPorts {
  readonly state: EngineState;
  readonly journal: Journal;
  readonly failStop: FailStop;
  readonly requestIds: RequestIds;
  readonly entries: StoredEntries;
  /** Once a policy learns. */
  readonly draws: () => Draws | undefined;
  readonly unknownTenants: () => UnknownTenants;
  readonly openReservationsMax: number;
  /** The actor given, if it may act; by default the user that runs this process. */
  readonly actorOf: (given: Actor | undefined) => Actor;
}

/** One request of many. */
interface OneOfMany {
  readonly client: ClientRequest;
  /** Its place among the many: its token. */
  readonly position: number;
  readonly identity: IdentifiedRequest | undefined;
  /** Why nothing of it is read. */
  readonly refusal: CalybrisError | undefined;
  /** Entries that were looked at, and do not hold its id. */
  readonly seen: Set<number>;
  /** What the active policy makes of it; `undefined` until it is known to be new. */
  resolved: RequestDraft | CalybrisError | undefined;
}

export class EngineDecisions {
  readonly #ports: DecisionPorts;
  readonly #step: DecideStep;
  readonly #pendingPorts: PendingPorts;
  /** Of a request that is sent alone: it is decided, or refused, before the next is read into it. */
  readonly #draft: RequestDraft = requestDraft();

  constructor(ports: DecisionPorts) {
    this.#ports = ports;
    this.#step = new DecideStep(ports);
    this.#pendingPorts = { failStop: ports.failStop, proven: this.#proven };
  }

  /** As `Engine.submit`. A request whose id is new, as nearly every one, is ordered before this returns. */
  submit(client: ClientRequest, waiter: DecisionWaiter, token: number, actor?: Actor): void {
    const { failStop, requestIds } = this.#ports;
    try {
      failStop.assertRunning();
      const identity = identified(client);
      if (identity !== undefined && requestIds.mayHold(identity)) this.#recall(identity, waiter, token, actor);
      else this.#decide(client, identity, waiter, token, actor);
    } catch (error) {
      refused(waiter, failStop.stoppedOnViolation(error), token);
    }
  }

  /**
   * As `Engine.decideMany`. All requests are read before the step begins, so that what a client's object throws cannot end
   * it half way.
   */
  async decideMany(
    clients: readonly ClientRequest[],
    actor?: Actor,
    refuseRest?: RefuseRest,
  ): Promise<readonly DecidedOrRefused[]> {
    const { failStop, journal, requestIds } = this.#ports;
    failStop.assertRunning();
    journal.refuseBeyondQueue(clients.length);
    const results = new Results(clients.length);
    const isKnown = ({ identity, seen }: OneOfMany): boolean =>
      identity !== undefined && requestIds.mayHold(identity, seen);
    try {
      let left: readonly OneOfMany[] = clients.map((client, position) => this.#identify(client, position));
      do {
        while (left.some(isKnown)) left = await this.#recallMany(left, isKnown, results);
        this.#resolveAll(left, actor, refuseRest);
        // What a client's object ran while it was read may have had one of them decided.
      } while (left.some(isKnown));
      if (left.length > 0) this.#beginAll(left, results, actor);
    } catch (error) {
      throw failStop.stoppedOnViolation(error);
    }
    return results.all;
  }

  /** Answers those of which the decision is found, and gives the others. A refusal of one request is its own answer. */
  async #recallMany(
    requests: readonly OneOfMany[],
    isKnown: (request: OneOfMany) => boolean,
    results: Results,
  ): Promise<readonly OneOfMany[]> {
    const done = new Set<OneOfMany>();
    await Promise.all(
      requests.filter(isKnown).map(async (request) => {
        const { identity, position, seen } = request;
        try {
          await this.#recalled(identity as IdentifiedRequest, results, position, seen, (isAnswered) => {
            if (isAnswered) done.add(request);
          });
        } catch (error) {
          refuseOne(error, results, position);
          done.add(request);
        }
      }),
    );
    return requests.filter((request) => !done.has(request));
  }

  #resolveAll(requests: readonly OneOfMany[], actor: Actor | undefined, refuseRest: RefuseRest | undefined): void {
    let rest: CalybrisError | undefined;
    for (const request of requests) {
      request.resolved = rest ?? request.refusal ?? this.#resolvedOrRefused(request, actor);
      if (rest === undefined && request.resolved instanceof CalybrisError) rest = refuseRest?.(request.resolved);
    }
  }

  #identify(client: ClientRequest, position: number): OneOfMany {
    const request = { client, position, seen: new Set<number>(), resolved: undefined };
    try {
      return { ...request, identity: identified(client), refusal: undefined };
    } catch (error) {
      if (error instanceof CalybrisError) return { ...request, identity: undefined, refusal: error };
      throw error;
    }
  }

  /** Begins requests in one step that has room for all of them; the position of each is its token. */
  #beginAll(requests: readonly OneOfMany[], results: Results, actor: Actor | undefined): void {
    const { journal } = this.#ports;
    const begin = (): void => {
      const taken = new Set<string>();
      for (const request of requests) this.#begin(request, results, actor, taken);
    };
    // A journal that takes nothing more refuses each new request by itself; what was decided before was found.
    if (journal.failure !== undefined) begin();
    else
      journal.step((at) => {
        const resolved = requests.flatMap((each) =>
          each.resolved instanceof CalybrisError ? [] : (each.resolved ?? []),
        );
        journal.establishRoom(this.#step.entriesMax(resolved, at));
        begin();
      });
  }

  /** A reservation is identified by its decision. */
  readonly #proven = (sequence: number, record: DecisionRecord): void => {
    this.#ports.state.ledger.reservations.identify(sequence, identityNumberOf(record));
  };

  /** Answers a request whose id may have been decided; one that is new after all is ordered like any other. */
  #recall(identity: IdentifiedRequest, waiter: DecisionWaiter, token: number, actor: Actor | undefined): void {
    const { failStop } = this.#ports;
    const { client } = identity;
    const recalled = this.#recalled(identity, waiter, token, new Set(), (isAnswered) => {
      if (!isAnswered) this.#decide(client, identity, waiter, token, actor);
    });
    recalled.catch((error: unknown) => refused(waiter, failStop.stoppedOnViolation(error), token));
  }

  /**
   * Answers a request with the decision of its id. What no policy takes as a request was never decided.
   *
   * @param then - called with whether it was answered. A request that is new is new until this returns.
   */
  #recalled(
    identity: IdentifiedRequest,
    waiter: DecisionWaiter,
    token: number,
    seen: Set<number>,
    then: (isAnswered: boolean) => void,
  ): Promise<void> {
    const { requestIds, state, entries } = this.#ports;
    const isDecided = async ({ entry, sequence, entryHash }: DecidedId): Promise<void> => {
      const isSame = isSameRequest(identity.client, entry, state.policyOf(entry, sequence).index);
      if (isSame === undefined) {
        seen.add(sequence);
        then(false);
      } else {
        if (!isSame) throw requestIdReused(identity.requestId, sequence);
        const decided = await recalled(entry, { sequence, entryHash }, { state, entries });
        answered(() => waiter.decided(decided, token));
        then(true);
      }
    };
    return requestIds.recall(identity, isDecided, () => then(false), seen);
  }

  /** Decides a request whose id is new, unless what the client's object ran while it was read has had it decided. */
  #decide(
    client: ClientRequest,
    identity: IdentifiedRequest | undefined,
    waiter: DecisionWaiter,
    token: number,
    actor: Actor | undefined,
  ): void {
    const { state, requestIds } = this.#ports;
    const { sequence } = state;
    const resolved = this.#resolve(client, actor, this.#draft);
    if (identity !== undefined && state.sequence !== sequence && requestIds.mayHold(identity))
      this.#recall(identity, waiter, token, actor);
    else this.#order(resolved, identity, waiter, token);
  }

  /** @throws CalybrisError `CAL_REQUEST_INVALID`. */
  #resolve(client: ClientRequest, actor: Actor | undefined, draft: RequestDraft): RequestDraft {
    const { state, actorOf } = this.#ports;
    resolveFor(state.policies, client, UNNUMBERED, draft);
    draft.actor = actorOf(actor);
    return draft;
  }

  /** Orders a decision. It gets its number here: what the client's object ran while it was read may have had one decided. */
  #order(resolved: RequestDraft, identity: IdentifiedRequest | undefined, waiter: DecisionWaiter, token: number): void {
    invariant(
      resolved.requestId === identity?.requestId,
      "a request that is taken has the id that it was looked up by",
    );
    resolved.request.sequence = sequenceOf(this.#ports.state.decisionSequence + 1n);
    const pending = new PendingDecision(waiter, token, this.#pendingPorts);
    this.#step.run(resolved, pending);
  }

  #resolvedOrRefused({ client }: OneOfMany, actor: Actor | undefined): RequestDraft | CalybrisError {
    try {
      return this.#resolve(client, actor, requestDraft());
    } catch (error) {
      if (error instanceof CalybrisError) return error;
      throw error;
    }
  }

  /**
   * A refusal of one request is its own answer; anything else that is thrown ends the step of all.
   *
   * @param taken - the ids that this step has decided: a repetition of one of them waits for it.
   */
  #begin(
    { identity, resolved, position }: OneOfMany,
    results: Results,
    actor: Actor | undefined,
    taken: Set<string>,
  ): void {
    try {
      if (identity !== undefined && taken.has(textOf(identity))) {
        this.#recall(identity, results, position, actor);
        return;
      }
      if (resolved instanceof CalybrisError) throw resolved;
      invariant(resolved !== undefined, "a request is resolved before its step");
      this.#order(resolved, identity, results, position);
      if (identity !== undefined) taken.add(textOf(identity));
    } catch (error) {
      refuseOne(error, results, position);
    }
  }
}

/** A refusal of one request of many. @throws what is no refusal of one alone. */
function refuseOne(error: unknown, results: Results, position: number): void {
  if (!(error instanceof CalybrisError) || error.code === "CAL_ENGINE_STOPPED") throw error;
  results.failed(error, position);
}

/** Until a request is ordered. */
const UNNUMBERED = 0n;

/** Apart, so that a request that is taken makes no closure. */
function refused(waiter: DecisionWaiter, error: unknown, token: number): void {
  answered(() => waiter.failed(error, token));
}

/** What becomes of each request of many. */
class Results implements DecisionWaiter {
  /** Once all are known. */
  readonly all: Promise<readonly DecidedOrRefused[]>;
  readonly #results: DecidedOrRefused[];
  readonly #resolve: (results: readonly DecidedOrRefused[]) => void;
  readonly #reject: (error: unknown) => void;
  #left: number;

  constructor(count: number) {
    const { promise, resolve, reject } = Promise.withResolvers<readonly DecidedOrRefused[]>();
    // A step that is refused is its own answer; then nobody waits here.
    promise.catch(() => undefined);
    this.all = promise;
    this.#results = new Array<DecidedOrRefused>(count);
    this.#resolve = resolve;
    this.#reject = reject;
    this.#left = count;
    if (count === 0) resolve([]);
  }

  decided(decided: Decided, position: number): void {
    this.#take({ decided }, position);
  }

  failed(error: unknown, position: number): void {
    if (error instanceof CalybrisError) this.#take({ refused: error }, position);
    else this.#reject(error);
  }

  #take(result: DecidedOrRefused, position: number): void {
    this.#results[position] = result;
    this.#left -= 1;
    if (this.#left === 0) this.#resolve(this.#results);
  }
}
