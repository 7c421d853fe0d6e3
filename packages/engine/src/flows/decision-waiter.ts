/**
 * The waiter of a decision, and a decision that is ordered but not yet durable.
 * @module
 */
import type { CalybrisError } from "@calybris/kernel";
import { AT, type DecisionRecord } from "../journal/decision-record.ts";
import type { FailStop } from "../journal/fail-stop.ts";
import type { Proofs } from "../journal/proofs.ts";
import type { RecordEntry } from "../journal/record-entry.ts";
import type { RecordWaiter } from "./decide-step.ts";
import { type Decided, RecordedDecision } from "./decided.ts";

/** Receives the answer to a request. One of the two methods is called, once; possibly before `submit` returns. */
export interface DecisionWaiter {
  /** @param token - the token passed to `submit`. */
  decided(decided: Decided, token: number): void;
  /** Nothing was decided; or it is unknown whether it was, and a retry finds out. */
  failed(error: unknown, token: number): void;
}

/** The handling of ordered decisions, shared by all of them. */
export interface PendingPorts {
  readonly failStop: FailStop;
  /** Called when the decision is durable, before it is answered. */
  readonly proven: (sequence: number, record: DecisionRecord) => void;
}

export class PendingDecision implements RecordWaiter {
  entry: RecordEntry | undefined;
  readonly #waiter: DecisionWaiter;
  readonly #token: number;
  readonly #ports: PendingPorts;

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
    // Like `answered`, without a closure.
    try {
      this.#waiter.decided(new RecordedDecision(record, false), this.#token);
    } catch (error) {
      thrownByWaiter(error);
    }
  }

  failed(error: CalybrisError): void {
    this.#fail(error);
  }

  #fail(error: unknown): void {
    answered(() => this.#waiter.failed(error, this.#token));
  }
}

/** An error that a waiter throws is its own: the others are still answered, and the error is thrown in the process. */
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
