/**
 * Circuit breaker and concurrency limit of a deployment. A call occupies its slot until its answer is read to the end, so a
 * stream that is cut off counts as a failure.
 *
 * `cockatiel` is used because its breaker counts consecutive failures, and it has no dependencies.
 * @module
 */
import {
  type BulkheadPolicy,
  bulkhead,
  type CircuitBreakerPolicy,
  CircuitState,
  circuitBreaker,
  ConsecutiveBreaker,
  handleType,
} from "cockatiel";

/**
 * Outcome of a call for its deployment's health. `neutral` has no effect, such as a rate limit or a client error. `unknown`:
 * the client left before an answer.
 */
export type CallHealth = "healthy" | "fault" | "account" | "neutral" | "unknown";

export type GuardState = "closed" | "open" | "half-open";

export interface GuardedCall {
  /** Only the first call counts. */
  end(health: CallHealth): void;
}

export interface GuardOptions {
  readonly concurrencyMax: number;
  /** Time until an open circuit admits one trial call. */
  readonly halfOpenAfterMs: number;
}

export const CONSECUTIVE_FAULTS_MAX = 10;

/** Counts as a failure. */
class Fault extends Error {}
/** Neither counts as a failure nor resets the count. */
class Neutral extends Error {}

export class DeploymentGuard {
  readonly #breaker = new AccountBreaker();
  readonly #circuit: CircuitBreakerPolicy;
  readonly #places: BulkheadPolicy;

  constructor({ concurrencyMax, halfOpenAfterMs }: GuardOptions) {
    this.#circuit = circuitBreaker(handleType(Fault), { halfOpenAfter: halfOpenAfterMs, breaker: this.#breaker });
    // No queue: a call without a free slot goes to another deployment, or is refused.
    this.#places = bulkhead(concurrencyMax, 0);
  }

  get state(): GuardState {
    if (this.#circuit.state === CircuitState.Closed) return "closed";
    return this.#isHalfOpen() ? "half-open" : "open";
  }

  /** Begins a call; `undefined` if none may begin now. */
  enter(): GuardedCall | undefined {
    // The trial call of a half-open circuit may be a long stream, and cockatiel would make other calls wait for its end.
    if (this.#places.executionSlots === 0 || this.#isHalfOpen()) return undefined;
    const call = Promise.withResolvers<void>();
    let hasEntered = false;
    const run = (): Promise<void> => {
      hasEntered = true;
      return call.promise;
    };
    this.#circuit.execute(() => this.#places.execute(run)).catch(() => undefined);
    // Both policies run an admitted call before they return.
    if (!hasEntered) return undefined;
    const isTrial = this.#isHalfOpen();
    return {
      end: (health) => {
        if (health === "account") this.#breaker.opensNext = true;
        if (health === "healthy") call.resolve();
        else if (health === "neutral" || (health === "unknown" && !isTrial)) call.reject(new Neutral());
        else call.reject(new Fault());
      },
    };
  }

  #isHalfOpen(): boolean {
    return this.#circuit.state === CircuitState.HalfOpen;
  }
}

/** Opens after consecutive faults; at once if the account is refused, because every later call would be too. */
class AccountBreaker extends ConsecutiveBreaker {
  opensNext = false;

  constructor() {
    super(CONSECUTIVE_FAULTS_MAX);
  }

  override failure(): boolean {
    const opensAtOnce = this.opensNext;
    this.opensNext = false;
    return super.failure() || opensAtOnce;
  }
}
