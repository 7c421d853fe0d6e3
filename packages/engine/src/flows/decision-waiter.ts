/**
 * Who waits for a decision, and a decision that is ordered and not yet durable.
 * @module
 */
import type { CalybrisError } from "@calybris/kernel";
import { AT, type DecisionRecord } from "../journal/decision-record.ts";
import type { FailStop } from "../journal/fail-stop.ts";
import type { Proofs } from "../journal/proofs.ts";
import type { RecordEntry } from "../journal/record-entry.ts";
import type { RecordWaiter } from "./decide-step.ts";
import { type Decided, RecordedDecision } from "./decided.ts";

/** Takes the answer to a request. One of the two is called, once; it may be before `submit` returns. */
export interface DecisionWaiter {
  /** @param token - what was given to `submit`. */
  decided(decided: Decided, token: number): void;
  /** Nothing was decided; or it is not known, and a repetition finds out. */
  failed(error: unknown, token: number): void;
}

/** What is done with a decision that was ordered, the same for all of them. */
export interface PendingPorts {
  readonly failStop: FailStop;
  /** Called when it is durable, before anybody is answered. */
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
    // As `answered`, without a closure.
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
