/**
 * Logs requests: each at `debug`, failures of the service always, and bugs with their cause. Nothing that a client sent is
 * logged, because it may contain anything.
 * @module
 */
import { type CalybrisError, InvariantViolation } from "@calybris/kernel";
import type { Logger } from "./log.ts";

/** A persistent failure is logged once per interval, not for every request. */
const REPEATED_EVERY_MS = 1_000;

export class FailureLog {
  readonly #log: Logger;
  readonly #onBroken: (cause: InvariantViolation) => void;
  #reportedStop: string | undefined;
  readonly #reportedAtMs = new Map<string, number>();

  /** @param onBroken - called when a handler violated an invariant; the engine accepts no commands afterwards. */
  constructor(log: Logger, onBroken: (cause: InvariantViolation) => void) {
    this.#log = log;
    this.#onBroken = onBroken;
  }

  report(operation: string, error: CalybrisError): void {
    const { code, status, message } = error;
    if (code === "CAL_GATEWAY_BUG") {
      const { incident } = error.details as { readonly incident: string };
      this.#log.fatal({ incident, err: error.cause }, "a bug in calybris");
      if (error.cause instanceof InvariantViolation) this.#onBroken(error.cause);
      return;
    }
    if (code === "CAL_ENGINE_STOPPED") this.#reportStop(error);
    if (status < 500) {
      this.#log.debug({ code, operation }, "refused");
      return;
    }
    const nowMs = performance.now();
    if (nowMs - (this.#reportedAtMs.get(code) ?? Number.NEGATIVE_INFINITY) < REPEATED_EVERY_MS) return;
    this.#reportedAtMs.set(code, nowMs);
    this.#log.error({ code, operation }, message);
  }

  /** Logs the cause once: later refusals follow from it. */
  #reportStop({ details, message, cause }: CalybrisError): void {
    const { incident } = details as { readonly incident: string };
    if (this.#reportedStop === incident) return;
    this.#reportedStop = incident;
    this.#log.fatal({ incident, err: cause }, message);
  }

  answered(operation: string, status: number, milliseconds: number): void {
    if (this.#log.isLevelEnabled("debug")) this.#log.debug({ operation, status, milliseconds }, "answered");
  }
}
