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

/** The result of one request of a batch. */
export type DecidedOrRefused = { readonly decided: Decided } | { readonly refused: CalybrisError };

/**
 * Called with the refusal of each request that cannot be decided. Once it returns an error, all later requests are refused
 * with it, without being read: reporting mistakes takes longer than deciding.
 */
export type RefuseRest = (refused: CalybrisError) => CalybrisError | undefined;

/** The parts of the engine that the flow uses. */
export interface DecisionPorts {
  readonly state: EngineState;
  readonly journal: Journal;
  readonly failStop: FailStop;
  readonly requestIds: RequestIds;
  readonly entries: StoredEntries;
  /** Defined once a policy learns. */
  readonly draws: () => Draws | undefined;
  readonly unknownTenants: () => UnknownTenants;
  readonly openReservationsMax: number;
  /** The given actor, if it may act; default: the user that runs this process. */
  readonly actorOf: (given: Actor | undefined) => Actor;
}

/** One request of a batch. */
interface OneOfMany {
  readonly client: ClientRequest;
  /** Its position in the batch, which is its token. */
  readonly position: number;
  readonly identity: IdentifiedRequest | undefined;
  /** The error because of which the request is not read. */
  readonly refusal: CalybrisError | undefined;
  /** Entries that were checked and do not hold its id. */
  readonly seen: Set<number>;
  /** The request resolved by the active policy; `undefined` until it is known to be new. */
  resolved: RequestDraft | CalybrisError | undefined;
}

export class EngineDecisions {
  readonly #ports: DecisionPorts;
  readonly #step: DecideStep;
  readonly #pendingPorts: PendingPorts;
  /** Reused for single requests: each is decided or refused before the next is read. */
  readonly #draft: RequestDraft = requestDraft();

  constructor(ports: DecisionPorts) {
    this.#ports = ports;
    this.#step = new DecideStep(ports);
    this.#pendingPorts = { failStop: ports.failStop, proven: this.#proven };
  }

  /** As `Engine.submit`. A request whose id is new, as almost all are, is ordered before this returns. */
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
   * As `Engine.decideMany`. All requests are read before the step begins, so that an error thrown by a client's object
   * cannot end the step halfway.
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
        // Code that ran while a client's object was read may have had one of them decided.
      } while (left.some(isKnown));
      if (left.length > 0) this.#beginAll(left, results, actor);
    } catch (error) {
      throw failStop.stoppedOnViolation(error);
    }
    return results.all;
  }

  /** Answers the requests that were decided before, and returns the others. A refusal of one request is its own answer. */
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
    // A failed journal refuses each new request individually; earlier decisions were found already.
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

  /** A durable decision identifies its reservation. */
  readonly #proven = (sequence: number, record: DecisionRecord): void => {
    this.#ports.state.ledger.reservations.identify(sequence, identityNumberOf(record));
  };

  /** Answers a request whose id may have been decided; if the id is new after all, orders the request like any other. */
  #recall(identity: IdentifiedRequest, waiter: DecisionWaiter, token: number, actor: Actor | undefined): void {
    const { failStop } = this.#ports;
    const { client } = identity;
    const recalled = this.#recalled(identity, waiter, token, new Set(), (isAnswered) => {
      if (!isAnswered) this.#decide(client, identity, waiter, token, actor);
    });
    recalled.catch((error: unknown) => refused(waiter, failStop.stoppedOnViolation(error), token));
  }

  /**
   * Answers a request with the decision of its id. A request that no policy would accept was never decided.
   *
   * @param then - called with whether it was answered. If not, the id stays new until this returns.
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

  /** Decides a request with a new id, unless code that ran while the client's object was read has had it decided. */
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

  /**
   * Orders a decision. Its number is assigned here: code that ran while the client's object was read may have decided
   * another.
   */
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
   * A refusal of one request is its own answer; any other error ends the step of all.
   *
   * @param taken - the ids decided by this step: a duplicate waits for the first.
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

/** Records the refusal of one request of a batch. @throws any error that is not a refusal of one request. */
function refuseOne(error: unknown, results: Results, position: number): void {
  if (!(error instanceof CalybrisError) || error.code === "CAL_ENGINE_STOPPED") throw error;
  results.failed(error, position);
}

/** The number of a request before it is ordered. */
const UNNUMBERED = 0n;

/** A function of its own, so that an accepted request allocates no closure. */
function refused(waiter: DecisionWaiter, error: unknown, token: number): void {
  answered(() => waiter.failed(error, token));
}

/** The results of a batch. */
class Results implements DecisionWaiter {
  /** Resolves once all results are known. */
  readonly all: Promise<readonly DecidedOrRefused[]>;
  readonly #results: DecidedOrRefused[];
  readonly #resolve: (results: readonly DecidedOrRefused[]) => void;
  readonly #reject: (error: unknown) => void;
  #left: number;

  constructor(count: number) {
    const { promise, resolve, reject } = Promise.withResolvers<readonly DecidedOrRefused[]>();
    // If the step is refused, the caller gets that error and does not await this promise.
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
