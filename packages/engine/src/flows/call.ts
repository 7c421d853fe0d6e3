/**
 * One call, from its decision to its end:
 *
 *     begin ─▶ attempts ─▶ complete (settles and reports the outcome) | hold | release
 *
 * Each step is an entry that is durable before it is answered. A further attempt reserves for itself before it is sent; one that
 * ended at a known cost is settled at once and gives back what it did not need.
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

/** What a call needs of the engine. */
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

/** A call as its decision began it. */
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
  /** `undefined` while it is not known. */
  costMicrocents: bigint | undefined;
}

/**
 * A call that may be sent. Its methods are called one after another; one that ends the call may be called again with the same
 * arguments after a refusal.
 */
export class Call {
  readonly decided: Decided;
  readonly decisionId: string;
  readonly mode: CallMode;
  /** Id of the candidate that runs. */
  readonly candidate: number;
  /** The output limit to send with the first attempt. */
  readonly outputTokensMax: number;
  /** Whether that is less than what was asked for, because money is short. */
  readonly isOutputLowered: boolean;
  /** What is reserved for the first attempt; 0 when the tenant is not limited. */
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

  /** What the tenant has left; `undefined` when it is not limited. */
  get headroomMicrocents(): bigint | undefined {
    const { ledger } = this.#ports;
    const account = this.#entry.tenant === undefined ? undefined : ledger.account(this.#entry.tenant);
    return account === undefined ? undefined : ledger.headroom(account);
  }

  /** What its attempts cost so far, as far as is known. */
  get costMicrocents(): bigint {
    return this.#attempts.reduce((sum, { costMicrocents }) => sum + (costMicrocents ?? 0n), 0n);
  }

  /** Candidates to fall back on, best first: those that the decision admitted. None while the decision is only observed. */
  fallbacks(): readonly number[] {
    return this.#entry.acted !== undefined ? [] : fallbacksOf(this.#entry, this.#found.policy.snapshot, this.candidate);
  }

  /**
   * Begins a further attempt: it is durable, and reserved, before this resolves. The attempt before it has ended.
   *
   * @throws CalybrisError `CAL_CALL_ATTEMPT_BUDGET` where the headroom does not cover it; `CAL_CALL_ATTEMPT_INVALID` for another
   *   candidate than those of the decision, or while an attempt is under way; `CAL_CALL_ENDED`; `CAL_LEDGER_INVALID` naming the
   *   field; `CAL_JOURNAL_OVERLOADED`. Nothing was changed.
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
   * An attempt has ended. At a known cost it is settled, up to its reservation, and gives the rest back.
   *
   * @throws CalybrisError `CAL_CALL_ATTEMPT_INVALID` for one that is not under way; `CAL_CALL_ENDED`; `CAL_LEDGER_INVALID`
   *   naming the field; `CAL_JOURNAL_OVERLOADED`. Nothing was changed.
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
   * Ends the call: its attempts cost what they cost together, which settles its reservation in one entry with its outcome. Where
   * a fallback answered, the decision was abandoned: its outcome teaches nothing about the candidate that was selected.
   *
   * @param end - of the last attempt, unless that was reported.
   * @throws CalybrisError `CAL_CALL_COST_UNKNOWN` while the cost of an attempt is not known; the end that was given stays.
   *   As `attemptEnded` and `EngineLearning.observe`.
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
   * Ends the call while the cost of an attempt is not known: what is known is settled, the rest stays reserved until it is
   * reconciled or expires.
   *
   * @param hold.knownMicrocents - of an attempt whose cost is not known the part that is; 0 when left out.
   * @param hold.expiresAt - when the rest is settled in full; as the decision has it when left out.
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
   * Ends a call that cost nothing: everything comes back.
   *
   * @throws CalybrisError `CAL_CALL_ATTEMPT_INVALID` for one of which an attempt cost something; `CAL_CALL_COST_UNKNOWN` for one
   *   of which an attempt ended at a cost that is not known.
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

  /** Where it stands. */
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

  /** Runs what ends the call, once; after a refusal it may be tried again. */
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

  /** A call whose reservation was closed or held by someone else sends nothing more. */
  #requireOpen(): void {
    this.#requireNotEnded();
    if (this.isMetered && !this.#isOpen) throw this.#endedError();
  }

  #endedError(): CalybrisError {
    return new EngineError("CAL_CALL_ENDED", { decisionId: this.decisionId, state: this.standing.state });
  }

  /** Numbers of the attempts of which no cost is known. */
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
