/**
 * One call, from its decision to its end:
 *
 *     begin ─▶ attempts ─▶ complete (settles and reports the outcome) | hold | release
 *
 * Each step is an entry that is durable before the method resolves. A further attempt reserves its own amount before it is
 * sent. An attempt that ends with a known cost is settled at once, and the rest of its reservation is released.
 * @module
 */
import {
  type CalybrisError,
  type Caused,
  type DecisionEntry,
  HOLD_CAUSES,
  type HoldCause,
  RESERVATION_SECONDS_MAX,
  type ReservationBasis,
  runningId,
  U32_MAX,
} from "@calybris/kernel";
import { EngineError } from "../engine-errors.ts";
import type { Amount } from "../intake/client-request.ts";
import { nameField, oneOfField, optionalField, refuseMistakes, wholeField } from "../intake/ledger-fields.ts";
import type { FailStop } from "../journal/fail-stop.ts";
import type { WaiterOrdering } from "../journal/ordering.ts";
import { DurableWaiter, type EntryWaiter, NOBODY } from "../journal/waiting-list.ts";
import type { Ledger } from "../ledger/ledger.ts";
import { endedEntry, orderAttempt } from "./attempt-orders.ts";
import { boundField, type OutputLimits, type Reservation } from "./call-bounds.ts";
import { fallbacksOf } from "./call-ranking.ts";
import { standingOf } from "./call-standing.ts";
import type {
  AttemptEnd,
  BegunAttempt,
  CallMode,
  CallOutcome,
  CallStanding,
  Completed,
  NextAttempt,
} from "./client-call.ts";
import type { Decided } from "./decided.ts";
import type { Caller } from "./keys.ts";
import type { EngineLearning } from "./learning.ts";
import type { EngineLedger } from "./ledger.ts";
import type { DecisionFound } from "./outcomes.ts";

/** The parts of the engine that a call needs. */
export interface CallPorts {
  readonly ledger: Ledger;
  readonly journal: WaiterOrdering;
  readonly failStop: FailStop;
  readonly moves: Pick<EngineLedger, "hold" | "release" | "correct">;
  readonly learning: Pick<EngineLearning, "observeHeld">;
  readonly caused: (caller: Caller) => Caused;
  readonly nowUs: () => number;
}

function isUnknown({ costMicrocents }: AttemptState): boolean {
  return costMicrocents === undefined;
}

/** A call at the start of its first attempt. */
export interface BegunCall {
  readonly decided: Decided;
  readonly found: DecisionFound;
  readonly mode: CallMode;
  readonly limits: OutputLimits;
  readonly reservation: Reservation;
  readonly isMetered: boolean;
  readonly caller: Caller;
}

interface AttemptState {
  readonly candidate: number;
  hasEnded: boolean;
  /** `undefined` while the cost is unknown. */
  costMicrocents: bigint | undefined;
}

/**
 * A call that may be sent. Its methods must be called one at a time. If a method that ends the call is refused, it may be
 * called again with the same arguments.
 */
export class Call {
  readonly decided: Decided;
  readonly decisionId: string;
  readonly mode: CallMode;
  /** Id of the selected or requested candidate that runs. */
  readonly candidate: number;
  /** The output limit to send with the first attempt. */
  readonly outputTokensMax: number;
  /** Whether this limit is below the requested one because the headroom is short. */
  readonly isOutputLowered: boolean;
  /** The amount reserved for the first attempt; 0 if the tenant has no limit. */
  readonly reservedMicrocents: bigint;
  readonly basis: ReservationBasis;
  readonly isMetered: boolean;
  readonly #ports: CallPorts;
  readonly #found: DecisionFound;
  readonly #limits: OutputLimits;
  readonly #caller: Caller;
  readonly #of: number;
  readonly #attempts: AttemptState[];
  #ended: Promise<unknown> | undefined;

  constructor({ decided, found, mode, limits, reservation, isMetered, caller }: BegunCall, ports: CallPorts) {
    this.decided = decided;
    this.decisionId = decided.decisionId;
    this.mode = mode;
    this.candidate = runningId(found.entry);
    this.#attempts = [{ candidate: this.candidate, hasEnded: false, costMicrocents: undefined }];
    this.outputTokensMax = reservation.outputTokensMax;
    this.isOutputLowered = reservation.outputTokensMax < limits.max;
    this.reservedMicrocents = isMetered ? reservation.reservedMicrocents : 0n;
    this.basis = reservation.basis;
    this.isMetered = isMetered;
    this.#ports = ports;
    this.#found = found;
    this.#limits = limits;
    this.#caller = caller;
    this.#of = decided.sequence;
  }

  /** The tenant's remaining headroom; `undefined` if the tenant has no limit. */
  get headroomMicrocents(): bigint | undefined {
    const { ledger } = this.#ports;
    const account = this.#entry.tenant === undefined ? undefined : ledger.account(this.#entry.tenant);
    return account === undefined ? undefined : ledger.headroom(account);
  }

  /** The known cost of the attempts so far. */
  get costMicrocents(): bigint {
    return this.#attempts.reduce((sum, { costMicrocents }) => sum + (costMicrocents ?? 0n), 0n);
  }

  /** The fallback candidates that the decision admits, best first. Empty if the decision is only observed. */
  fallbacks(): readonly number[] {
    return this.#entry.acted !== undefined ? [] : fallbacksOf(this.#entry, this.#found.policy.snapshot, this.candidate);
  }

  /**
   * Begins a further attempt. When this resolves, the attempt is durable and its amount is reserved. The previous attempt
   * must have ended.
   *
   * @throws CalybrisError `CAL_CALL_ATTEMPT_BUDGET` if the headroom does not cover it; `CAL_CALL_ATTEMPT_INVALID` for a
   *   candidate that the decision does not admit, or while another attempt is in progress; `CAL_CALL_ENDED`;
   *   `CAL_LEDGER_INVALID` naming the field; `CAL_JOURNAL_OVERLOADED`. Nothing was changed.
   */
  attempt(next: NextAttempt): Promise<BegunAttempt> {
    return this.#ports.failStop.command(async () => {
      const { candidate, deployment, bound } = refuseMistakes({
        candidate: wholeField("candidate", next.candidate, U32_MAX),
        deployment: optionalField(next.deployment, nameField("deployment", next.deployment)),
        bound: boundField("bound", next.bound),
      });
      const caused = this.#ports.caused(this.#caller);
      this.#requireOpen();
      const number = this.#attempts.length + 1;
      if (candidate !== this.candidate && !this.fallbacks().includes(candidate))
        throw this.#invalid(`names candidate ${candidate}, which its decision does not admit`);
      if (this.#attempts.at(-1)?.hasEnded !== true) throw this.#invalid(`begins while ${number - 1} is under way`);
      const { decisionId } = this;
      const { ordered, reservation } = orderAttempt(this.#ports, {
        of: this.#of,
        number,
        candidate,
        ...(deployment === undefined ? {} : { deployment }),
        decisionId,
        bound,
        limits: this.#limits,
        caused,
      });
      this.#attempts.push({ candidate, hasEnded: false, costMicrocents: undefined });
      await ordered.durable;
      return { number, candidate, ...reservation };
    });
  }

  /**
   * Reports the end of an attempt. A known cost is settled, up to the reserved amount, and the rest is released.
   *
   * @throws CalybrisError `CAL_CALL_ATTEMPT_INVALID` for an attempt that is not in progress; `CAL_CALL_ENDED`;
   *   `CAL_LEDGER_INVALID` naming the field; `CAL_JOURNAL_OVERLOADED`. Nothing was changed.
   */
  attemptEnded(end: AttemptEnd): Promise<void> {
    return this.#ports.failStop.command(async () => {
      this.#requireNotEnded();
      const waiter = new DurableWaiter();
      this.#orderEnd(end, waiter);
      await waiter.promise;
    });
  }

  /**
   * Ends the call. One entry settles the reservation at the total cost of the attempts and reports the outcome. If a
   * fallback answered, the outcome's disposition is `abandoned`: it is not learned for the selected candidate.
   *
   * @param end - the end of the last attempt, unless it was already reported.
   * @throws CalybrisError `CAL_CALL_COST_UNKNOWN` while the cost of an attempt is unknown; `end` is recorded all the same.
   *   Also as `attemptEnded` and `EngineLearning.observe`.
   */
  complete(outcome: CallOutcome, end?: AttemptEnd): Promise<Completed> {
    return this.#end(async () => {
      this.#orderGivenEnd(end);
      const { decisionId } = this;
      if (this.#attempts.some(isUnknown)) throw this.#costUnknown(this.#unknown);
      const { costMicrocents } = this;
      const closed = this.#ports.ledger.reservations.closed(this.#of);
      const isOther = closed !== undefined && closed.actualMicrocents !== costMicrocents;
      if (isOther && closed.state !== "released")
        await this.#ports.moves.correct({ decisionId, actualMicrocents: costMicrocents }, this.#caller);
      const isFallback = this.#attempts.at(-1)?.candidate !== this.candidate;
      const disposition = isFallback ? "abandoned" : outcome.disposition;
      const reported = { ...outcome, disposition, decisionId, costMicrocents, settle: true };
      const observed = await this.#ports.learning.observeHeld(reported, this.#caller, this.#found);
      return { decisionId, costMicrocents, observed };
    });
  }

  /**
   * Ends the call while the cost of an attempt is unknown. The known part is settled; the rest stays reserved until it is
   * reconciled or expires.
   *
   * @param hold.knownMicrocents - the known part of the cost of attempts with unknown cost. Default 0.
   * @param hold.expiresAt - when the rest is settled in full. Default: the expiry of the decision's reservation.
   */
  hold(
    hold: { readonly cause: HoldCause; readonly knownMicrocents?: Amount; readonly expiresAt?: number },
    end?: AttemptEnd,
  ): Promise<CallStanding> {
    return this.#end(async () => {
      const { cause, expiresAt } = refuseMistakes({
        cause: oneOfField("cause", hold.cause, HOLD_CAUSES),
        expiresAt: optionalField(
          hold.expiresAt,
          wholeField("expiresAt", hold.expiresAt, this.#ports.nowUs() + RESERVATION_SECONDS_MAX * 1_000_000),
        ),
      });
      this.#orderGivenEnd(end);
      const { decisionId } = this;
      const { knownMicrocents } = hold;
      if (this.#isOpen) await this.#ports.moves.hold({ decisionId, cause, knownMicrocents, expiresAt }, this.#caller);
      return this.standing;
    });
  }

  /**
   * Ends a call that cost nothing, and releases its whole reservation.
   *
   * @throws CalybrisError `CAL_CALL_ATTEMPT_INVALID` if an attempt had a cost; `CAL_CALL_COST_UNKNOWN` if an attempt ended
   *   with an unknown cost.
   */
  release(end?: AttemptEnd): Promise<CallStanding> {
    return this.#end(async () => {
      this.#orderGivenEnd(end);
      const unknown = this.#unknown.filter((number) => this.#attempts[number - 1]?.hasEnded);
      if (unknown.length > 0) throw this.#costUnknown(unknown);
      if (this.costMicrocents > 0n) throw this.#invalid(`cost ${this.costMicrocents} microcents, and is not released`);
      if (this.#isOpen) await this.#ports.moves.release({ decisionId: this.decisionId }, this.#caller);
      return this.standing;
    });
  }

  /** The present state of the call. */
  get standing(): CallStanding {
    const standing = standingOf(this.#ports.ledger, this.#of, this.decisionId);
    if (standing.state !== "unknown") return standing;
    const state = this.#ended === undefined ? "in_flight" : "finished";
    return { ...standing, state, costMicrocents: this.costMicrocents };
  }

  get #entry(): DecisionEntry {
    return this.#found.entry;
  }

  get #isOpen(): boolean {
    const open = this.#ports.ledger.reservations.open(this.#of);
    return open !== undefined && open.held === undefined;
  }

  /** Runs the step that ends the call, at most once; after a refusal it may be retried. */
  #end<Result>(work: () => Promise<Result>): Promise<Result> {
    return this.#ports.failStop.command(async () => {
      this.#requireNotEnded();
      const ending = work();
      this.#ended = ending;
      try {
        return await ending;
      } catch (error) {
        this.#ended = undefined;
        throw error;
      }
    });
  }

  #requireNotEnded(): void {
    if (this.#ended !== undefined) throw this.#endedError();
  }

  /** If another command closed or held the reservation, no further attempt may be sent. */
  #requireOpen(): void {
    this.#requireNotEnded();
    if (this.isMetered && !this.#isOpen) throw this.#endedError();
  }

  #endedError(): CalybrisError {
    return new EngineError("CAL_CALL_ENDED", { decisionId: this.decisionId, state: this.standing.state });
  }

  /** Numbers of the attempts with unknown cost. */
  get #unknown(): readonly number[] {
    return this.#attempts.flatMap(({ costMicrocents }, index) => (costMicrocents === undefined ? [index + 1] : []));
  }

  #costUnknown(attempts: readonly number[]): CalybrisError {
    return new EngineError("CAL_CALL_COST_UNKNOWN", { decisionId: this.decisionId, attempts: attempts.join(", ") });
  }

  #invalid(problem: string): CalybrisError {
    return new EngineError("CAL_CALL_ATTEMPT_INVALID", { decisionId: this.decisionId, problem });
  }

  #orderGivenEnd(end: AttemptEnd | undefined): void {
    if (end !== undefined && this.#attempts[end.number - 1]?.hasEnded !== true) this.#orderEnd(end, NOBODY);
  }

  #orderEnd(end: AttemptEnd, waiter: EntryWaiter): void {
    const entry = endedEntry(this.#of, end, this.#ports.caused(this.#caller));
    const attempt = this.#attempts[entry.number - 1];
    if (attempt === undefined || attempt.hasEnded) throw this.#invalid(`ends, but ${entry.number} is not under way`);
    this.#ports.journal.appendFor(entry, waiter);
    attempt.hasEnded = true;
    attempt.costMicrocents = entry.costMicrocents;
  }
}
