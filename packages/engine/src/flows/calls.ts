/**
 * The call flow in one line:
 *
 *     call → recall → resolve → one step of the journal (plan, reserve, order) → durable → a call that may be sent
 *
 * A repeated request id is never sent again: the caller gets the state of the first call. The next process holds calls that
 * were open when a process ended, because their cost is unknown.
 * @module
 */
import {
  CalybrisError,
  type DecisionEntry,
  decisionIdOf,
  identityNumber,
  invariant,
  parseDecisionId,
  runningId,
} from "@calybris/kernel";
import { EngineError } from "../engine-errors.ts";
import type { ClientRequest, ResolvedRequest } from "../intake/client-request.ts";
import { wholeField } from "../intake/ledger-fields.ts";
import { AT, DIGEST_BYTES } from "../journal/decision-record.ts";
import type { Journal } from "../journal/journal.ts";
import type { Proofs } from "../journal/proofs.ts";
import type { RecordEntry } from "../journal/record-entry.ts";
import type { Draws } from "../router/draws.ts";
import { type DecidedId, identified, type RequestIds, requestIdReused } from "../state/request-ids.ts";
import type { EngineState } from "../state/state.ts";
import { Call, type CallPorts } from "./call.ts";
import { type CallTerms, callTerms } from "./call-bounds.ts";
import { CallPlan } from "./call-plan.ts";
import { openCalls, standingOf } from "./call-standing.ts";
import type { Begun, CallStanding, CallState, ClientCall, OpenCall } from "./client-call.ts";
import { DecideStep, type RecordWaiter, type UnknownTenants } from "./decide-step.ts";
import { type Decided, RecordedDecision } from "./decided.ts";
import type { FirstResults } from "./first-results.ts";
import type { Caller, EngineKeys } from "./keys.ts";
import { resolveFor } from "./resolve-for.ts";
import type { Writable } from "./writable.ts";

/** The parts of the engine that the flow needs. */
export interface CallsPorts extends Omit<CallPorts, "ledger" | "journal" | "moves"> {
  readonly firstResults: FirstResults;
  readonly state: EngineState;
  readonly journal: Journal;
  readonly requestIds: RequestIds;
  readonly ledger: CallPorts["moves"];
  readonly draws: () => Draws | undefined;
  readonly unknownTenants: () => UnknownTenants;
  readonly openReservationsMax: number;
  readonly actorOf: EngineKeys["actorOf"];
  /** How long calls that were open when a process ended may be held. Default: a week. */
  readonly heldCallSeconds: number | undefined;
}

const MICROSECONDS = 1_000_000;
/** Providers report the cost of calls within days. */
const HELD_CALL_SECONDS = 7 * 24 * 3_600;
const CALL_KEYS: ReadonlySet<string> = new Set(["mode", "outputTokensMax", "outputTokensMin", "policyId", "bounds"]);

export class EngineCalls {
  readonly #ports: CallsPorts;
  readonly #callPorts: CallPorts;
  readonly #step: DecideStep;

  constructor(ports: CallsPorts) {
    this.#ports = ports;
    const { state, ledger, ...shared } = ports;
    this.#callPorts = { ...shared, ledger: state.ledger, moves: ledger };
    this.#step = new DecideStep({ ...ports, state });
  }

  /**
   * Decides a call, reserves the amount of its first attempt, and resolves when both are durable. A rejection is a result,
   * not an error.
   *
   * @throws CalybrisError `CAL_CALL_REPEATED` for an id that already began a call, with the state of that call;
   *   `CAL_REQUEST_ID_REUSED` for an id that was decided with another prompt; `CAL_CALL_POLICY_CHANGED` if the bounds are
   *   for another policy than the deciding one; `CAL_REQUEST_INVALID` with every mistake; else as `Engine.decide`. Nothing
   *   was reserved.
   */
  begin(call: ClientCall, caller: Caller = {}): Promise<Begun<Call>> {
    const { failStop } = this.#ports;
    return failStop.command(async () => {
      const client = requestOf(call);
      const identity = identified(client);
      const order = (): OrderedCall => this.#order(call, client, caller);
      const ordered =
        identity === undefined
          ? order()
          : await this.#ports.requestIds.recall(identity, (before) => this.#refuseRepeated(call, before), order);
      const { terms, plan, sequence, entry, waiter } = ordered;
      const record = waiter.entry as RecordEntry;
      const entryHash = await waiter.durablePromise;
      const { pages, at } = record;
      pages.f64[(at + AT.sequence) >>> 3] = sequence;
      pages.u8.set(Buffer.from(entryHash, "hex").subarray(0, DIGEST_BYTES), at + AT.entryHash);
      const decided = new RecordedDecision(record, false);
      return this.#begun(call, caller, terms, plan, entry, decided);
    });
  }

  #order(call: ClientCall, client: ClientRequest, caller: Caller): OrderedCall {
    const { failStop, state } = this.#ports;
    const { terms, resolved } = this.#read(call, client, caller);
    const plan = new CallPlan(terms, resolved.request);
    const waiter = new PendingCall();
    const sequence = failStop.stopOnViolation(() => this.#step.run(resolved, waiter, plan));
    const entry = plan.entry as DecisionEntry;
    state.ledger.reservations.identify(sequence, identityNumber(entry.identity));
    return { terms, plan, sequence, entry, waiter };
  }

  /** Open calls and held reservations, oldest first. */
  open(): Iterable<OpenCall> {
    return openCalls(this.#ports.state.ledger);
  }

  /** The state of a call; `unknown` for a decision that reserved nothing, or whose reservation is no longer remembered. */
  standing(decisionId: string): CallStanding {
    const of = parseDecisionId(decisionId)?.of ?? 0;
    const standing = standingOf(this.#ports.state.ledger, of, decisionId);
    const outcome = this.#ports.state.outcomes.find(of);
    if (standing.state !== "unknown" || outcome === undefined) return standing;
    return { ...standing, state: "finished", costMicrocents: outcome.costs.find((cost) => cost !== undefined) ?? 0n };
  }

  /** Holds every call that an earlier process left open. Returns their number; the holds are durable when it resolves. */
  async holdInterrupted(): Promise<number> {
    const { state, journal, firstResults, caused, heldCallSeconds = HELD_CALL_SECONDS } = this.#ports;
    const { reservations } = state.ledger;
    let count = 0;
    for (const { of, expiresAt } of [...reservations.openCalls()]) {
      if (!journal.hasRoom(1)) await firstResults.settled();
      journal.step((at) => {
        journal.establishRoom(1);
        const until = Math.max(expiresAt, at + heldCallSeconds * MICROSECONDS);
        return journal.order({ kind: "hold", of, cause: "unknown", expiresAt: until, ...caused({}) });
      });
      count += 1;
    }
    if (count > 0) await firstResults.settled();
    return count;
  }

  #read(
    call: ClientCall,
    client: ClientRequest,
    caller: Caller,
  ): { readonly terms: CallTerms; readonly resolved: ResolvedRequest } {
    const { state, actorOf } = this.#ports;
    this.#requirePolicy(call);
    const resolved: Writable<ResolvedRequest> = resolveFor(state.policies, client, state.decisionSequence + 1n);
    const { snapshot } = state.policies.deciding(resolved.tenant);
    const terms = callTerms(call, snapshot, resolved.request.requestedId);
    resolved.actor = actorOf(caller.actor);
    if (caller.onBehalfOf !== undefined) resolved.onBehalfOf = caller.onBehalfOf;
    return { terms, resolved };
  }

  /** No other code runs between this check and the step of the journal. */
  #requirePolicy({ policyId, tenant }: ClientCall): void {
    const given = wholeField("policyId", policyId, Number.MAX_SAFE_INTEGER);
    if ("mistake" in given) throw new CalybrisError("CAL_REQUEST_INVALID", { mistakes: [given.mistake] });
    const { id } = this.#ports.state.policies.deciding(typeof tenant === "string" ? tenant : undefined);
    if (given.value !== id) throw new EngineError("CAL_CALL_POLICY_CHANGED", { given: given.value, deciding: id });
  }

  #begun(
    call: ClientCall,
    caller: Caller,
    terms: CallTerms,
    plan: CallPlan,
    entry: DecisionEntry,
    decided: Decided,
  ): Begun<Call> {
    if (plan.rejected !== undefined) return { rejected: plan.rejected, decided };
    const { reservation, isMetered } = plan;
    invariant(reservation !== undefined, "what runs has a bound");
    const { state, nowUs } = this.#ports;
    const found = { entry, at: nowUs(), policy: state.policyOf(entry, decided.sequence) };
    const begun = { decided, found, mode: call.mode, limits: terms.limits, reservation, isMetered, caller };
    return { call: new Call(begun, this.#callPorts), decided };
  }

  /** Refuses a repetition with the state of the first call. */
  #refuseRepeated({ requestId = "", promptDigest }: ClientCall, { sequence, entry }: DecidedId): never {
    if (entry.promptDigest === undefined || entry.promptDigest !== promptDigest)
      throw requestIdReused(requestId, sequence);
    const decisionId = decisionIdOf(sequence, identityNumber(entry.identity));
    throw new EngineError("CAL_CALL_REPEATED", { requestId, decisionId, state: this.#stateOf(decisionId, entry) });
  }

  #stateOf(decisionId: string, entry: DecisionEntry): CallState {
    return runningId(entry) === 0 ? "rejected" : this.standing(decisionId).state;
  }
}

/** A call with an ordered entry. */
interface OrderedCall {
  readonly terms: CallTerms;
  readonly plan: CallPlan;
  readonly sequence: number;
  readonly entry: DecisionEntry;
  readonly waiter: PendingCall;
}

/** The request for the kernel, without the terms of the call. */
function requestOf(call: ClientCall): ClientRequest {
  const request: { [key: string]: unknown } = {};
  for (const key in call) if (!CALL_KEYS.has(key)) request[key] = call[key as keyof ClientCall];
  return request as unknown as ClientRequest;
}

/** A call with an entry that is ordered but not yet durable. */
class PendingCall implements RecordWaiter {
  entry: RecordEntry | undefined;
  readonly durablePromise: Promise<string>;
  readonly #resolve: (hash: string) => void;
  readonly #reject: (error: CalybrisError) => void;

  constructor() {
    const { promise, resolve, reject } = Promise.withResolvers<string>();
    this.durablePromise = promise;
    this.#resolve = resolve;
    this.#reject = reject;
    promise.catch(() => undefined);
  }

  durable(sequence: number, proofs: Proofs): void {
    this.#resolve(proofs.hashOf(sequence));
  }

  failed(error: CalybrisError): void {
    this.#reject(error);
  }
}
