/**
 * Who waits for a decision, and a decision that is ordered and not yet durable.
 *
 * A repetition of a request waits for the first attempt: it gets the same decision, or that the result is unknown.
 * @module
 */
import type { CalybrisError } from "@calybris/kernel";
import { type Decided, RecordedDecision } from "./decided.ts";
import type { RecordWaiter } from "./decide-step.ts";
import type { FailStop } from "../journal/fail-stop.ts";
import { AT, type DecisionRecord } from "../journal/decision-record.ts";
import type { RecordEntry } from "../journal/record-entry.ts";
import type { Proofs } from "../journal/proofs.ts";

/** Takes the answer to a request. One of the two is called, once; it may be before `submit` returns. */
export interface DecisionWaiter {
  /** @param token - what was given to `submit`. */
  decided(decided: Decided, token: number): void;
  /** Nothing was decided; or it is not known, and a repetition finds out. */
  failed(error: unknown, token: number): void;
}

/** A request that was sent again while the first attempt waits. */
interface Repetition {
  readonly waiter: DecisionWaiter;
  readonly token: number;
  /** Why it is refused once the first attempt is durable; `undefined` for the same request. */
  readonly refused: CalybrisError | undefined;
}

/** What is done with a decision that was ordered, the same for all of them. */
export interface PendingPorts {
  readonly failStop: FailStop;
  /** Called when it is durable, before anybody is answered. */
  readonly proven: (sequence: number, record: DecisionRecord) => void;
  /** Called with one whose request has an id, when that is found in the journal. */
  readonly answered: (pending: PendingDecision) => void;
}

export class PendingDecision implements RecordWaiter {
  entry: RecordEntry | undefined;
  /** Of its entry, and the id of its request within its namespace; known of a request with an id once it is ordered. */
  sequence = 0;
  scopedId: string | undefined;
  readonly #waiter: DecisionWaiter;
  readonly #token: number;
  readonly #ports: PendingPorts;
  #repetitions: Repetition[] | undefined;
  #failure: { readonly error: unknown } | undefined;

  constructor(waiter: DecisionWaiter, token: number, ports: PendingPorts) {
    this.#waiter = waiter;
    this.#token = token;
    this.#ports = ports;
  }

  durable(sequence: number, proofs: Proofs): void {
    const record = this.entry as RecordEntry;
    try {
      const { pages, at } = record;
      pages.f64[(at + AT.sequence) >>> 3] = sequence;
      proofs.copy(sequence, pages.u8, at + AT.entryHash);
      this.#ports.proven(sequence, record);
    } catch (error) {
      this.#fail(this.#ports.failStop.stop(error));
      return;
    }
    if (this.scopedId !== undefined) this.#ports.answered(this);
    this.#answer(this.#waiter, record, false, this.#token);
    if (this.#repetitions === undefined) return;
    for (const { waiter, token, refused } of this.#repetitions) {
      if (refused === undefined) this.#answer(waiter, record, true, token);
      else answered(() => waiter.failed(refused, token));
    }
  }

  /** As `answered`. */
  #answer(waiter: DecisionWaiter, record: DecisionRecord, repeated: boolean, token: number): void {
    try {
      waiter.decided(new RecordedDecision(record, repeated), token);
    } catch (error) {
      thrownByWaiter(error);
    }
  }

  failed(error: CalybrisError): void {
    this.#fail(error);
  }

  /** Another one waits too. After a failure it hears of that: only a new process finds out what became of the entry. */
  repeat(repetition: Repetition): void {
    const failure = this.#failure;
    if (failure !== undefined) answered(() => repetition.waiter.failed(failure.error, repetition.token));
    else {
      this.#repetitions ??= [];
      this.#repetitions.push(repetition);
    }
  }

  #fail(error: unknown): void {
    this.#failure = { error };
    answered(() => this.#waiter.failed(error, this.#token));
    for (const { waiter, token } of this.#repetitions ?? []) answered(() => waiter.failed(error, token));
  }
}

/** What a waiter throws is a failure of its own: the others are still answered, and the process learns of it. */
export function answered(answer: () => void): void {
  try {
    answer();
  } catch (error) {
    thrownByWaiter(error);
  }
}

function thrownByWaiter(error: unknown): void {
  queueMicrotask(() => {
    throw error;
  });
}
