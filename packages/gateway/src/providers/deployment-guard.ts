/**
 * Whether a deployment is called now: not while its circuit is open, and not beyond its number of calls at a time. A call lasts
 * until its answer has been read to the end, so that a stream that is cut counts as failed, and holds its place until then.
 *
 * `cockatiel`: its breaker counts consecutive failures, which is the rule here, and it has no dependencies.
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
 * How a call ended, for its deployment. `neutral` says nothing of the deployment's health: a rate limit, a mistake of the client.
 * `unknown`: the client left before an answer.
 */
export type CallHealth = "healthy" | "fault" | "account" | "neutral" | "unknown";

export type GuardState = "closed" | "open" | "half-open";

export interface GuardedCall {
  /** Only the first call counts. */
  end(health: CallHealth): void;
}

export interface GuardOptions {
  readonly concurrencyMax: number;
  /** Before an open circuit lets one call try. */
  readonly halfOpenAfterMs: number;
}

export const CONSECUTIVE_FAULTS_MAX = 10;

/** Counts. */
class Fault extends Error {}
/** Does not count, and does not break a row of faults. */
class Neutral extends Error {}

export class DeploymentGuard {
  readonly #breaker = new AccountBreaker();
  readonly #circuit: CircuitBreakerPolicy;
  readonly #places: BulkheadPolicy;

  constructor({ concurrencyMax, halfOpenAfterMs }: GuardOptions) {
    this.#circuit = circuitBreaker(handleType(Fault), { halfOpenAfter: halfOpenAfterMs, breaker: this.#breaker });
    // Nothing waits here: a call that finds no place goes to another deployment, or is refused.
    this.#places = bulkhead(concurrencyMax, 0);
  }

  get state(): GuardState {
    if (this.#circuit.state === CircuitState.Closed) return "closed";
    return this.#isHalfOpen() ? "half-open" : "open";
  }

  /** Begins a call; `undefined` while none may begin. */
  enter(): GuardedCall | undefined {
    // The one call that tries a half-open circuit may be a long stream, and cockatiel would let others wait for its end.
    if (this.#places.executionSlots === 0 || this.#isHalfOpen()) return undefined;
    const call = Promise.withResolvers<void>();
    let hasEntered = false;
    const run = (): Promise<void> => {
      hasEntered = true;
      return call.promise;
    };
    this.#circuit.execute(() => this.#places.execute(run)).catch(() => undefined);
    // Both policies run what they let through before they return.
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

/** Opens after consecutive faults, or at once: an account that is refused stays so, whatever is asked of it. */
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
