/**
 * A finding of `doctor`.
 * @module
 */

/** The result of one check. */
export interface Finding {
  readonly check: string;
  /** `warn`: the service runs, but could run better or more safely. `bad`: it does not run. */
  readonly verdict: "ok" | "warn" | "bad";
  readonly found: string;
  /** The remedy, unless the verdict is `ok`. */
  readonly remedy?: string;
}
