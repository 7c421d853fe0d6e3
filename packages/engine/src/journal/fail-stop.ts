/**
 * Fail-stop: once the engine finds a claim about itself broken, it takes no more commands until a new process has
 * recovered. What it holds in memory may be wrong then; what is durable is not.
 *
 * What stops it depends on where it is thrown:
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

  /** Why the engine stopped; `undefined` while it runs. */
  get failure(): EngineError<"CAL_ENGINE_STOPPED"> | undefined {
    return this.#failure;
  }

  /** @throws CalybrisError `CAL_ENGINE_STOPPED`. */
  assertRunning(): void {
    if (this.#failure !== undefined) throw this.#failure;
  }

  /** Stops the engine. The first cause is the one that is reported ever after; it is the error's `cause`. */
  stop(cause: unknown): EngineError<"CAL_ENGINE_STOPPED"> {
    this.#failure ??= new EngineError(
      "CAL_ENGINE_STOPPED",
      { incident: randomUUID(), claim: claimOf(cause) },
      { cause },
    );
    return this.#failure;
  }

  /** Runs a command; refused once the engine has stopped. */
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

  /** What to throw on for what a synchronous part of a command threw: an invariant violation stops the engine. */
  stoppedOnViolation(error: unknown): unknown {
    return error instanceof InvariantViolation ? this.stop(error) : error;
  }

  /** What to throw on where only a coded error is a refusal: anything else stops the engine. */
  stoppedUnlessCoded(error: unknown): unknown {
    return error instanceof CalybrisError ? error : this.stop(error);
  }

  /** Runs what has nothing to refuse: whatever is thrown stops the engine. */
  stopOnError<T>(work: () => T): T {
    try {
      return work();
    } catch (error) {
      throw this.stop(error);
    }
  }
}

/** The message of a foreign error may hold anything, and every caller sees the claim: only its class is named. */
function claimOf(cause: unknown): string {
  if (cause instanceof InvariantViolation) return cause.message;
  if (cause instanceof CalybrisError && cause.code === "CAL_JOURNAL_CORRUPT") return "the journal is what was written";
  if (cause instanceof CalybrisError) return `a step that has begun is not refused, but ${cause.code}`;
  return `a command throws nothing but coded errors, but ${cause instanceof Error ? cause.name : typeof cause}`;
}
