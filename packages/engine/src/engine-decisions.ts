/**
 * The decide flow, as the sentence it implements:
 *
 *     request → recall → resolve → one step of the journal (plan, order) → durable → answer
 *
 * Recall comes first: a retry gets its decision whatever policy is in force by now.
 * @module
 */
import {
  type Actor,
  CalybrisError,
  invariant,
  type Kernel,
  type Policy,
  sequence as sequenceOf,
} from "@calybris/kernel";
import { DecideStep, type UnknownTenants } from "./decide-step.ts";
import { answer, type Decided } from "./decided.ts";
import { type ClientRequest, type ResolvedRequest, resolveRequest } from "./intake/client-request.ts";
import type { FailStop } from "./journal/fail-stop.ts";
import type { Journal } from "./journal/journal.ts";
import { type IdentifiedRequest, identified, type RequestIds } from "./request-ids.ts";
import type { Draws } from "./router/draws.ts";
import type { EngineState } from "./state.ts";

/** What became of one request of many. */
export type DecidedOrRefused = { readonly decided: Decided } | { readonly refused: CalybrisError };

/** What the flow needs of the engine. */
export interface DecisionPorts {
  readonly state: EngineState;
  readonly journal: Journal;
  readonly failStop: FailStop;
  readonly requestIds: RequestIds;
  readonly waitingMax: number;
  readonly kernelFor: (policy: Policy) => Kernel;
  /** Once a policy learns. */
  readonly draws: () => Draws | undefined;
  readonly unknownTenants: () => UnknownTenants;
  readonly openReservationsMax: number;
}

/** One request of many, and what the policy makes of it. */
interface ReadRequest {
  readonly identity: IdentifiedRequest | undefined;
  readonly resolved: ResolvedRequest | CalybrisError;
}

export class EngineDecisions {
  readonly #ports: DecisionPorts;
  readonly #step: DecideStep;

  constructor(ports: DecisionPorts) {
    this.#ports = ports;
    this.#step = new DecideStep(ports);
  }

  /** As `Engine.decide`. */
  async decide(client: ClientRequest, actor?: Actor): Promise<Decided> {
    const { failStop } = this.#ports;
    failStop.assertRunning();
    return failStop.stopOnViolation(() => {
      const identity = identified(client);
      return this.#recalled(identity) ?? this.#decided(this.#resolve(client, actor), identity);
    });
  }

  /**
   * As `Engine.decideMany`. All requests are read before the step begins, so that what a client's object throws cannot end
   * it half way.
   */
  async decideMany(clients: readonly ClientRequest[], actor?: Actor): Promise<readonly DecidedOrRefused[]> {
    const { failStop, journal, waitingMax } = this.#ports;
    failStop.assertRunning();
    if (clients.length > waitingMax)
      throw new CalybrisError("CAL_JOURNAL_OVERLOADED", { waiting: journal.waitingCount });
    const requests = failStop.stopOnViolation(() => clients.map((client) => this.#read(client, actor)));
    return (await Promise.allSettled(this.#beginAll(requests))).map(decidedOrRefused);
  }

  /** Begins requests in one step that has room for all of them. */
  #beginAll(requests: readonly ReadRequest[]): readonly Promise<Decided>[] {
    const { journal } = this.#ports;
    const begun: Promise<Decided>[] = [];
    const begin = (): void => {
      for (const request of requests) begun.push(this.#begin(request));
    };
    try {
      // A journal that takes nothing more refuses each new request by itself; what was decided before is still found.
      if (journal.failure !== undefined) begin();
      else
        journal.step((at) => {
          const resolved = requests.flatMap((each) => (each.resolved instanceof CalybrisError ? [] : each.resolved));
          journal.establishRoom(this.#step.entriesMax(resolved, at));
          begin();
        });
    } catch (error) {
      // The caller gets this error; the decisions that were withdrawn have no other reader.
      for (const decided of begun) decided.catch(() => undefined);
      throw error;
    }
    return begun;
  }

  #recalled(identity: IdentifiedRequest | undefined): Promise<Decided> | undefined {
    return identity === undefined ? undefined : this.#ports.requestIds.find(identity);
  }

  /** @throws CalybrisError `CAL_REQUEST_INVALID`. */
  #resolve(client: ClientRequest, actor: Actor | undefined): ResolvedRequest {
    const { state } = this.#ports;
    const resolved = resolveRequest(state.current.snapshot, client, state.decisionSequence + 1n);
    return actor === undefined ? resolved : { ...resolved, actor };
  }

  /** Orders a decision. */
  #decided(resolved: ResolvedRequest, identity: IdentifiedRequest | undefined): Promise<Decided> {
    const { failStop, requestIds } = this.#ports;
    invariant(
      resolved.requestId === identity?.requestId,
      "a request that is taken has the id that it was looked up by",
    );
    const { sequence, durable, proven } = this.#step.run(resolved);
    const decided = durable.then((entryHash) =>
      failStop.stopOnViolation(() => answer(proven, { sequence, entryHash, repeated: false })),
    );
    if (identity !== undefined) requestIds.ordered(identity, sequence, proven.entry, decided);
    return decided;
  }

  #read(client: ClientRequest, actor: Actor | undefined): ReadRequest {
    let identity: IdentifiedRequest | undefined;
    try {
      identity = identified(client);
      return { identity, resolved: this.#resolve(client, actor) };
    } catch (error) {
      if (!(error instanceof CalybrisError)) throw error;
      return { identity, resolved: error };
    }
  }

  /** A refusal of one request is its own answer; anything else that is thrown ends the step of all. */
  #begin({ identity, resolved }: ReadRequest): Promise<Decided> {
    try {
      const recalled = this.#recalled(identity);
      if (recalled !== undefined) return recalled;
      if (resolved instanceof CalybrisError) throw resolved;
      return this.#decided(this.#numbered(resolved), identity);
    } catch (error) {
      if (!(error instanceof CalybrisError) || error.code === "CAL_ENGINE_STOPPED") throw error;
      return Promise.reject(error);
    }
  }

  /** With the number that its decision gets, which was not known when it was read. */
  #numbered(resolved: ResolvedRequest): ResolvedRequest {
    const sequence = sequenceOf(this.#ports.state.decisionSequence + 1n);
    return { ...resolved, request: { ...resolved.request, sequence } };
  }
}

function decidedOrRefused(settled: PromiseSettledResult<Decided>): DecidedOrRefused {
  if (settled.status === "fulfilled") return { decided: settled.value };
  if (settled.reason instanceof CalybrisError) return { refused: settled.reason };
  throw settled.reason;
}
