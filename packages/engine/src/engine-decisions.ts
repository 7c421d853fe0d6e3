/**
 * The decide flow, as the sentence it implements:
 *
 *     request → recall → resolve → one step of the journal (plan, order) → durable → answer
 *
 * Recall comes first: a retry gets its decision whatever policy is in force by now.
 * @module
 */
import { CalybrisError, invariant, type Kernel, type Policy, sequence as sequenceOf } from "@calybris/kernel";
import { DecideStep } from "./decide-step.ts";
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
  async decide(client: ClientRequest): Promise<Decided> {
    const { failStop } = this.#ports;
    failStop.assertRunning();
    return failStop.stopOnViolation(() => {
      const identity = identified(client);
      return this.#recalled(identity) ?? this.#decided(this.#resolve(client), identity);
    });
  }

  /**
   * As `Engine.decideMany`. All requests are read before the step begins, so that what a client's object throws cannot end
   * it half way.
   */
  async decideMany(clients: readonly ClientRequest[]): Promise<readonly DecidedOrRefused[]> {
    const { failStop, journal, waitingMax } = this.#ports;
    failStop.assertRunning();
    if (clients.length > waitingMax)
      throw new CalybrisError("CAL_JOURNAL_OVERLOADED", { waiting: journal.waitingCount });
    const requests = failStop.stopOnViolation(() => clients.map((client) => this.#read(client)));
    const results = journal.step((at) => {
      const resolved = requests.flatMap((request) =>
        request.resolved instanceof CalybrisError ? [] : request.resolved,
      );
      journal.establishRoom(this.#step.entriesMax(resolved, at));
      return requests.map((request) => this.#decidedOrRefused(request));
    });
    return Promise.all(results);
  }

  #recalled(identity: IdentifiedRequest | undefined): Promise<Decided> | undefined {
    return identity === undefined ? undefined : this.#ports.requestIds.find(identity);
  }

  /** @throws CalybrisError `CAL_REQUEST_INVALID`. */
  #resolve(client: ClientRequest): ResolvedRequest {
    const { state } = this.#ports;
    return resolveRequest(state.current.snapshot, client, state.decisionSequence + 1n);
  }

  /** Orders a decision. */
  #decided(resolved: ResolvedRequest, identity: IdentifiedRequest | undefined): Promise<Decided> {
    const { failStop, requestIds } = this.#ports;
    invariant(resolved.requestId === identity?.requestId, "a request that is taken has a content, when it has an id");
    const { sequence, durable, proven } = this.#step.run(resolved, identity?.contentDigest);
    const decided = durable.then((entryHash) =>
      failStop.stopOnViolation(() => answer(proven, { sequence, entryHash, repeated: false })),
    );
    if (identity !== undefined) requestIds.ordered(identity, sequence, decided);
    return decided;
  }

  #read(client: ClientRequest): ReadRequest {
    const identity = identified(client);
    try {
      return { identity, resolved: this.#resolve(client) };
    } catch (error) {
      if (!(error instanceof CalybrisError)) throw error;
      return { identity, resolved: error };
    }
  }

  /** What one request of many is refused with is told in its place, unless it is told to all of them. */
  #decidedOrRefused({ identity, resolved }: ReadRequest): Promise<DecidedOrRefused> {
    try {
      const recalled = this.#recalled(identity);
      if (recalled === undefined && resolved instanceof CalybrisError) throw resolved;
      const decided = recalled ?? this.#decided(this.#numbered(resolved as ResolvedRequest), identity);
      const result = decided.then((answered) => ({ decided: answered }), refusedWith);
      // When the step fails, nobody waits for it.
      result.catch(() => undefined);
      return result;
    } catch (error) {
      return Promise.resolve(refusedWith(error));
    }
  }

  /** With the number that its decision gets, which was not known when it was read. */
  #numbered(resolved: ResolvedRequest): ResolvedRequest {
    const sequence = sequenceOf(this.#ports.state.decisionSequence + 1n);
    return { ...resolved, request: { ...resolved.request, sequence } };
  }
}

function refusedWith(error: unknown): DecidedOrRefused {
  if (!(error instanceof CalybrisError) || error.code === "CAL_ENGINE_STOPPED") throw error;
  return { refused: error };
}
