/**
 * Fail-stop: once the engine finds one of its invariants broken, it refuses all commands until a new process has
 * recovered. Its memory may be wrong by then; durable entries are not.
 *
 * The errors that stop the engine depend on where they are thrown:
 *
 *     reading a command     an invariant violation only: a caller's object may throw whatever it likes
 *     planning, a port      everything: there is nothing to refuse, so whatever is thrown is a fault
 *     a step of the journal everything but a coded refusal, and everything once the step has ordered an entry
 * @module
 */

import { randomUUID } from "node:crypto";
import { CalybrisError, InvariantViolation } from "@calybris/kernel";
import { EngineError } from "../engine-errors.ts";

export class FailStop {
  #failure: EngineError<"CAL_ENGINE_STOPPED"> | undefined;

  /** The error that stopped the engine; `undefined` while it runs. */
  get failure(): EngineError<"CAL_ENGINE_STOPPED"> | undefined {
    return this.#failure;
  }

  /** @throws CalybrisError `CAL_ENGINE_STOPPED`. */
  assertRunning(): void {
    if (this.#failure !== undefined) throw this.#failure;
  }

  /** Stops the engine. The first cause is reported from then on, as the error's `cause`. */
  stop(cause: unknown): EngineError<"CAL_ENGINE_STOPPED"> {
    this.#failure ??= new EngineError(
      "CAL_ENGINE_STOPPED",
      { incident: randomUUID(), claim: claimOf(cause) },
      { cause },
    );
    return this.#failure;
  }

  /** Runs a command; throws if the engine has stopped. */
  async command<T>(work: () => Promise<T>): Promise<T> {
    this.assertRunning();
    try {
      return await work();
    } catch (error) {
      throw error instanceof InvariantViolation ? this.stop(error) : error;
    }
  }

  /** Runs a synchronous part of a command: an invariant violation stops the engine. */
  stopOnViolation<T>(work: () => T): T {
    try {
      return work();
    } catch (error) {
      throw this.stoppedOnViolation(error);
    }
  }

  /** The error to rethrow from a synchronous part of a command: an invariant violation stops the engine. */
  stoppedOnViolation(error: unknown): unknown {
    return error instanceof InvariantViolation ? this.stop(error) : error;
  }

  /** The error to rethrow where only a coded error is a refusal: any other stops the engine. */
  stoppedUnlessCoded(error: unknown): unknown {
    return error instanceof CalybrisError ? error : this.stop(error);
  }

  /** Runs work that cannot refuse: any error stops the engine. */
  stopOnError<T>(work: () => T): T {
    try {
      return work();
    } catch (error) {
      throw this.stop(error);
    }
  }
}

/**
 * The broken invariant. Of a foreign error only the class is named: its message may hold anything, and every caller sees it.
 */
function claimOf(cause: unknown): string {
  if (cause instanceof InvariantViolation) return cause.message;
  if (cause instanceof CalybrisError && cause.code === "CAL_JOURNAL_CORRUPT") return "the journal is what was written";
  if (cause instanceof CalybrisError) return `a step that has begun is not refused, but ${cause.code}`;
  return `a command throws nothing but coded errors, but ${cause instanceof Error ? cause.name : typeof cause}`;
}
