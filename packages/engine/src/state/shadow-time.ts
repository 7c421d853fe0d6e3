/**
 * Time that shadow decisions take. It is measured, so it is not part of the state that entries determine.
 * @module
 */
import type { PolicyVersion } from "./policy-version.ts";

/** Reading the clock twice costs a tenth of the measured time, so only a sample is measured. */
const MEASURED_EACH = 16;
const MS_PER_SECOND = 1_000;

export class ShadowTime {
  readonly #nowMs: () => number;
  #staged: PolicyVersion | undefined;
  #decisions = 0;
  #measured = 0;
  #totalMs = 0;

  constructor(nowMs: () => number = () => performance.now()) {
    this.#nowMs = nowMs;
  }

  /** Mean since the policy was staged; `undefined` before the first measurement. */
  get meanSeconds(): number | undefined {
    return this.#measured === 0 ? undefined : this.#totalMs / this.#measured / MS_PER_SECOND;
  }

  /** Runs the work, and measures a sample. Another policy resets the mean. */
  during<Result>(staged: PolicyVersion, work: () => Result): Result {
    if (this.#staged !== staged) {
      this.#staged = staged;
      this.#decisions = 0;
      this.#measured = 0;
      this.#totalMs = 0;
    }
    this.#decisions += 1;
    if (this.#decisions % MEASURED_EACH !== 0) return work();
    const startedMs = this.#nowMs();
    const result = work();
    this.#totalMs += this.#nowMs() - startedMs;
    this.#measured += 1;
    return result;
  }
}
