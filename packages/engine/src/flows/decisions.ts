/**
 * The decide flow, as the sentence it implements:
 *
 *     request → recall → resolve → one step of the journal (plan, order) → durable → answer
 *
 * Recall comes first: a retry gets its decision whatever policy is active by now.
 * @module
 */
import { type Actor, CalybrisError, invariant, sequence as sequenceOf } from "@calybris/kernel";
import { DecideStep, type UnknownTenants } from "./decide-step.ts";
import { type Decided, identityNumberOf } from "./decided.ts";
import { answered, type DecisionWaiter, PendingDecision, type PendingPorts } from "./decision-waiter.ts";
import { type ClientRequest, type RequestDraft, requestDraft, resolveRequest } from "../intake/client-request.ts";
import type { DecisionRecord } from "../journal/decision-record.ts";
import type { FailStop } from "../journal/fail-stop.ts";
import type { Journal } from "../journal/journal.ts";
import { type IdentifiedRequest, identified, type RequestIds } from "../state/request-ids.ts";
import type { Draws } from "../router/draws.ts";
import type { EngineState } from "../state/state.ts";

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
  readonly waitingMax: number;
  /** Once a policy learns. */
  readonly draws: () => Draws | undefined;
  readonly unknownTenants: () => UnknownTenants;
  readonly openReservationsMax: number;
  /** The actor given, if it may act; by default the user that runs this process. */
  readonly actorOf: (given: Actor | undefined) => Actor;
}

/** One request of many, and what the policy makes of it. */
interface ReadRequest {
  readonly identity: IdentifiedRequest | undefined;
  readonly resolved: RequestDraft | CalybrisError;
}

export class EngineDecisions {
  readonly #ports: DecisionPorts;
  readonly #step: DecideStep;
  readonly #pendingPorts: PendingPorts;
  /** Of a request that is sent alone: it is decided, or refused, before the next is read into it. */
  readonly #draft: RequestDraft = requestDraft();

  constructor(ports: DecisionPorts) {
    const { failStop, requestIds } = ports;
    this.#ports = ports;
    this.#step = new DecideStep(ports);
    this.#pendingPorts = { failStop, proven: this.#proven, answered: (pending) => requestIds.answered(pending) };
  }

  /** As `Engine.submit`. */
  submit(client: ClientRequest, waiter: DecisionWaiter, token: number, actor?: Actor): void {
    const { failStop } = this.#ports;
    try {
      failStop.assertRunning();
      const identity = identified(client);
      if (!this.#isRecalled(identity, waiter, token))
        this.#order(this.#resolve(client, actor, this.#draft), identity, waiter, token);
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
    const { failStop, journal, waitingMax } = this.#ports;
    failStop.assertRunning();
    if (clients.length > waitingMax)
      throw new CalybrisError("CAL_JOURNAL_OVERLOADED", { waiting: journal.waitingCount });
    const requests = failStop.stopOnViolation(() => this.#readAll(clients, actor, refuseRest));
    return new Promise((resolve, reject) => this.#beginAll(requests, new Results(requests.length, resolve, reject)));
  }

  #readAll(
    clients: readonly ClientRequest[],
    actor: Actor | undefined,
    refuseRest: RefuseRest | undefined,
  ): readonly ReadRequest[] {
    const requests: ReadRequest[] = [];
    let rest: CalybrisError | undefined;
    for (const client of clients) {
      const request = rest === undefined ? this.#read(client, actor) : { identity: undefined, resolved: rest };
      requests.push(request);
      if (rest === undefined && request.resolved instanceof CalybrisError) rest = refuseRest?.(request.resolved);
    }
    return requests;
  }

  /** Begins requests in one step that has room for all of them; the position of each is its token. */
  #beginAll(requests: readonly ReadRequest[], results: Results): void {
    const { journal } = this.#ports;
    const begin = (): void => {
      for (let position = 0; position < requests.length; position++)
        this.#begin(requests[position] as ReadRequest, results, position);
    };
    // A journal that takes nothing more refuses each new request by itself; what was decided before is still found.
    if (journal.failure !== undefined) begin();
    else
      journal.step((at) => {
        const resolved = requests.flatMap((each) => (each.resolved instanceof CalybrisError ? [] : each.resolved));
        journal.establishRoom(this.#step.entriesMax(resolved, at));
        begin();
      });
  }

  /** A reservation is identified by its decision. */
  readonly #proven = (sequence: number, record: DecisionRecord): void => {
    this.#ports.state.ledger.reservations.identify(sequence, identityNumberOf(record));
  };

  #isRecalled(identity: IdentifiedRequest | undefined, waiter: DecisionWaiter, token: number): boolean {
    return identity !== undefined && this.#ports.requestIds.answers(identity, waiter, token);
  }

  /** @throws CalybrisError `CAL_REQUEST_INVALID`. */
  #resolve(client: ClientRequest, actor: Actor | undefined, draft: RequestDraft): RequestDraft {
    const { state, actorOf } = this.#ports;
    resolveRequest(state.current.index, client, UNNUMBERED, draft);
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
    const sequence = this.#step.run(resolved, pending);
    if (identity !== undefined) this.#ports.requestIds.ordered(identity, sequence, pending);
  }

  #read(client: ClientRequest, actor: Actor | undefined): ReadRequest {
    let identity: IdentifiedRequest | undefined;
    try {
      identity = identified(client);
      return { identity, resolved: this.#resolve(client, actor, requestDraft()) };
    } catch (error) {
      if (!(error instanceof CalybrisError)) throw error;
      return { identity, resolved: error };
    }
  }

  /** A refusal of one request is its own answer; anything else that is thrown ends the step of all. */
  #begin({ identity, resolved }: ReadRequest, results: Results, position: number): void {
    try {
      if (this.#isRecalled(identity, results, position)) return;
      if (resolved instanceof CalybrisError) throw resolved;
      this.#order(resolved, identity, results, position);
    } catch (error) {
      if (!(error instanceof CalybrisError) || error.code === "CAL_ENGINE_STOPPED") throw error;
      results.failed(error, position);
    }
  }
}

/** Until a request is ordered. */
const UNNUMBERED = 0n;

/** Apart, so that a request that is taken makes no closure. */
function refused(waiter: DecisionWaiter, error: unknown, token: number): void {
  answered(() => waiter.failed(error, token));
}

/** What becomes of each request of many, until all are known. */
class Results implements DecisionWaiter {
  readonly #results: DecidedOrRefused[];
  readonly #resolve: (results: readonly DecidedOrRefused[]) => void;
  readonly #reject: (error: unknown) => void;
  #left: number;

  constructor(
    count: number,
    resolve: (results: readonly DecidedOrRefused[]) => void,
    reject: (error: unknown) => void,
  ) {
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
